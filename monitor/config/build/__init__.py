"""From shapes that hold to the inventory."""
