"""Decide on turns of a duty that change hands by command, and on taking that back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import attrs

from socialcollab.errors import InvalidValueError, NotFoundError, RefusedError
from socialcollab.identifiers import MemberId, did_you_mean
from socialcollab.permissions import Access, Swap, unswappable
from socialcollab.permissions.duty_line import DutyLine
from socialcollab.permissions.gaining import gift_of
from socialcollab.permissions.scope import EVERYWHERE
from socialcollab.verdicts import Reason, Remedy, Verdict
from socialcollab.workflow import events as ev
from socialcollab.workflow import fact_events as fe
from socialcollab.workflow.context import Context
from socialcollab.workflow.refusals import out_of_sight, refuse, verdict_on

__all__ = ["on_duty_throughout", "swap_duty", "unswap"]

FACTS = "facts"
_SHOWN = 5
_MOMENT = dt.timedelta(microseconds=1)


def swap_duty(
    swaps: Sequence[Swap], *, reason: str, known: Iterable[Swap], context: Context
) -> tuple[ev.Event, ...]:
    """
    Say who takes over on duty, and when; several are one act.

    Args:
        swaps: Who takes over which duty, and when.

        reason: Why, for people; may be empty.

        known: The swaps that are known.

        context: The rules and facts of now.

    Raises:
        NotFoundError: If there is no such duty, or the actor neither takes
            turns in it nor may view where it holds, or there is no such member.

        RefusedError: If somebody else's turn would change hands and the actor
            does not manage access where the duty holds; whoever takes over is
            suspended, gone or away then, or on duty anyhow; it is over; or it would
            give more than the actor holds.

        InvalidValueError: If nothing is swapped, or under a known identifier.
    """
    if not swaps:
        raise InvalidValueError("nothing is swapped", value=swaps, expected="one swap or more")
    barred = context.access.barred_altogether(context.actor.name, at=context.now)
    if barred is not None:
        raise refuse(barred)
    known = tuple(known)
    for number, swap in enumerate(swaps):
        line = _visible_line(swap.duty, context)
        if any(one.id == swap.id for one in (*known, *swaps[:number])):
            raise InvalidValueError(f"swap `{swap.id}` is known already", value=swap.id)
        _check(swap, line, context)
    last = max((one.order for one in known), default=0)
    said = tuple(
        attrs.evolve(swap, order=last + 1 + number, until=None, by=context.actor.name)
        for number, swap in enumerate(swaps)
    )
    return (ev.Event(FACTS, context.actor, fe.DutySwapped(swaps=said, reason=reason)),)


def _visible_line(duty: str, context: Context) -> DutyLine:
    """Return a duty that the actor takes turns in, or may view somewhere."""
    access = context.access
    seen = [name for name in access.duty_ids if _sees(access.duty_line(name), context)]
    if duty not in seen:
        raise NotFoundError("duty", duty, suggestion=did_you_mean(duty, seen))
    return access.duty_line(duty)


def _sees(line: DutyLine, context: Context) -> bool:
    me, now, access = context.actor.name, context.now, context.access
    return me in line.source.everyone or any(
        access.allows(me, permission, where, at=now)
        for where in line.places
        for permission in ("view", "manage_access")
    )


def _check(swap: Swap, line: DutyLine, context: Context) -> None:
    me, access = context.actor.name, context.access
    if all(swap.span(line.zone_of(where))[1] <= context.now for where in line.places):
        raise refuse(Reason.of("swap_over", duty=swap.duty, end=_said(swap.end)))
    manages = verdict_on("manage_access", sorted(line.places) or (EVERYWHERE,), context)
    _check_hands_over(swap, line, manages, access, context)
    if swap.member not in line.source.everyone:
        _check_newcomer(swap, manages, context)
    _check_frees_nobody(swap, line, context)
    last = max((end for _, end in _spans(swap, line)), default=context.now)
    barred = access.barred_altogether(swap.member, at=last - _MOMENT)
    if barred is not None:
        raise refuse(barred)
    for absence in context.absences:
        if absence.member == swap.member and any(
            absence.begins_at < end and start < absence.ends_at for start, end in _spans(swap, line)
        ):
            raise refuse(
                Reason.of("swap_away", member=swap.member, start=absence.start, end=absence.end)
            )
    if on_duty_throughout(swap, line) == swap.member:
        raise refuse(Reason.of("swap_nothing", member=swap.member, duty=swap.duty))
    more = unswappable(me, swap, access)
    if more:
        because = [
            gain.refused(me)
            for gain in more
            if access.allows(me, "view", gain.where, at=context.now)
        ]
        # What a role allows where the actor may not look is not theirs to know.
        unseen = Reason.of("out_of_sight", member=me, permission="manage_access")
        raise refuse(*(because[:_SHOWN] or [unseen]))


def _check_hands_over(
    swap: Swap, line: DutyLine, manages: Verdict, access: Access, context: Context
) -> None:
    """Refuse whoever hands over what is not their turn without managing access there."""
    me = context.actor.name
    if manages or on_duty_throughout(swap, line) == me:
        return
    where = min(line.places, default=EVERYWHERE)
    managers = access.members("manage_access", where, at=context.now)
    raise RefusedError(
        Verdict.no(
            Reason.of("swap_of_others", member=me, duty=swap.duty),
            missing=[]
            if out_of_sight(manages)
            else [
                Remedy.of(
                    "grant_permission",
                    by=managers,
                    member=me,
                    permission="manage_access",
                    where=where,
                )
            ],
        )
    )


def _check_newcomer(swap: Swap, manages: Verdict, context: Context) -> None:
    """Refuse to give the role to somebody outside of the rotation without the right to give it."""
    me, access = context.actor.name, context.access
    if not manages:
        # Who may not manage people learns nothing of who there is.
        raise refuse(Reason.of("swap_newcomer", member=me, duty=swap.duty))
    if access.member(swap.member) is None:
        hint = did_you_mean(swap.member, access.member_ids)
        raise NotFoundError("member", swap.member, suggestion=hint)


def _check_frees_nobody(swap: Swap, line: DutyLine, context: Context) -> None:
    """Refuse to free somebody's posts from a policy without the right to change it."""
    for policy in context.policies.by_id.values():
        if not any(party.name in line.roles for party in policy.exempt):
            continue
        # On duty they would be free of it, which takes the right to change it.
        for profile in sorted(line.places & context.profiles.keys()):
            at = context.profiles[profile]
            workspace = context.workspaces[at.workspace]
            applies = policy.on.takes(at) or workspace.default_approval == policy.id
            if applies and gift_of(swap, line, profile):
                verdict = verdict_on("manage_policies", (profile,), context)
                if not verdict:
                    frees = Reason.of(
                        "frees",
                        member=context.actor.name,
                        other=swap.member,
                        role=line.source.role,
                        where=profile,
                    )
                    raise RefusedError(Verdict.no(frees, *verdict.because, missing=verdict.missing))


