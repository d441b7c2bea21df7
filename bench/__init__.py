"""What is measured, against which peer; every figure is CPU time, user and system."""
