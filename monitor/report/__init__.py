"""The roll-out's history, forecast and printed page."""
