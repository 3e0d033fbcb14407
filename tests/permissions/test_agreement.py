"""A naive reading of the rules and the library give the same answers, a million times over."""

from __future__ import annotations

import random
import time
from collections import Counter

import attrs
import pytest
from tests.permissions import naive_access as naive
from tests.permissions.random_organizations import PERMISSIONS, make, moment

PAIRS = 1_000_000


def play(seed: int, counts: Counter[str]) -> None:
    """Ask one organization every question at two instants."""
    rng = random.Random(seed)
    organization = make(rng)
    access = organization.access()
    people = [*(one.id for one in organization.members), "nobody"]
    for at in (moment(rng), moment(rng)):
        for member in people:
            authors = () if rng.random() < 0.7 else rng.sample(people, 1)
            for permission in PERMISSIONS:
                for resource in organization.resources:
                    expected = naive.may(organization, member, permission, resource, at, authors)
                    found = access.allows(member, permission, resource, at=at, authors=authors)
                    said = f"seed {seed}: {member} {permission} {resource} {at} {authors}"
                    assert expected == found, said
                    counts["pairs"] += 1
                    if counts["pairs"] % 5 == 0:
                        verdict = access.check(member, permission, resource, at=at, authors=authors)
                        assert expected == bool(verdict), said
                        counts[verdict.reasons[0].code if verdict.reasons else "nothing"] += 1
            for permission in PERMISSIONS:
                assert access.profiles(member, permission, at=at) == tuple(
                    profile.id
                    for profile in sorted(organization.profiles, key=lambda one: one.id)
                    if access.allows(member, permission, profile.id, at=at)
                ), f"seed {seed}: {member} {permission} {at}"
            for resource in organization.resources:
                mine = access.permissions_of(member, resource, at=at)
                assert set(mine) & set(PERMISSIONS) == {
                    one for one in PERMISSIONS if access.allows(member, one, resource, at=at)
                }
        for permission in PERMISSIONS:
            for resource in organization.resources:
                assert access.members(permission, resource, at=at) == tuple(
                    one for one in sorted(people) if access.allows(one, permission, resource, at=at)
                ), f"seed {seed}: {permission} {resource} {at}"


def test_they_agree_on_some_organizations() -> None:
    counts: Counter[str] = Counter()
    for seed in range(32):
        play(seed, counts)
    # Every way to a yes has been met, and a forbid.
    for code in ("grant.member", "grant.team", "shift.on_duty", "delegate_of", "forbid"):
        assert counts[code], code


@pytest.mark.slow
def test_they_agree_for_as_long_as_there_is(
    seconds: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """At most a million questions; a failure prints the seed that replays it."""
    first = time.time_ns() % 2**31
    end = time.monotonic() + seconds
    counts: Counter[str] = Counter()
    number = 0
    while counts["pairs"] < PAIRS and (number == 0 or time.monotonic() < end):
        play(first + number, counts)
        number += 1
    with capsys.disabled():
        print(f"\n{counts.pop('pairs')} of {PAIRS} questions of {number} organizations")
        print(f"seed {first}; reasons met: {dict(counts)}")


def test_no_order_of_any_lines_changes_a_verdict_or_its_reasons() -> None:
    for seed in range(5):
        rng = random.Random(seed)
        organization = make(rng)
        mixed = attrs.evolve(
            organization,
            **{
                name: tuple(rng.sample(values, len(values)))
                for name, values in attrs.asdict(organization, recurse=False).items()
                if isinstance(values, tuple)
            },
        )
        one, other, at = organization.access(), mixed.access(), moment(rng)
        questions = [
            (member.id, permission, resource)
            for member in organization.members
            for permission in PERMISSIONS
            for resource in organization.resources
        ]
        for question in rng.sample(questions, min(25, len(questions))):
            # Remedies and near misses included.
            assert one.check(*question, at=at) == other.check(*question, at=at), (seed, question)
