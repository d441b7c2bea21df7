"""Campaigns of measurements: how a line is verified."""
