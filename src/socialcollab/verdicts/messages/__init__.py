"""The message catalogues, one module per language: code to template."""

__all__: list[str] = []
