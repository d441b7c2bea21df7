"""Echo requests: packets, sockets, pace, and which reply answers which."""
