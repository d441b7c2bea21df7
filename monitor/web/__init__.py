"""The daemon's HTTP server: pages, API, metrics and health."""
