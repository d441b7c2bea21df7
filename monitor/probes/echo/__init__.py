"""Echo requests: packets, sockets, pacing, and matching of replies."""
