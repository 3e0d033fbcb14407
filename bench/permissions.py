"""
Benchmark permission queries against cedarpy and against a plain bit table.

A random organization has 200 profiles in 20 workspaces on 6 networks, 12 roles, and three grants
for each of 1,000 members; with ``--scale 10`` it has ten times as many. The answer to half of the
questions is yes. All contenders answer the same questions in interleaved rounds of equal time, and
their answers are compared.

    python bench/permissions.py [--scale 1] [--rounds 7]

cedarpy is given the most favourable input: for each member, a policy set that is parsed in advance
and contains only that member's grants. The bit table is the theoretical limit: one function that
looks up two keys and tests a bit, without names, times or reasons.

Creating the `Access` is timed separately from creating the plain values. The memory includes both,
after one question about each member. "New" answers have not been cached by an earlier question. The
peers cannot list profiles, so they are queried about each profile.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import json
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

from socialcollab.directory import Profile, Workspace
from socialcollab.permissions import PERMISSIONS, Access, Grant, Role

NETWORKS = ("x", "mastodon", "instagram", "facebook", "linkedin", "bluesky")
NOW = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)
Question = tuple[str, str, str]
_SLICE_S = 0.05


class World:
    """An organization as plain data, and questions about it."""

    def __init__(self, scale: int) -> None:
        rng = random.Random(7)
        self.members = [f"m{number}" for number in range(1000 * scale)]
        self.workspaces = [f"w{number}" for number in range(20 * scale)]
        self.profiles = {
            f"{name}-{number}": (name, rng.choice(NETWORKS))
            for name in self.workspaces
            for number in range(10)
        }
        names = sorted(PERMISSIONS)
        self.roles = {f"r{number}": sorted(rng.sample(names, 3 + number)) for number in range(12)}
        self.grants: dict[str, list[tuple[str, str, str]]] = {}
        for member in self.members:
            own = self.grants[member] = []
            for _ in range(3):
                kind = rng.choices(("workspace", "profile", "network"), (45, 40, 15))[0]
                some = {"workspace": self.workspaces, "profile": list(self.profiles)}
                own.append(
                    (rng.choice(list(self.roles)), kind, rng.choice(some.get(kind, NETWORKS)))
                )
        self.questions = self._questions(rng, names)

    def matches(self, kind: str, name: str, profile: str) -> bool:
        workspace, network = self.profiles[profile]
        return name == {"workspace": workspace, "profile": profile, "network": network}[kind]

    def truth(self, member: str, permission: str, profile: str) -> bool:
        return any(
            permission in self.roles[role] and self.matches(kind, name, profile)
            for role, kind, name in self.grants[member]
        )

    def _questions(self, rng: random.Random, names: list[str]) -> list[Question]:
        profiles = list(self.profiles)
        found: dict[bool, list[Question]] = {True: [], False: []}
        while len(found[True]) < 2000 or len(found[False]) < 2000:
            member, permission = rng.choice(self.members), rng.choice(names)
            profile = rng.choice(profiles)
            if rng.random() < 0.5:
                role, kind, name = rng.choice(self.grants[member])
                permission = rng.choice(self.roles[role])
                profile = {"profile": name, "workspace": f"{name}-{rng.randrange(10)}"}.get(
                    kind, profile
                )
            answer = self.truth(member, permission, profile)
            if len(found[answer]) < 2000:
                found[answer].append((member, permission, profile))
        both = [*found[True], *found[False]]
        rng.shuffle(both)
        return both

    def values(self) -> dict[str, Any]:
        """Return the arguments of `Access.of`."""

        def on(kind: str, name: str) -> object:
            return {"network": name, "workspace": "*"} if kind == "network" else {kind: name}

        return {
            "members": self.members,
            "profiles": [
                Profile(id=name, workspace=workspace, network=network)
                for name, (workspace, network) in self.profiles.items()
            ],
            "workspaces": [
                Workspace(id=name, lead="m0", default_approval="none") for name in self.workspaces
            ],
            "roles": [Role(id=name, permissions=names) for name, names in self.roles.items()],
            "grants": [
                Grant(to=f"member:{member}", role=role, on=on(kind, name))
                for member, own in self.grants.items()
                for role, kind, name in own
            ],
        }


def bits(world: World) -> Callable[[str, str, str], bool]:
    bit = {name: 1 << number for number, name in enumerate(sorted(PERMISSIONS))}
    masks = {role: sum(bit[name] for name in names) for role, names in world.roles.items()}
    table: dict[str, dict[str, int]] = {}
    for member, own in world.grants.items():
        row = table[member] = dict.fromkeys((), 0)
        for role, kind, name in own:
            for profile in world.profiles:
                if world.matches(kind, name, profile):
                    row[profile] = row.get(profile, 0) | masks[role]

    def may(member: str, permission: str, profile: str) -> bool:
        return table[member].get(profile, 0) & bit[permission] != 0

    return may


def cedar(world: World) -> Callable[[str, str, str], bool]:
    import cedarpy  # noqa: PLC0415  a peer that the library does not need

    def uid(kind: str, name: str) -> dict[str, str]:
        return {"type": kind, "id": name}

    entities = [
        {"uid": uid("Action", permission), "attrs": {}, "parents": [
            uid("Action", role) for role, names in world.roles.items() if permission in names]}
        for permission in PERMISSIONS
    ]  # fmt: skip
    entities += [{"uid": uid("Action", role), "attrs": {}, "parents": []} for role in world.roles]
    entities += [
        {"uid": uid("Resource", name), "attrs": {}, "parents": [
            uid("Resource", f"workspace {workspace}"), uid("Resource", f"network {network}")]}
        for name, (workspace, network) in world.profiles.items()
    ]  # fmt: skip
    groups = {f"workspace {name}" for name in world.workspaces} | {
        f"network {name}" for name in NETWORKS
    }
    entities += [
        {"uid": uid("Resource", name), "attrs": {}, "parents": []} for name in sorted(groups)
    ]
    known = cedarpy.Entities.from_json_str(json.dumps(entities))
    policies = {
        member: cedarpy.PolicySet.from_str(
            "\n".join(
                f'permit(principal == Member::"{member}", action in Action::"{role}",'
                f' resource in Resource::"{name if kind == "profile" else f"{kind} {name}"}");'
                for role, kind, name in sorted(set(own))
            )
        )
        for member, own in world.grants.items()
    }

    def may(member: str, permission: str, profile: str) -> bool:
        request = {
            "principal": f'Member::"{member}"',
            "action": f'Action::"{permission}"',
            "resource": f'Resource::"{profile}"',
        }
        return bool(cedarpy.is_authorized(request, policies[member], known).allowed)

    return may


def create(world: World) -> Access:
    """Print the time and memory to create the `Access`, and return it with all rows computed."""
    gc.collect()
    tracemalloc.start()
    values = world.values()
    plain = tracemalloc.get_traced_memory()[0] / 1e6
    access = Access.of(**values)
    ask_everyone(world, access)
    memory = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    began = time.perf_counter()
    values = world.values()
    created = time.perf_counter()
    access = Access.of(**values)
    bound = time.perf_counter()
    ask_everyone(world, access)
    end = time.perf_counter()
    print(
        f"{len(world.members)} members, {len(world.profiles)} profiles: plain values"
        f" {created - began:.2f} s, `Access.of` {bound - created:.2f} s, rows of all members"
        f" {end - bound:.2f} s; {memory:.0f} MB, of which plain values {plain:.0f} MB"
    )
    change_one(world, access, values["grants"], created_s=end - created)
    return access


def change_one(world: World, access: Access, grants: list[Grant], *, created_s: float) -> None:
    """Print the time to replace one grant, and check that only two rows are computed."""
    before = {member: access.bindings.row(member) for member in world.members}
    times = []
    for number in range(9):
        lines = list(grants)
        lines[number] = Grant(to="member:m5", role="r3", on="w0-0")
        began = time.perf_counter()
        after = access.with_rules(grants=lines)
        ask_everyone(world, after)
        times.append(time.perf_counter() - began)
        changed = [
            member for member in world.members if after.bindings.row(member) is not before[member]
        ]
        assert set(changed) == {"m5", f"m{number // 3}"}, changed
    median = statistics.median(times)
    print(
        f"one grant replaced, and a question about each member: {median * 1e3:.1f} ms,"
        f" {created_s / median:.0f} times as fast as a new `Access`; 2 of {len(before)} rows computed,"
        " those of the former and the new member"
    )


def ask_everyone(world: World, access: Access) -> None:
    for member in world.members:
        access.allows(member, "view", "w0-0", at=NOW)


Contender = tuple[Callable[[list[Question]], int], list[Question]]


def race(
    contenders: dict[str, Contender], expected: Callable[[Question], int], rounds: int
) -> None:
    """Time all contenders in turn, check their answers, and print the medians."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    answers = {
        name: sum(expected(question) for question in questions)
        for name, (_, questions) in contenders.items()
    }
    order = list(contenders)
    gc.collect()
    gc.freeze()
    for number in range(rounds):
        random.Random(number).shuffle(order)
        for name in order:
            run, questions = contenders[name]
            passes, taken = 0, 0.0
            # Long enough to refill the caches after the previous contender.
            while taken < _SLICE_S:
                began = time.perf_counter()
                answer = run(questions)
                taken += time.perf_counter() - began
                passes += 1
                assert answer == answers[name], name
            times[name].append(taken / passes / len(questions))
    gc.unfreeze()
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    for name, median in medians.items():
        print(
            f"{name:24} {median * 1e6:12.2f} us   {medians['cedarpy'] / median:10.1f} x cedarpy"
            f"   {medians['table of bits'] / median:6.2f} x table of bits"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    world = World(options.scale)
    access = create(world)
    allows = access.allows
    limit, peer = bits(world), cedar(world)
    every = world.questions
    yes = [question for question in every if world.truth(*question)]
    no = [question for question in every if not world.truth(*question)]

    def ours(questions: list[Question]) -> int:
        return sum(
            allows(member, permission, resource, at=NOW)
            for member, permission, resource in questions
        )

    def checked(access: Access, questions: list[Question]) -> int:
        return sum(
            bool(access.check(member, permission, resource, at=NOW))
            for member, permission, resource in questions
        )

    def advised(questions: list[Question]) -> int:
        verdicts = [
            access.check(member, permission, resource, at=NOW)
            for member, permission, resource in questions
        ]
        return sum(not verdict.remedies for verdict in verdicts)

    race(
        {
            "allows": (ours, every),
            "check, yes": (lambda some: checked(access, some), yes),
            # A new `Access` with the same bindings has no cached answers.
            "check, new yes": (lambda some: checked(access.with_state(()), some), yes),
            "check, no": (lambda some: checked(access, some), no),
            "check, no, remedies": (advised, no[: 40 // options.scale]),
            "table of bits": (lambda some: sum(limit(*question) for question in some), every),
            "cedarpy": (lambda some: sum(peer(*question) for question in some), every[:400]),
        },
        lambda question: world.truth(*question),
        options.rounds,
    )

    def listed(access: Access, questions: list[Question]) -> int:
        return sum(
            len(access.profiles(member, permission, at=NOW)) for member, permission, _ in questions
        )

    def each_profile(may: Callable[[str, str, str], bool], questions: list[Question]) -> int:
        return sum(
            may(member, permission, profile)
            for member, permission, _ in questions
            for profile in world.profiles
        )

    few = 4 if options.scale == 1 else 1
    print("lists of the profiles on which a member has a permission:")
    race(
        {
            "profiles": (lambda some: listed(access, some), every[:400]),
            "profiles, new": (lambda some: listed(access.with_state(()), some), every[:400]),
            "table of bits": (lambda some: each_profile(limit, some), every[: 10 * few]),
            "cedarpy": (lambda some: each_profile(peer, some), every[:few]),
        },
        lambda question: sum(world.truth(*question[:2], resource) for resource in world.profiles),
        options.rounds,
    )


if __name__ == "__main__":
    main()
