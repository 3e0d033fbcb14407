"""What a change of lines would bring people, and who holds it and so could make it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from socialcollab.identifiers import MemberId
from socialcollab.permissions.analysis.escalation import holds_meanwhile
from socialcollab.permissions.engine.binding import Binding
from socialcollab.permissions.engine.binding_set import spans_of
from socialcollab.permissions.model.grant import Grant
from socialcollab.time import Span, intersect_spans, merge_spans, subtract_spans

if TYPE_CHECKING:
    from socialcollab.permissions.access import Access
    from socialcollab.permissions.engine.binding_set import BindingSet
    from socialcollab.permissions.engine.member_bindings import MemberBindings
    from socialcollab.permissions.model.absence import Absence


@attrs.frozen
class Effect:
    """
    The rights that a change brings.

    Attributes:
        count: How many: each member, permission and place once.

        always: By place, a bit for each permission that somebody comes to have
            for ever.

        sometimes: The others, with their first instant and the first after.
    """

    count: int
    always: Mapping[str, int]
    sometimes: frozenset[tuple[str, str, Span]]


def effect_of(
    bindings: BindingSet,
    *,
    at: dt.datetime,
    ended: Collection[Binding] = (),
    member: str = "",
    added: Sequence[Binding] = (),
    absences: Iterable[Absence] = (),
) -> Effect:
    """
    Return what people gain if some forbids end and some lines come to bind *member*.

    What a delegate comes to have by an absence is no right of theirs to count,
    but has to be held by whoever brings it about.

    Args:
        bindings: The lines as they are.

        at: What is over by then is left out.

        ended: Forbids that are no more.

        member: Whom the added lines bind.

        added: Grants and forbids.

        absences: Who stands in for whom.
    """

    def lines_after(one: str) -> tuple[tuple[Binding, ...], tuple[Binding, ...]]:
        rights, more = bindings.bindings_of(one), added if one == member else ()
        return (
            (*rights.grants, *(line for line in more if isinstance(line.source, Grant))),
            (
                *(line for line in rights.forbids if line not in ended),
                *(line for line in more if not isinstance(line.source, Grant)),
            ),
        )

    count = 0
    always: dict[str, int] = {}
    sometimes: set[tuple[str, str, Span]] = set()
    affected = frozenset[str]().union(*(line.members for line in ended))
    for one in sorted(affected | ({member} if added else set())):
        rights = bindings.bindings_of(one)
        grants, forbids = lines_after(one)
        timed = (
            rights.rotations
            or rights.leaving is not None
            or not all(line.unbounded for line in (*grants, *forbids, *rights.forbids))
        )
        if timed:
            gained = _spans_gained(bindings, one, rights, grants, forbids)
            lasting = {
                (permission, resource, span)
                for (permission, resource), spans in gained.items()
                for span in spans
                if span[1] is None or span[1] > at
            }
            count += len({key[:2] for key in lasting})
            sometimes |= lasting
            continue
        before = _masks(bindings, rights.grants, rights.forbids)
        for resource, mask in _masks(bindings, grants, forbids).items():
            new = mask & ~before.get(resource, 0)
            if new:
                count += new.bit_count()
                always[resource] = always.get(resource, 0) | new
    for absence in absences:
        if absence.delegate in affected and absence.ends_at > at:
            sometimes |= _lent(bindings, absence, lines_after)
    return Effect(count, always, frozenset(sometimes))


def _lent(
    bindings: BindingSet,
    absence: Absence,
    lines_after: Callable[[str], tuple[tuple[Binding, ...], tuple[Binding, ...]]],
) -> set[tuple[str, str, Span]]:
    """Return what a delegate comes to have that the absent one may, and something barred before."""
    away = ((absence.begins_at, absence.ends_at),)
    if bindings.scope.stay(absence.delegate) is None:
        return set()
    gone = bindings.scope.leaving.get(absence.delegate)

    def lent(
        theirs: tuple[Iterable[Binding], Iterable[Binding]], forbids: Iterable[Binding]
    ) -> dict[tuple[str, str], tuple[Span, ...]]:
        barred = spans_of(forbids)
        left = [] if gone is None else [(gone, None)]
        return {
            key: subtract_spans(
                intersect_spans(away, spans), merge_spans((*barred.get(key, ()), *left))
            )
            for key, spans in _may(bindings, absence.member, *theirs).items()
            if absence.delegates(key[0])
        }

    absent, delegate = bindings.bindings_of(absence.member), bindings.bindings_of(absence.delegate)
    was = lent((absent.grants, absent.forbids), delegate.forbids)
    has, listed = bindings.permission_periods(absence.delegate), bindings.listed(absence.delegate)
    return {
        (*key, span)
        for key, spans in lent(
            lines_after(absence.member), lines_after(absence.delegate)[1]
        ).items()
        for span in subtract_spans(
            subtract_spans(spans, was.get(key, ())),
            merge_spans((*has.get(key, ()), *listed.get(key, ()))),
        )
    }


def _may(
    bindings: BindingSet, member: str, grants: Iterable[Binding], forbids: Iterable[Binding]
) -> dict[tuple[str, str], tuple[Span, ...]]:
    """Return when somebody may what by some grants and their duties, a place in a rotation included."""
    stay = bindings.scope.stay(member)
    if stay is None:
        return {}
    given, barred = spans_of(grants), spans_of(forbids)
    for key, spans in bindings.rotation_periods(member).items():
        given.setdefault(key, []).extend(spans)
    gone = [] if stay[1] is None else [(stay[1], None)]
    return {
        key: subtract_spans(merge_spans(spans), merge_spans((*barred.get(key, ()), *gone)))
        for key, spans in given.items()
    }


def _masks(
    bindings: BindingSet, grants: Iterable[Binding], forbids: Iterable[Binding]
) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in grants:
        mask = bindings.table.mask(line.permissions)
        for resource in line.resources:
            found[resource] = found.get(resource, 0) | mask
    for line in forbids:
        mask = ~bindings.table.mask(line.permissions)
        for resource in line.resources & found.keys():
            found[resource] &= mask
    return found


def _spans_gained(
    bindings: BindingSet,
    member: str,
    rights: MemberBindings,
    grants: Iterable[Binding],
    forbids: Iterable[Binding],
) -> dict[tuple[str, str], tuple[Span, ...]]:
    shifts = bindings.rotation_periods(member)
    listed = bindings.listed(member)
    was, barred_before = spans_of(rights.grants), spans_of(rights.forbids)
    is_, barred = spans_of(grants), spans_of(forbids)
    found = {}
    for key in sorted({*is_, *shifts}):
        before, after = merge_spans(barred_before.get(key, ())), merge_spans(barred.get(key, ()))
        theirs = merge_spans(shifts.get(key, ()))
        # A turn by rule that may be theirs is nothing they have, yet what bars it no more is gained.
        freed = subtract_spans(subtract_spans(theirs, after), subtract_spans(theirs, before))
        gained = subtract_spans(
            merge_spans((*subtract_spans(merge_spans(is_.get(key, ())), after), *freed)),
            merge_spans(
                (*subtract_spans(merge_spans(was.get(key, ())), before), *listed.get(key, ()))
            ),
        )
        if rights.leaving is not None:
            gained = subtract_spans(gained, [(rights.leaving, None)])
        if gained:
            found[key] = gained
    return found


def could_make(
    access: Access, effect: Effect, resources: Iterable[str], *, at: dt.datetime
) -> tuple[MemberId, ...]:
    """
    Return who could make a change: who manages access where it counts, and holds what it brings.

    Args:
        access: The rules as they are.

        effect: What the change brings people.

        resources: Where one has to manage access, all of them.

        at: The instant.
    """
    managing = [set(access.members("manage_access", resource, at=at)) for resource in resources]
    candidates = sorted(set.intersection(*managing)) if managing else []
    return tuple(MemberId(one) for one in candidates if _holds(access, one, effect, at))


def _holds(access: Access, giver: str, effect: Effect, at: dt.datetime) -> bool:
    table, row = access.bindings.table, access.bindings.row(giver)
    for resource, needed in effect.always.items():
        for permission, bit in table.bits.items():
            if (
                bit & needed
                and not table.always(row, permission, resource)
                and not holds_meanwhile(giver, access, permission, resource, (None, None), at=at)
            ):
                return False
    return all(
        holds_meanwhile(giver, access, permission, resource, span, at=at)
        for permission, resource, span in effect.sometimes
    )


def whom_to_ask(access: Access, by: Sequence[MemberId], resource: str, *, at: dt.datetime) -> str:
    """
    Return whom of *by* to ask first: who is there, leads the place, or else manages the least.

    An empty string if there is nobody to ask.
    """
    away = {one.member for one in access.all_absences if one.covers(at)}
    present = [one for one in by if one not in away] or list(by)
    if not present:
        return ""
    lead = access.bindings.scope.lead_of(resource)
    if lead in present:
        return lead
    return min(present, key=lambda one: (len(access.profiles(one, "manage_access", at=at)), one))
