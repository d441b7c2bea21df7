"""Connections that probes read: TCP, TLS, HTTP/1.1, addresses."""
