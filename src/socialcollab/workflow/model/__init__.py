"""Approval policies, approval requests and actors, as plain values."""
