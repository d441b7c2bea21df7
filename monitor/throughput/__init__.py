"""Throughput tests. They are not checks, so they are not among the probes."""
