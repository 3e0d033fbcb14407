"""Send due deliveries, and determine their outcomes."""
