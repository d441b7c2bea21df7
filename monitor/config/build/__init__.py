"""From validated sections to the inventory."""
