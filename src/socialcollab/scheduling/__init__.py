"""Scheduling: slot plans, blackouts, calendars, clashes, free slots and spreadsheets."""

from socialcollab.scheduling.blackout import Blackout
from socialcollab.scheduling.calendar import Calendar, Entry, ProfileCalendar
from socialcollab.scheduling.clash import Clash, ClashKind, check_stops, check_time, find_clashes
from socialcollab.scheduling.csv.formula import looks_like_formula
from socialcollab.scheduling.csv.read import iter_csv, read_csv
from socialcollab.scheduling.csv.rows import ImportedSheet, SheetLimits, SheetProblem, SheetRow
from socialcollab.scheduling.csv.write import write_csv, write_problems
from socialcollab.scheduling.ics import write_ics
from socialcollab.scheduling.next_slot import BlockedSlot, SlotChoice, next_slot
from socialcollab.scheduling.slot_plan import SlotPlan

__all__ = [
    "Blackout",
    "BlockedSlot",
    "Calendar",
    "Clash",
    "ClashKind",
    "Entry",
    "ImportedSheet",
    "ProfileCalendar",
    "SheetLimits",
    "SheetProblem",
    "SheetRow",
    "SlotChoice",
    "SlotPlan",
    "check_stops",
    "check_time",
    "find_clashes",
    "iter_csv",
    "looks_like_formula",
    "next_slot",
    "read_csv",
    "write_csv",
    "write_ics",
    "write_problems",
]
