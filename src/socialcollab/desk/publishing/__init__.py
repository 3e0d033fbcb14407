"""Send what is due, and find out what became of it."""
