"""Identifiers: their types and grammar, suggestions for misspelt names, and time-ordered ids."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final, NewType

from socialcollab.errors import InvalidValueError, NaiveDatetimeError

OrganizationId = NewType("OrganizationId", str)
WorkspaceId = NewType("WorkspaceId", str)
ProfileId = NewType("ProfileId", str)
MemberId = NewType("MemberId", str)
TeamId = NewType("TeamId", str)
PolicyId = NewType("PolicyId", str)
StepId = NewType("StepId", str)
PostId = NewType("PostId", str)
DeliveryId = NewType("DeliveryId", str)
EventId = NewType("EventId", str)
GuideId = NewType("GuideId", str)

ID_PATTERN = r"[a-z0-9][a-z0-9._-]{0,63}"
_ID = re.compile(ID_PATTERN)


def check_id(kind: str, value: object) -> str:
    """
    Return *value* if it is a valid identifier.

    Identifiers are 1 to 64 lower-case letters, digits, dots, hyphens and
    underscores, and begin with a letter or a digit.

    >>> check_id("member", "ana")
    'ana'

    Raises:
        InvalidValueError: If *value* is not a valid identifier. The message begins with
            *kind*.
    """
    if isinstance(value, str) and is_id(value):
        return value
    shown = repr(value)
    # A document may contain a value of any size, but the message must stay readable.
    shown = shown if len(shown) <= 100 else f"{shown[:100]}..."
    raise InvalidValueError(
        f"{kind} id {shown} is not an identifier; use 1 to 64 lower-case letters, digits,"
        " `.`, `-` or `_`, and begin with a letter or digit",
        value=value,
        expected="a lower-case identifier",
    )


def is_id(value: object) -> bool:
    """
    Return whether *value* is a valid identifier, as described in `check_id`.

    >>> is_id("ana"), is_id("Ana Smith")
    (True, False)
    """
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def nearest(name: str, known: Iterable[str]) -> str:
    """
    Return the known name that is most similar to *name*, or an empty string if none is similar.

    >>> nearest("publsher", ["writer", "publisher"])
    'publisher'
    """
    matches = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else ""


def did_you_mean(name: str, known: Iterable[str], *, before: str = "", otherwise: str = "") -> str:
    """
    Return a suggestion of the nearest known name, for the end of an error message.

    >>> did_you_mean("publsher", ["writer", "publisher"], before="; ")
    '; did you mean `publisher`?'

    Args:
        name: The unknown name.
        known: The names that exist.
        before: The separator between the message and the suggestion.
        otherwise: The suggestion if no name is similar.
    """
    near = nearest(name, known)
    hint = f"did you mean `{near}`?" if near else otherwise
    return f"{before}{hint}" if hint else ""


_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_TIME_BITS: Final = (1 << 48) - 1
_LOW_BITS: Final = (1 << 62) - 1


def uuid7(at: dt.datetime, entropy: bytes) -> str:
    """
    Return a version 7 UUID that consists of a timestamp in milliseconds and *entropy*.

    The same instant and entropy always produce the same id, so a caller that controls
    the clock and the random source also controls the ids.

    >>> uuid7(dt.datetime(2026, 1, 2, tzinfo=dt.UTC), bytes(10))
    '019b7c01-0400-7000-8000-000000000000'

    Args:
        at: An instant in or after 1970, with a UTC offset.
        entropy: Ten random bytes, of which 74 bits are used.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
        InvalidValueError: If *entropy* is not ten bytes long.

    Source:
        RFC 9562 section 5.7.
    """
    if at.utcoffset() is None:
        raise NaiveDatetimeError(at)
    if len(entropy) != 10:
        raise InvalidValueError(
            f"entropy must be 10 bytes long, not {len(entropy)}",
            value=len(entropy),
            expected="10 bytes",
        )
    elapsed = at - _EPOCH
    # Integers only: `total_seconds` is a float, which loses milliseconds in the far future.
    milliseconds = elapsed.days * 86_400_000 + elapsed.seconds * 1000 + elapsed.microseconds // 1000
    bits = int.from_bytes(entropy, "big")
    time = f"{milliseconds & _TIME_BITS:012x}"
    rest = f"{0b10 << 62 | bits & _LOW_BITS:016x}"
    return f"{time[:8]}-{time[8:]}-7{bits >> 62 & 0xFFF:03x}-{rest[:4]}-{rest[4:]}"
