"""The part of the organization's document that names its style guides."""

from __future__ import annotations

import attrs

from socialcollab.document_fields import ListOf, Text, shape


def _as_words(values: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)


@attrs.frozen(kw_only=True)
class Style:
    """
    The section ``[style]``.

    Attributes:
        guides: Files of style guides, first to last: the house's, then the client's.
    """

    guides: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=Text(at_most=255, file=True), or_one=True)),
        default=(),
        converter=_as_words,
    )
