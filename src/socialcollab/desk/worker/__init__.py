"""The work that a desk performs at certain times."""
