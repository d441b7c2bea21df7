"""The roll-out's evidence, and the stages and goal figures derived from it."""
