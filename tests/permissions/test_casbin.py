"""Casbin's test cases, expressed as grants, forbids, teams and tags."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from socialcollab.directory import Profile, Team
from socialcollab.permissions import Access, Forbid, Grant

NOW = dt.datetime(2026, 4, 7, tzinfo=dt.UTC)
ANYONE = "anyone"
NOT_EXPRESSED = {
    "TestRBACModelWithOnlyDeny": "there everything is allowed unless a rule denies it; here nothing is without a grant",
    "TestKeyMatch2Model": "objects are patterns of addresses; here a resource is a profile that exists",
    "TestPriorityModel": "the first rule that matches decides; here order never matters",
}


@attrs.frozen
class Table:
    """The rules of a policy, and its model."""

    lines: dict[str, list[list[str]]]
    model: str

    @classmethod
    def of(cls, case: dict) -> Table:
        lines: dict[str, list[list[str]]] = {}
        for row in csv.reader(case["policy"].splitlines(), skipinitialspace=True):
            if row and row[0].strip():
                lines.setdefault(row[0].strip(), []).append([word.strip() for word in row[1:]])
        return cls(lines, case["model"])

    def defined(self, letter: str) -> list[str]:
        found = re.search(rf"^{letter} = (.+)$", self.model, re.MULTILINE)
        assert found is not None
        return [word.strip() for word in found[1].split(",")]


def name(word: str) -> str:
    return word.replace("_", "-")


def permission(act: str) -> str:
    return f"case.{act}"


def organization(case: dict) -> Access:
    """Express a table as grants, forbids, teams and tags."""
    table = Table.of(case)
    asked, given = table.defined("r"), table.defined("p")
    checks = [dict(zip(asked, check["args"], strict=True)) for check in case["checks"]]
    policies = [dict(zip(given, row, strict=False)) for row in table.lines.get("p", [])]
    tags: dict[str, set[str]] = {}
    for thing, group in table.lines.get("g2", []):
        tags.setdefault(thing, set()).add(group)
    objects = {one["obj"] for one in checks if "obj" in one}
    acts = {one["act"] for one in (*checks, *policies)}
    links = table.lines.get("g", [])
    groups = {row[1] for row in links if len(row) == 2}
    people = {one.get("sub", ANYONE) for one in checks} | {row[0] for row in links} - groups
    people |= {one["sub"] for one in policies if "sub" in one} - groups
    grants, forbids = [], []
    for one in policies:
        if "role" in one:
            # A role on one object applies only to that object.
            for sub, thing, role in links:
                if role == one["role"] and one["obj_type"] in tags.get(thing, ()):
                    grants.append(line(Grant, f"member:{name(sub)}", one["act"], name(thing)))
            continue
        sub = one.get("sub", ANYONE)
        to = f"{'team' if sub in groups else 'member'}:{name(sub)}"
        on: object = {"workspace": "*"}
        if "obj" in one:
            known = one["obj"] in objects
            on = name(one["obj"]) if known else {"profile_tag": name(one["obj"])}
        effect = one.get("eft", "allow")
        if effect == "deny":
            forbids.append(line(Forbid, to, one["act"], on))
        elif effect == "allow":
            grants.append(line(Grant, to, one["act"], on))
    if 'r.sub == "root"' in table.model:
        grants.append(Grant(to="member:root", permissions=["*"], on={"workspace": "*"}))
    return Access.of(
        members=sorted(map(name, people)),
        profiles=[
            Profile(
                id=name(thing),
                workspace="data",
                network="x",
                tags=[name(tag) for tag in tags.get(thing, ())],
            )
            for thing in sorted(objects)
        ],
        teams=[
            Team(
                id=name(group),
                members=[name(row[0]) for row in links if row[1] == group and row[0] not in groups],
                includes=[name(row[0]) for row in links if row[1] == group and row[0] in groups],
            )
            for group in sorted(groups)
        ],
        custom_permissions=sorted(map(permission, acts)),
        grants=grants,
        forbids=forbids,
    )


def line(kind: Callable, to: str, act: str, on: object):
    return kind(to=to, permissions=[permission(act)], on=on)


@pytest.fixture
def cases(shared_data: Callable[[str], Path]) -> list[dict]:
    lines = (shared_data("authz-casbin") / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(one) for one in lines]


def test_cases(cases) -> None:
    """Every case that can be expressed has the same answers."""
    expressed = 0
    for case in cases:
        if case["id"] in NOT_EXPRESSED:
            continue
        expressed += 1
        access = organization(case)
        asked = Table.of(case).defined("r")
        for check in case["checks"]:
            one = dict(zip(asked, check["args"], strict=True))
            resource = name(one["obj"]) if "obj" in one else "*"
            member = name(one.get("sub", ANYONE))
            verdict = access.check(member, permission(one["act"]), resource, at=NOW)
            assert check["allow"] == bool(verdict), (case["id"], check, verdict.explain())
            assert verdict or verdict.remedies
    assert 9 == expressed
    assert set(NOT_EXPRESSED) < {case["id"] for case in cases}


def test_priorities_differ(cases) -> None:
    """A table with priorities would have different answers, because a forbid always wins here."""
    (case,) = (one for one in cases if one["id"] == "TestPriorityModel")
    access = organization(case)
    differing = [
        check["args"]
        for check in case["checks"]
        if check["allow"]
        != access.allows(
            name(check["args"][0]), permission(check["args"][2]), name(check["args"][1]), at=NOW
        )
    ]
    assert ["alice", "data1", "read"] in differing
