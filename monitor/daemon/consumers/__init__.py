"""Whoever follows the observations, one file each."""
