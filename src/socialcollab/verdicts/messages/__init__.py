"""The message catalogues, one module per language: code to template."""

__all__ = []
