"""Publish to Postbox, an invented network."""

from postbox.network import Postbox

__all__ = ["Postbox"]
