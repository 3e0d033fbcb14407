"""Convert events and snapshots to and from the form in which they are stored."""

from __future__ import annotations

import datetime as dt
import json
from collections import abc
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, Final, TypeVar, cast, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from socialcollab import inbox
from socialcollab.content import Attachment, DeliveryState, Image, Json, PostState, Video
from socialcollab.desk.journal import organization_events
from socialcollab.errors import CorruptJournalError, NewerVersionError
from socialcollab.permissions import Grant
from socialcollab.stores import STORE_KEYS
from socialcollab.stores import Event as StoredEvent
from socialcollab.workflow import StepKey
from socialcollab.workflow import events as ev
from socialcollab.workflow.events import ERASED_TEXT

T = TypeVar("T")

EVENT_TYPES: Final[Mapping[str, type[Any]]] = {
    event.TYPE: event
    for event in (
        *vars(ev).values(),
        *vars(organization_events).values(),
        *vars(inbox).values(),
    )
    if hasattr(event, "TYPE")
}
"""The event classes by event type."""

_IN_PLACE: Final[Mapping[str, Any]] = {
    "content": {"text": ERASED_TEXT},
    "document": "",
    "documents": {},
    "files": {},
    "media_urls": [],
}
"""The placeholder of an erased value that is not plain text, by the name of its field."""

_SCHEMA: Final = 1
"""The schema version of events. Events with a newer version cannot be read."""


def _read_step_key(value: object, _: object) -> StepKey:
    policy, _, step = str(value).partition("/")
    return StepKey(policy, step)


def _read_bound(value: str | None, _: object) -> dt.date | None:
    """Parse a grant's bound: a day or a local time."""
    if value is None:
        return None
    return (dt.datetime if "T" in value else dt.date).fromisoformat(value)


def _written_bound(value: dt.date | None) -> str | None:
    return None if value is None else value.isoformat()


def _value(state: StrEnum) -> str:
    return state.value


def _holds_plain_texts(cls: Any) -> bool:
    """Return whether a collection contains only strings, which are stored unchanged."""
    kind, parts = get_origin(cls), get_args(cls)
    if kind is tuple:
        return len(parts) == 2 and parts[1] is ... and _is_plain_text(parts[0])
    return kind is abc.Mapping and all(map(_is_plain_text, parts))


def _is_plain_text(cls: Any) -> bool:
    return cls is str or getattr(cls, "__supertype__", None) is str


def _copying(cls: Any) -> Callable[[Any], Any]:
    return list if get_origin(cls) is tuple else dict


def _make() -> Converter:
    converter = Converter(
        omit_if_default=True,
        forbid_extra_keys=True,
        unstruct_collection_overrides={frozenset: sorted, tuple: list},
    )
    converter.register_unstructure_hook(dt.datetime, dt.datetime.isoformat)
    converter.register_structure_hook(
        dt.datetime, lambda value, _: dt.datetime.fromisoformat(value)
    )
    converter.register_unstructure_hook(dt.date, dt.date.isoformat)
    converter.register_structure_hook(dt.date, lambda value, _: dt.date.fromisoformat(value))
    converter.register_unstructure_hook(bytes, bytes.hex)
    converter.register_structure_hook(bytes, lambda value, _: bytes.fromhex(value))
    for state in (PostState, DeliveryState):
        # Without a hook, cattrs would not convert the enum member, because it is a string.
        converter.register_unstructure_hook(state, _value)
    converter.register_unstructure_hook_factory(_holds_plain_texts, _copying)
    converter.register_unstructure_hook(StepKey, str)
    converter.register_structure_hook(StepKey, _read_step_key)
    # The bytes of media are stored in the media store under their digest.
    omitted = override(omit=True)
    write_image = make_dict_unstructure_fn(
        Image, converter, _cattrs_omit_if_default=True, data=omitted
    )
    write_video = make_dict_unstructure_fn(Video, converter, source=omitted)
    read_image = make_dict_structure_fn(Image, converter, data=omitted)
    read_video = make_dict_structure_fn(Video, converter, source=omitted)
    converter.register_unstructure_hook(
        Attachment, lambda one: (write_video if isinstance(one, Video) else write_image)(one)
    )
    # Only a video always has its media type.
    converter.register_structure_hook(
        Attachment,
        lambda value, _: (
            read_video(value, Video)
            if str(value.get("media_type", "")).startswith("video/")
            else read_image(value, Image)
        ),
    )
    bound = override(unstruct_hook=_written_bound, struct_hook=_read_bound)
    converter.register_unstructure_hook(
        Grant,
        make_dict_unstructure_fn(
            Grant,
            converter,
            _cattrs_omit_if_default=True,
            start=bound,
            end=bound,
        ),
    )
    converter.register_structure_hook(
        Grant,
        make_dict_structure_fn(
            Grant,
            converter,
            _cattrs_forbid_extra_keys=True,
            start=bound,
            end=bound,
        ),
    )
    return converter


@cache
def _converter() -> Converter:
    return _make()


@cache
def _personal_fields(cls: type[Any]) -> frozenset[str]:
    return frozenset(attribute.name for attribute in attrs.fields(cls) if ev.is_personal(attribute))


def event_parts(data: ev.EventData) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return the values of an event that the hash chain covers, and its personal values, which can be erased."""
    values = cast("dict[str, Json]", _converter().unstructure(data))
    personal = _personal_fields(type(data))
    return (
        {name: value for name, value in values.items() if name not in personal},
        {name: value for name, value in values.items() if name in personal},
    )


def event_data(event: StoredEvent) -> ev.EventData:
    """
    Decode the data of a stored event.

    Raises:
        NewerVersionError: If a newer version of this library stored the event. A worker must then
            stop, because the state that it acts on would not include this event.
        CorruptJournalError: If the values do not match the event type.
    """
    place = f"{event.stream} version {event.version} (position {event.position})"
    cls = EVENT_TYPES.get(event.type)
    if cls is None or event.schema > _SCHEMA:
        schema = "" if cls is None else f" with schema {event.schema}"
        raise NewerVersionError(
            f"a newer version of this library stored `{event.type}`{schema} at {place};"
            " update the library before you use this journal"
        )
    body = {name: value for name, value in event.body.items() if name not in STORE_KEYS}
    erased = {name: _IN_PLACE.get(name, ERASED_TEXT) for name in event.erased}
    try:
        values = {**body, **erased, **event.personal}
        return cast("ev.EventData", _converter().structure(values, cls))
    except Exception as error:
        raise CorruptJournalError(
            f"an event whose values do not match its type `{event.type}`", place=place
        ) from error


def pack(value: object) -> bytes:
    """Encode a snapshot; equal snapshots are encoded as equal bytes."""
    return _dumps(_converter().unstructure(value)).encode()


_dumps = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def unpack(data: bytes, cls: type[T], *, place: str) -> T:
    """
    Decode a snapshot that `pack` encoded.

    Raises:
        CorruptJournalError: If the snapshot cannot be decoded.
    """
    try:
        return _converter().structure(json.loads(data), cls)
    except Exception as error:
        raise CorruptJournalError("a snapshot that cannot be read", place=place) from error
