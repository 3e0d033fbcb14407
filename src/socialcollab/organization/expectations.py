"""Expectations: statements in the document about who can do what, which can be checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

import attrs

from socialcollab.directory import PROFILE_KEYS, Profile, Selector, Workspace, as_selector
from socialcollab.document_fields import NameShape, Section, TimeOrDate, shape
from socialcollab.errors import InvalidValueError
from socialcollab.permissions import Access
from socialcollab.time import as_utc, resolve
from socialcollab.verdicts import Verdict


@attrs.frozen(kw_only=True)
class Expectation:
    """
    A permission that a member is expected to have, or not to have.

    Attributes:
        member: The member.
        can: The permission that the member has on every matching profile.
        cannot: Instead of `can`, a permission that the member has on no matching profile.
        on: The profiles to check; if a workspace has no profiles, the workspace itself is checked.
        at: The local time for which the permission is checked; by default, the current time.
        place: The position in the document; set when the document is loaded.

    Raises:
        InvalidValueError: If neither `can` nor `cannot` is given, or both are.
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
                "an expectation needs either `can` or `cannot`",
                value=(self.can, self.cannot),
                expected='can = "..." or cannot = "..."',
            )


@attrs.frozen(kw_only=True)
class FailedExpectation:
    """
    An expectation that is not met.

    Attributes:
        place: The place of the expectation in the document.
        expectation: The expectation.
        resource: The first profile or workspace that does not meet it, or empty if it matches
            nothing.
        at: The instant of the check, in UTC.
        verdict: The verdict on the member's permission on this resource.
    """

    place: str
    expectation: Expectation
    resource: str
    at: dt.datetime
    verdict: Verdict

    def text(self, language: str = "en") -> str:
        """Return the expectation and the verdict's explanation in *language*."""
        expected = self.expectation
        if not self.resource:
            return f"{self.place}: no profile matches {expected.on}, so nothing was checked"
        ability = f"can {expected.can}" if expected.can else f"cannot {expected.cannot}"
        return (
            f"{self.place}: expected that `{expected.member}` {ability} on {self.resource}"
            f" at {self.at:%Y-%m-%d %H:%M} UTC, but {self.verdict.explain(language)}"
        )

    def __str__(self) -> str:
        return self.text()


def failed_expectations(
    expectations: Iterable[Expectation],
    access: Access,
    *,
    profiles: Collection[Profile],
    workspaces: Collection[Workspace],
    at: dt.datetime,
) -> tuple[FailedExpectation, ...]:
    """
    Return the expectations that are not met, each with the first resource that does not meet it.

    Args:
        expectations: The expectations.
        access: The members' permissions.
        profiles: The profiles that the expectations may match.
        workspaces: The workspaces that they may match.
        at: The instant for which expectations without a time are checked.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    now = as_utc(at)
    failed = []
    for number, expectation in enumerate(expectations):
        on, place = expectation.on, expectation.place or f"expect[{number}]"
        resources = [profile.id for profile in profiles if on.matches_profile(profile)]
        resources = resources or [one.id for one in workspaces if on.covers_workspace(one.id)]
        if not resources:
            # An expectation that matches nothing would always be met, whatever the rules are.
            failed.append(
                FailedExpectation(
                    place=place, expectation=expectation, resource="", at=now, verdict=Verdict.no()
                )
            )
        for resource in resources:
            instant = now
            if expectation.at is not None:
                instant = _instant(expectation.at, access.bindings.scope.zone_of(resource))
            verdict = access.check(
                expectation.member, expectation.can or expectation.cannot, resource, at=instant
            )
            if bool(verdict) != bool(expectation.can):
                failed.append(
                    FailedExpectation(
                        place=place,
                        expectation=expectation,
                        resource=resource,
                        at=instant,
                        verdict=verdict,
                    )
                )
                break
    return tuple(failed)


def _instant(local: dt.date, zone: str) -> dt.datetime:
    if not isinstance(local, dt.datetime):
        local = dt.datetime(local.year, local.month, local.day)  # noqa: DTZ001  # a local time
    return resolve(local, zone, skipped="next", repeated="first")
