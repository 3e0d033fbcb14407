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
    page = ben.page(post)
    assert post == page.post
    assert office.desk.summary(post) == page.summary
    assert office.desk.waiting_for(post) == page.waiting_for
    assert ben.actions(post) == page.actions
    assert office.desk.history(post) == page.history
    assert office.desk.deliveries(post) == page.deliveries
    assert ["passed", "open"] == [step.state for step in page.steps]
    assert ["ben"] == [decision.by for decision in page.decisions]
    noor = office.desk.acting_as("noor")
    assert "approved" == noor.approve(post.id, revision=noor.page(post).seen).state


def test_a_draft_has_no_steps_yet(office) -> None:
    ana = office.desk.acting_as("ana")
    page = ana.page(ana.draft("Lente", profiles=["tulip-x"]))
    assert ((), (), "draft") == (page.steps, page.deliveries, page.summary)
    assert page.actions["edit"]
    assert not page.actions["approve"]


def test_what_may_not_be_viewed_is_not_there(office) -> None:
    post = in_review(office)
    for who in ("tom", "dirk"):
        with pytest.raises(NotFoundError):
            office.desk.acting_as(who).page(post)
    with pytest.raises(NotFoundError):
        office.desk.acting_as("ana").page("no-such-post")


def test_a_client_sees_no_internal_comment_anywhere_on_the_page(office) -> None:
    ana, ben, noor = office.acting("ana", "ben", "noor")
    post = in_review(office)
    ben.comment(post, "ONDER ONS")
    post = ana.comment(post, "voor allen", internal=False)
    assert "ONDER ONS" not in repr(noor.page(post))
    assert ["voor allen"] == [one.text for one in noor.page(post).post.comments]
    assert "ONDER ONS" in repr(ben.page(post))


def test_a_page_reads_its_post_once(open_office) -> None:
    """Whatever the number of commands it answers for."""
    office = open_office("memory")
    post = in_review(office)
    reads: list[str] = []
    record = office.desk.engine.store.record

    class Counting:
        def __getattr__(self, name):
            return getattr(office.store.for_organization("northwind"), name)

        def record(self, stream):
            reads.append(stream)
            return record(stream)

    office.desk.engine.store = Counting()
    office.desk.acting_as("ben").page(post)
    assert 1 == reads.count(f"post/{post.id}")


def test_a_waiver_lets_a_finding_pass_until_the_post_changes(office) -> None:
    ana, eva = office.acting("ana", "eva")
    long = ana.draft("x" * 300, profiles=["tulip-x"], planned_at=PLANNED)
    page = eva.page(long)
    assert ["SG101"] == [finding.code for finding in page.findings]
    assert page.actions["waive"]
    eva.waive(long, "SG101", reason="a test")
    page = eva.page(long)
    assert () == page.findings
    assert [("SG101", "eva", "a test")] == [(one.code, one.by, one.reason) for one in page.waivers]
    again = ana.edit(long, text="y" * 300)
    assert ["SG101"] == [finding.code for finding in eva.page(again).findings]


def test_nobody_waives_what_is_said_of_their_own_work(office) -> None:
    from socialcollab.errors import InvalidValueError, RefusedError

    ana, ben, eva = office.acting("ana", "ben", "eva")
    long = eva.draft("x" * 300, profiles=["tulip-x"], planned_at=PLANNED)
    with pytest.raises(RefusedError, match="own work"):
        eva.waive(long, "SG101", reason="because")
    for who in (ana, ben):
        with pytest.raises(RefusedError, match="nothing allows it"):
            who.waive(long, "SG101", reason="because")
    short = ana.draft("kort", profiles=["tulip-x"], planned_at=PLANNED)
    with pytest.raises(RefusedError, match="says nothing of code `SG101`"):
        eva.waive(short, "SG101", reason="because")
    with pytest.raises(InvalidValueError, match="needs a reason"):
        eva.waive(ana.draft("x" * 300, profiles=["tulip-x"]), "SG101", reason="")


def test_what_is_out_everywhere_is_taken_down_and_not_cancelled(office) -> None:
    ana, ben = office.acting("ana", "ben")
    post = ben.approve(ana.submit(ana.draft("uit", profiles=["tulip-x"]), at="as soon as approved"))
    office.desk.run_due()
    assert "published" == office.desk.summary(post)
    verdict = ben.actions(post)["cancel"]
    assert ["all_published"] == [reason.code for reason in verdict.because]
    assert ["take_down_post"] == [remedy.code for remedy in verdict.missing]
