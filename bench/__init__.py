"""What is measured, and against which peer; every figure is CPU time, user plus system."""
