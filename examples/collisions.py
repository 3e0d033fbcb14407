"""Merge two people's changes, find a near-duplicate, and stop an outdated reply."""

import datetime as dt

from socialcollab.collisions import (
    Claims,
    DuplicateIndex,
    ItemActivity,
    Presence,
    merge,
    resolve,
    send_guard,
)
from socialcollab.content import PostContent

base = PostContent(text="The tulip season starts on Monday.", tags=["garden"])
ana = PostContent(text="The tulip season starts on Tuesday.", tags=["garden", "spring"])
ben = PostContent(text="The tulip season starts on Sunday. Come and see!", tags=["garden"])

merged = merge(base, ana, ben)
for conflict in merged.conflicts:
    print(f"{conflict.field}: Ana wrote {conflict.mine!r}, and Ben wrote {conflict.theirs!r}")
decided = merge(base, ana, ben, resolutions=[resolve(merged.conflicts[0], "mine")])
print(decided.result.text, decided.result.tags)

index = DuplicateIndex()
index.add("last-year", "The tulip season starts on Monday, come and see us!")
for match in index.find(decided.result):
    print(match.reasons[0].text())

now = dt.datetime(2026, 4, 7, 9, 0, tzinfo=dt.UTC)
presence = Presence().seen("ben", "case-7", "typing", at=now)
print([(member.member, member.state) for member in presence.members("case-7", at=now)])
claims = Claims().take("case-7", by="ben", ttl=dt.timedelta(minutes=5), at=now).claims
print(claims.check("case-7", by="ana", at=now).explain())

note = ItemActivity(version=4, kind="note", by="ben", at=now)
print(send_guard("reply", item="case-7", seen=3, now=4, activity=[note]).verdict.explain())
