"""Handlers of commands: read what a decider needs, let it decide, append what it decided."""
