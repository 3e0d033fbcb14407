"""Whom open steps ask who does not know it yet."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.permissions import Grant
from socialcollab.workflow import Actor, ApprovalPolicy, Step, reevaluate
from socialcollab.workflow import events as ev

HOUSE = ApprovalPolicy(
    id="house", on={"workspace": "tulip"}, steps=[Step(id="edit", reviewers=["role:editor"])]
)
NOW_EDITORS = {"house/edit": ("ben", "eva", "mia")}


def reevaluated(one, before=None) -> ev.PostReevaluated | None:
    found = reevaluate(one.snapshot, one.context(Actor.TIMER), before=before)
    one.store(found)
    return found[0].data if found else None


def opened(bench):
    one = bench(HOUSE)
    one.draft()
    one.submit()
    return one


def test_a_step_that_opens_tells_all_it_asks_and_then_nobody(bench) -> None:
    one = opened(bench)
    data = reevaluated(one)
    assert (NOW_EDITORS, {}) == (data.notified, data.known)
    assert reevaluated(one) is None


def test_whoever_is_not_asked_any_more_and_then_again_is_told_once(bench) -> None:
    one = opened(bench)
    reevaluated(one)
    one.grants = tuple(grant for grant in one.grants if "member:mia" not in map(str, grant.to))
    reevaluated(one)
    one.grants = one.GRANTS
    assert {} == reevaluated(one).notified


def test_a_post_that_an_earlier_version_opened_asks_nobody_a_second_time(bench) -> None:
    """What it stored does not say who was told: who was asked knows, who comes is told."""
    one = opened(bench)
    (event,) = reevaluate(one.snapshot, one.context(Actor.TIMER))
    old = attrs.evolve(event.data, notified={}, known={})
    one.store((attrs.evolve(event, data=old),))
    (clock,) = one.snapshot.request.clocks
    assert clock.notified is None
    before = one.snapshot
    one.grants = (*one.GRANTS, Grant(to="member:wil", role="editor", on={"workspace": "tulip"}))
    first = reevaluated(one)
    assert ({}, {"house/edit": ("ben", "eva", "mia", "wil")}) == (first.notified, first.known)
    assert reevaluated(one, before=before) is None
    one.grants = (*one.grants, Grant(to="member:pim", role="editor", on={"workspace": "tulip"}))
    assert {"house/edit": ("pim",)} == reevaluated(one).notified


def test_who_may_not_view_the_post_is_told_once_they_may(bench) -> None:
    one = opened(bench)
    blind = Grant(to="member:tom", permissions=["approve"], on={"workspace": "tulip"})
    one.policies = (
        attrs.evolve(HOUSE, steps=[Step(id="edit", reviewers=["role:editor", "member:tom"])]),
    )
    one.grants = (*one.GRANTS, blind)
    assert NOW_EDITORS == reevaluated(one).notified
    begins = dt.datetime(2026, 4, 4, 22, tzinfo=dt.UTC)
    sees = Grant(
        to="member:tom",
        permissions=["view"],
        on={"workspace": "tulip"},
        start=dt.date(2026, 4, 5),
    )
    one.grants = (*one.grants, sees)
    assert begins == reevaluated(one).wake_at
    one.now = begins
    assert {"house/edit": ("tom",)} == reevaluated(one).notified
