"""Append-only rows in SQLite or PostgreSQL, chained by digests, independent of their meaning."""
