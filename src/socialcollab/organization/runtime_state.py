"""Runtime state: the data that commands change without a new document, and its reducer."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.directory import Principal
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId, WorkspaceId
from socialcollab.permissions import Absence, ShiftSwap, TemporaryGrant
from socialcollab.workflow import Actor
from socialcollab.workflow import events as ev

# Entries that ended before this cutoff no longer affect any reminder, deadline or permission.
_KEPT = dt.timedelta(days=400)


@attrs.frozen(kw_only=True)
class CalendarNote:
    """
    A note on the calendar of a workspace.

    Attributes:
        id: The identifier.
        workspace: The workspace.
        date: The day of the note.
        by: The author.
        text: The text.
    """

    id: str
    workspace: WorkspaceId
    date: dt.date
    by: MemberId
    text: str


@attrs.frozen(kw_only=True)
class CampaignStart:
    """
    The start of a campaign, with the dates set by the member who started it.

    Attributes:
        campaign: The campaign.
        start: The first day.
        end: The first day after the campaign, or None.
        by: The member who started the campaign.
    """

    campaign: str
    start: dt.date
    end: dt.date | None = None
    by: str = ""


@attrs.frozen(kw_only=True)
class RuntimeState:
    """
    Absences, temporary grants, shift swaps, started campaigns and calendar notes.

    Commands change the runtime state directly; it is not part of the document.

    Attributes:
        absences: Current and future absences, in the order in which they were added.
        temporary_grants: Grants that have not been revoked, in the order in which they were added.
        swaps: Shift swaps, in the order in which they were added.
        campaigns: The latest start of each started campaign.
        notes: Calendar notes, oldest first.
    """

    absences: tuple[Absence, ...] = ()
    temporary_grants: tuple[TemporaryGrant, ...] = ()
    swaps: tuple[ShiftSwap, ...] = ()
    campaigns: tuple[CampaignStart, ...] = ()
    notes: tuple[CalendarNote, ...] = ()

    def absence_of(self, member: str, *, at: dt.datetime) -> Absence | None:
        """Return the absence of *member* at an instant, or None."""
        return next(
            (
                absence
                for absence in self.absences
                if absence.member == member and absence.covers(at)
            ),
            None,
        )

    def absent_members(self, *, at: dt.datetime) -> tuple[MemberId, ...]:
        """Return the members who are absent at an instant, sorted."""
        return tuple(sorted({absence.member for absence in self.absences if absence.covers(at)}))


def evolve_runtime_state(
    state: RuntimeState, data: ev.EventData, *, actor: Actor, at: dt.datetime
) -> RuntimeState:
    """
    Return the runtime state after an event.

    Raises:
        InvalidValueError: If the event does not change the runtime state.
    """
    oldest = at.date() - _KEPT
    match data:
        case ev.CalendarNoteAdded():
            note = CalendarNote(
                id=data.note, workspace=data.workspace, date=data.date, by=data.by, text=data.text
            )
            return attrs.evolve(state, notes=(*state.notes, note))
        case ev.AbsenceAdded():
            recent = (absence for absence in state.absences if absence.end > oldest)
            return attrs.evolve(state, absences=(*recent, data.absence))
        case ev.AbsenceEnded():
            absences = tuple(
                attrs.evolve(absence, end=data.date) if absence.id == data.absence else absence
                for absence in state.absences
                # An absence that ends on or before its first day is removed.
                if absence.id != data.absence or data.date > absence.start
            )
            return attrs.evolve(state, absences=absences)
        case ev.GrantAdded():
            grant = attrs.evolve(data.grant, reason=data.reason, by=actor.name)
            added = TemporaryGrant(id=data.grant_id, grant=grant, at=at)
            grants = (grant for grant in state.temporary_grants if _day(grant.until) > oldest)
            return attrs.evolve(state, temporary_grants=(*grants, added))
        case ev.GrantRevoked():
            remaining = tuple(
                grant for grant in state.temporary_grants if grant.id != data.grant_id
            )
            return attrs.evolve(state, temporary_grants=remaining)
        case ev.ShiftsSwapped():
            swaps = (swap for swap in state.swaps if swap.end.date() > oldest)
            return attrs.evolve(state, swaps=(*swaps, *data.swaps))
        case ev.ShiftSwapsCancelled():
            cancelled = tuple(
                attrs.evolve(swap, until=data.at) if swap.id in data.swaps else swap
                for swap in state.swaps
            )
            return attrs.evolve(state, swaps=cancelled)
        case ev.MemberOffboarded():
            return RuntimeState(
                absences=_absences_without(state.absences, data),
                temporary_grants=_grants_without(state.temporary_grants, data),
                swaps=_swaps_without(state.swaps, data, at),
                campaigns=state.campaigns,
                notes=state.notes,
            )
        case ev.CampaignStarted():
            start = CampaignStart(
                campaign=data.campaign, start=data.start, end=data.end, by=actor.name
            )
            others = (other for other in state.campaigns if other.campaign != data.campaign)
            return attrs.evolve(state, campaigns=(*others, start))
    raise InvalidValueError(f"`{data.TYPE}` does not change the runtime state", value=data.TYPE)


def _absences_without(
    absences: tuple[Absence, ...], left: ev.MemberOffboarded
) -> tuple[Absence, ...]:
    """End the absences of an offboarded member, and replace the member as a delegate."""
    remaining = []
    for absence in absences:
        if absence.end <= left.date or left.member not in (absence.member, absence.delegate):
            remaining.append(absence)
        elif absence.member != left.member:
            delegate = left.delegates.get(absence.id, "")
            permissions = absence.permissions if delegate else ()
            remaining.append(attrs.evolve(absence, delegate=delegate, permissions=permissions))
        elif absence.start < left.date:
            remaining.append(attrs.evolve(absence, end=left.date))
    return tuple(remaining)


def _grants_without(
    grants: tuple[TemporaryGrant, ...], left: ev.MemberOffboarded
) -> tuple[TemporaryGrant, ...]:
    """Give an offboarded member's grants to the successors; drop grants that have no successor."""
    member = Principal("member", left.member)
    remaining = []
    for given in grants:
        successor = left.grants.get(given.id, "")
        replaced = [
            Principal("member", successor) if successor and principal == member else principal
            for principal in given.grant.to
            if successor or principal != member
        ]
        if replaced:
            to = tuple(dict.fromkeys(replaced))
            remaining.append(attrs.evolve(given, grant=attrs.evolve(given.grant, to=to)))
    return tuple(remaining)


def _swaps_without(
    swaps: tuple[ShiftSwap, ...], left: ev.MemberOffboarded, at: dt.datetime
) -> tuple[ShiftSwap, ...]:
    """Give an offboarded member's swaps to the successors; cancel swaps that have no successor."""
    return tuple(
        swap
        if swap.member != left.member or swap.until is not None
        else attrs.evolve(swap, member=left.swaps[swap.id])
        if swap.id in left.swaps
        else attrs.evolve(swap, until=at)
        for swap in swaps
    )


def _day(value: dt.date) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value
