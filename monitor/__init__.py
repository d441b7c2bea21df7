"""Schulnetz monitor: measured evidence that every school is connected."""

__version__ = "0.1.0"
