"""Guides, profiles and helpers that several tests use."""

from __future__ import annotations

from socialcollab.directory import Profile
from socialcollab.styleguide import Neighbour, StyleGuide, lint

AGENCY = """
name = "Northwind"
[[terms]]
prefer = "cabin crew"
instead_of = ["stewardess", "air hostess"]
why = "it is what they call themselves"
[[terms]]
ban = ["goedkoop", "spotgoedkoop"]
language = "nl"
severity = "error"
[[terms]]
ban = ["synergy"]
network = ["linkedin"]
severity = "suggestion"
"""


CLIENT = """
[[terms]]
allow = ["goedkoop"]
[rules.SG103]
severity = "error"
[rules.SG105]
names = false
"""
PROFILES = (
    Profile(id="tulip-x", workspace="tulip", network="x", handle="@tulipair"),
    Profile(id="tulip-mastodon", workspace="tulip", network="mastodon", handle="@tulip"),
    Profile(id="polder-x", workspace="polder", network="x", handle="@PolderBank"),
)
NEIGHBOURS = (
    Neighbour(workspace="tulip", name="Tulip", domains=("tulip.nl",), handles=("@tulipair",)),
    Neighbour(
        workspace="polder",
        name="Polder Bank",
        domains=("polderbank.nl",),
        handles=("@PolderBank",),
    ),
)


def guide_of(*entries: dict[str, object]) -> StyleGuide:
    """Return a guide with these term entries."""
    return StyleGuide.from_dict({"terms": list(entries)})


def hits(text: str, guide: StyleGuide) -> list[str]:
    """Return the parts of *text* that the findings are about."""
    return [text[finding.start : finding.end] for finding in lint(text, guide)]