def _spans(swap: Swap, line: DutyLine) -> set[tuple[dt.datetime, dt.datetime]]:
    return {swap.span(line.zone_of(where)) for where in line.places}


def on_duty_throughout(
    swap: Swap, line: DutyLine, *, since: dt.datetime | None = None
) -> MemberId | None:
    """Return who is on duty all the time of a swap at every place, or None if not one person is."""
    found: set[MemberId | None] = set()
    rotas = {line.zone_of(where): line.rota(where) for where in line.places}
    for zone, rota in rotas.items():
        start, end = swap.span(zone)
        at: dt.datetime | None = start if since is None else max(start, since)
        for turn in rota.between(at or start, end):
            if at is None or turn.start > at:
                break
            found.add(turn.member)
            at = turn.end
        if at is not None and at < end:
            return None
    return found.pop() if len(found) == 1 else None


def _said(local: dt.datetime) -> str:
    return f"{local:%Y-%m-%d %H:%M}"


def unswap(
    swaps: Sequence[str], *, known: Iterable[Swap], context: Context
) -> tuple[ev.Event, ...]:
    """
    Take swaps back, from now on: whoever's turn it is without them is on duty again.

    Whoever took over may, and whoever is on duty again; else it takes
    `manage_access` where the duty holds.

    Args:
        swaps: The swaps, by their identifiers; several are one act.

        known: The swaps that are known.

        context: The rules and facts of now.

    Raises:
        NotFoundError: If there is no such swap, or the actor neither takes
            turns in the duty nor may view where it holds.

        RefusedError: If the actor may not, or it is over or taken back already.

        InvalidValueError: If none is named.
    """
    if not swaps:
        raise InvalidValueError("no swap is named", value=swaps, expected="one swap or more")
    barred = context.access.barred_altogether(context.actor.name, at=context.now)
    if barred is not None:
        raise refuse(barred)
    known = tuple(known)
    found = []
    for name in dict.fromkeys(swaps):
        swap = next((one for one in known if one.id == name), None)
        if swap is None:
            raise NotFoundError("swap", name)
        _check_taking_back(swap, context)
        found.append(swap)
    data = fe.DutyUnswapped(
        swaps=tuple(swap.id for swap in found),
        members=tuple(dict.fromkeys(swap.member for swap in found)),
        at=context.now,
    )
    return (ev.Event(FACTS, context.actor, data),)


def _check_taking_back(swap: Swap, context: Context) -> None:
    me, access = context.actor.name, context.access
    places: Iterable[str] = (EVERYWHERE,)
    over = swap.until is not None
    if swap.duty in access.duty_ids:
        line = access.duty_line(swap.duty)
        if me != swap.member and not _sees(line, context):
            raise NotFoundError("swap", swap.id)
        places = sorted(line.places) or places
        zones = {line.zone_of(where) for where in places}
        over = over or all(swap.span(zone)[1] <= context.now for zone in zones)
        before = line.under(one for one in line.swaps if one.id != swap.id)
        mine = me in (swap.member, on_duty_throughout(swap, before, since=context.now))
    else:
        mine = me == swap.member
    if not mine:
        verdict = verdict_on("manage_access", places, context)
        if swap.duty not in access.duty_ids and not verdict:
            raise NotFoundError("swap", swap.id)
        if not verdict:
            raise RefusedError(
                Verdict.no(
                    Reason.of("swap_of_others", member=me, duty=swap.duty),
                    missing=[] if out_of_sight(verdict) else verdict.missing,
                )
            )
    if over:
        raise refuse(Reason.of("swap_over", duty=swap.duty, end=_said(swap.end)))
