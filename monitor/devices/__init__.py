"""What follows from successive polls of a device: restarts, links."""
