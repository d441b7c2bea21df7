"""Minutes, outages and what the contract says of them."""
