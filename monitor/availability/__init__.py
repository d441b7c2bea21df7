"""Minutes, outages and availability against the contract."""
