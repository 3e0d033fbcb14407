"""Envelope version 1: sealing events, and opening sealed events."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring
from typing import Final, NamedTuple, TypeAlias, cast

from socialcollab.content import Json, plain_json
from socialcollab.errors import CorruptJournalError
from socialcollab.stores.events import PERSONAL, Event, NewEvent, instant_text


class SealedEvent(NamedTuple):
    """
    The stored values of an event, in the order of the store's columns.

    Attributes:
        organization: The organization.
        position: The position in the organization's journal.
        stream: The stream.
        version: The version in the stream.
        id: The event's id.
        type: The event's type.
        schema: The version of the structure of the body.
        at: The event's time, as text.
        actor: The actor.
        on_behalf_of: The person or system that the actor acted for, or an empty string.
        cause: The id of the event or command that caused it, or an empty string.
        digest: The digest of the active document.
        body: The body as canonical JSON.
        prev: The hash of the previous event in the stream, or an empty string.
        hash: The hash of all other values.
    """

    organization: str
    position: int
    stream: str
    version: int
    id: str
    type: str
    schema: int
    at: str
    actor: str
    on_behalf_of: str
    cause: str
    digest: str
    body: str
    prev: str
    hash: str


PersonalValues: TypeAlias = dict[str, tuple[bytes | None, str | None]]
"""The personal values of one event by name. Each is a salt and canonical JSON, or `ERASED`."""

ERASED: Final = (None, None)
"""The value that replaces the salt and the text of an erased personal value."""

# This is the C function without the checks of `json.dumps`, because nine strings are quoted for
# every event.
_quote: Callable[[str], str] = encode_basestring


def envelope_hash(  # noqa: PLR0917  # the values of a sealed event, in their order
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
    Return the hash of an envelope, given its values in the order of `SealedEvent`.

    The hashed text is the canonical JSON of the envelope. Its keys are sorted, and it contains the
    stored text of the body unchanged, so changing any stored byte changes the hash.

    Source:
        RFC 8785; FIPS 180-4.
    """
    text = (
        f'{{"actor":{_quote(actor)},"at":{_quote(at)},"body":{body},"cause":{_quote(cause)},'
        f'"digest":{_quote(digest)},"id":{_quote(id_)},"on_behalf_of":{_quote(on_behalf_of)},'
        f'"organization":{_quote(organization)},"position":{position},"prev":{_quote(prev)},'
        f'"schema":{schema},"stream":{_quote(stream)},"type":{_quote(type_)},"version":{version}}}'
    )
    # Damaged text may not be valid Unicode, but an audit must be able to hash it without raising an
    # exception.
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def seal(
    new: NewEvent, *, organization: str, position: int, version: int, prev: str
) -> SealedEvent:
    """Return *new* with its position, its version, its hash and the hash of the previous event."""
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
    return SealedEvent(*envelope, envelope_hash(*envelope))


def personal_values(new: NewEvent) -> PersonalValues:
    """Return the personal values of *new* in the form that a store keeps separately from events."""
    return {name: (new.salt, text) for name, text in new.sealed_personal.items()}


def event_place(sealed: SealedEvent) -> str:
    """
    Return the location of an event, for messages.

    >>> event_place(SealedEvent("northwind", 7, "post/p1", 3, *[""] * 11))
    'post/p1 version 3 (position 7)'
    """
    return f"{sealed.stream} version {sealed.version} (position {sealed.position})"


def open_event(
    sealed: SealedEvent, personal: Mapping[str, tuple[bytes | None, str | None]]
) -> Event:
    """
    Return the event that was sealed, with its personal values.

    Args:
        sealed: The sealed event.
        personal: Its stored personal values.

    Raises:
        CorruptJournalError: If the event does not match its hash, or if a personal value does not
            match its digest.
    """
    try:
        if envelope_hash(*sealed[:14]) != sealed.hash:
            raise CorruptJournalError(
                "the hash does not match the event", place=event_place(sealed)
            )
        body = json.loads(sealed.body)
        at = dt.datetime.fromisoformat(sealed.at)
        values: dict[str, Json] = {}
        salt = b""
        erased: frozenset[str] = frozenset()
        if personal or PERSONAL in body:
            digests = body.get(PERSONAL, {})
            for name in sorted(digests.keys() | personal.keys()):
                if problem := personal_problem(digests.get(name), personal.get(name)):
                    raise CorruptJournalError(
                        problem, place=f"{event_place(sealed)}, personal value {name}"
                    )
                if personal[name] == ERASED:
                    erased |= {name}
                    continue
                salt, text = cast("tuple[bytes, str]", personal[name])
                values[name] = json.loads(text)
    except (ValueError, TypeError, AttributeError) as error:
        raise CorruptJournalError(
            f"the event cannot be read ({error})", place=event_place(sealed)
        ) from error
    return Event(
        organization=sealed.organization,
        position=sealed.position,
        stream=sealed.stream,
        version=sealed.version,
        id=sealed.id,
        type=sealed.type,
        schema=sealed.schema,
        at=at,
        actor=sealed.actor,
        on_behalf_of=sealed.on_behalf_of,
        cause=sealed.cause,
        digest=sealed.digest,
        body=body,
        personal=values,
        erased=erased,
        salt=salt,
        prev=sealed.prev,
        hash=sealed.hash,
    )


def open_new(sealed: SealedEvent, new: NewEvent) -> Event:
    """Return the stored event for *new* without reading it back and parsing it."""
    return Event(
        organization=sealed.organization,
        position=sealed.position,
        stream=new.stream,
        version=sealed.version,
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
        prev=sealed.prev,
        hash=sealed.hash,
    )


def personal_problem(digest: object, stored: tuple[object, object] | None) -> str:
    """
    Return a description of the problem with a stored personal value, or an empty string.

    The digest is computed from the stored text itself, so equivalent JSON with different
    formatting does not match. An erased value is not a problem here; the audit checks that an
    event erased it.

    Args:
        digest: The digest in the body of the event, or None.
        stored: The stored salt and text, or None.
    """
    if digest is None:
        return "no event contains the digest of this personal value"
    if stored is None:
        return "the personal value is missing"
    if stored == ERASED:
        return ""
    salt, text = stored
    if not isinstance(salt, bytes) or not isinstance(text, str):
        return "the salt or the value has the wrong type"
    try:
        raw = text.encode("utf-8", "surrogateescape")
        json.loads(raw)
    except ValueError:
        return "the personal value cannot be parsed"
    if hashlib.sha256(salt + raw).hexdigest() != digest:
        return "the personal value does not match its digest"
    return ""
