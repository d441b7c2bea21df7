"""Small files in the state directory, and files that are written atomically."""
