"""What a network reads in a text: entities, lengths, graphemes."""

from socialcollab.text.bluesky import Facet, facets
from socialcollab.text.characters import char_class
from socialcollab.text.entity import Entity
from socialcollab.text.grapheme import grapheme_count, graphemes
from socialcollab.text.length import Length, measure
from socialcollab.text.recognise import entities
from socialcollab.text.sending import fitting_end, links_beside, text_with_links
from socialcollab.text.url import is_domain

__all__ = [
    "Entity",
    "Facet",
    "Length",
    "char_class",
    "entities",
    "facets",
    "fitting_end",
    "grapheme_count",
    "graphemes",
    "is_domain",
    "links_beside",
    "measure",
    "text_with_links",
]
