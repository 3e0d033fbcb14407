"""Approval policies, and what is kept of a post while it is reviewed."""
