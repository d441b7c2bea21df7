"""What there is to watch: frozen values."""
