"""The state in which routing rules are examined, and the problems found in a document's rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

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
    return _state_at(organization, _rotation_places(organization), as_utc(at))


def routing_findings(organization: Organization, at: dt.datetime) -> tuple[RoutingFinding, ...]:
    """
    Return the problems of a document's routing rules in the week from an instant.

    Each finding contains an example message; see `lint_rules`. Without rules, there are no findings.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    if not organization.routing:
        return ()
    places = _rotation_places(organization)
    return lint_rules(
        organization.routing_rules,
        lambda hour: _state_at(organization, places, hour),
        profiles=organization.profiles,
        at=at,
    )


def _rotation_places(organization: Organization) -> Mapping[str, tuple[str, ...]]:
    """Return, for each rotation, one of its workspaces in each time zone."""
    places = {}
    for rotation in organization.rotations:
        covered = {
            one.id for one in organization.workspaces if rotation.on.covers_workspace(one.id)
        }
        covered |= {
            one.workspace for one in organization.profiles if rotation.on.matches_profile(one)
        }
        # Shifts differ only by the zone of the workspace.
        by_zone = {organization.zones[workspace]: workspace for workspace in sorted(covered)}
        places[rotation.id] = tuple(by_zone.values())
    return places


def _state_at(
    organization: Organization, places: Mapping[str, tuple[str, ...]], now: dt.datetime
) -> RoutingState:
    access = organization.access
    on_duty = {
        rotation: {
            member
            for workspace in workspaces
            if (member := access.on_duty(rotation, workspace, at=now)) is not None
        }
        for rotation, workspaces in places.items()
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
    agents = []
    for person in sorted({member for members in groups.values() for member in members}):
        hours = organization.hours_of(person)
        works = (
            (person in working or hours is None or hours.is_open(now))
            and person not in absent
            and access.inactive_reason(person, at=now) is None
        )
        # A shift that has just ended says that the member does not work now.
        shifts = () if works else (Window(start=now - _HOUR, end=now),)
        agents.append(Agent(id=person, shifts=shifts))
    return RoutingState(
        agents=agents,
        groups=groups,
        hours={
            profile.id: organization.hours[profile.workspace]
            for profile in organization.profiles
            if profile.workspace in organization.hours
        },
    )
