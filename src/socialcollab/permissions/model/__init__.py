"""Roles, grants, forbids, absences and temporary grants, as plain values."""
