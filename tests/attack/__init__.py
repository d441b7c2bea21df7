"""Attacks on the running product from outside, by our own hostile servers, agents and clients."""
