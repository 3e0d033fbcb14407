"""Merge the changes of two people to one post."""

from socialcollab.collisions import merge, resolve
from socialcollab.content import PostContent

base = PostContent(text="The tulip season starts on Monday.", tags=["garden"])
ana = PostContent(text="The tulip season starts on Tuesday.", tags=["garden", "spring"])
ben = PostContent(text="The tulip season starts on Sunday. Come and see!", tags=["garden"])

merged = merge(base, ana, ben)
for conflict in merged.conflicts:
    print(f"{conflict.field}: Ana wrote {conflict.mine!r}, and Ben wrote {conflict.theirs!r}")
decided = merge(base, ana, ben, resolutions=[resolve(merged.conflicts[0], "mine")])
print(decided.result.text, decided.result.tags)
