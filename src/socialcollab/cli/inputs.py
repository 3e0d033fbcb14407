"""Read the inputs of commands: documents, desks and instants."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from socialcollab.cli.output import leaves
from socialcollab.errors import FaultError, InvalidValueError, NotFoundError

if TYPE_CHECKING:
    from socialcollab.desk import Desk
    from socialcollab.organization import Organization
    from socialcollab.transport import Network

Kind = Literal["member", "workspace", "profile", "rotation"]

_SQLITE_HEADER: Final = b"SQLite format 3\0"
# The number of names that an error lists if no name is similar to the unknown one.
_LISTED: Final = 12


def add_source(parser: argparse.ArgumentParser, name: str = "source") -> None:
    """Add the arguments for a document or a desk."""
    parser.add_argument(name, help="the document, or the desk's SQLite file")
    parser.add_argument("--id", default="", help="the organization, if the file contains several")


def check_known(organization: Organization, kind: Kind, name: str) -> None:
    """
    Check that the name in an option exists.

    Raises:
        NotFoundError: If nothing has that name.
    """
    if name not in _names(organization, kind):
        raise unknown_name(organization, kind, name)


def unknown_name(organization: Organization, kind: Kind, name: str) -> NotFoundError:
    """Return an error that suggests a similar name, or lists the names that exist."""
    names = _names(organization, kind)
    listed = ", ".join(f"`{known}`" for known in names[:_LISTED])
    more = ", ..." if len(names) > _LISTED else ""
    hint = organization.did_you_mean(kind, name) or (f"use one of {listed}{more}" if names else "")
    if kind == "profile":
        own = [f"`{profile.id}`" for profile in organization.profiles if profile.workspace == name]
        hint = f"`{name}` is a workspace; name its profiles: {', '.join(own)}" if own else hint
    return NotFoundError(kind, name, suggestion=hint)


def _names(organization: Organization, kind: Kind) -> list[str]:
    return {
        "member": [str(member.id) for member in organization.members],
        "workspace": list(organization.workspaces_by_id),
        "profile": list(organization.profiles_by_id),
        "rotation": list(organization.rotations_by_id),
    }[kind]


def instant(text: str | None, zone: str) -> dt.datetime:
    """Parse an instant, or a day or local time in a zone; None means the current instant."""
    from socialcollab.time import as_utc, resolve

    if not text:
        return dt.datetime.now(dt.UTC)
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValueError(
            f"`{text}` is not a day or a time; write, for example, 2026-06-01, 2026-06-01T09:00 or"
            " 2026-06-01T09:00+02:00",
            value=text,
        ) from None
    if at.utcoffset() is not None:
        return as_utc(at)
    if len(text) <= len("2026-06-01"):
        # A day has a start even if a clock change skips or repeats midnight.
        return resolve(at, zone, skipped="next", repeated="first")
    return resolve(at, zone)


def zone_of(organization: Organization, resource: str = "*") -> str:
    """Return the time zone of a resource, or for ``*`` the organization's time zone."""
    return organization.access.bindings.scope.zone_of(resource)


def as_of(
    path: str, organization_id: str, text: str | None, resource: str = "*"
) -> tuple[Organization, dt.datetime]:
    """
    Return the organization of a document or a desk, and the instant given by *text*.

    For a desk, the result is the organization at that instant, or the current organization if the
    instant is in the future. It includes the runtime state: absences, temporary grants and shift
    swaps.
    """
    if not is_desk(path):
        organization = load(path)
        return organization, instant(text, zone_of(organization, resource))
    with open_desk(path, organization_id) as desk:
        current = desk.as_of()
        at = instant(text, zone_of(current.organization, resource))
        return (current if at >= current.at else desk.as_of(at)).organization, at


def is_desk(path: str) -> bool:
    """Return whether a path is a desk's file; SQLite can also open a URI such as ``file:a.db``."""
    file = Path(path)
    if not file.is_file():
        return path.startswith("file:") or path.lower().endswith(".db")
    with file.open("rb") as stream:
        return stream.read(len(_SQLITE_HEADER)) == _SQLITE_HEADER


def check_no_document(path: str) -> None:
    """
    Check that a path does not name a document where a desk is required.

    Raises:
        InvalidValueError: If it does.
    """
    if path.lower().endswith(".toml"):
        raise InvalidValueError(
            f"`{path}` is a document, but this command needs the SQLite file of a desk, such as"
            " agency.db",
            value=path,
            expected="the SQLite file of a desk",
        )


def load(path: str, organization_id: str = "") -> Organization:
    """Load a document, or a desk's current organization."""
    if is_desk(path):
        with open_desk(path, organization_id) as desk:
            return desk.organization
    from socialcollab.organization import Organization

    return Organization.load(path)


def load_named(path: str, organization_id: str = "") -> Organization:
    """
    Load one of several documents or desks; the place of each fault includes the path.

    Raises:
        ExceptionGroup: The document's faults.
    """
    try:
        return load(path, organization_id)
    except ExceptionGroup as group:
        faults = [leaf for leaf in leaves(group) if isinstance(leaf, FaultError)]
        raise ExceptionGroup(
            group.message,
            [
                FaultError(
                    place=f"{path}: {fault.place}" if fault.place else path,
                    problem=fault.problem,
                    suggestion=fault.suggestion,
                    value=fault.value,
                )
                for fault in faults
            ],
        ) from None


def open_desk(
    path: str,
    organization: str = "",
    *,
    networks: Mapping[str, Network] | None = None,
    media: str | None = None,
) -> Desk:
    """
    Open the desk in a file.

    Args:
        path: The desk's SQLite file.
        organization: The organization's id, required only if the file contains several
            organizations.
        networks: The networks to publish to; without them, the desk cannot publish.
        media: The folder with the media; by default the folder beside the file.
    """
    from socialcollab.desk import Desk
    from socialcollab.stores import FolderMedia

    check_no_document(path)
    return Desk.open(
        path,
        organization=organization,
        networks=networks or {},
        media=None if media is None else FolderMedia(media),
    )


def add_media_option(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--media``."""
    parser.add_argument(
        "--media", metavar="FOLDER", help="the folder with the media (default: beside the file)"
    )
