"""The one place that builds, wires, reloads and stops all of it."""
