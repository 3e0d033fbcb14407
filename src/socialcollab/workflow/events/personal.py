"""Which fields of an event stay outside the journal's chain."""

from __future__ import annotations

from typing import Any, Final

import attrs

_PERSONAL = "socialcollab.personal"

PERSONAL: Final = {_PERSONAL: True}
"""Metadata of a field whose value stays outside the chain; a salted digest goes in."""


def is_personal(attribute: attrs.Attribute[Any]) -> bool:
    """Tell whether an event's field is content, a name or free prose."""
    return bool(attribute.metadata.get(_PERSONAL))
