"""What a change of lines would bring people, and who holds it and so could make it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from socialcollab.identifiers import MemberId
from socialcollab.permissions.gaining import holds_meanwhile, merged, without
from socialcollab.permissions.grant import Grant
from socialcollab.permissions.line import Line
from socialcollab.permissions.rulebook import spans_of
from socialcollab.permissions.scope import Span

if TYPE_CHECKING:
    from socialcollab.permissions.absence import Absence
    from socialcollab.permissions.access import Access
    from socialcollab.permissions.rights import Rights
    from socialcollab.permissions.rulebook import Rulebook

__all__ = ["Effect", "could_make", "effect_of", "whom_to_ask"]


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
    rulebook: Rulebook,
    *,
    at: dt.datetime,
    ended: Collection[Line] = (),
    member: str = "",
    added: Sequence[Line] = (),
    absences: Iterable[Absence] = (),
) -> Effect:
    """
    Return what people gain if some forbids end and some lines come to bind *member*.

    What a delegate comes to have by an absence is no right of theirs to count,
    but has to be held by whoever brings it about.

    Args:
        rulebook: The lines as they are.

        at: What is over by then is left out.

        ended: Forbids that are no more.

        member: Whom the added lines bind.

        added: Grants and forbids.

        absences: Who stands in for whom.
    """

    def lines_after(one: str) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
        rights, more = rulebook.rights(one), added if one == member else ()
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
        rights = rulebook.rights(one)
        grants, forbids = lines_after(one)
        timed = (
            rights.duties
            or rights.leaving is not None
            or not all(line.unbounded for line in (*grants, *forbids, *rights.forbids))
        )
        if timed:
            gained = _spans_gained(rulebook, one, rights, grants, forbids)
            lasting = {
                (permission, where, span)
                for (permission, where), spans in gained.items()
                for span in spans
                if span[1] is None or span[1] > at
            }
            count += len({key[:2] for key in lasting})
            sometimes |= lasting
            continue
        before = _masks(rulebook, rights.grants, rights.forbids)
        for where, mask in _masks(rulebook, grants, forbids).items():
            new = mask & ~before.get(where, 0)
            if new:
                count += new.bit_count()
                always[where] = always.get(where, 0) | new
    for absence in absences:
        if absence.delegate in affected and absence.ends_at > at:
            sometimes |= _lent(rulebook, absence, lines_after)
    return Effect(count, always, frozenset(sometimes))


def _lent(
    rulebook: Rulebook,
    absence: Absence,
    lines_after: Callable[[str], tuple[tuple[Line, ...], tuple[Line, ...]]],
) -> set[tuple[str, str, Span]]:
    """Return what a delegate comes to have that the absent one may, and something barred before."""
    away = ((absence.begins_at, absence.ends_at),)
    if rulebook.scope.stay(absence.delegate) is None:
        return set()
    gone = rulebook.scope.leaving.get(absence.delegate)

    def lent(
        theirs: tuple[Iterable[Line], Iterable[Line]], forbids: Iterable[Line]
    ) -> dict[tuple[str, str], tuple[Span, ...]]:
        barred = spans_of(forbids)
        left = [] if gone is None else [(gone, None)]
        return {
            key: without(without(away, without(away, spans)), merged((*barred.get(key, ()), *left)))
            for key, spans in _may(rulebook, absence.member, *theirs).items()
            if absence.delegates(key[0])
        }

    absent, delegate = rulebook.rights(absence.member), rulebook.rights(absence.delegate)
    was = lent((absent.grants, absent.forbids), delegate.forbids)
    has, listed = rulebook.spans(absence.delegate), rulebook.listed(absence.delegate)
    return {
        (*key, span)
        for key, spans in lent(
            lines_after(absence.member), lines_after(absence.delegate)[1]
        ).items()
        for span in without(
            without(spans, was.get(key, ())), merged((*has.get(key, ()), *listed.get(key, ())))
        )
    }


def _may(
    rulebook: Rulebook, member: str, grants: Iterable[Line], forbids: Iterable[Line]
) -> dict[tuple[str, str], tuple[Span, ...]]:
    """Return when somebody may what by some grants and their duties, a place in a rotation included."""
    stay = rulebook.scope.stay(member)
    if stay is None:
        return {}
    given, barred = spans_of(grants), spans_of(forbids)
    for key, spans in rulebook.duty_spans(member).items():
        given.setdefault(key, []).extend(spans)
    gone = [] if stay[1] is None else [(stay[1], None)]
    return {
        key: without(merged(spans), merged((*barred.get(key, ()), *gone)))
        for key, spans in given.items()
    }


def _masks(rulebook: Rulebook, grants: Iterable[Line], forbids: Iterable[Line]) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in grants:
        mask = rulebook.table.mask(line.permissions)
        for where in line.places:
            found[where] = found.get(where, 0) | mask
    for line in forbids:
        mask = ~rulebook.table.mask(line.permissions)
        for where in line.places & found.keys():
            found[where] &= mask
    return found


def _spans_gained(
    rulebook: Rulebook,
    member: str,
    rights: Rights,
    grants: Iterable[Line],
    forbids: Iterable[Line],
) -> dict[tuple[str, str], tuple[Span, ...]]:
    turns = rulebook.duty_spans(member)
    listed = rulebook.listed(member)
    was, barred_before = spans_of(rights.grants), spans_of(rights.forbids)
    is_, barred = spans_of(grants), spans_of(forbids)
    found = {}
    for key in sorted({*is_, *turns}):
        before, after = merged(barred_before.get(key, ())), merged(barred.get(key, ()))
        theirs = merged(turns.get(key, ()))
        # A turn by rule that may be theirs is nothing they have, yet what bars it no more is gained.
        freed = without(without(theirs, after), without(theirs, before))
        gained = without(
            merged((*without(merged(is_.get(key, ())), after), *freed)),
            merged((*without(merged(was.get(key, ())), before), *listed.get(key, ()))),
        )
        if rights.leaving is not None:
            gained = without(gained, [(rights.leaving, None)])
        if gained:
            found[key] = gained
    return found


def could_make(
    access: Access, effect: Effect, places: Iterable[str], *, at: dt.datetime
) -> tuple[MemberId, ...]:
    """
    Return who could make a change: who manages access where it counts, and holds what it brings.

    Args:
        access: The rules as they are.

        effect: What the change brings people.

        places: Where one has to manage access, all of them.

        at: The instant.
    """
    managing = [set(access.members("manage_access", where, at=at)) for where in places]
    candidates = sorted(set.intersection(*managing)) if managing else []
    return tuple(MemberId(one) for one in candidates if _holds(access, one, effect, at))


def _holds(access: Access, giver: str, effect: Effect, at: dt.datetime) -> bool:
    table, row = access.rulebook.table, access.rulebook.row(giver)
    for where, needed in effect.always.items():
        for permission, bit in table.bits.items():
            if (
                bit & needed
                and not table.always(row, permission, where)
                and not holds_meanwhile(giver, access, permission, where, (None, None), at=at)
            ):
                return False
    return all(
        holds_meanwhile(giver, access, permission, where, span, at=at)
        for permission, where, span in effect.sometimes
    )


def whom_to_ask(access: Access, by: Sequence[MemberId], where: str, *, at: dt.datetime) -> str:
    """
    Return whom of *by* to ask first: who is there, leads the place, or else manages the least.

    An empty string if there is nobody to ask.
    """
    away = {one.member for one in access.all_absences if one.covers(at)}
    present = [one for one in by if one not in away] or list(by)
    if not present:
        return ""
    lead = access.rulebook.scope.lead_of(where)
    if lead in present:
        return lead
    return min(present, key=lambda one: (len(access.profiles(one, "manage_access", at=at)), one))
