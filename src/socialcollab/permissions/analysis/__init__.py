"""What follows from the rules: reasons and remedies, escalation, differences, coverage and gaps."""
