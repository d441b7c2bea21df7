"""What polls of a device say beyond its values: restarts, cables."""
