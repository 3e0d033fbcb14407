"""The grammars of single networks."""
