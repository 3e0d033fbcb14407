"""Analyses of the rules: reasons and remedies, escalation, differences, coverage and gaps."""
