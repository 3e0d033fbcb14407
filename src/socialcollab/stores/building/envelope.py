"""Envelope v1: how an event is sealed, and how a sealed one is opened again."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring
from typing import Final, TypeAlias, cast

from socialcollab.content import Json, plain_json
from socialcollab.errors import CorruptJournalError
from socialcollab.stores.events import PERSONAL, Event, NewEvent, instant_text

COLUMNS = (
    "organization",
    "position",
    "stream",
    "version",
    "id",
    "type",
    "schema",
    "at",
    "actor",
    "on_behalf_of",
    "cause",
    "digest",
    "body",
    "prev",
    "hash",
)
"""The order of a sealed event's values, as stores keep them."""

Sealed: TypeAlias = tuple[str, int, str, int, str, str, int, str, str, str, str, str, str, str, str]

Personal: TypeAlias = dict[str, tuple[bytes | None, str | None]]
"""Personal values of one event by name: the salt, and canonical JSON; or `ERASED`."""

ERASED: Final = (None, None)
"""What stands in the side table for a personal value that was erased."""

# The C function itself: nine texts are quoted for every event.
_quote: Callable[[str], str] = encode_basestring


def hash_of(  # noqa: PLR0917  # the values of an envelope, in the order of COLUMNS
    organization: str,
    position: int,
    stream: str,
    version: int,
    id_: str,
    type_: str,
    schema: int,
    at: str,
    actor: str,
    on_behalf_of: str,
    cause: str,
    digest: str,
    body: str,
    prev: str,
) -> str:
    """
    Return the hash of an envelope whose body is given as canonical JSON.

    The text below is the canonical JSON of the whole envelope: its keys are
    sorted, and the body stands in it as stored, so that no byte of a stored
    value goes unread.

    Source:
        RFC 8785; FIPS 180-4.
    """
    text = (
        f'{{"actor":{_quote(actor)},"at":{_quote(at)},"body":{body},"cause":{_quote(cause)},'
        f'"digest":{_quote(digest)},"id":{_quote(id_)},"on_behalf_of":{_quote(on_behalf_of)},'
        f'"organization":{_quote(organization)},"position":{position},"prev":{_quote(prev)},'
        f'"schema":{schema},"stream":{_quote(stream)},"type":{_quote(type_)},"version":{version}}}'
    )
    # Damaged text may not be Unicode; it is hashed as it stands.
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def seal(new: NewEvent, *, organization: str, position: int, version: int, prev: str) -> Sealed:
    """Give *new* its place and its hash."""
    envelope = (
        organization,
        position,
        new.stream,
        version,
        new.id,
        new.type,
        new.schema,
        instant_text(new.at),
        new.actor,
        new.on_behalf_of,
        new.cause,
        new.digest,
        new.sealed_body,
        prev,
    )
    return (*envelope, hash_of(*envelope))


def personal_of(new: NewEvent) -> Personal:
    """Return the personal values of *new* as the side table keeps them."""
    return {name: (new.salt, text) for name, text in new.sealed_personal.items()}


def place_of(sealed: Sealed) -> str:
    """
    Say where an event is.

    >>> place_of(("northwind", 7, "post/p1", 3, *[""] * 11))
    'post/p1 version 3 (position 7)'
    """
    return f"{sealed[2]} version {sealed[3]} (position {sealed[1]})"


def event_of(
    sealed: Sealed,
    personal: Mapping[str, tuple[bytes | None, str | None]],
    *,
    trusted: bool = False,
) -> Event:
    """
    Open a sealed event; one that was sealed just now is *trusted*.

    Raises:
        CorruptJournalError: If its hash, or the digest of a personal value, is not what it has to be.
    """
    try:
        if not trusted and hash_of(*sealed[:14]) != sealed[14]:
            raise CorruptJournalError("the hash does not fit the event", place=place_of(sealed))
        body = json.loads(sealed[12])
        at = dt.datetime.fromisoformat(sealed[7])
        values: dict[str, Json] = {}
        salt = b""
        erased: frozenset[str] = frozenset()
        if personal or PERSONAL in body:
            digests = body.get(PERSONAL, {})
            for name in sorted(digests.keys() | personal.keys()):
                if not trusted and (
                    problem := personal_problem(digests.get(name), personal.get(name))
                ):
                    raise CorruptJournalError(
                        problem, place=f"{place_of(sealed)}, personal value {name}"
                    )
                if personal[name] == ERASED:
                    erased |= {name}
                    continue
                salt, text = cast("tuple[bytes, str]", personal[name])
                values[name] = json.loads(text)
    except (ValueError, TypeError, AttributeError) as error:
        raise CorruptJournalError(f"unreadable event ({error})", place=place_of(sealed)) from error
    return Event(
        organization=sealed[0],
        position=sealed[1],
        stream=sealed[2],
        version=sealed[3],
        id=sealed[4],
        type=sealed[5],
        schema=sealed[6],
        at=at,
        actor=sealed[8],
        on_behalf_of=sealed[9],
        cause=sealed[10],
        digest=sealed[11],
        body=body,
        personal=values,
        erased=erased,
        salt=salt,
        prev=sealed[13],
        hash=sealed[14],
    )


def just_sealed(sealed: Sealed, new: NewEvent) -> Event:
    """Return the event that *new* has become, which reading it back would give."""
    return Event(
        organization=sealed[0],
        position=sealed[1],
        stream=new.stream,
        version=sealed[3],
        id=new.id,
        type=new.type,
        schema=new.schema,
        at=new.at,
        actor=new.actor,
        on_behalf_of=new.on_behalf_of,
        cause=new.cause,
        digest=new.digest,
        body=new.plain_body,
        personal={name: plain_json(new.personal[name]) for name in sorted(new.personal)},
        salt=new.salt,
        prev=sealed[13],
        hash=sealed[14],
    )


def personal_problem(digest: object, stored: tuple[object, object] | None) -> str:
    """
    Say what is wrong with a personal value beside its digest, or nothing.

    A value that was erased is right here; whether an event erased it, the
    audit sees.

    The digest is made of the stored text itself, so that a text which means
    the same but is written differently does not pass.
    """
    if digest is None:
        return "a personal value that no event speaks of"
    if stored is None:
        return "the personal value is lost"
    if stored == ERASED:
        return ""
    salt, text = stored
    if not isinstance(salt, bytes) or not isinstance(text, str):
        return "the salt or the value is of another kind"
    try:
        raw = text.encode("utf-8", "surrogateescape")
        json.loads(raw)
    except ValueError:
        return "the personal value does not parse"
    if hashlib.sha256(salt + raw).hexdigest() != digest:
        return "the personal value does not fit its digest"
    return ""
