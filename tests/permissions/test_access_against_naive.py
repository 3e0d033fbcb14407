"""`Access` and the naive evaluator give the same answers about random organizations."""

from __future__ import annotations

import random
import time
from collections import Counter

import attrs
import pytest
from tests.permissions import naive_access as naive
from tests.permissions.random_organizations import PERMISSIONS, random_instant, random_organization

PAIRS = 1_000_000


def compare_answers(seed: int, counts: Counter[str]) -> None:
    """Compare the answers to every question about one organization at two instants."""
    rng = random.Random(seed)
    organization = random_organization(rng)
    access = organization.access()
    people = [*(one.id for one in organization.members), "nobody"]
    for at in (random_instant(rng), random_instant(rng)):
        for member in people:
            authors = () if rng.random() < 0.7 else rng.sample(people, 1)
            for permission in PERMISSIONS:
                for resource in organization.resources:
                    expected = naive.may(organization, member, permission, resource, at, authors)
                    found = access.allows(member, permission, resource, at=at, authors=authors)
                    context = f"seed {seed}: {member} {permission} {resource} {at} {authors}"
                    assert expected == found, context
                    counts["pairs"] += 1
                    if counts["pairs"] % 5 == 0:
                        verdict = access.check(member, permission, resource, at=at, authors=authors)
                        assert expected == bool(verdict), context
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


@pytest.mark.integration
def test_agreement() -> None:
    """The library and the naive evaluator agree on random organizations."""
    counts: Counter[str] = Counter()
    for seed in range(32):
        compare_answers(seed, counts)
    # Every kind of reason must have occurred.
    for code in ("grant.member", "grant.team", "shift.on_duty", "delegate_of", "forbid"):
        assert counts[code], code


@pytest.mark.slow
def test_agreement_for_long(seconds: float, capsys: pytest.CaptureFixture[str]) -> None:
    """Both agree on up to a million questions; a failure prints the seed that replays it."""
    first = time.time_ns() % 2**31
    end = time.monotonic() + seconds
    counts: Counter[str] = Counter()
    number = 0
    while counts["pairs"] < PAIRS and (number == 0 or time.monotonic() < end):
        compare_answers(first + number, counts)
        number += 1
    with capsys.disabled():
        print(f"\n{counts.pop('pairs')} of {PAIRS} questions of {number} organizations")
        print(f"seed {first}; reasons: {dict(counts)}")


def test_order_of_random_rules() -> None:
    """No order of rules changes a verdict, its reasons, remedies or near misses."""
    for seed in range(5):
        rng = random.Random(seed)
        organization = random_organization(rng)
        mixed = attrs.evolve(
            organization,
            **{
                name: tuple(rng.sample(values, len(values)))
                for name, values in attrs.asdict(organization, recurse=False).items()
                if isinstance(values, tuple)
            },
        )
        one, other, at = organization.access(), mixed.access(), random_instant(rng)
        questions = [
            (member.id, permission, resource)
            for member in organization.members
            for permission in PERMISSIONS
            for resource in organization.resources
        ]
        for question in rng.sample(questions, min(25, len(questions))):
            # This includes remedies and near misses.
            assert one.check(*question, at=at) == other.check(*question, at=at), (seed, question)
