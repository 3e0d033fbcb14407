"""Events, their personal fields, and the streams to which they belong."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar, Final, Protocol

import attrs

from socialcollab.workflow.model.actor import Actor

_PERSONAL = "socialcollab.personal"

PERSONAL: Final = {_PERSONAL: True}
"""
The metadata of fields with personal data; the hash chain contains only their salted digests.
"""


def is_personal(attribute: attrs.Attribute[Any]) -> bool:
    """Return whether an event field contains personal data, which can be erased."""
    return bool(attribute.metadata.get(_PERSONAL))


class EventData(Protocol):
    """The interface of event data: the type under which the event is stored."""

    TYPE: ClassVar[str]


@attrs.frozen
class Event:
    """
    An event: a fact about a post, a delivery or the organization.

    Attributes:
        stream: The stream to which the event belongs.
        actor: The actor who caused the event.
        data: The type-specific data of the event.
    """

    stream: str
    actor: Actor
    data: EventData


def post_stream(post: str) -> str:
    """Return the name of a post's stream."""
    return f"post/{post}"


def delivery_stream(delivery: str) -> str:
    """Return the name of a delivery's stream."""
    return f"delivery/{delivery}"


def calendar_stream(profile: str) -> str:
    """Return the name of the stream that prevents two commands from taking the same slot."""
    return f"calendar/{profile}"


def budget_stream(profile: str) -> str:
    """Return the name of the stream with a profile's rate limit."""
    return f"budget/{profile}"


def native_post_stream(profile: str, network_id: str) -> str:
    """Return the name of a native post's stream."""
    # The id is hashed because a network id may contain any character.
    name = hashlib.sha256(network_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"native_post/{profile}.{name}"


def connection_stream(profile: str) -> str:
    """Return the name of the stream with a profile's connection."""
    return f"connection/{profile}"


def post_event(post: str, data: EventData, actor: Actor) -> Event:
    """Return a post event."""
    return Event(post_stream(post), actor, data)


def delivery_event(delivery: str, data: EventData, actor: Actor) -> Event:
    """Return a delivery event."""
    return Event(delivery_stream(delivery), actor, data)


def publisher_event(delivery: str, data: EventData) -> Event:
    """Return a delivery event caused by the publisher."""
    return Event(delivery_stream(delivery), Actor.PUBLISHER, data)


def calendar_event(profile: str, data: EventData, actor: Actor) -> Event:
    """Return an event for a profile's calendar."""
    return Event(calendar_stream(profile), actor, data)


def runtime_event(data: EventData, actor: Actor) -> Event:
    """Return an event for the organization's runtime state."""
    return Event("runtime_state", actor, data)
