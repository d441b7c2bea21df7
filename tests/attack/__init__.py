"""Attacks on the running product from outside: own hostile servers, agents and clients."""
