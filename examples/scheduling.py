"""Find the next free slot and the reasons for it, and list the problems in a spreadsheet."""

import datetime as dt

from socialcollab.directory import Profile
from socialcollab.scheduling import Calendar, Entry, SlotPlan, next_slot, read_csv

monday = dt.datetime(2026, 4, 6, tzinfo=dt.UTC)
calendar = Calendar.of(
    [Profile(id="tulip-x", workspace="tulip", network="x")],
    zone="Europe/Amsterdam",
    slot_plans=[SlotPlan(on="tulip-x", slots=["mon-fri 09:30"], min_gap="45 minutes")],
    entries=[Entry(profile="tulip-x", at=monday + dt.timedelta(hours=7), post="p1")],
)
print(next_slot(calendar, "tulip-x", after=monday).explain())
for problem in read_csv(b"date,time,text\n03/04/2026,09:30,Tulips!\n").problems:
    print(problem.text())
