"""A stretch of a text that a network makes active."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from socialcollab.directory import EntityKind


@attrs.frozen
class Entity:
    """
    A link, mention, hashtag or cashtag in a text.

    Attributes:
        kind: What it is.
        text: The stretch as written.
        start: Where it starts, in code points.
        end: Where it ends: the code point after its last one.
    """

    kind: EntityKind
    text: str
    start: int
    end: int


def without_overlaps(found: Iterable[Entity]) -> tuple[Entity, ...]:
    """Sort by place; of two that overlap keep the one that starts first."""
    kept: list[Entity] = []
    for entity in sorted(found, key=lambda each: (each.start, -each.end)):
        if not kept or kept[-1].end <= entity.start:
            kept.append(entity)
    return tuple(kept)
