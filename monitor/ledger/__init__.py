"""Append-only rows in SQLite or PostgreSQL, chained by digests, whatever they mean."""
