"""What one document has worked out of rights serves the next, where little has changed."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.directory import Member
from socialcollab.organization import Organization
from socialcollab.permissions import Grant

NOW = dt.datetime(2026, 4, 7, tzinfo=dt.UTC)
DOCUMENT = """
[organization]
id = "studio"
name = "Studio"
timezone = "Europe/Amsterdam"

[[workspaces]]
id = "tulip"
name = "Tulip"
lead = "ana"
default_approval = "none"

[[profiles]]
id = "tulip-x"
workspace = "tulip"
network = "x"
"""
PEOPLE = "".join(
    f'[[members]]\nid = "{name}"\nname = "{name}"\n'
    for name in ("ana", *(f"m{number}" for number in range(20)))
)
GRANT = '[[grants]]\nto = "member:{}"\npermissions = ["{}"]\non = {{ workspace = "tulip" }}\n'
LINES = "".join(GRANT.format(f"m{number}", "view") for number in range(20))


def test_a_document_with_one_grant_changed_keeps_what_is_worked_out_of_all_others() -> None:
    before = Organization.loads(DOCUMENT + PEOPLE + LINES)
    rows = {one: before.access.bindings.row(one) for one in before.access.member_ids}
    changed = LINES.replace(GRANT.format("m3", "view"), GRANT.format("m3", "draft"))
    fresh = Organization.loads(DOCUMENT + PEOPLE + changed)
    after = fresh.reuse_compiled(before)
    assert after == fresh
    assert after.access.bindings.rows == {name: row for name, row in rows.items() if name != "m3"}
    assert (
        fresh.access.permission_periods("m3")
        == after.access.permission_periods("m3")
        != before.access.permission_periods("m3")
    )


def test_a_document_with_other_people_is_worked_out_by_itself() -> None:
    before = Organization.loads(DOCUMENT + PEOPLE + LINES)
    assert before.access.member("zoe") is None
    after = attrs.evolve(
        before,
        members=(*before.members, Member(id="zoe", name="zoe")),
        grants=(Grant(to="member:zoe", permissions="view", on="tulip-x"),),
    ).reuse_compiled(before)
    assert after.access.profiles("zoe", "view", at=NOW) == ("tulip-x",)
