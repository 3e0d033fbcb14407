"""The sections of the document about the inbox: routing, response targets and saved replies."""

from __future__ import annotations

import datetime as dt

import pytest

from socialcollab.directory import Profile
from socialcollab.inbox.routing import MessageFacts, route
from socialcollab.organization import (
    Organization,
    RuntimeState,
    changes_between,
    routing_findings,
    routing_state,
)
from socialcollab.permissions import Absence

MONDAY = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
DOCUMENT = """
[organization]
id = "acme"
timezone = "Europe/Amsterdam"
business_hours = { days = "mon-fri", start = "09:00", end = "17:00" }
[[workspaces]]
id = "tulip"
lead = "ana"
default_approval = "none"
[[profiles]]
id = "tulip-x"
workspace = "tulip"
network = "x"
[[members]]
id = "ana"
[[members]]
id = "ben"
[[teams]]
id = "care"
members = ["ana", "ben"]
[[routing]]
id = "refunds"
on = "tulip-x"
only_if = { any_text = "refund*", author = { followers_at_least = 10 } }
assign = { to = "team:care", by = "round_robin" }
target = "fast"
[[routing]]
id = "rest"
on = { workspace = "*" }
assign = "team:care"
saved_reply = "hello"
[[response_targets]]
id = "fast"
on = "tulip-x"
first_response = "30 business minutes"
escalations = [{ to = "team:care", after = "1 business hour" }]
[[saved_replies]]
id = "hello"
on = { workspace = "tulip" }
texts = { en = "Hello {customer_name}", pt-BR = "Oi" }
"""
ACME = Organization.loads(DOCUMENT)


def faults(before: str, after: str) -> list[str]:
    assert before in DOCUMENT
    with pytest.raises(ExceptionGroup) as caught:
        Organization.loads(DOCUMENT.replace(before, after))
    return [f"{one.place}: {one.problem}; {one.suggestion}" for one in caught.value.exceptions]


def test_the_sections_are_read_and_written():
    assert Organization.loads(ACME.to_toml()) == ACME
    assert ACME.to_dict()["routing"][1]["assign"] == "team:care"
    [target] = ACME.response_targets
    hours = ACME.target_hours(target, "tulip-x")
    assert hours is not None
    assert hours.zone == "Europe/Amsterdam"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            'assign = { to = "team:care"',
            'assign = { to = "team:car"',
            "routing[0].assign.to: unknown team `car`; did you mean `care`?",
        ),
        (
            'assign = "team:care"',
            "assign = 5",
            "routing[1].assign: `5` is not a table or a principal such as `member:...`; ",
        ),
        (
            'assign = "team:care"',
            'assign = "role:x"',
            "routing[1].assign: `role:x` is not allowed here; use `member:...` or `team:...` or"
            " `rotation:...`",
        ),
        (
            'target = "fast"',
            'target = "fats"',
            "routing[0].target: unknown response target `fats`; did you mean `fast`?",
        ),
        (
            'saved_reply = "hello"',
            'saved_reply = "helo"',
            "routing[1].saved_reply: unknown saved reply `helo`; did you mean `hello`?",
        ),
        (
            '"refund*"',
            '"re*fund"',
            "routing[0].only_if.any_text: `re*fund` is not a word or phrase; write up to 200"
            " characters with a word or symbol, and `*` only after the beginning of the last word, as"
            " in `cancel*`",
        ),
        (
            "{customer_name}",
            "{customer}",
            "saved_replies[0]: the `en` text of saved reply `hello` contains the unknown variable"
            " `{customer}`; did you mean `customer_name`?",
        ),
        (
            'texts = { en = "Hello {customer_name}"',
            'ask = "flight"\ntexts = { en = "Hello {flight}"',
            "routing[1].saved_reply: saved reply `hello` cannot be sent automatically, because a"
            " member has to fill in `{flight}`; choose a saved reply without `ask`",
        ),
        (
            'business_hours = { days = "mon-fri", start = "09:00", end = "17:00" }',
            "",
            "response_targets[0]: the target counts business time, but workspace `tulip` has no"
            " business hours; add `business_hours` to the target, the workspace or [organization]",
        ),
        (
            'first_response = "30 business minutes"',
            'first_response = "1 business day"',
            "response_targets[0].first_response: first_response is `1 business day`, but a target"
            " that can be paused is counted in hours or minutes; write a duration such as `8 business"
            " hours`",
        ),
        (
            'id = "rest"',
            'id = "refunds"',
            "routing[1].id: routing rule `refunds` is defined twice; the first definition is"
            " routing[0]",
        ),
    ],
)
def test_faults_have_a_place_and_a_suggestion(before, after, expected):
    assert faults(before, after) == [expected]


