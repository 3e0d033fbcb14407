"""What holds by command and not by document: absences, given rights, swaps, campaigns, notes."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.directory import Party
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId, WorkspaceId
from socialcollab.permissions import Absence, GivenGrant, Swap
from socialcollab.workflow import Actor
from socialcollab.workflow import events as ev
from socialcollab.workflow import fact_events as fe

__all__ = ["CampaignStart", "Note", "StandingFacts", "evolve_facts"]

# What ended this long before is of no use to anything that is still to come.
_KEPT_DAYS = 400


@attrs.frozen(kw_only=True)
class Note:
    """
    A note on the calendar of a workspace.

    Attributes:
        id: Its identifier.

        workspace: Whose calendar it is on.

        on: The day.

        by: Who wrote it.

        text: What it says.
    """

    id: str
    workspace: WorkspaceId
    on: dt.date
    by: MemberId
    text: str


@attrs.frozen(kw_only=True)
class CampaignStart:
    """
    The days on which a campaign runs, as somebody said when it started.

    Attributes:
        campaign: The campaign.

        start: Its first day.

        end: The first day after it, or None.

        by: Who started it.
    """

    campaign: str
    start: dt.date
    end: dt.date | None = None
    by: str = ""


@attrs.frozen(kw_only=True)
class StandingFacts:
    """
    What holds by command.

    Attributes:
        absences: Who is or will be away, in the order in which it was said.

        given: What has been given by command and not taken back, likewise.

        swaps: Who takes over on duty, and when, likewise.

        campaigns: The campaigns that were started by command, the newest word on each.

        notes: The notes on the calendar, oldest first.
    """

    absences: tuple[Absence, ...] = ()
    given: tuple[GivenGrant, ...] = ()
    swaps: tuple[Swap, ...] = ()
    campaigns: tuple[CampaignStart, ...] = ()
    notes: tuple[Note, ...] = ()

    def absence_of(self, member: str, *, at: dt.datetime) -> Absence | None:
        """Return the absence that *member* is on at an instant, or None."""
        return next((one for one in self.absences if one.member == member and one.covers(at)), None)

    def away(self, *, at: dt.datetime) -> tuple[MemberId, ...]:
        """Return everyone who is away at an instant, sorted."""
        return tuple(sorted({one.member for one in self.absences if one.covers(at)}))


def evolve_facts(
    facts: StandingFacts, data: ev.EventData, *, actor: Actor, at: dt.datetime
) -> StandingFacts:
    """
    Return the facts after one event.

    Raises:
        InvalidValueError: If it is no event of facts.
    """
    if isinstance(data, ev.NoteWritten):
        note = Note(id=data.note, workspace=data.workspace, on=data.on, by=data.by, text=data.text)
        return attrs.evolve(facts, notes=(*facts.notes, note))
    if isinstance(data, fe.MemberAway):
        oldest = at.date() - dt.timedelta(days=_KEPT_DAYS)
        kept = tuple(one for one in facts.absences if one.end > oldest)
        return attrs.evolve(facts, absences=(*kept, data.absence))
    if isinstance(data, fe.MemberBack):
        absences = tuple(
            attrs.evolve(one, end=data.on) if one.id == data.absence else one
            for one in facts.absences
            if one.id != data.absence or data.on > one.start
        )
        return attrs.evolve(facts, absences=absences)
    if isinstance(data, fe.GrantGiven):
        grant = attrs.evolve(data.grant, reason=data.reason, by=actor.name)
        given = GivenGrant(id=data.given, grant=grant, at=at)
        lasting = tuple(one for one in facts.given if not _long_over(one, at))
        return attrs.evolve(facts, given=(*lasting, given))
    if isinstance(data, fe.GrantTakenBack):
        left = tuple(one for one in facts.given if one.id != data.given)
        return attrs.evolve(facts, given=left)
    if isinstance(data, fe.DutySwapped):
        oldest = at.date() - dt.timedelta(days=_KEPT_DAYS)
        there = tuple(one for one in facts.swaps if one.end.date() > oldest)
        return attrs.evolve(facts, swaps=(*there, *data.swaps))
    if isinstance(data, fe.DutyUnswapped):
        swaps = tuple(
            attrs.evolve(one, until=data.at) if one.id in data.swaps else one for one in facts.swaps
        )
        return attrs.evolve(facts, swaps=swaps)
    if isinstance(data, fe.MemberDeparted):
        return _without(facts, data, at)
    if isinstance(data, fe.CampaignStarted):
        start = CampaignStart(campaign=data.campaign, start=data.start, end=data.end, by=actor.name)
        others = tuple(one for one in facts.campaigns if one.campaign != data.campaign)
        return attrs.evolve(facts, campaigns=(*others, start))
    raise InvalidValueError(f"`{data.TYPE}` is no event of facts", value=data.TYPE)


def _without(facts: StandingFacts, data: fe.MemberDeparted, at: dt.datetime) -> StandingFacts:
    """Return the facts once a member has left: theirs end, or are their heirs'."""
    absences: list[Absence] = []
    for one in facts.absences:
        if one.member == data.member and one.end > data.on:
            if one.start < data.on:
                absences.append(attrs.evolve(one, end=data.on))
        elif one.delegate == data.member and one.end > data.on:
            heir = data.stand_ins.get(one.id, "")
            permissions = one.permissions if heir else ()
            absences.append(attrs.evolve(one, delegate=heir, permissions=permissions))
        else:
            absences.append(one)
    given: list[GivenGrant] = []
    for gift in facts.given:
        heir = data.given.get(gift.id, "")
        to = tuple(
            dict.fromkeys(
                Party("member", heir) if heir and party == Party("member", data.member) else party
                for party in gift.grant.to
                if heir or party != Party("member", data.member)
            )
        )
        if to:
            given.append(attrs.evolve(gift, grant=attrs.evolve(gift.grant, to=to)))
    swaps = tuple(
        (
            attrs.evolve(one, member=data.swaps[one.id])
            if one.id in data.swaps
            else attrs.evolve(one, until=at)
        )
        if one.member == data.member and one.until is None
        else one
        for one in facts.swaps
    )
    return attrs.evolve(facts, absences=tuple(absences), given=tuple(given), swaps=swaps)


def _long_over(given: GivenGrant, at: dt.datetime) -> bool:
    until = given.until
    day = until.date() if isinstance(until, dt.datetime) else until
    return day <= at.date() - dt.timedelta(days=_KEPT_DAYS)
