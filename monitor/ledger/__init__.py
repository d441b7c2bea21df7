"""Append-only rows in SQLite or PostgreSQL, chained by digests; knows no meaning."""
