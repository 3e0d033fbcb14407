"""Amendments: a published post is edited in place, once the new revision is approved."""

from __future__ import annotations

import pytest
from tests.desk.agency import MINUTE, PROFILE, refusal_code

from socialcollab.errors import NotAllowedError, StaleError
from socialcollab.networks.sandbox.faults import InjectedFault


def test_amend(agency) -> None:
    """A published post is amended once its new revision is approved, and keeps its id."""
    post = agency.approved_post()
    agency.run_due()
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    before = agency.delivery(post)
    edited = ana.edit(post, text="De lente is er, echt")
    assert (edited.state, agency.desk.summary(post)) == ("in_review", "published")
    assert refusal_code(lambda: eva.amend(edited)) == "wrong_state"
    edited = ben.approve(edited)
    with pytest.raises(StaleError):
        eva.amend(post)
    assert refusal_code(lambda: ana.amend(edited)) == "default_deny"
    eva.amend(edited)
    assert agency.live_texts() == ["De lente is er"]
    agency.run_due()
    assert agency.live_texts() == ["De lente is er, echt"]
    after = agency.delivery(post)
    assert (after.state, after.network_id) == ("published", before.network_id)
    assert after.revision == edited.digest != before.revision
    assert refusal_code(lambda: eva.amend(edited)) == "nothing_to_amend"
    agency.check_journal()


def test_network_without_amendments(agency) -> None:
    """On a network without amendments, the command is refused, and the remedy is a takedown."""
    post = agency.approved_post(profiles=["tulip-x", PROFILE])
    agency.run_due()
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    edited = ben.approve(ana.edit(post, text="De lente is er, echt"))
    with pytest.raises(NotAllowedError) as caught:
        eva.amend(edited)
    assert caught.value.verdict.reasons[0].code == "cannot_amend"
    assert [remedy.code for remedy in caught.value.verdict.remedies] == ["take_down_and_reschedule"]
    eva.amend(edited, profile=PROFILE)
    eva.take_down(edited, profile="tulip-x")
    agency.run_due()
    assert (agency.live_texts(), agency.live_texts("tulip-x")) == (["De lente is er, echt"], [])


@pytest.mark.parametrize(
    ("before", "after", "fields"),
    [
        ({}, {"visibility": "unlisted"}, "visibility"),
        ({"reply_to": "17"}, {"reply_to": ""}, "reply_to"),
        ({}, {"quote_of": "17", "visibility": "direct"}, "quote_of, visibility"),
    ],
)
def test_fields_that_networks_do_not_change(agency, before, after, fields) -> None:
    """A change that the network would ignore is refused, together with the rest of the edit."""
    post = agency.approved_post(**before)
    agency.run_due()
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    edited = ben.approve(ana.edit(post, text="De lente is er, echt", **after))
    with pytest.raises(NotAllowedError) as caught:
        eva.amend(edited)
    (reason,) = caught.value.verdict.reasons
    assert (reason.code, dict(reason.params)["fields"]) == ("cannot_amend_fields", fields)
    assert [remedy.code for remedy in caught.value.verdict.remedies] == ["take_down_and_reschedule"]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (
            InjectedFault("lost_answer", on="amend"),
            ("new", "old", ["not_amended"], "new"),
        ),
        (
            InjectedFault("lost_request", on="amend"),
            ("old", "old", ["not_amended"], "new"),
        ),
        (InjectedFault("server_error", on="amend"), ("old", "old", ["not_amended"], "new")),
        (InjectedFault("rate_limited", on="amend"), ("old", "old", ["not_amended"], "new")),
        (InjectedFault("rejected", on="amend"), ("old", "old", ["not_amended"], "old")),
        (InjectedFault("slow", on="amend", delay_s=40), ("old", "old", ["not_amended"], "new")),
    ],
)
def test_fault(open_agency, fault, expected) -> None:
    """The delivery's revision changes only when the network confirms the amendment."""
    first, known, attention, last = expected
    agency = open_agency("memory")
    post = agency.approved_post("old")
    agency.run_due()
    old = agency.delivery(post).revision
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    edited = ben.approve(ana.edit(post, text="new"))
    agency.inject(fault)
    eva = agency.desk.acting_as("eva")
    eva.amend(edited)
    agency.run_due()
    assert agency.live_texts() == [first]
    assert agency.delivery(post).state == "published"
    assert (agency.delivery(post).revision == old) == (known == "old")
    assert agency.attention() == attention
    agency.run_due(after=2 * MINUTE)
    assert agency.live_texts() == [last]
    assert (agency.delivery(post).revision == edited.digest) == (last == "new")
    assert agency.attention() == ([] if last == "new" else ["not_amended"])
    agency.check_journal()


def test_hold_and_outdated_approval(agency) -> None:
    """No amendment is sent during a hold or after the post has been edited again."""
    post = agency.approved_post("old")
    agency.run_due()
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    edited = ben.approve(ana.edit(post, text="new"))
    eva.amend(edited)
    hold = eva.hold(PROFILE, reason="storm")
    agency.run_due()
    assert agency.live_texts() == ["old"]
    eva.resume(hold)
    ana.edit(edited, text="newer")
    agency.run_due(after=60 * MINUTE)
    assert agency.live_texts() == ["old"]
    assert agency.delivery(post).amend_problem == "not_approved"
    newest = ben.approve(agency.desk.post(post.id))
    eva.amend(newest)
    agency.run_due(after=60 * MINUTE)
    assert agency.live_texts() == ["newer"]
    agency.check_journal()
