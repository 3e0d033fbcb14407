"""Set and lift holds, and put notes on a calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from socialcollab.desk import commands as dc
from socialcollab.desk.engine import Engine
from socialcollab.desk.handlers.perform import perform
from socialcollab.desk.queries.posts import HoldResult, read_held
from socialcollab.directory import Selector
from socialcollab.effects import Effects
from socialcollab.errors import NotFoundError
from socialcollab.identifiers import uuid7
from socialcollab.time import as_utc, parse_date
from socialcollab.workflow import Actor


def hold(
    engine: Engine,
    actor: Actor,
    on: str | Mapping[str, Any] | Selector,
    *,
    reason: str,
    until: dt.datetime | None,
) -> Effects[HoldResult]:
    """Stop everything that *on* takes in, and return what it stops."""
    name = uuid7(as_utc(engine.real_clock()), engine.entropy(10))
    selector = Selector.of(on)
    command = dc.PlaceHold(hold=name, on=selector, reason=reason, until=until)
    yield from perform(engine, actor, command)
    return (yield from read_held(engine, name, selector))


def resume(engine: Engine, actor: Actor, hold: HoldResult | str) -> Effects[HoldResult]:
    """
    Lift a hold, and return what fell due meanwhile.

    Raises:
        NotFoundError: If none of that id is in force.
    """
    name = hold.id if isinstance(hold, HoldResult) else hold
    state = yield from engine.state()
    found = next((one for one in state.holds.holds if one.id == name), None)
    if found is None:
        raise NotFoundError("hold", name)
    yield from perform(engine, actor, dc.Resume(hold=name))
    return (yield from read_held(engine, name, found.on))


def write_note(
    engine: Engine, actor: Actor, workspace: str, on: dt.date | str, text: str
) -> Effects[str]:
    """Put a note on the calendar of a workspace; return its identifier."""
    day = parse_date(on) if isinstance(on, str) else on
    note = uuid7(as_utc(engine.real_clock()), engine.entropy(10))
    yield from perform(
        engine, actor, dc.AddCalendarNote(note=note, workspace=workspace, on=day, text=text)
    )
    return note
