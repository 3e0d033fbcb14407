"""The document's own tests."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.directory import PROFILE_KEYS, Selector, as_selector
from socialcollab.document_fields import NameShape, Section, TimeOrDate, shape
from socialcollab.errors import InvalidValueError
from socialcollab.verdicts import Verdict


@attrs.frozen(kw_only=True)
class Expectation:
    """
    One ``[[expect]]``: what a member can, or cannot, by this document.

    Attributes:
        member: The member.

        can: The permission they are to have on every profile that is meant; or

        cannot: the one they are to have on none.

        on: The profiles.

        at: The local time it is judged at; None is the instant of the check.

        place: Where the line stands; set by what loads it.

    Raises:
        InvalidValueError: If it says neither, or both.
    """

    member: str = attrs.field(metadata=shape(NameShape("member")))
    can: str = attrs.field(metadata=shape(NameShape("permission")), default="")
    cannot: str = attrs.field(metadata=shape(NameShape("permission")), default="")
    on: Selector = attrs.field(
        metadata=shape(Section(Selector, plain="profile", only=(*PROFILE_KEYS, "excluding"))),
        converter=as_selector,
    )
    at: dt.date | None = attrs.field(metadata=shape(TimeOrDate()), default=None)
    place: str = attrs.field(default="", eq=False)

    def __attrs_post_init__(self) -> None:
        if bool(self.can) == bool(self.cannot):
            raise InvalidValueError(
                "an expectation says either `can` or `cannot`",
                value=(self.can, self.cannot),
                expected='can = "..." or cannot = "..."',
            )


@attrs.frozen(kw_only=True)
class FailedExpectation:
    """
    An expectation that does not hold.

    Attributes:
        place: Where it stands in the document.

        expectation: What was expected.

        where: The profile or workspace where it does not hold; empty if it
            takes in none.

        at: The instant it was judged at, in UTC.

        verdict: The answer that was given there.
    """

    place: str
    expectation: Expectation
    resource: str
    at: dt.datetime
    verdict: Verdict

    def text(self, language: str = "en") -> str:
        """Say what was expected, and what is so, with the verdict's reasons in *language*."""
        said = self.expectation
        wanted = f"can {said.can}" if said.can else f"cannot {said.cannot}"
        where = self.resource or f"any profile ({said.on} takes in none)"
        return (
            f"{self.place}: expected that `{said.member}` {wanted} on {where}"
            f" at {self.at:%Y-%m-%d %H:%M} UTC, but {self.verdict.explain(language)}"
        )

    def __str__(self) -> str:
        return self.text()
