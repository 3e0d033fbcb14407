"""What holds by command and not by document: absences, given rights, swaps, campaigns, notes."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.directory import Principal
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId, WorkspaceId
from socialcollab.permissions import Absence, ShiftSwap, TemporaryGrant
from socialcollab.workflow import Actor
from socialcollab.workflow import events as ev

# What ended this long before is of no use to anything that is still to come.
_KEPT_DAYS = 400


@attrs.frozen(kw_only=True)
class CalendarNote:
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
    date: dt.date
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
class RuntimeState:
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
    temporary_grants: tuple[TemporaryGrant, ...] = ()
    swaps: tuple[ShiftSwap, ...] = ()
    campaigns: tuple[CampaignStart, ...] = ()
    notes: tuple[CalendarNote, ...] = ()

    def absence_of(self, member: str, *, at: dt.datetime) -> Absence | None:
        """Return the absence that *member* is on at an instant, or None."""
        return next((one for one in self.absences if one.member == member and one.covers(at)), None)

    def absent_members(self, *, at: dt.datetime) -> tuple[MemberId, ...]:
        """Return everyone who is away at an instant, sorted."""
        return tuple(sorted({one.member for one in self.absences if one.covers(at)}))


def evolve_runtime_state(
    state: RuntimeState, data: ev.EventData, *, actor: Actor, at: dt.datetime
) -> RuntimeState:
    """
    Return the facts after one event.

    Raises:
        InvalidValueError: If it is no event of facts.
    """
    if isinstance(data, ev.CalendarNoteAdded):
        note = CalendarNote(
            id=data.note, workspace=data.workspace, date=data.date, by=data.by, text=data.text
        )
        return attrs.evolve(state, notes=(*state.notes, note))
    if isinstance(data, ev.AbsenceAdded):
        oldest = at.date() - dt.timedelta(days=_KEPT_DAYS)
        kept = tuple(one for one in state.absences if one.end > oldest)
        return attrs.evolve(state, absences=(*kept, data.absence))
    if isinstance(data, ev.AbsenceEnded):
        absences = tuple(
            attrs.evolve(one, end=data.date) if one.id == data.absence else one
            for one in state.absences
            if one.id != data.absence or data.date > one.start
        )
        return attrs.evolve(state, absences=absences)
    if isinstance(data, ev.GrantAdded):
        grant = attrs.evolve(data.grant, reason=data.reason, by=actor.name)
        given = TemporaryGrant(id=data.grant_id, grant=grant, at=at)
        lasting = tuple(one for one in state.temporary_grants if not _long_over(one, at))
        return attrs.evolve(state, temporary_grants=(*lasting, given))
    if isinstance(data, ev.GrantRevoked):
        left = tuple(one for one in state.temporary_grants if one.id != data.grant_id)
        return attrs.evolve(state, temporary_grants=left)
    if isinstance(data, ev.ShiftsSwapped):
        oldest = at.date() - dt.timedelta(days=_KEPT_DAYS)
        there = tuple(one for one in state.swaps if one.end.date() > oldest)
        return attrs.evolve(state, swaps=(*there, *data.swaps))
    if isinstance(data, ev.ShiftSwapsCancelled):
        swaps = tuple(
            attrs.evolve(one, until=data.at) if one.id in data.swaps else one for one in state.swaps
        )
        return attrs.evolve(state, swaps=swaps)
    if isinstance(data, ev.MemberOffboarded):
        return _without(state, data, at)
    if isinstance(data, ev.CampaignStarted):
        start = CampaignStart(campaign=data.campaign, start=data.start, end=data.end, by=actor.name)
        others = tuple(one for one in state.campaigns if one.campaign != data.campaign)
        return attrs.evolve(state, campaigns=(*others, start))
    raise InvalidValueError(f"`{data.TYPE}` is no event of facts", value=data.TYPE)


def _without(state: RuntimeState, data: ev.MemberOffboarded, at: dt.datetime) -> RuntimeState:
    """Return the facts once a member has left: theirs end, or are their heirs'."""
    absences: list[Absence] = []
    for one in state.absences:
        if one.member == data.member and one.end > data.date:
            if one.start < data.date:
                absences.append(attrs.evolve(one, end=data.date))
        elif one.delegate == data.member and one.end > data.date:
            successor = data.delegates.get(one.id, "")
            permissions = one.permissions if successor else ()
            absences.append(attrs.evolve(one, delegate=successor, permissions=permissions))
        else:
            absences.append(one)
    given: list[TemporaryGrant] = []
    for gift in state.temporary_grants:
        successor = data.grants.get(gift.id, "")
        to = tuple(
            dict.fromkeys(
                Principal("member", successor)
                if successor and principal == Principal("member", data.member)
                else principal
                for principal in gift.grant.to
                if successor or principal != Principal("member", data.member)
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
        for one in state.swaps
    )
    return attrs.evolve(state, absences=tuple(absences), temporary_grants=tuple(given), swaps=swaps)


def _long_over(given: TemporaryGrant, at: dt.datetime) -> bool:
    until = given.until
    day = until.date() if isinstance(until, dt.datetime) else until
    return day <= at.date() - dt.timedelta(days=_KEPT_DAYS)
