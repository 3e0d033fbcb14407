"""
The errors that this library raises, grouped by what the caller can do about them.

::

    SocialCollabError               the base class; catch it to catch all of them
    ├── InvalidValueError           fix the value (also a ValueError)
    │   ├── NaiveDatetimeError      add a UTC offset to the datetime
    │   ├── DocumentMismatchError   propose the document, or open the desk without it
    │   ├── EmptyWindowError        choose an end after the start
    │   ├── SkippedTimeError        choose another local time, or pass `skipped`
    │   ├── RepeatedTimeError       pass `repeated` to choose one of the two instants
    │   └── FaultError              fix the document at the given place; raised in a group
    ├── NotAllowedError             follow a remedy of the verdict, or ask another member
    ├── StaleError                  read what changed and repeat the command; an edit that conflicts
    │                               raises `socialcollab.collisions.EditConflictError`, a subclass
    ├── NotFoundError               check the name
    ├── MissingExtraError           install the extra that the message names
    ├── WebhookError                answer the delivery with `status`, and do nothing else
    ├── StoreError                  nothing was written; see the subclasses
    │   ├── ConflictError           read the stream again and append again
    │   ├── StoreUnavailableError   make the store readable and writable, then try again
    │   ├── StaleProjectionError    rebuild the projections with `reindex`
    │   ├── NewerVersionError       update this library
    │   └── CorruptJournalError     restore a backup; `audit` finds the damaged place
    └── NetworkError                a request to a social network failed
        ├── AuthenticationError     sign in to the network again
        ├── RateLimitedError        wait for `retry_after_s` seconds, then try again
        ├── RejectedError           change the post
        ├── TransientError          try again later; the network created nothing
        └── OutcomeUnknownError     look the post up on the network before sending it again

If a document has several faults, they are raised together in one ``ExceptionGroup`` of
`FaultError`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from socialcollab.verdicts import Verdict


class SocialCollabError(Exception):
    """The base class of the library's errors."""

    # By default, pickle and copy call the class with the message as its only argument. That fails
    # for errors whose constructor requires keyword arguments.
    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.args), dict(vars(self))


def _rebuild(kind: type[SocialCollabError], args: tuple[object, ...]) -> SocialCollabError:
    error = kind.__new__(kind, *args)
    error.args = args
    return error


class InvalidValueError(SocialCollabError, ValueError):
    """
    Raised if a value is not valid.

    Attributes:
        value: The invalid value.
        expected: A short description of a valid value, such as "a whole number".
    """

    def __init__(self, message: str, *, value: object = None, expected: str = "") -> None:
        super().__init__(message)
        self.value = value
        self.expected = expected


class NaiveDatetimeError(InvalidValueError):
    """Raised if an instant is required, but a datetime has no UTC offset."""

    def __init__(self, value: dt.datetime) -> None:
        super().__init__(
            f"datetime `{value.isoformat(sep=' ')}` has no UTC offset, so it is not an instant;"
            " add one, for example with tzinfo=datetime.UTC",
            value=value,
            expected="a datetime with a UTC offset",
        )


class DocumentMismatchError(InvalidValueError):
    """
    Raised if a document differs from the organization's active document.

    Attributes:
        organization: The organization's identifier.
        given: The digest of the document that was passed.
        active: The digest of the active document.
        changes: The differences, one string each.
    """

    def __init__(
        self, organization: str, *, given: str, active: str, changes: Sequence[str] = ()
    ) -> None:
        shown = "; ".join(changes[:3]) + (f"; and {len(changes) - 3} more" if changes[3:] else "")
        super().__init__(
            f"the document of `{organization}` (digest {given[:12]}) is not the active one"
            f" (digest {active[:12]}): {shown}; propose it with `desk.propose`, or open the desk"
            " without it",
            value=given,
            expected=active,
        )
        self.organization = organization
        self.given = given
        self.active = active
        self.changes = tuple(changes)


class EmptyWindowError(InvalidValueError):
    """Raised if the end of a window is not after its start."""

    def __init__(self, *, start: dt.datetime, end: dt.datetime) -> None:
        super().__init__(
            f"window ends at `{end.isoformat()}`, which is not after its start `{start.isoformat()}`",
            value=(start, end),
            expected="an end after the start",
        )
        self.start = start
        self.end = end


class SkippedTimeError(InvalidValueError):
    """Raised if a local time does not exist, because a clock change skips it."""

    def __init__(self, *, local: dt.datetime, zone: str) -> None:
        super().__init__(
            f"local time `{local:%Y-%m-%d %H:%M}` does not exist in `{zone}`,"
            " because the clocks skip it; choose another time, or"
            f' WallTime(local="{local:%Y-%m-%d %H:%M}", zone="{zone}", skipped="next")',
            value=local,
            expected="a local time that exists",
        )
        self.local = local
        self.zone = zone


class RepeatedTimeError(InvalidValueError):
    """Raised if a local time occurs twice, because the clocks go back."""

    def __init__(self, *, local: dt.datetime, zone: str) -> None:
        super().__init__(
            f"local time `{local:%Y-%m-%d %H:%M}` occurs twice in `{zone}`,"
            " because the clocks go back; choose one of the two:"
            f' WallTime(local="{local:%Y-%m-%d %H:%M}", zone="{zone}", repeated="first")'
            ' or repeated="second"',
            value=local,
            expected="a local time that occurs once",
        )
        self.local = local
        self.zone = zone


class FaultError(InvalidValueError):
    """
    Raised for a fault in a document.

    Attributes:
        place: The location of the fault, such as ``clients/tulip.toml:
            grants[0].role``.
        problem: A description of the fault.
        suggestion: How to fix it, or an empty string.
    """

    def __init__(
        self, *, place: str, problem: str, suggestion: str = "", value: object = None
    ) -> None:
        text = f"{problem} at {place}" if place else problem
        super().__init__(
            f"{text}; {suggestion}" if suggestion else text, value=value, expected=suggestion
        )
        self.place = place
        self.problem = problem
        self.suggestion = suggestion


