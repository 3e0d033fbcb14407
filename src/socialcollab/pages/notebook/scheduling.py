"""Notebook cards for calendars and clashes."""

from __future__ import annotations

from socialcollab.pages.badges import badge, state_badge
from socialcollab.pages.markup import Html
from socialcollab.pages.notebook.cards import (
    card,
    format_date,
    format_time,
    nowrap,
    quote,
    rows_table,
)
from socialcollab.pages.notebook.registry import card_of, cells_of
from socialcollab.scheduling import Calendar, Clash
from socialcollab.time import local_time


@card_of.register
def calendar_card(calendar: Calendar) -> Html:
    profiles = calendar.profile_calendars
    rows, previous = [], ""
    for entry in calendar.entries():
        local = local_time(entry.at, profiles[entry.profile].zone)
        date = format_date(local.date())
        # The date is shown only next to the first entry of the day.
        shown = "" if date == previous else nowrap(date)
        state = state_badge(entry.state)
        rows.append([shown, f"{local:%H:%M}", entry.profile, entry.title, state])
        previous = date
    zones = sorted({profile.zone for profile in profiles.values()})
    return card(
        "Calendar",
        rows_table(["day", "time", "profile", "post", "state"], rows)
        or quote("Nothing is planned."),
        aside=f"{', '.join(profiles)} in {', '.join(zones)}" if profiles else "",
    )


@cells_of.register
def clash_cells(clash: Clash) -> dict[str, str]:
    return {
        "kind": badge(clash.kind, "orange"),
        "profile": clash.profile,
        "time": nowrap(format_time(clash.at)),
        "reason": clash.reason.text(),
    }
