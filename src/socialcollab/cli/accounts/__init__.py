"""Connecting profiles to accounts, and the file with their tokens."""
