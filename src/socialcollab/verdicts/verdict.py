"""Verdicts: answers with their reasons and remedies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
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
    A fact on which an answer is based.

    Attributes:
        code: The kind of fact. Codes are stable, and each of them is the key of a message.
        params: The parameters of the message, as sorted pairs of name and value.
    """

    code: str
    params: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_as_pairs)

    @classmethod
    def of(cls, code: str, /, **params: object) -> Self:
        """
        Return a reason with the given parameters.

        >>> Reason.of("not_a_member", member="zoe").text()
        '`zoe` is not a member'
        """
        return cls(code, params)

    @classmethod
    def of_sorted(cls, code: str, params: tuple[tuple[str, str], ...]) -> Self:
        """Return a reason whose parameters are already sorted pairs of strings."""
        # A permission check spends most of its time building reasons. This constructor takes a
        # third of the time that the initializer needs, because it does not convert and sort the
        # parameters.
        reason = object.__new__(cls)
        object.__setattr__(reason, "code", code)
        object.__setattr__(reason, "params", params)
        return reason

    def __getitem__(self, name: str) -> str:
        return dict(self.params)[name]

    def text(self, language: str = "en") -> str:
        """Return the message in *language*."""
        return message(self.code, dict(self.params), language=language)


@attrs.frozen
class Remedy:
    """
    A change that would allow a refused action.

    Attributes:
        code: The kind of change. Codes are stable, and each is the key of a message.
        params: The parameters of the message, as sorted pairs of name and value.
        by: The members who could make the change, sorted; empty if no such member is known.
        also: Other changes that are required in addition to this one.
        ask: The member of *by* to ask first, or an empty string.
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
        """Return a remedy with the given parameters; *by* is sorted."""
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
        """Return the message in *language*."""
        in_language = partial(message, language=language)
        text = in_language(self.code, dict(self.params))
        separate = any(other.by for other in self.also)
        if separate and self.by:
            # Different members make the changes, so each change names its own.
            text = in_language("remedy.by", {"remedy": text, "by": ", ".join(self.by)})
        for other in self.also:
            text = in_language("remedy.also", {"remedy": text, "other": other.text(language)})
        if separate or not self.by:
            return text
        text = in_language("remedy.by", {"remedy": text, "by": ", ".join(self.by)})
        if not self.ask or len(self.by) == 1:
            return text
        return in_language("remedy.ask", {"remedy": text, "ask": self.ask})


class Advice(Protocol):
    """The parts of a verdict that are slow to compute and are computed only when they are read."""

    def remedies(self) -> tuple[Remedy, ...]:
        """Return the changes that would allow the refused action."""
        ...

    def near_misses(self) -> tuple[Reason, ...]:
        """Return the facts that almost allow the action."""
        ...

    def for_viewer(self, verdict: Verdict, member: str) -> Verdict:
        """Return *verdict* without the parts that *member* is not allowed to see."""
        ...


@attrs.frozen(eq=False, repr=False)
class Verdict(NotebookMixin):
    """
    The answer to "may this member do that?" with its reasons.

    A verdict is truthy if the action is allowed. Two verdicts are equal if their answers, reasons,
    remedies and near misses are equal.

    Attributes:
        allowed: Whether the action is allowed.
        reasons: The facts that allow or forbid the action. A refusal with no reasons means that no
            rule allows the action.
    """

    allowed: bool
    reasons: tuple[Reason, ...] = ()
    _remedies: tuple[Remedy, ...] = ()
    _advice: Advice | None = None

    @classmethod
    def yes(cls, *reasons: Reason, advice: Advice | None = None) -> Self:
        """Return a verdict that allows the action; *advice* lets `for_viewer` remove reasons."""
        return cls(True, reasons, (), advice)  # noqa: FBT003  the first field is the answer itself

    @classmethod
    def no(
        cls, *reasons: Reason, remedies: Iterable[Remedy] = (), advice: Advice | None = None
    ) -> Self:
        """Return a refusal with its remedies, or with *advice* that computes them when needed."""
        return cls(False, reasons, tuple(remedies), advice)  # noqa: FBT003

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """The changes that would allow a refused action; each is sufficient by itself."""
        if self.allowed or self._advice is None:
            return self._remedies
        return self._advice.remedies()

    @property
    def near_misses(self) -> tuple[Reason, ...]:
        """The facts that almost allow a refused action, such as a grant that has ended."""
        return () if self.allowed or self._advice is None else self._advice.near_misses()

    def for_viewer(self, member: str) -> Verdict:
        """
        Return this verdict without the parts that *member* is not allowed to see.

        The result omits reasons and remedies about resources that the member cannot view, and
        other members with whom the member has no resource in common.

        Raises:
            InvalidValueError: If the verdict does not come from an `Access`. Only an `Access` can
                determine what *member* is allowed to view.
        """
        if self._advice is None:
            raise InvalidValueError(
                f"this verdict cannot be filtered for `{member}`, because it does not come from"
                " `Access.check`",
                value=member,
                expected="a verdict that `Access.check` returned",
            )
        return self._advice.for_viewer(self, member)

    def tested(self, suffices: Callable[[Remedy], bool]) -> Verdict:
        """
        Return this verdict with only the remedies that a test accepts.

        The test runs when the remedies are read. Remedies that the author of the verdict has
        chosen, rather than an `Access`, are not tested.
        """
        if self.allowed or self._advice is None:
            return self
        return attrs.evolve(self, advice=_TestedAdvice(self._advice, suffices))

    def _parts(self) -> tuple[object, ...]:
        return self.allowed, self.reasons, self.remedies, self.near_misses

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Verdict):
            return NotImplemented
        return self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash((self.allowed, self.reasons))

    def __repr__(self) -> str:
        return (
            f"Verdict(allowed={self.allowed}, reasons={self.reasons}, remedies={self.remedies},"
            f" near_misses={self.near_misses})"
        )

    def __bool__(self) -> bool:
        return self.allowed

    def explain(self, language: str = "en") -> str:
        """
        Return the full explanation in *language*: the reasons, near misses and remedies.

        >>> Verdict.no(Reason.of("not_a_member", member="zoe")).explain()
        'refused: `zoe` is not a member'
        """
        in_language = partial(message, language=language)
        text = in_language("verdict.yes" if self.allowed else "verdict.no", {})
        reasons = [reason.text(language) for reason in self.reasons]
        if not reasons and not self.allowed:
            reasons = [in_language("verdict.default_deny", {})]
        if reasons:
            text = f"{text}: {'; '.join(reasons)}"
        near_misses = "; ".join(reason.text(language) for reason in self.near_misses)
        if near_misses:
            text = f"{text}. {in_language('verdict.near_misses', {'reasons': near_misses})}"
        remedies = "; ".join(remedy.text(language) for remedy in self.remedies)
        if remedies:
            text = f"{text}. {in_language('verdict.remedies', {'remedies': remedies})}"
        return text


class _TestedAdvice:
    """Advice without the remedies that a test rejects."""

    def __init__(self, advice: Advice, suffices: Callable[[Remedy], bool]) -> None:
        self._advice = advice
        self._suffices = suffices

    @cached_property
    def _remedies(self) -> tuple[Remedy, ...]:
        return tuple(filter(self._suffices, self._advice.remedies()))

    def remedies(self) -> tuple[Remedy, ...]:
        return self._remedies

    def near_misses(self) -> tuple[Reason, ...]:
        return self._advice.near_misses()

    def for_viewer(self, verdict: Verdict, member: str) -> Verdict:
        return self._advice.for_viewer(verdict, member).tested(self._suffices)
