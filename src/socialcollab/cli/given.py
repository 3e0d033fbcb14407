"""What commands are given: documents, desks and instants."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from socialcollab.errors import InvalidValueError

if TYPE_CHECKING:
    from socialcollab.desk import Desk
    from socialcollab.organization import Organization

__all__ = ["instant", "load", "open_desk"]


def instant(text: str | None) -> dt.datetime:
    """Read an instant; now if none is given."""
    if not text:
        return dt.datetime.now(dt.UTC)
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValueError(
            f"`{text}` is no instant; write one such as 2026-06-01T09:00+02:00", value=text
        ) from None
    from socialcollab.time import as_utc

    return as_utc(at)


def load(path: str) -> Organization:
    """Load a document."""
    from socialcollab.organization import Organization

    return Organization.load(path)


def open_desk(path: str, organization: str = "") -> Desk:
    """Open the desk of a file."""
    from socialcollab.desk import Desk

    return Desk.open(path, organization=organization)
