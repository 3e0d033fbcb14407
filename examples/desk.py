"""Draft, approve and publish a post, grant a temporary permission, and plan an offboarding."""

import datetime as dt
from tempfile import mkdtemp

from socialcollab import Desk, MemoryStore, Organization, Sandbox

monday = dt.datetime(2026, 4, 6, 10, tzinfo=dt.UTC)
agency, sandbox = Organization.template("northwind"), Sandbox(mkdtemp())
store = MemoryStore()
desk = Desk.create(store, agency, owner="eva", networks={"*": sandbox}, clock=lambda: monday)
ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
post = ana.draft("De lente is er 🌷", profiles=["tulip-x"], planned_at="2026-04-07 09:30")
post = ana.submit(post)
print([(item.kind, item.step) for item in ben.to_do()])
post = ben.approve(post)
report = desk.run_due(monday + dt.timedelta(days=1))
print(report.count("published"), desk.summary(post), desk.deliveries(post)[0].url)
for entry in desk.history(post):
    print(f"{entry.at:%a %H:%M} {entry.actor:17} {entry.type}")
eva = desk.acting_as("eva")
eva.grant(
    "member:noor", permissions=["schedule"], on="tulip-x", until="2026-05-01", reason="her launch"
)
print(desk.organization.access.check("noor", "schedule", "tulip-x", at=monday).explain())
for item in desk.offboarding_plan("noor").needing_successor:
    print(item)
sandbox.close()
