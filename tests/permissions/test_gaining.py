"""What a change gives: held against asking the same question at every instant."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory import Profile, Workspace
from socialcollab.permissions import Access, Forbid, Gain, Grant, escalations, gains

START = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
DAYS = 12
HALF = dt.timedelta(hours=12)


def day(number: int | None) -> dt.datetime | None:
    return None if number is None else START + dt.timedelta(days=number)


def inside(of: object, at: dt.datetime) -> bool:
    return any((low is None or low <= at) and (high is None or at < high) for low, high in of)


INSTANTS = [START + HALF * number for number in range(-3, 2 * DAYS + 4)]


MEMBERS = ("ana", "ben")
PLACES = ("tulip-x", "dike-x", "tulip", "dike", "*")
lines = st.builds(
    dict,
    to=st.sampled_from(["member:ana", "member:ben"]),
    permissions=st.lists(st.sampled_from(["view", "draft", "approve"]), min_size=1, unique=True),
    on=st.sampled_from([{"workspace": "tulip"}, {"workspace": "*"}, "tulip-x"]),
    bounds=st.tuples(st.integers(1, 5), st.integers(6, 10)),
)


def access(grants: list[dict], forbids: list[dict]) -> Access:
    def made(cls: type, line: dict):
        first, last = line["bounds"]
        return cls(
            to=line["to"],
            permissions=tuple(line["permissions"]),
            on=line["on"],
            start=None if first == 1 else dt.date(2026, 4, first),
            end=None if last == 10 else dt.date(2026, 4, last),
        )

    return Access.of(
        members=MEMBERS,
        profiles=[
            Profile(id="tulip-x", workspace="tulip", network="x"),
            Profile(id="dike-x", workspace="dike", network="x"),
        ],
        workspaces=[Workspace(id=one, lead="ana", default_approval="none")
                    for one in ("tulip", "dike")],
        grants=[made(Grant, one) for one in grants],
        forbids=[made(Forbid, one) for one in forbids],
    )  # fmt: skip


documents = st.tuples(st.lists(lines, max_size=4), st.lists(lines, max_size=2))


@given(documents, documents, st.integers(0, DAYS))
def test_gains_are_what_is_allowed_after_and_not_before(old, new, now: int) -> None:
    before, after = access(*old), access(*new)
    at = START + dt.timedelta(days=now)
    expected = {
        (member, permission, resource)
        for member in MEMBERS
        for permission in ("view", "draft", "approve")
        for resource in PLACES
        for instant in INSTANTS
        if instant >= at
        and after.allows(member, permission, resource, at=instant)
        and not before.allows(member, permission, resource, at=instant)
    }
    found = list(gains(before, after, at=at))
    assert expected == {(one.member, one.permission, one.resource) for one in found}
    for gain in found:
        for instant in INSTANTS:
            if instant >= at and inside([(gain.start, gain.end)], instant):
                said = (gain.member, gain.permission, gain.resource)
                assert after.allows(*said, at=instant)
                assert not before.allows(*said, at=instant)


@given(documents, documents)
def test_nobody_gives_what_they_do_not_hold_now_and_for_as_long(old, new) -> None:
    before, after = access(*old), access(*new)
    expected = [
        one
        for one in gains(before, after, at=START)
        if not all(
            before.allows("ana", one.permission, one.resource, at=instant)
            for instant in INSTANTS
            if instant == START or (instant > START and inside([(one.start, one.end)], instant))
        )
    ]
    assert expected == list(escalations("ana", before, after, at=START))


def test_a_right_on_what_does_not_exist_yet_is_judged_by_what_is_around_it() -> None:
    line = {
        "to": "member:ben",
        "permissions": ["draft"],
        "on": {"workspace": "*"},
        "bounds": (1, 10),
    }
    narrow = {**line, "to": "member:ana", "on": {"workspace": "tulip"}}

    def with_profile(*grants: dict) -> Access:
        made = [
            Grant(to=one["to"], permissions=tuple(one["permissions"]), on=one["on"])
            for one in grants
        ]
        return Access.of(
            members=MEMBERS,
            profiles=[
                Profile(id="tulip-x", workspace="tulip", network="x"),
                Profile(id="dike-x", workspace="dike", network="x"),
                Profile(id="tulip-new", workspace="tulip", network="x"),
                Profile(id="new-x", workspace="new", network="x"),
            ],
            grants=made,
        )

    before = access([narrow], [])
    left = {
        one.resource for one in escalations("ana", before, with_profile(narrow, line), at=START)
    }
    assert {"*", "dike", "dike-x", "new", "new-x"} == left
    assert Gain(member="ben", permission="draft", resource="*") in set(
        gains(before, with_profile(narrow, line), at=START)
    )
