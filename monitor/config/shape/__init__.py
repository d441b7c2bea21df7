"""The shape of a file: keys, values, and the schema for editors."""
