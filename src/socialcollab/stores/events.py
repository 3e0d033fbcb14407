"""Events, before and after a store has sealed them."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import attrs

from socialcollab.content import Json, json_text, plain_json
from socialcollab.errors import InvalidValueError, NaiveDatetimeError

SALT_BYTES = 16
PERSONAL = "personal"
ERASES = "erases"

STORE_KEYS = frozenset({PERSONAL, ERASES})
"""The keys of an event's body that only the store sets."""

# A stream name consists of a kind and an optional name: ``organization``, ``post/019b7c01-...``,
# ``calendar/tulip-x``.
_STREAM = re.compile(r"[a-z][a-z_]{0,39}(/[!-~]{1,200})?")
_TYPE = re.compile(r"[a-z][a-z0-9_.-]{0,79}")
_ACTOR = re.compile(r"[a-z]+:[!-~]{1,200}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def check_stream(name: object) -> str:
    """
    Return *name* if it is a valid stream name.

    >>> check_stream("post/p1")
    'post/p1'

    Raises:
        InvalidValueError: If *name* does not have the form ``kind`` or ``kind/NAME``.
    """
    if isinstance(name, str) and _STREAM.fullmatch(name):
        return name
    raise InvalidValueError(
        f"{name!r} is not a valid stream name; use a kind in lower-case letters, such as"
        " `holds`, or a kind and a name without spaces, such as `post/p1`",
        value=name,
        expected="a valid stream name",
    )


def check_unicode(where: str, value: str) -> None:
    """Raise an error if *value* contains a lone surrogate, which cannot be encoded."""
    if value.isascii():
        return
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidValueError(
            f"{where} contains a lone surrogate ({value[error.start]!r})",
            value=value,
            expected="well-formed Unicode",
        ) from None


def as_utc(value: dt.datetime) -> dt.datetime:
    """Convert *value*, which must have a UTC offset, to UTC."""
    if value.tzinfo is dt.UTC:
        return value
    if value.utcoffset() is None:
        raise NaiveDatetimeError(value)
    return value.astimezone(dt.UTC)


def microseconds(at: dt.datetime) -> int:
    """
    Return *at* in microseconds since 1970, the unit of due rows.

    >>> microseconds(dt.datetime(1970, 1, 2, tzinfo=dt.UTC))
    86400000000
    """
    if at.utcoffset() is None:
        raise NaiveDatetimeError(at)
    return (at - _EPOCH) // _MICROSECOND


def instant_text(at: dt.datetime) -> str:
    """
    Return an instant as a string, in UTC and in the format of envelopes.

    >>> instant_text(dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC))
    '2026-04-07T07:30:00.000000Z'
    """
    # `strftime` does not pad years before 1000 on every platform; `isoformat` does.
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _matches(
    pattern: re.Pattern[str], expected: str, *, empty: bool = False
) -> Callable[[object, attrs.Attribute[str], str], None]:
    def check(_: object, attribute: attrs.Attribute[str], value: object) -> None:
        if isinstance(value, str) and (pattern.fullmatch(value) or (empty and not value)):
            return
        raise InvalidValueError(
            f"{attribute.name} {value!r} of an event is not {expected}",
            value=value,
            expected=expected,
        )

    return check


def _is_text(_: object, attribute: attrs.Attribute[str], value: object) -> None:
    if not isinstance(value, str):
        raise InvalidValueError(
            f"{attribute.name} {value!r} of an event is not a string",
            value=value,
            expected="a string",
        )
    check_unicode(f"{attribute.name} of an event", value)


def _is_count(_: object, attribute: attrs.Attribute[int], value: object) -> None:
    if type(value) is not int or not 1 <= value <= 2**31:
        raise InvalidValueError(
            f"{attribute.name} {value!r} of an event is not a positive whole number",
            value=value,
            expected="a positive whole number",
        )


def _is_mapping(_: object, attribute: attrs.Attribute[Mapping[str, Json]], value: object) -> None:
    if not isinstance(value, Mapping):
        raise InvalidValueError(
            f"{attribute.name} {value!r} of an event is not a mapping",
            value=value,
            expected="a mapping",
        )


def _is_stream(_: object, __: attrs.Attribute[str], value: object) -> None:
    check_stream(value)


def _as_erases(value: Mapping[int, Iterable[str]]) -> Mapping[int, Iterable[str]]:
    """Sort the names of each version. The validator rejects a value that is not a mapping."""
    if not isinstance(value, Mapping):
        return value
    return {
        version: names if isinstance(names, str) else tuple(sorted(set(names)))
        for version, names in value.items()
    }


def _is_erases(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    _is_mapping(_, attribute, value)
    for version, names in cast("Mapping[object, Iterable[object]]", value).items():
        if type(version) is not int or version < 1:
            raise InvalidValueError(
                f"version {version!r} in `erases` of an event is not a positive whole number",
                value=version,
                expected="a version of the event's stream",
            )
        if isinstance(names, str) or not names or not all(isinstance(n, str) for n in names):
            raise InvalidValueError(
                f"{names!r} for version {version} in `erases` of an event is not a list of names of"
                " personal values",
                value=names,
                expected="at least one name of a personal value",
            )


@attrs.frozen(kw_only=True)
class NewEvent:
    """
    An event to append. The store assigns its version and position and seals it.

    Attributes:
        stream: The stream to append to, such as ``post/019b7c01-...``.
        type: The event's type, such as ``submitted``.
        schema: The version of the structure of *body*, starting at 1.
        id: A version 7 UUID as text, unique within the organization.
        at: The event's time, which is converted to UTC.
        actor: The actor, such as ``member:ana``, ``system:publisher`` or ``tool:slack``.
        on_behalf_of: The person or system that the actor acted for, in the same format as
            *actor*, or an empty string. A desk leaves it empty: a decision by a delegate names the
            absent members in its body, because there can be several of them.
        cause: The id of the event or command that caused it, or an empty string.
        digest: The digest of the active document.
        body: The details, as JSON without floats. The keys ``personal`` and ``erases`` are
            reserved for the store.
        personal: Personal data: values that name or describe a person, or that a person wrote.
            They are stored separately from the event, which contains only their salted digests.
        salt: 16 random bytes, required if there are personal values.
        erases: The names of the personal values to erase permanently when this event is appended,
            by version of the stream. An event that erases values is a tombstone.
        sealed_body: The canonical JSON of the body, including the salted digests of the personal
            values.
        sealed_personal: The canonical JSON of each personal value.
        plain_body: The parsed value of *sealed_body*.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
        InvalidValueError: If another value does not match its description.
    """

    stream: str = attrs.field(validator=_is_stream)
    type: str = attrs.field(validator=_matches(_TYPE, "a lower-case word"))
    schema: int = attrs.field(default=1, validator=_is_count)
    id: str = attrs.field(validator=_matches(_UUID, "a version 7 UUID in lower case"))
    at: dt.datetime = attrs.field(converter=as_utc)
    actor: str = attrs.field(validator=_matches(_ACTOR, "an actor such as `member:ana`"))
    on_behalf_of: str = attrs.field(
        default="", validator=_matches(_ACTOR, "an actor such as `member:ana`", empty=True)
    )
    cause: str = attrs.field(default="", validator=_is_text)
    digest: str = attrs.field(default="", validator=_is_text)
    body: Mapping[str, Json] = attrs.field(factory=dict, hash=False, validator=_is_mapping)
    # Personal data and salts must not reach a log, so repr omits them.
    personal: Mapping[str, Json] = attrs.field(
        factory=dict, hash=False, repr=False, validator=_is_mapping
    )
    salt: bytes = attrs.field(default=b"", repr=False)
    erases: Mapping[int, tuple[str, ...]] = attrs.field(
        factory=dict, hash=False, converter=_as_erases, validator=_is_erases
    )
    sealed_body: str = attrs.field(init=False, eq=False, repr=False)
    sealed_personal: Mapping[str, str] = attrs.field(init=False, eq=False, repr=False)
    plain_body: Mapping[str, Json] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        body = self.body
        texts: dict[str, str] = {}
        for key in (PERSONAL, ERASES):
            if key in body:
                raise InvalidValueError(
                    f"body of event `{self.id}` contains the reserved key `{key}`; use the"
                    f" attribute `{key}` of the event",
                    value=key,
                    expected="another key",
                )
        if self.personal:
            if type(self.salt) is not bytes or len(self.salt) != SALT_BYTES:
                raise InvalidValueError(
                    f"event `{self.id}` has personal values, but its salt has {len(self.salt)}"
                    f" bytes instead of {SALT_BYTES}",
                    value=len(self.salt),
                    expected=f"{SALT_BYTES} random bytes",
                )
            texts = {name: json_text(plain_json(value)) for name, value in self.personal.items()}
            digests = {
                name: hashlib.sha256(self.salt + text.encode()).hexdigest()
                for name, text in texts.items()
            }
            body = {**body, PERSONAL: digests}
        elif self.salt:
            raise InvalidValueError(
                f"event `{self.id}` has a salt but no personal values", value=len(self.salt)
            )
        if self.erases:
            body = {**body, ERASES: {str(v): list(names) for v, names in self.erases.items()}}
        # The body is copied here, so that the event does not change if the caller later modifies
        # the original objects.
        plain = cast("Mapping[str, Json]", plain_json(body))
        object.__setattr__(self, "plain_body", plain)
        object.__setattr__(self, "sealed_body", json_text(plain))
        object.__setattr__(self, "sealed_personal", texts)


@attrs.frozen(kw_only=True)
class Event:
    """
    An event in a journal. Only stores create these objects.

    Attributes that are not listed here have the same meaning as for `NewEvent`. Treat *body* and
    *personal* as immutable. Changing these values does not change the journal.

    Attributes:
        organization: The organization whose journal contains the event.
        stream: The name of the event's stream.
        version: The position of the event in its stream, counted from 1 without gaps.
        position: The position of the event in the organization's journal, counted from 1 without
            gaps.
        body: The details. The ``personal`` key contains the salted digests of personal values, and
            ``erases`` contains the names of the values that a tombstone erased.
        personal: The personal values that have not been erased.
        erased: The names of erased personal values; only their digests remain.
        salt: The salt of the digests; empty if no personal value remains.
        prev: The hash of the previous event in the stream, or an empty string.
        hash: The SHA-256 of the canonical JSON of the envelope, in hexadecimal.
    """

    organization: str
    stream: str
    version: int
    position: int
    id: str
    type: str
    schema: int
    at: dt.datetime
    actor: str
    on_behalf_of: str
    cause: str
    digest: str
    body: Mapping[str, Json] = attrs.field(hash=False)
    personal: Mapping[str, Json] = attrs.field(hash=False, repr=False)
    erased: frozenset[str] = frozenset()
    salt: bytes = attrs.field(repr=False)
    prev: str = attrs.field(repr=False)
    hash: str = attrs.field(repr=False)
