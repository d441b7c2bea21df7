"""Data shipped with the product, each file with its source."""
