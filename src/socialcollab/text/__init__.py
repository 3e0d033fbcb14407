"""Measure texts and find their links, mentions and hashtags, using each network's rules."""

from socialcollab.text.characters import mark_class
from socialcollab.text.domain import DOMAIN_PATTERN, host_of, linked_domains
from socialcollab.text.emoji import find_emoji
from socialcollab.text.entities import entities
from socialcollab.text.entity import Entity
from socialcollab.text.grapheme import grapheme_count, graphemes
from socialcollab.text.length import Length, measure
from socialcollab.text.mask import mask
from socialcollab.text.networks.bluesky import Facet, facets
from socialcollab.text.networks.linkedin import little_text
from socialcollab.text.post_address import is_blank, is_web_address, post_id
from socialcollab.text.sent_text import fitting_end, links_not_in_text, text_with_links
from socialcollab.text.split import split_text
from socialcollab.text.url import is_domain

__all__ = [
    "DOMAIN_PATTERN",
    "Entity",
    "Facet",
    "Length",
    "entities",
    "facets",
    "find_emoji",
    "fitting_end",
    "grapheme_count",
    "graphemes",
    "host_of",
    "is_blank",
    "is_domain",
    "is_web_address",
    "linked_domains",
    "links_not_in_text",
    "little_text",
    "mark_class",
    "mask",
    "measure",
    "post_id",
    "split_text",
    "text_with_links",
]