def test_a_saved_reply_must_serve_the_profiles_of_the_rule():
    other = '[[profiles]]\nid = "tulip-m"\nworkspace = "tulip"\nnetwork = "mastodon"\n[[members]]'
    text = DOCUMENT.replace("[[members]]", other, 1).replace(
        'id = "hello"\non = { workspace = "tulip" }', 'id = "hello"\non = "tulip-x"'
    )
    with pytest.raises(ExceptionGroup, match="1 fault") as caught:
        Organization.loads(text)
    assert "is not for profile `tulip-m`" in str(caught.value.exceptions[0])


def test_routines_are_still_refused():
    with pytest.raises(ExceptionGroup) as caught:
        Organization.loads(f'{DOCUMENT}[[routines]]\nid = "r"\n')
    assert "section `routines` is not supported yet" in str(caught.value.exceptions[0])


def test_a_proposal_shows_changed_rules_and_a_new_order():
    changed = Organization.loads(DOCUMENT.replace('"refund*"', '["refund*", "money back"]'))
    [change] = changes_between(ACME, changed)
    assert str(change) == "changed routing refunds (only_if)"
    assert change.required_permissions == ("manage_policies",)
    swapped = Organization.from_dict({**ACME.to_dict(), "routing": ACME.to_dict()["routing"][::-1]})
    [moved] = changes_between(ACME, swapped)
    assert str(moved) == "changed routing (order)"
    assert moved.details == ("order: refunds, rest -> rest, refunds",)
    assert ACME.digest != swapped.digest


def test_rules_run_on_the_state_of_the_organization():
    message = MessageFacts(profile=Profile(id="tulip-x", workspace="tulip", network="x"), text="Hi")
    working = route(ACME.routing_rules, message, routing_state(ACME, MONDAY), at=MONDAY)
    assert (working.applied, working.assignment.reason) == (("rest",), "unavailable")
    noon = MONDAY.replace(hour=12)
    assert (
        route(ACME.routing_rules, message, routing_state(ACME, noon), at=noon).assignment.member
        == "ana"
    )


def test_problems_of_the_rules_are_found_with_examples():
    assert routing_findings(ACME, MONDAY) == ()
    text = DOCUMENT.replace(
        "[[teams]]",
        'business_hours = { days = "mon-thu", start = "10:00", end = "17:00" }\n[[teams]]',
    )
    text = text.replace('members = ["ana", "ben"]', 'members = ["ben"]')
    found = routing_findings(Organization.loads(text), MONDAY)
    assert [(one.problem, one.rule, one.hours) for one in found] == [
        ("nobody_eligible", "refunds", 12),
        ("nobody_eligible", "rest", 12),
    ]
    for one in found:
        organization = Organization.loads(text)
        routing = route(
            organization.routing_rules,
            one.message,
            routing_state(organization, one.at),
            at=one.at,
        )
        assert routing.assignment.member == ""


def test_templates_have_rules_without_problems():
    for name in ("northwind", "departments"):
        organization = Organization.template(name, id="acme")
        assert organization.routing
        assert organization.response_targets
        assert organization.saved_replies
        assert routing_findings(organization, MONDAY) == ()


def test_absent_members_and_members_on_duty_are_taken_into_account():
    text = (
        DOCUMENT
        + """
[roles.carer]
permissions = ["view"]
[[rotations]]
id = "night"
role = "carer"
on = { workspace = "tulip" }
members = ["ben"]
start = 2026-05-01
every = "day 20:00"
end = "day 23:00"
"""
    )
    text = text.replace('assign = "team:care"', 'assign = "rotation:night"')
    organization = Organization.loads(text)
    evening = MONDAY.replace(hour=19)
    duty = routing_state(organization, evening)
    assert duty.groups["rotation:night"] == ("ben",)
    # Ben works in the evening because he is on duty; Ana does not.
    assert [one.works_at(evening) for one in duty.agents.values()] == [False, True]
    away = Absence(id="a1", member="ben", start=MONDAY.date(), end=dt.date(2026, 6, 2))
    absent = organization.with_state(RuntimeState(absences=[away]))
    assert not routing_state(absent, evening).agents["ben"].works_at(evening)
    assert routing_state(organization, MONDAY.replace(hour=12)).groups["rotation:night"] == ()
