"""The state in which routing rules are examined, and the problems found in a document's rules."""

from __future__ import annotations

import datetime as dt

from socialcollab.directory import Selector
from socialcollab.inbox.routing import (
    Agent,
    RoutingFinding,
    RoutingState,
    lint_rules,
)
from socialcollab.organization.organization import Organization
from socialcollab.time import Window, as_utc

_HOUR = dt.timedelta(hours=1)


def routing_state(organization: Organization, at: dt.datetime) -> RoutingState:
    """
    Return the state of routing at an instant as far as the document and the runtime state define it.

    A member works within business hours and while on duty in a rotation, unless absent or inactive.
    Loads, capacities and who is online are not part of a document; add them with
    `RoutingState.with_agent`.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    now = as_utc(at)
    access = organization.access
    on_duty = {
        rotation.id: {
            member
            for workspace in _workspaces(organization, rotation.on)
            if (member := access.on_duty(rotation.id, workspace, at=now)) is not None
        }
        for rotation in organization.rotations
    }
    groups: dict[str, tuple[str, ...]] = {}
    for rule in organization.routing:
        if rule.assign is not None:
            party = rule.assign.to
            members = (
                sorted(on_duty[party.name])
                if party.kind == "rotation"
                else access.everyone_in(party)
            )
            groups[str(party)] = tuple(members)
    working = {member for members in on_duty.values() for member in members}
    absent = {absence.member for absence in access.all_absences if absence.covers(now)}
    named = sorted({member for members in groups.values() for member in members})
    agents = []
    for person in named:
        hours = organization.hours_of(person)
        works = (
            (person in working or hours is None or hours.is_open(now))
            and person not in absent
            and access.inactive_reason(person, at=now) is None
        )
        # A shift that has just ended says that the member does not work now.
        agents.append(
            Agent(id=person, shifts=() if works else (Window(start=now - _HOUR, end=now),))
        )
    return RoutingState(
        agents=agents,
        groups=groups,
        hours={
            profile.id: organization.hours[profile.workspace]
            for profile in organization.profiles
            if profile.workspace in organization.hours
        },
    )


def routing_findings(organization: Organization, at: dt.datetime) -> tuple[RoutingFinding, ...]:
    """
    Return the problems of a document's routing rules in the week from an instant.

    Each finding contains an example message; see `lint_rules`. Without rules, there are no findings.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    if not organization.routing:
        return ()
    return lint_rules(
        organization.routing_rules,
        lambda hour: routing_state(organization, hour),
        profiles=organization.profiles,
        at=at,
    )


def _workspaces(organization: Organization, on: Selector) -> set[str]:
    return {
        workspace.id
        for workspace in organization.workspaces
        if on.covers_workspace(workspace.id)
        or any(
            profile.workspace == workspace.id and on.matches_profile(profile)
            for profile in organization.profiles
        )
    }
