"""
Every error of the library, split by what the caller can do about it.

::

    SocialCollabError
    ├── InvalidValueError           fix the value (also a ValueError)
    │   ├── NaiveDatetimeError      give the datetime a UTC offset
    │   ├── DocumentMismatchError         propose the document, or open the desk without it
    │   ├── EmptyWindowError        let the window end after its start
    │   ├── SkippedTimeError        choose another local time, or say what a skipped one means
    │   ├── RepeatedTimeError       say which of the two instants is meant
    │   └── FaultError              one fault of a document, with its place; raised in a group
    ├── NotAllowedError                ask somebody else, or do what the verdict's remedies say
    ├── StaleError                  read again: another person changed it first
    ├── NotFoundError               there is no such thing here
    ├── MissingExtraError           install the named extra
    ├── StoreError                  the store could not do it; nothing is half done
    │   ├── ConflictError           a stream is not at the expected version
    │   ├── StoreUnavailableError   disk full, read-only or locked: mend that and try again
    │   ├── StaleProjectionError       rebuild the index rows with `reindex`
    │   ├── NewerVersionError       update this library: a newer one wrote it
    │   └── CorruptJournalError     restore a backup; `audit` names the place
    └── NetworkError                what a social network answered, or did not
        ├── AuthenticationError sign in again
        ├── RateLimitedError        wait, then try again
        ├── RejectedError           change the post
        ├── TransientError          try again later; nothing was made
        └── OutcomeUnknownError     no answer came: look before sending again

Several faults found together come as one ``ExceptionGroup`` of `FaultError`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socialcollab.verdicts import Verdict


class SocialCollabError(Exception):
    """The root: catch this to catch everything the library raises on purpose."""

    # Errors made from keywords cannot be made again from their message alone,
    # as copying and other processes would.
    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (type(self), self.args), dict(vars(self))


def _rebuilt(kind: type[SocialCollabError], args: tuple[object, ...]) -> SocialCollabError:
    error = kind.__new__(kind, *args)
    error.args = args
    return error


class InvalidValueError(SocialCollabError, ValueError):
    """
    A value that cannot be what it is given as.

    Attributes:
        value: The value as given.
        expected: What would be right, as a phrase.
    """

    def __init__(self, message: str, *, value: object = None, expected: str = "") -> None:
        super().__init__(message)
        self.value = value
        self.expected = expected


class NaiveDatetimeError(InvalidValueError):
    """A datetime without a UTC offset where an instant is needed."""

    def __init__(self, value: dt.datetime) -> None:
        super().__init__(
            f"datetime `{value.isoformat(sep=' ')}` has no UTC offset, so it names no instant;"
            " give it one, for example with tzinfo=datetime.UTC",
            value=value,
            expected="a datetime with a UTC offset",
        )


class DocumentMismatchError(InvalidValueError):
    """
    A document that differs from the organization in force.

    Attributes:
        given: The digest of the document.
        as_of: The digest of what is in force.
        changes: What differs, line by line.
    """

    def __init__(
        self, organization: str, *, given: str, as_of: str, changes: Sequence[str] = ()
    ) -> None:
        shown = "; ".join(changes[:3]) + (f"; and {len(changes) - 3} more" if changes[3:] else "")
        super().__init__(
            f"the document of `{organization}` (digest {given[:12]}) is not what is in force"
            f" (digest {as_of[:12]}): {shown}; propose it with `desk.propose`, or open the desk"
            " without it",
            value=given,
            expected=as_of,
        )
        self.organization = organization
        self.given = given
        self.as_of = as_of
        self.changes = tuple(changes)


class EmptyWindowError(InvalidValueError):
    """A window whose end is not after its start."""

    def __init__(self, *, start: dt.datetime, end: dt.datetime) -> None:
        super().__init__(
            f"window ends at `{end.isoformat()}`, which is not after its start `{start.isoformat()}`",
            value=(start, end),
            expected="an end after the start",
        )
        self.start = start
        self.end = end


class SkippedTimeError(InvalidValueError):
    """A local time that a clock change jumps over."""

    def __init__(self, *, local: dt.datetime, zone: str) -> None:
        super().__init__(
            f"local time `{local:%Y-%m-%d %H:%M}` does not exist in `{zone}`:"
            ' the clocks jump over it; choose another time, or say skipped="next"',
            value=local,
            expected="a local time that exists",
        )
        self.local = local
        self.zone = zone


class RepeatedTimeError(InvalidValueError):
    """A local time that a clock change makes happen twice."""

    def __init__(self, *, local: dt.datetime, zone: str) -> None:
        super().__init__(
            f"local time `{local:%Y-%m-%d %H:%M}` happens twice in `{zone}`:"
            ' the clocks go back over it; say repeated="first" or "second"',
            value=local,
            expected="a local time that happens once",
        )
        self.local = local
        self.zone = zone


class FaultError(InvalidValueError):
    """
    One fault of a document or table, at its place.

    Attributes:
        place: Where, such as ``clients/tulip.toml: grants[0].role``.
        problem: What is wrong there.
        suggestion: What would be right, or an empty string.
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
    A command that may not be done, now or by this person.

    Attributes:
        verdict: The refusal with its reasons and what would turn it into a yes.
    """

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.explain())
        self.verdict = verdict


class StaleError(SocialCollabError):
    """
    A command given on something that another person has changed since.

    Attributes:
        thing: What was changed, such as a post's id.
        seen: What the caller saw (a version or a revision's digest).
        current: What stands now.
        by: Who changed it.
        changed: The names of the fields that differ.
    """

    def __init__(
        self, *, thing: str, seen: str, current: str, by: str, changed: Sequence[str]
    ) -> None:
        fields = ", ".join(changed) or "something"
        super().__init__(
            f"{thing} has changed since you saw it: {by} changed {fields}"
            f" (you saw {seen}, it is now at {current}); read it again"
        )
        self.thing = thing
        self.seen = seen
        self.current = current
        self.by = by
        self.changed = tuple(changed)


class NotFoundError(SocialCollabError, LookupError):
    """A name that leads to nothing here, or to nothing the asker may see."""

    def __init__(self, what: str, name: str, *, suggestion: str = "") -> None:
        text = f"there is no {what} `{name}`"
        super().__init__(f"{text}; {suggestion}" if suggestion else text)
        self.what = what
        self.name = name


class MissingExtraError(SocialCollabError, ImportError):
    """A feature whose optional dependency is not installed."""

    def __init__(self, *, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the `{extra}` extra; install it with: pip install 'socialcollab[{extra}]'"
        )
        self.feature = feature
        self.extra = extra


class StoreError(SocialCollabError):
    """The store could not do what was asked; nothing is half done."""


class ConflictError(StoreError):
    """
    A stream that is not at the version an append expected.

    Attributes:
        stream: The first such stream, in stream order.
        expected: The version the append expected.
        actual: The version it is at.
    """

    def __init__(self, *, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"stream `{stream}` is at version {actual}, not {expected}")
        self.stream = stream
        self.expected = expected
        self.actual = actual


class StoreUnavailableError(StoreError):
    """A store that cannot be read or written now: disk full, read-only, or locked."""


class StaleProjectionError(StoreError):
    """Index rows that were written under other indexes than are declared now."""


class NewerVersionError(StoreError):
    """A file or an event that a newer version of this library wrote: this one cannot know it."""


class CorruptJournalError(StoreError):
    """
    A journal that cannot be what was written.

    Attributes:
        place: The stream and version, or the position, where it shows.
    """

    def __init__(self, message: str, *, place: str) -> None:
        super().__init__(f"{message} at {place}")
        self.place = place


class NetworkError(SocialCollabError):
    """
    What a network answered, or did not.

    Attributes:
        network: The network's name.
        status: The HTTP status, or None where there was none.
    """

    def __init__(self, message: str, *, network: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.network = network
        self.status = status


class AuthenticationError(NetworkError):
    """The network does not accept the credentials: sign in again."""


class RateLimitedError(NetworkError):
    """
    The network asks to wait.

    Attributes:
        retry_after_s: Seconds to wait, or None if the network did not say.
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
    """The network refuses this content; sending it again will not help."""


class TransientError(NetworkError):
    """The network is known to have made nothing; the same request may be sent again later."""


class OutcomeUnknownError(NetworkError):
    """No answer came to a request that may have made something: look before sending again."""
