"""An event before and after the store has sealed it."""

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
"""The keys of a sealed body that are the store's own."""

# ``organization``, ``post/019b7c01-...``, ``calendar/tulip-x``: a kind, and mostly one name.
_STREAM = re.compile(r"[a-z][a-z_]{0,39}(/[!-~]{1,200})?")
_TYPE = re.compile(r"[a-z][a-z0-9_.-]{0,79}")
_ACTOR = re.compile(r"[a-z]+:[!-~]{1,200}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def check_stream(name: object) -> str:
    """
    Return *name* if it can name a stream, else refuse it.

    >>> check_stream("post/p1")
    'post/p1'

    Raises:
        InvalidValueError: If it is no ``kind`` or ``kind/NAME``.
    """
    if isinstance(name, str) and _STREAM.fullmatch(name):
        return name
    raise InvalidValueError(
        f"{name!r} does not name a stream: write a kind in lower-case letters, such as `facts`,"
        " or a kind and a name without spaces, such as `post/p1`",
        value=name,
        expected="a stream's name",
    )


def check_unicode(what: str, value: str) -> None:
    """Refuse a text with half a surrogate pair, which no file can hold."""
    if value.isascii():
        return
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidValueError(
            f"{what} holds half a surrogate pair ({value[error.start]!r})",
            value=value,
            expected="well-formed Unicode",
        ) from None


def as_utc(value: dt.datetime) -> dt.datetime:
    """Return the instant in UTC; refuse one without an offset."""
    if value.tzinfo is dt.UTC:
        return value
    if value.utcoffset() is None:
        raise NaiveDatetimeError(value)
    return value.astimezone(dt.UTC)


def microseconds(at: dt.datetime) -> int:
    """
    Return the whole microseconds from 1970 to *at*, as due rows hold them.

    >>> microseconds(dt.datetime(1970, 1, 2, tzinfo=dt.UTC))
    86400000000
    """
    if at.utcoffset() is None:
        raise NaiveDatetimeError(at)
    return (at - _EPOCH) // _MICROSECOND


def instant_text(at: dt.datetime) -> str:
    """
    Write an instant in UTC the one way that envelopes hold it.

    >>> instant_text(dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC))
    '2026-04-07T07:30:00.000000Z'
    """
    # isoformat pads years to four digits everywhere; strftime does not.
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _matching(
    pattern: re.Pattern[str], right: str, *, empty: bool = False
) -> Callable[[object, attrs.Attribute[str], str], None]:
    def check(_: object, attribute: attrs.Attribute[str], value: object) -> None:
        if isinstance(value, str) and (pattern.fullmatch(value) or (empty and not value)):
            return
        raise InvalidValueError(
            f"{attribute.name} {value!r} of an event is not {right}", value=value, expected=right
        )

    return check


def _plain_text(_: object, attribute: attrs.Attribute[str], value: object) -> None:
    if not isinstance(value, str):
        raise InvalidValueError(
            f"{attribute.name} {value!r} of an event is no text", value=value, expected="a text"
        )
    check_unicode(f"{attribute.name} of an event", value)


def _counting(_: object, attribute: attrs.Attribute[int], value: object) -> None:
    if type(value) is not int or not 1 <= value <= 2**31:
        raise InvalidValueError(
            f"{attribute.name} {value!r} of an event is not a number from 1 on",
            value=value,
            expected="a number from 1 on",
        )


def _table(_: object, attribute: attrs.Attribute[Mapping[str, Json]], value: object) -> None:
    if not isinstance(value, Mapping):
        raise InvalidValueError(
            f"{attribute.name} {value!r} of an event is no table", value=value, expected="a table"
        )


def _stream(_: object, __: attrs.Attribute[str], value: object) -> None:
    check_stream(value)


def _as_erases(value: Mapping[int, Iterable[str]]) -> Mapping[int, Iterable[str]]:
    """Take names in any order; what is no table at all is left to the validator."""
    if not isinstance(value, Mapping):
        return value
    return {
        version: names if isinstance(names, str) else tuple(sorted(set(names)))
        for version, names in value.items()
    }


def _erases(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    _table(_, attribute, value)
    for version, names in cast("Mapping[object, Iterable[object]]", value).items():
        if type(version) is not int or version < 1:
            raise InvalidValueError(
                f"erases {version!r} of an event is no version of its stream",
                value=version,
                expected="versions from 1 on",
            )
        if isinstance(names, str) or not names or not all(isinstance(n, str) for n in names):
            raise InvalidValueError(
                f"what an event erases of version {version} ({names!r}) are no names",
                value=names,
                expected="at least one name of a personal value",
            )


@attrs.frozen(kw_only=True)
class NewEvent:
    """
    An event to be appended; the store adds its place and seals it.

    Attributes:
        stream: The stream it joins, such as ``post/019b7c01-...``.

        type: What happened, such as ``submitted``.

        schema: The version of the shape of *body*, from 1 on.

        id: A version 7 UUID in text, unique within the organization.

        at: When it happened; any UTC offset is taken, UTC is kept.

        actor: Who did it: ``member:ana``, ``system:publisher``, ``tool:slack``.

        on_behalf_of: For whom, in the same form, or an empty text.

        cause: The id of the event or command that brought it about, or an empty text.

        digest: The digest of the organization in force.

        body: What happened in particular, as JSON without floats. The key
            ``personal`` and ``erases`` are the store's own.

        personal: Values that name or describe a person, or are their words:
            kept beside the chain, which holds their salted digests alone.

        salt: 16 random bytes, required where there is a personal value.

        erases: Makes it a tombstone: the names of the personal values of
            earlier events of its stream that go for good in the append of
            this one, by version.

        sealed_body: The canonical JSON of *body* with those digests.

        sealed_personal: The canonical JSON of each personal value.

        plain_body: A copy of what *sealed_body* says.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.

        InvalidValueError: If another value is not what it says above.
    """

    stream: str = attrs.field(validator=_stream)
    type: str = attrs.field(validator=_matching(_TYPE, "a lower-case word"))
    schema: int = attrs.field(default=1, validator=_counting)
    id: str = attrs.field(validator=_matching(_UUID, "a version 7 UUID in lower case"))
    at: dt.datetime = attrs.field(converter=as_utc)
    actor: str = attrs.field(validator=_matching(_ACTOR, "an actor such as `member:ana`"))
    on_behalf_of: str = attrs.field(
        default="", validator=_matching(_ACTOR, "an actor such as `member:ana`", empty=True)
    )
    cause: str = attrs.field(default="", validator=_plain_text)
    digest: str = attrs.field(default="", validator=_plain_text)
    body: Mapping[str, Json] = attrs.field(factory=dict, hash=False, validator=_table)
    # What a person said or is, and the salt, are in no repr, and so in no log.
    personal: Mapping[str, Json] = attrs.field(
        factory=dict, hash=False, repr=False, validator=_table
    )
    salt: bytes = attrs.field(default=b"", repr=False)
    erases: Mapping[int, tuple[str, ...]] = attrs.field(
        factory=dict, hash=False, converter=_as_erases, validator=_erases
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
                    f"body of event `{self.id}` has the key `{key}`, which is the store's own;"
                    f" give it as `{key}` of the event",
                    value=key,
                    expected="another key",
                )
        if self.personal:
            if type(self.salt) is not bytes or len(self.salt) != SALT_BYTES:
                raise InvalidValueError(
                    f"event `{self.id}` has personal values and a salt of {len(self.salt)} bytes,"
                    f" not {SALT_BYTES}",
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
                f"event `{self.id}` has a salt but no personal value", value=len(self.salt)
            )
        if self.erases:
            body = {**body, ERASES: {str(v): list(names) for v, names in self.erases.items()}}
        plain = cast("Mapping[str, Json]", plain_json(body))
        object.__setattr__(self, "plain_body", plain)
        object.__setattr__(self, "sealed_body", json_text(plain))
        object.__setattr__(self, "sealed_personal", texts)


@attrs.frozen(kw_only=True)
class Event:
    """
    An event as the journal holds it; only stores make these.

    Attributes:
        organization: Whose journal it is in.

        stream: The stream it belongs to.

        version: Its place in the stream, from 1 on without gaps.

        position: Its place in the organization's journal, likewise.

        body: What happened, with ``personal`` holding the salted digests, and
            ``erases`` what a tombstone erased.

        personal: The personal values that are still kept.

        erased: The names of those that were erased: their digests alone remain.

        salt: What the digests are salted with, or empty if nothing personal is kept.

        prev: The hash of the stream's event before, or an empty text.

        hash: SHA-256 over the canonical JSON of the envelope, in hex.

    The other attributes are those of `NewEvent`. Treat *body* and *personal*
    as values: changing them changes nothing in the journal.
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
