"""Entities: the links, mentions, hashtags and cashtags in a text."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from socialcollab.directory import EntityKind


@attrs.frozen
class Entity:
    """
    A link, mention, hashtag or cashtag in a text.

    Attributes:
        kind: The kind of entity.
        text: The entity as written in the text.
        start: The position of its first code point.
        end: The position after its last code point.
    """

    kind: EntityKind
    text: str
    start: int
    end: int


def without_overlaps(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Sort entities by position. If two entities overlap, keep the one that starts first."""
    kept: list[Entity] = []
    for entity in sorted(entities, key=lambda entity: (entity.start, -entity.end)):
        if not kept or kept[-1].end <= entity.start:
            kept.append(entity)
    return tuple(kept)
