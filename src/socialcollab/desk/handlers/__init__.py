"""Command handlers, which read the inputs of a decider, call it and append its events."""
