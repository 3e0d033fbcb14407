"""Events, their personal fields, and the streams that they belong to."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar, Final, Protocol

import attrs

from socialcollab.workflow.model.actor import Actor

_PERSONAL = "socialcollab.personal"

PERSONAL: Final = {_PERSONAL: True}
"""The metadata of a field with personal data: the hash chain holds only a salted digest of it."""


def is_personal(attribute: attrs.Attribute[Any]) -> bool:
    """Return whether a field of an event holds content, a name or free text, which can be erased."""
    return bool(attribute.metadata.get(_PERSONAL))


class EventData(Protocol):
    """What the data of every event has: the type under which it is stored."""

    TYPE: ClassVar[str]


@attrs.frozen
class Event:
    """
    Something that happened.

    Attributes:
        stream: The stream that it belongs to.
        actor: Who caused it.
        data: What happened.
    """

    stream: str
    actor: Actor
    data: EventData


def post_stream(post: str) -> str:
    """Return the stream of a post."""
    return f"post/{post}"


def delivery_stream(delivery: str) -> str:
    """Return the stream of a delivery."""
    return f"delivery/{delivery}"


def calendar_stream(profile: str) -> str:
    """Return the stream that keeps two commands from taking the same slot of a profile."""
    return f"calendar/{profile}"


def budget_stream(profile: str) -> str:
    """Return the stream with the time until which the network wants a profile to wait."""
    return f"budget/{profile}"


def native_post_stream(profile: str, network_id: str) -> str:
    """Return the stream of a native post."""
    # Hashed, because a network's id may contain any character.
    name = hashlib.sha256(network_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"native_post/{profile}.{name}"


def post_event(post: str, data: EventData, actor: Actor) -> Event:
    """Return an event of a post."""
    return Event(post_stream(post), actor, data)


def delivery_event(delivery: str, data: EventData, actor: Actor) -> Event:
    """Return an event of a delivery."""
    return Event(delivery_stream(delivery), actor, data)


def publisher_event(delivery: str, data: EventData) -> Event:
    """Return an event of a delivery that the publisher causes."""
    return Event(delivery_stream(delivery), Actor.PUBLISHER, data)


def calendar_event(profile: str, data: EventData, actor: Actor) -> Event:
    """Return an event of a profile's calendar."""
    return Event(calendar_stream(profile), actor, data)


def runtime_event(data: EventData, actor: Actor) -> Event:
    """Return an event of the organization's runtime state."""
    return Event("runtime_state", actor, data)
