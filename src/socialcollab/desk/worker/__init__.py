"""The work that is due by the clock."""
