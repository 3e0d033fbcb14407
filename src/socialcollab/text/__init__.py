"""What a network reads in a text."""

from socialcollab.text.grapheme import grapheme_count, graphemes

__all__ = ["grapheme_count", "graphemes"]
