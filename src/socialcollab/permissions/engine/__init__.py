"""Grants, forbids and rotations with every name resolved, and the lookups that answer questions."""
