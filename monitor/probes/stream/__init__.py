"""Connections of probes: TCP, TLS, HTTP/1.1, addresses."""