class NotAllowedError(SocialCollabError):
    """
    Raised if the rules do not allow a command for this member or at this time.

    Attributes:
        verdict: The refusal, with its reasons and remedies.
    """

    def __init__(self, verdict: Verdict) -> None:
        super().__init__()
        self.verdict = verdict

    # Most of the time that a refusal takes is spent on computing its remedies, which many callers
    # never show.
    def __str__(self) -> str:
        return self.verdict.explain()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class StaleError(SocialCollabError):
    """
    Raised if a command is based on a version that another member has since changed.

    Attributes:
        thing: The thing that changed, such as "post `p1`".
        seen: The version that the caller saw.
        current: The current version.
        by: The member who changed it; empty if the version that the caller saw does not exist.
        changed: The names of the fields that differ.
    """

    def __init__(
        self, *, thing: str, seen: str, current: str, by: str, changed: Sequence[str]
    ) -> None:
        if by:
            fields = ", ".join(changed) or "something"
            text = (
                f"{thing} has changed since you saw it: {by} changed {fields}"
                f" (you saw {seen}, it is now at {current}); read it again"
            )
        else:
            text = f"{thing} has no {seen}; it is at {current}; read it again"
        super().__init__(text)
        self.thing = thing
        self.seen = seen
        self.current = current
        self.by = by
        self.changed = tuple(changed)


class NotFoundError(SocialCollabError, LookupError):
    """
    Raised if a name does not exist or is not visible to the member.

    Attributes:
        kind: The kind of thing, such as "post".
        name: The name.
    """

    def __init__(self, kind: str, name: str, *, suggestion: str = "") -> None:
        text = f"there is no {kind} `{name}`"
        super().__init__(f"{text}; {suggestion}" if suggestion else text)
        self.kind = kind
        self.name = name


class MissingExtraError(SocialCollabError, ImportError):
    """Raised if an optional dependency of a feature is not installed."""

    def __init__(self, *, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the `{extra}` extra; install it with: pip install 'socialcollab[{extra}]'"
        )
        self.feature = feature
        self.extra = extra


_WebhookFault: TypeAlias = Literal[
    "bad signature",
    "no signature",
    "unreadable",
    "other account",
    "repeated",
    "too large",
    "too old",
]

# A network repeats a delivery until it is confirmed, which would not help for these two reasons.
_CONFIRMED = ("other account", "repeated")


class WebhookError(SocialCollabError):
    """
    Raised if a delivery of a webhook is not accepted. Nothing that it contains may be used.

    Attributes:
        reason: Why it is not accepted.
        status: The HTTP status with which to answer: 403 if it is not authenticated or too old, 413
            if it is too large, 400 if it cannot be read, and 200 if it can be ignored.
    """

    def __init__(self, message: str, *, reason: _WebhookFault) -> None:
        super().__init__(_UNPRINTABLE.sub("\ufffd", message[:_LONGEST_MESSAGE]))
        self.reason = reason
        self.status = {"unreadable": 400, "too large": 413}.get(
            reason, 200 if reason in _CONFIRMED else 403
        )


class StoreError(SocialCollabError):
    """Raised if the store could not perform an operation; nothing was written."""


class ConflictError(StoreError):
    """
    Raised if an append expected a different version of a stream.

    Attributes:
        stream: The first stream with a different version, in alphabetical order.
        expected: The version that the append expected.
        actual: The stream's version.
    """

    def __init__(self, *, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"stream `{stream}` is at version {actual}, not {expected}")
        self.stream = stream
        self.expected = expected
        self.actual = actual


class StoreUnavailableError(StoreError):
    """Raised if a store cannot currently be accessed, for example because its disk is full."""


class StaleProjectionError(StoreError):
    """Raised if projection rows were written for projections other than the current ones."""


class NewerVersionError(StoreError):
    """Raised if a newer version of this library has written a file or an event."""


class CorruptJournalError(StoreError):
    """
    Raised if a journal was damaged after it was written.

    Attributes:
        place: The stream and version, or the position, of the damage.
    """

    def __init__(self, message: str, *, place: str) -> None:
        super().__init__(f"{message} at {place}")
        self.place = place


_LONGEST_MESSAGE = 1000
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)


class NetworkError(SocialCollabError):
    """
    Raised if a request to a social network failed.

    The message can contain text from the network. It is therefore limited to 1,000 characters, and
    control characters, lone surrogates and characters that change the direction of text are
    replaced.

    Attributes:
        network: The name of the network.
        status: The status of the HTTP response, or None if there was none.
    """

    def __init__(self, message: str, *, network: str = "", status: int | None = None) -> None:
        super().__init__(_UNPRINTABLE.sub("\ufffd", message[:_LONGEST_MESSAGE]))
        self.network = network
        self.status = status


class AuthenticationError(NetworkError):
    """Raised if the network does not accept the credentials of a request."""


class RateLimitedError(NetworkError):
    """
    Raised if the network rejected a request because too many requests had been sent.

    Attributes:
        retry_after_s: The number of seconds to wait, or None if the network did not
            specify it.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        network: str = "",
        status: int | None = None,
    ) -> None:
        super().__init__(message, network=network, status=status)
        self.retry_after_s = retry_after_s


class RejectedError(NetworkError):
    """Raised if the network rejected the content of a request; do not send it again."""


class TransientError(NetworkError):
    """Raised for a temporary failure: nothing was created, and the request can be repeated."""


class OutcomeUnknownError(NetworkError):
    """Raised if there was no clear response, so a request may have created something."""
