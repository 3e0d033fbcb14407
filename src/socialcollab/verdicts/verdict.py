"""A yes or no that says why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Protocol, Self

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId
from socialcollab.verdicts.catalogue import message


def _as_pairs(
    params: Mapping[str, object] | Iterable[tuple[str, str]],
) -> tuple[tuple[str, str], ...]:
    pairs = params.items() if isinstance(params, Mapping) else params
    return tuple(sorted([(str(name), str(value)) for name, value in pairs]))


@attrs.frozen
class Reason:
    """
    One fact that an answer rests on.

    Attributes:
        code: What kind of fact; stable, and the key of its message.

        params: What fills the message, as sorted pairs of name and value.
    """

    code: str
    params: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_as_pairs)

    @classmethod
    def of(cls, code: str, /, **params: object) -> Self:
        """
        Make a reason from keyword parameters.

        >>> Reason.of("not_a_member", member="zoe").text()
        '`zoe` is not a member'
        """
        return cls(code, params)

    @classmethod
    def of_sorted(cls, code: str, params: tuple[tuple[str, str], ...]) -> Self:
        """Make a reason from sorted pairs of words: the short way, which spares looking at them."""
        reason = object.__new__(cls)
        # A third of the time that the initializer takes, and most yeses are made of little else.
        object.__setattr__(reason, "code", code)
        object.__setattr__(reason, "params", params)
        return reason

    def __getitem__(self, name: str) -> str:
        return dict(self.params)[name]

    def text(self, language: str = "en") -> str:
        """Say it in *language*."""
        return message(self.code, dict(self.params), language=language)


@attrs.frozen
class Remedy:
    """
    One change that would turn a no into a yes.

    Attributes:
        code: What kind of change; stable, and the key of its message.

        params: What fills the message, as sorted pairs of name and value.

        by: Who could make it, sorted; empty where nobody is known to.

        also: What has to be changed together with it; it alone is not enough.

        ask: Which of *by* to ask first, or an empty string.
    """

    code: str
    params: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_as_pairs)
    by: tuple[MemberId, ...] = ()
    also: tuple[Remedy, ...] = attrs.field(default=(), kw_only=True)
    ask: str = attrs.field(default="", kw_only=True)

    @classmethod
    def of(
        cls,
        code: str,
        /,
        *,
        by: Iterable[str] = (),
        also: Iterable[Remedy] = (),
        ask: str = "",
        **params: object,
    ) -> Self:
        """Make a remedy from keyword parameters; *by* is sorted."""
        return cls(
            code,
            {name: str(value) for name, value in params.items()},
            tuple(MemberId(member) for member in sorted(by)),
            also=tuple(also),
            ask=ask,
        )

    def __getitem__(self, name: str) -> str:
        return dict(self.params)[name]

    def text(self, language: str = "en") -> str:
        """Say it in *language*."""
        say = partial(message, language=language)
        said = say(self.code, dict(self.params))
        for other in self.also:
            said = say("remedy.also", {"remedy": said, "other": other.text(language)})
        if not self.by:
            return said
        said = say("remedy.by", {"remedy": said, "by": ", ".join(self.by)})
        if not self.ask or len(self.by) == 1:
            return said
        return say("remedy.ask", {"remedy": said, "ask": self.ask})


class Advice(Protocol):
    """What is worked out of a no when somebody asks for it, and not before."""

    def remedies(self) -> tuple[Remedy, ...]:
        """Return the changes that would turn it into a yes."""
        ...

    def near_misses(self) -> tuple[Reason, ...]:
        """Return what comes nearest to carrying a yes."""
        ...

    def for_viewer(self, verdict: Verdict, member: str) -> Verdict:
        """Return *verdict* as *member* may know it."""
        ...


@attrs.frozen(eq=False, repr=False)
class Verdict(NotebookMixin):
    """
    The answer to "may she?", true or false in a condition, with its reasons.

    Two are equal if they say the same.

    Attributes:
        allowed: Whether the answer is yes.

        because: Of a yes, the facts that carry it; of a no, what forbids it.
            A no with no reason is default deny: nothing allows it.
    """

    allowed: bool
    reasons: tuple[Reason, ...] = ()
    _remedies: tuple[Remedy, ...] = ()
    _advice: Advice | None = None

    @classmethod
    def yes(cls, *because: Reason, advice: Advice | None = None) -> Self:
        """Answer yes; *advice* knows who may hear the reasons."""
        return cls(True, because, (), advice)  # noqa: FBT003  the first field is the answer itself

    @classmethod
    def no(
        cls, *because: Reason, remedies: Iterable[Remedy] = (), advice: Advice | None = None
    ) -> Self:
        """Answer no; what helps is said now, or by *advice* when somebody asks."""
        return cls(False, because, tuple(remedies), advice)  # noqa: FBT003

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """Of a no, the changes that would turn it into a yes: each by itself is enough."""
        if self.allowed or self._advice is None:
            return self._remedies
        return self._advice.remedies()

    @property
    def near_misses(self) -> tuple[Reason, ...]:
        """Of a no, what comes nearest to carrying a yes, such as a grant that has ended."""
        return () if self.allowed or self._advice is None else self._advice.near_misses()

    def for_viewer(self, member: str) -> Verdict:
        """
        Return the answer as *member* may know it.

        Reasons and remedies about places that they may not view, and people
        with whom they share no place, are left out.

        Raises:
            InvalidValueError: If the answer was not given by an `Access`, so
                that nobody knows what *member* may view.
        """
        if self._advice is None:
            raise InvalidValueError(
                "what somebody may know of this answer is known to no `Access`",
                value=member,
                expected="a verdict that `Access.check` gave",
            )
        return self._advice.for_viewer(self, member)

    def _said(self) -> tuple[object, ...]:
        return self.allowed, self.reasons, self.remedies, self.near_misses

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Verdict):
            return NotImplemented
        return self._said() == other._said()

    def __hash__(self) -> int:
        return hash((self.allowed, self.reasons))

    def __repr__(self) -> str:
        return (
            f"Verdict(allowed={self.allowed}, because={self.reasons}, missing={self.remedies},"
            f" nearly={self.near_misses})"
        )

    def __bool__(self) -> bool:
        return self.allowed

    def explain(self, language: str = "en") -> str:
        """
        Say the whole answer in *language*, reasons first, then remedies.

        >>> Verdict.no(Reason.of("not_a_member", member="zoe")).explain()
        'refused: `zoe` is not a member'
        """
        head = message("verdict.yes" if self.allowed else "verdict.no", {}, language=language)
        reasons = [reason.text(language) for reason in self.reasons]
        if not reasons and not self.allowed:
            reasons = [message("verdict.default_deny", {}, language=language)]
        said = f"{head}: {'; '.join(reasons)}" if reasons else head
        if self.near_misses:
            nearly = "; ".join(reason.text(language) for reason in self.near_misses)
            said = (
                f"{said}. {message('verdict.near_misses', {'reasons': nearly}, language=language)}"
            )
        if not self.remedies:
            return said
        remedies = "; ".join(remedy.text(language) for remedy in self.remedies)
        return f"{said}. {message('verdict.remedies', {'remedies': remedies}, language=language)}"
