"""Everything that a page needs, in one read, and only what its reader may see."""

from __future__ import annotations

import pytest
from tests.desk.agency import PLANNED

from socialcollab.errors import NotFoundError


def in_review(agency):
    ana = agency.desk.acting_as("ana")
    post = ana.draft("Lente", profiles=["tulip-x"], planned_at=PLANNED, tags=["offer"])
    return ana.submit(post)


def test_a_page_says_what_the_single_reads_say(agency) -> None:
    ben = agency.desk.acting_as("ben")
    post = in_review(agency)
    post = ben.approve(post)
    page = ben.post_view(post)
    assert post == page.post
    assert agency.desk.summary(post) == page.summary
    assert agency.desk.pending_steps(post) == page.pending_steps
    assert ben.allowed_actions(post) == page.allowed_actions
    assert agency.desk.history(post) == page.history
    assert agency.desk.deliveries(post) == page.deliveries
    assert ["passed", "open"] == [step.state for step in page.steps]
    assert ["ben"] == [decision.by for decision in page.decisions]
    noor = agency.desk.acting_as("noor")
    assert "approved" == noor.approve(post.id, revision=noor.post_view(post).seen).state


def test_a_draft_has_no_steps_yet(agency) -> None:
    ana = agency.desk.acting_as("ana")
    page = ana.post_view(ana.draft("Lente", profiles=["tulip-x"]))
    assert ((), (), "draft") == (page.steps, page.deliveries, page.summary)
    assert page.allowed_actions["edit"]
    assert not page.allowed_actions["approve"]


def test_what_may_not_be_viewed_is_not_there(agency) -> None:
    post = in_review(agency)
    for who in ("tom", "dirk"):
        with pytest.raises(NotFoundError):
            agency.desk.acting_as(who).post_view(post)
    with pytest.raises(NotFoundError):
        agency.desk.acting_as("ana").post_view("no-such-post")


def test_a_client_sees_no_internal_comment_anywhere_on_the_page(agency) -> None:
    ana, ben, noor = agency.acting("ana", "ben", "noor")
    post = in_review(agency)
    ben.comment(post, "ONDER ONS")
    post = ana.comment(post, "voor allen", internal=False)
    assert "ONDER ONS" not in repr(noor.post_view(post))
    assert ["voor allen"] == [comment.text for comment in noor.post_view(post).post.comments]
    assert "ONDER ONS" in repr(ben.post_view(post))


def test_a_page_reads_its_post_once(open_agency) -> None:
    """Whatever the number of commands it answers for."""
    agency = open_agency("memory")
    post = in_review(agency)
    reads: list[str] = []
    snapshot = agency.desk.engine.store.snapshot

    class Counting:
        def __getattr__(self, name):
            return getattr(agency.store.for_organization("northwind"), name)

        def snapshot(self, stream):
            reads.append(stream)
            return snapshot(stream)

    agency.desk.engine.store = Counting()
    agency.desk.acting_as("ben").post_view(post)
    assert 1 == reads.count(f"post/{post.id}")


def test_a_waiver_lets_a_finding_pass_until_the_post_changes(agency) -> None:
    ana, eva = agency.acting("ana", "eva")
    long = ana.draft("x" * 300, profiles=["tulip-x"], planned_at=PLANNED)
    page = eva.post_view(long)
    assert ["SG101"] == [finding.code for finding in page.findings]
    assert page.allowed_actions["waive"]
    eva.waive(long, "SG101", reason="a test")
    page = eva.post_view(long)
    assert () == page.findings
    assert [("SG101", "eva", "a test")] == [
        (waiver.code, waiver.by, waiver.reason) for waiver in page.waivers
    ]
    again = ana.edit(long, text="y" * 300)
    assert ["SG101"] == [finding.code for finding in eva.post_view(again).findings]


def test_nobody_waives_what_is_said_of_their_own_work(agency) -> None:
    from socialcollab.errors import InvalidValueError, NotAllowedError

    ana, ben, eva = agency.acting("ana", "ben", "eva")
    long = eva.draft("x" * 300, profiles=["tulip-x"], planned_at=PLANNED)
    with pytest.raises(NotAllowedError, match="own work"):
        eva.waive(long, "SG101", reason="because")
    for who in (ana, ben):
        with pytest.raises(NotAllowedError, match="no rule allows it"):
            who.waive(long, "SG101", reason="because")
    short = ana.draft("kort", profiles=["tulip-x"], planned_at=PLANNED)
    with pytest.raises(NotAllowedError, match="has no finding with code `SG101`"):
        eva.waive(short, "SG101", reason="because")
    with pytest.raises(InvalidValueError, match="needs a reason"):
        eva.waive(ana.draft("x" * 300, profiles=["tulip-x"]), "SG101", reason="")


def test_what_is_out_everywhere_is_taken_down_and_not_cancelled(agency) -> None:
    ana, ben = agency.acting("ana", "ben")
    post = ben.approve(ana.submit(ana.draft("uit", profiles=["tulip-x"]), at="as soon as approved"))
    agency.desk.run_due()
    assert "published" == agency.desk.summary(post)
    verdict = ben.allowed_actions(post)["cancel"]
    assert ["all_published"] == [reason.code for reason in verdict.reasons]
    assert ["take_down_post"] == [remedy.code for remedy in verdict.remedies]
