"""Hold a document against its own expectations."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from socialcollab.organization.expectation import Expectation, FailedExpectation
from socialcollab.time import as_utc, resolve
from socialcollab.verdicts import Verdict

if TYPE_CHECKING:
    from socialcollab.organization.organization import Organization


def failed_expectations(
    organization: Organization, at: dt.datetime
) -> tuple[FailedExpectation, ...]:
    """Return what does not hold: of each expectation, the first place where it does not."""
    now = as_utc(at)
    found = []
    for number, expectation in enumerate(organization.expect):
        failed = _failed(organization, expectation, now, expectation.place or f"expect[{number}]")
        if failed is not None:
            found.append(failed)
    return tuple(found)


def _failed(
    organization: Organization, expectation: Expectation, now: dt.datetime, place: str
) -> FailedExpectation | None:
    wanted = bool(expectation.can)
    places = [
        (profile.id, profile.workspace)
        for profile in organization.profiles
        if expectation.on.matches_profile(profile)
    ]
    if not places:
        places = [
            (workspace.id, workspace.id)
            for workspace in organization.workspaces
            if expectation.on.covers_workspace(workspace.id)
        ]
    for where, workspace in places:
        instant = _instant(expectation.at, organization.zone_of(workspace), now)
        verdict = organization.access.check(
            expectation.member, expectation.can or expectation.cannot, where, at=instant
        )
        if bool(verdict) != wanted:
            return FailedExpectation(
                place=place, expectation=expectation, resource=where, at=instant, verdict=verdict
            )
    if places:
        return None
    # An expectation of nothing would hold for ever, whatever changes.
    return FailedExpectation(
        place=place, expectation=expectation, resource="", at=now, verdict=Verdict.no()
    )


def _instant(local: dt.date | None, zone: str, now: dt.datetime) -> dt.datetime:
    if local is None:
        return now
    if not isinstance(local, dt.datetime):
        local = dt.datetime(local.year, local.month, local.day)  # noqa: DTZ001  local by meaning
    return resolve(local, zone, skipped="next", repeated="first")
