"""Everything that a page needs, in one read, and only what its reader may see."""

from __future__ import annotations

import pytest

from socialcollab.errors import NotFoundError

PLANNED = "2026-04-07 09:30"


def in_review(office):
    ana = office.desk.acting_as("ana")
    post = ana.draft("Lente", profiles=["tulip-x"], planned_at=PLANNED, tags=["offer"])
    return ana.submit(post)


def test_a_page_says_what_the_single_reads_say(office) -> None:
    ben = office.desk.acting_as("ben")
    post = in_review(office)
    post = ben.approve(post)
    page = ben.post_view(post)
    assert post == page.post
    assert office.desk.summary(post) == page.summary
    assert office.desk.pending_steps(post) == page.pending_steps
    assert ben.allowed_actions(post) == page.allowed_actions
    assert office.desk.history(post) == page.history
    assert office.desk.deliveries(post) == page.deliveries
    assert ["passed", "open"] == [step.state for step in page.steps]
    assert ["ben"] == [decision.by for decision in page.decisions]
    noor = office.desk.acting_as("noor")
    assert "approved" == noor.approve(post.id, revision=noor.post_view(post).seen).state


def test_a_draft_has_no_steps_yet(office) -> None:
    ana = office.desk.acting_as("ana")
    page = ana.post_view(ana.draft("Lente", profiles=["tulip-x"]))
    assert ((), (), "draft") == (page.steps, page.deliveries, page.summary)
    assert page.allowed_actions["edit"]
    assert not page.allowed_actions["approve"]


def test_what_may_not_be_viewed_is_not_there(office) -> None:
    post = in_review(office)
    for who in ("tom", "dirk"):
        with pytest.raises(NotFoundError):
            office.desk.acting_as(who).post_view(post)
    with pytest.raises(NotFoundError):
        office.desk.acting_as("ana").post_view("no-such-post")


def test_a_client_sees_no_internal_comment_anywhere_on_the_page(office) -> None:
    ana, ben, noor = office.acting("ana", "ben", "noor")
    post = in_review(office)
    ben.comment(post, "ONDER ONS")
    post = ana.comment(post, "voor allen", internal=False)
    assert "ONDER ONS" not in repr(noor.post_view(post))
    assert ["voor allen"] == [one.text for one in noor.post_view(post).post.comments]
    assert "ONDER ONS" in repr(ben.post_view(post))


def test_a_page_reads_its_post_once(open_office) -> None:
    """Whatever the number of commands it answers for."""
    office = open_office("memory")
    post = in_review(office)
    reads: list[str] = []
    snapshot = office.desk.engine.store.snapshot

    class Counting:
        def __getattr__(self, name):
            return getattr(office.store.for_organization("northwind"), name)

        def snapshot(self, stream):
            reads.append(stream)
            return snapshot(stream)

    office.desk.engine.store = Counting()
    office.desk.acting_as("ben").post_view(post)
    assert 1 == reads.count(f"post/{post.id}")


def test_a_waiver_lets_a_finding_pass_until_the_post_changes(office) -> None:
    ana, eva = office.acting("ana", "eva")
    long = ana.draft("x" * 300, profiles=["tulip-x"], planned_at=PLANNED)
    page = eva.post_view(long)
    assert ["SG101"] == [finding.code for finding in page.findings]
    assert page.allowed_actions["waive"]
    eva.waive(long, "SG101", reason="a test")
    page = eva.post_view(long)
    assert () == page.findings
    assert [("SG101", "eva", "a test")] == [(one.code, one.by, one.reason) for one in page.waivers]
    again = ana.edit(long, text="y" * 300)
    assert ["SG101"] == [finding.code for finding in eva.post_view(again).findings]


def test_nobody_waives_what_is_said_of_their_own_work(office) -> None:
    from socialcollab.errors import InvalidValueError, NotAllowedError

    ana, ben, eva = office.acting("ana", "ben", "eva")
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


def test_what_is_out_everywhere_is_taken_down_and_not_cancelled(office) -> None:
    ana, ben = office.acting("ana", "ben")
    post = ben.approve(ana.submit(ana.draft("uit", profiles=["tulip-x"]), at="as soon as approved"))
    office.desk.run_due()
    assert "published" == office.desk.summary(post)
    verdict = ben.allowed_actions(post)["cancel"]
    assert ["all_published"] == [reason.code for reason in verdict.reasons]
    assert ["take_down_post"] == [remedy.code for remedy in verdict.remedies]
