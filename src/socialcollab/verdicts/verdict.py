"""A yes or no that says why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Self

import attrs

from socialcollab.identifiers import MemberId
from socialcollab.showing import Html, badge, card, listed
from socialcollab.verdicts.catalogue import message

__all__ = ["Reason", "Remedy", "Verdict"]


def _as_pairs(params: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    pairs = params.items() if isinstance(params, Mapping) else params
    return tuple(sorted((str(name), str(value)) for name, value in pairs))


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
        return cls(code, {name: str(value) for name, value in params.items()})

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
    """

    code: str
    params: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_as_pairs)
    by: tuple[MemberId, ...] = ()

    @classmethod
    def of(cls, code: str, /, *, by: Iterable[str] = (), **params: object) -> Self:
        """Make a remedy from keyword parameters; *by* is sorted."""
        return cls(
            code,
            {name: str(value) for name, value in params.items()},
            tuple(MemberId(member) for member in sorted(by)),
        )

    def __getitem__(self, name: str) -> str:
        return dict(self.params)[name]

    def text(self, language: str = "en") -> str:
        """Say it in *language*."""
        said = message(self.code, dict(self.params), language=language)
        if not self.by:
            return said
        return message("remedy.by", {"remedy": said, "by": ", ".join(self.by)}, language=language)


@attrs.frozen
class Verdict:
    """
    The answer to "may she?", true or false in a condition, with its reasons.

    Attributes:
        allowed: Whether the answer is yes.

        because: Of a yes, the facts that carry it; of a no, what forbids it.
            A no with no reason is default deny: nothing allows it.

        missing: Of a no, the changes that would turn it into a yes.
    """

    allowed: bool
    because: tuple[Reason, ...] = ()
    missing: tuple[Remedy, ...] = ()

    @classmethod
    def yes(cls, *because: Reason) -> Self:
        """Answer yes."""
        return cls(True, because)  # noqa: FBT003  the first field is the answer itself

    @classmethod
    def no(cls, *because: Reason, missing: Iterable[Remedy] = ()) -> Self:
        """Answer no."""
        return cls(False, because, tuple(missing))  # noqa: FBT003

    def __bool__(self) -> bool:
        return self.allowed

    def explain(self, language: str = "en") -> str:
        """
        Say the whole answer in *language*, reasons first, then remedies.

        >>> Verdict.no(Reason.of("not_a_member", member="zoe")).explain()
        'refused: `zoe` is not a member'
        """
        head = message("verdict.yes" if self.allowed else "verdict.no", {}, language=language)
        reasons = [reason.text(language) for reason in self.because]
        if not reasons and not self.allowed:
            reasons = [message("verdict.default_deny", {}, language=language)]
        said = f"{head}: {'; '.join(reasons)}" if reasons else head
        if not self.missing:
            return said
        remedies = "; ".join(remedy.text(language) for remedy in self.missing)
        return f"{said}. {message('verdict.would_help', {'remedies': remedies}, language=language)}"

    def _html_cells_(self) -> dict[str, str]:
        reasons = "; ".join(reason.text() for reason in self.because)
        return {"answer": self._badge(), "because": reasons or self._default()}

    def _repr_html_(self) -> str:
        said = listed(reason.text() for reason in self.because) or listed([self._default()])
        help_ = listed(remedy.text() for remedy in self.missing)
        help_ = Html(f'<div class="s">What would help:</div>{help_}') if help_ else help_
        return card("Verdict", said, help_, badges=[self._badge()])

    def _badge(self) -> Html:
        return badge("yes", "green") if self.allowed else badge("no", "red")

    def _default(self) -> str:
        return "" if self.allowed else message("verdict.default_deny", {})
