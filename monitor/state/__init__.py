"""Small files of the state directory, and files that are written whole."""
