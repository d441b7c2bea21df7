"""The consumers of observations, one file each."""
