"""The message catalogues: one module for each language, with templates by code."""

__all__ = []
