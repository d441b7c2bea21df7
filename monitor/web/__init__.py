"""The HTTP face of the daemon: metrics and health."""
