"""Check who may publish, why, and which changes would allow a refused action."""

import datetime as dt

from socialcollab.directory import Profile
from socialcollab.permissions import Access, Forbid, Grant

access = Access.of(
    members=["ana", "ben", "eva"],
    profiles=[
        Profile(id="tulip-x", workspace="tulip", network="x"),
        Profile(id="tulip-mastodon", workspace="tulip", network="mastodon"),
    ],
    teams={"social": ["ana", "ben"]},
    roles={"publisher": ["view", "draft", "publish"], "owner": ["*"]},
    grants=[
        Grant(to="team:social", role="publisher", on={"workspace": "tulip"}),
        Grant(to="member:eva", role="owner", on={"workspace": "*"}),
    ],
    forbids=[
        Forbid(
            to="member:ana", permissions=["publish"], on="tulip-mastodon", reason="training first"
        )
    ],
)
now = dt.datetime(2026, 4, 7, tzinfo=dt.UTC)
for member, resource in (("ana", "tulip-x"), ("ana", "tulip-mastodon"), ("ben", "*")):
    print(f"{member} on {resource}: {access.check(member, 'publish', resource, at=now).explain()}")
print(
    "publishers on tulip-mastodon:", ", ".join(access.members("publish", "tulip-mastodon", at=now))
)
