"""Builds, wires, reloads and stops the monitor."""
