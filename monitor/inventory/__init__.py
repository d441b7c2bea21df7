"""What is monitored: frozen values."""
