"""Each finding about routing rules is proven by routing its example message."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.inbox.test_routing import MASTODON, X, conditions, rule, selectors, state

from socialcollab.inbox.routing import (
    Agent,
    AuthorCondition,
    MessageCondition,
    RoutingFinding,
    RoutingRules,
    RoutingState,
    lint_rules,
    route,
)
from socialcollab.time import BusinessHours, Window

AT = dt.datetime(2026, 4, 6, tzinfo=dt.UTC)
OFFICE = BusinessHours(days="mon-fri", start="09:00", end="17:00", zone="UTC")
HOURS = {"tulip-x": OFFICE, "tulip-m": OFFICE}


def prove(finding: RoutingFinding, rules: RoutingRules, known: RoutingState) -> None:
    """Fail unless routing the example shows the finding."""
    routing = route(rules, finding.message, known, at=finding.at)
    explained = {one.rule: one for one in routing.explain()}
    match finding.problem:
        case "shadowed":
            assert explained[finding.rule].matched
            assert explained[finding.other].matched
            assert finding.rule not in routing.applied
        case "contradictory" | "dead":
            missing = {one.key for one in explained[finding.rule].missing}
            assert missing >= set(finding.keys)
            assert finding.keys
        case "conflicting":
            assert {finding.rule, finding.other} <= set(routing.applied)
            by_id = {one.id: one for one in rules.rules}
            for key in finding.keys:
                assert getattr(by_id[finding.rule], key) != getattr(by_id[finding.other], key)
        case "looping":
            seen, message = [], finding.message
            while message.tags not in seen:
                seen.append(message.tags)
                message = attrs.evolve(
                    message, tags=route(rules, message, known, at=finding.at).tags
                )
            assert len(seen) > 1
            assert message.tags == finding.message.tags
        case "uncaught":
            assert routing.applied == ()
        case "nobody_eligible":
            assert finding.rule in routing.applied
            by_id = {one.id: one for one in rules.rules}
            if routing.assignment.to == by_id[finding.rule].assign.to:
                assert routing.assignment.member == ""


def findings(
    *rules: object, known: RoutingState | None = None, mode: str = "first"
) -> list[tuple[str, str, str]]:
    compiled = RoutingRules(rules, mode=mode)
    known = known or state("ana", hours=HOURS)
    found = lint_rules(compiled, known, profiles=[X, MASTODON], at=AT)
    for finding in found:
        prove(finding, compiled, known)
        assert finding.text("en") != finding.text("nl")
    return [(one.problem, one.rule, one.other) for one in found]


def when(**keys: object) -> MessageCondition:
    return MessageCondition(**keys)


REST = rule("rest")


def test_rules_without_problems_have_no_findings():
    bags = rule("bags", only_if=when(any_text=["lost bag*"]), assign="team:care")
    assert findings(bags, REST) == []


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({}, {"any_text": "bag"}),
        ({"any_text": ["bag*", "trunk"]}, {"any_text": ["lost bags", "my trunk"]}),
        ({"any_text": "bag"}, {"all_text": ["lost", "bag"]}),
        ({"any_text": "ba*"}, {"any_text": "bag*"}),
        ({"no_text": "thanks"}, {"no_text": "thank*"}),
        ({"kind": ["comment", "direct", "mention", "reply"]}, {"kind": "comment"}),
        ({"language": "pt"}, {"language": "pt-BR"}),
        (
            {"author": AuthorCondition(followers_at_least=10)},
            {"author": AuthorCondition(followers_at_least=20)},
        ),
        ({"tags": ["a", "b"]}, {"tags": "a", "business_hours": "open"}),
    ],
)
def test_a_rule_that_an_earlier_one_includes_is_shadowed(earlier, later):
    found = findings(rule("a", only_if=when(**earlier)), rule("b", only_if=when(**later)), REST)
    # If the earlier rule catches everything, the last one is shadowed too.
    assert ("shadowed", "b", "a") in found
    reverse = findings(rule("b", only_if=when(**later)), rule("a", only_if=when(**earlier)))
    assert not any(problem == "shadowed" for problem, _, _ in reverse)


def test_a_rule_on_more_profiles_is_not_shadowed():
    assert findings(rule("a", on="tulip-x"), REST) == []
    assert findings(REST, rule("a", on="tulip-x")) == [("shadowed", "a", "rest")]


@pytest.mark.parametrize(
    "keys",
    [
        {"any_text": ["lost bag"], "no_text": ["bag*"]},
        {"all_text": ["bag"], "no_text": ["bag"]},
        {"tags": "a", "no_tags": "a"},
        {"author": AuthorCondition(messages_at_least=5, messages_fewer_than=5)},
    ],
)
def test_conditions_that_exclude_each_other_are_contradictory(keys):
    assert findings(rule("a", only_if=when(**keys)), REST) == [("contradictory", "a", "")]


def test_the_beginning_of_a_word_without_the_word_itself_is_no_contradiction():
    longer = rule("a", only_if=when(any_text="bag*", no_text="bag"))
    assert findings(longer, REST) == []


def test_a_rule_for_nothing_that_exists_is_dead():
    facebook = rule("f", on={"workspace": "*", "network": "facebook"})
    assert findings(facebook, REST) == [("dead", "f", "")]
    closed = rule("c", only_if=when(business_hours="closed"))
    assert findings(closed, REST, known=state("ana")) == [("dead", "c", "")]
    assert findings(closed, REST) == []


def test_rules_that_disagree_are_conflicting_if_all_apply():
    bags = rule("bags", only_if=when(any_text="bag"), priority="high", tag="x")
    late = rule("late", only_if=when(any_text="late", kind="comment"), priority="low", tag="y")
    assert ("conflicting", "late", "bags") in findings(bags, late, mode="all")
    other = rule("late", only_if=when(any_text="late", no_text="bag"), priority="low")
    assert not any(one[0] == "conflicting" for one in findings(bags, other, mode="all"))


def test_rules_that_change_tags_back_and_forth_loop():
    on = rule("on", only_if=when(no_tags="hot"), tag="hot")
    off = rule("off", only_if=when(tags="hot"), untag="hot")
    assert findings(on, off) == [("looping", "off", "on")]
    assert findings(on, REST) == []


def test_messages_that_no_rule_catches_are_reported_for_each_profile():
    assert findings(rule("a", on="tulip-x", only_if=when(no_text="thanks"))) == [
        ("uncaught", "", ""),
        ("uncaught", "", ""),
    ]


def test_hours_without_an_eligible_member_are_counted():
    day = dt.timedelta(days=1)
    shifts = [
        Window(
            start=AT + n * day + dt.timedelta(hours=9), end=AT + n * day + dt.timedelta(hours=16)
        )
        for n in range(5)
    ]
    known = state(Agent(id="ana", shifts=shifts), hours=HOURS)
    care = rule("care", assign="team:care", only_if=when(business_hours="open"))
    rules = RoutingRules([care, REST])
    [found] = lint_rules(rules, known, profiles=[X], at=AT)
    prove(found, rules, known)
    assert (found.hours, found.at) == (5, AT + dt.timedelta(hours=16))
    # The function says who works when.
    [again] = lint_rules(rules, lambda at: known, profiles=[X], at=AT)
    assert again == found


def test_a_rule_that_assigns_to_nobody_is_reported_for_every_hour():
    rules = RoutingRules([rule("care", assign="team:empty")])
    [found] = lint_rules(rules, state("ana"), profiles=[X], at=AT)
    assert (found.problem, found.hours) == ("nobody_eligible", 168)
    assert lint_rules(rules, state("ana"), profiles=[], at=AT) == ()


@given(
    st.lists(
        st.tuples(
            conditions, selectors, st.sampled_from(["", "a", "vip"]), st.sampled_from(["", "spam"])
        ),
        max_size=6,
    ),
    st.sampled_from(["first", "all"]),
)
def test_every_finding_about_generated_rules_is_true(drawn, mode):
    rules = RoutingRules(
        [
            rule(
                f"r{number}",
                only_if=condition,
                on=on,
                priority=("low", "high")[number % 2],
                assign="team:care" if number % 3 else None,
                tag=[tag] if tag else [],
                untag=[untag] if untag else [],
            )
            for number, (condition, on, tag, untag) in enumerate(drawn)
        ],
        mode=mode,
    )
    night = Window(start=AT, end=AT + dt.timedelta(hours=10))
    known = state(Agent(id="ana", shifts=[night]), hours=HOURS)
    for finding in lint_rules(rules, known, profiles=[X, MASTODON], at=AT):
        prove(finding, rules, known)
