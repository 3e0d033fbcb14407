"""The scheduled work of a desk, and reevaluation after a change to the rules."""
