"""Decide on holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from socialcollab.content import Hold
from socialcollab.directory import Selector
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.time import as_utc
from socialcollab.verdicts import Reason
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.refusals import no_such, not_visible, refuse, verdict_on

HOLDS = "holds"


def _places(on: Selector, context: Context) -> tuple[str, ...]:
    """Return where a hold needs its permission: each profile it stops, and what it names whole."""
    profiles = tuple(
        name for name, profile in sorted(context.profiles.items()) if on.matches_profile(profile)
    )
    if on.covers_all():
        return ("*", *profiles)
    if on.of_workspace:
        return (*on.workspace, *profiles)
    return profiles


def place_hold(
    hold: str, *, on: Selector, reason: str, until: dt.datetime | None, context: Context
) -> tuple[ev.Event, ...]:
    """
    Stop everything that *on* takes in.

    Raises:
        NotAllowedError: If the actor may not hold one of these profiles, or the
            selector takes in none that they may view.

        InvalidValueError: If there is no reason, or it ends before it begins.

        NaiveDatetimeError: If *until* has no UTC offset.

        NotFoundError: If a workspace or a profile is named that does not
            exist, or that the actor may not view.
    """
    if not reason.strip():
        raise InvalidValueError("a hold needs a reason", value=reason, expected="why it stops")
    until = None if until is None else as_utc(until)
    if until is not None and until <= context.now:
        raise InvalidValueError(
            f"hold ends at `{until.isoformat()}`, which is not after now", value=until
        )
    _check_named(on, context)
    places = _places(on, context)
    verdict = verdict_on("hold", places, context)
    if not places or (not_visible(verdict) and not _sees_any(places, context)):
        raise refuse(Reason.of("holds_nothing", on=on))
    if not verdict:
        raise NotAllowedError(verdict)
    value = Hold(id=hold, on=on, reason="", by=str(context.actor), at=context.now, until=until)
    return (ev.Event(HOLDS, context.actor, ev.HoldPlaced(hold=value, reason=reason)),)


def _check_named(on: Selector, context: Context) -> None:
    """Refuse what is named and does not exist, or may not be viewed, both alike."""
    if on.covers_all():
        return
    for kind, named, known in (
        ("workspace", on.workspace, context.workspaces),
        ("profile", on.profile, context.profiles),
    ):
        for name in named:
            if name == "*":
                continue
            # Who may hold it may name it, seen or not.
            if name not in known or not_visible(verdict_on("hold", (name,), context)):
                raise no_such(kind, name, known, context)


def _sees_any(places: Iterable[str], context: Context) -> bool:
    return any(verdict_on("view", (place,), context) for place in places)


def resume(hold: str, context: Context) -> tuple[ev.Event, ...]:
    """
    Lift a hold; what it made miss its time stays missed until a person says.

    Raises:
        NotFoundError: If there is no such hold.

        NotAllowedError: If the actor may not.
    """
    found = next((one for one in context.holds if one.id == hold), None)
    if found is None:
        raise NotFoundError("hold", hold)
    # Of what an adoption has removed nothing is held any more; of the rest it has to end.
    known = {"*", *context.workspaces, *context.profiles}
    places = tuple(place for place in _places(found.on, context) if place in known)
    verdict = verdict_on("hold", places or ("*",), context)
    if not_visible(verdict):
        raise NotFoundError("hold", hold)
    if not verdict:
        raise NotAllowedError(verdict)
    return (ev.Event(HOLDS, context.actor, ev.HoldEnded(hold=hold)),)
