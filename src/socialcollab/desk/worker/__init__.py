"""The scheduled work of a desk, and reevaluation after a change of the rules."""
