"""The inbox of a desk: messages that arrive, commands, replies and queries."""
