"""What commands are given: documents, desks and instants."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from socialcollab.cli.out import leaves
from socialcollab.errors import FaultError, InvalidValueError

if TYPE_CHECKING:
    from socialcollab.desk import Desk
    from socialcollab.organization import Organization

_SQLITE = b"SQLite format 3\0"


def instant(text: str | None, zone: str) -> dt.datetime:
    """Read an instant, or a local time or day of a zone; now if none is given."""
    from socialcollab.time import as_utc, resolve

    if not text:
        return dt.datetime.now(dt.UTC)
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValueError(
            f"`{text}` is no day and no time; write one such as 2026-06-01, 2026-06-01T09:00 or"
            " 2026-06-01T09:00+02:00",
            value=text,
        ) from None
    if at.utcoffset() is not None:
        return as_utc(at)
    if len(text) <= len("2026-06-01"):
        # A day begins, whatever the clocks do at its midnight.
        return resolve(at, zone, skipped="next", repeated="first")
    return resolve(at, zone)


def zone_of(organization: Organization, where: str = "*") -> str:
    """Return the zone in which a place's times are read; the organization's for everywhere."""
    return organization.access.bindings.scope.zone_of(where)


def as_of(
    path: str, which: str, text: str | None, where: str = "*"
) -> tuple[Organization, dt.datetime]:
    """
    Return the rules of a document, or those in force at a desk, and the instant that *text* says.

    At a desk they are those of that instant, or of now if it is still to come,
    with who is away and what was given.
    """
    if not is_desk(path):
        organization = load(path)
        return organization, instant(text, zone_of(organization, where))
    with open_desk(path, which) as desk:
        now = desk.as_of()
        at = instant(text, zone_of(now.organization, where))
        return (now if at >= now.at else desk.as_of(at)).organization, at


def is_desk(path: str) -> bool:
    """Tell a desk's file from a document; what is not there is a document if it is called one."""
    file = Path(path)
    if not file.is_file():
        return not path.lower().endswith(".toml")
    with file.open("rb") as begun:
        return begun.read(len(_SQLITE)) == _SQLITE


def load(path: str) -> Organization:
    """Load a document."""
    from socialcollab.organization import Organization

    return Organization.load(path)


def load_named(path: str) -> Organization:
    """
    Load one of several documents, so that each fault says which it is in.

    Raises:
        ExceptionGroup: Of faults, their places beginning with the document's path.
    """
    try:
        return load(path)
    except ExceptionGroup as group:
        faults = [one for one in leaves(group) if isinstance(one, FaultError)]
        raise ExceptionGroup(
            group.message,
            [
                FaultError(
                    place=f"{path}: {one.place}" if one.place else path,
                    problem=one.problem,
                    suggestion=one.suggestion,
                    value=one.value,
                )
                for one in faults
            ],
        ) from None


def open_desk(path: str, organization: str = "") -> Desk:
    """Open the desk of a file."""
    from socialcollab.desk import Desk

    return Desk.open(path, organization=organization)
