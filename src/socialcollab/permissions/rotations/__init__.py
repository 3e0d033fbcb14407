"""Rotations, their shifts, and the swaps that override them."""
