"""The roll-out's evidence: what is kept for years, and what follows from it."""
