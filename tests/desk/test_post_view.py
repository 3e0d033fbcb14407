"""`MemberDesk.post_view`: all data for a page about a post, in one read."""

from __future__ import annotations

import pytest
from tests.desk.agency import PLANNED, PROFILE

from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError, StaleError


def in_review(agency):
    ana = agency.desk.acting_as("ana")
    post = ana.draft("Lente", profiles=["tulip-x"], planned_at=PLANNED, tags=["offer"])
    return ana.submit(post)


def test_same_as_single_reads(agency) -> None:
    """The view contains the same values as the individual queries."""
    ben = agency.desk.acting_as("ben")
    post = in_review(agency)
    post = ben.approve(post)
    view = ben.post_view(post)
    assert post == view.post
    assert agency.desk.summary(post) == view.summary
    assert agency.desk.pending_steps(post) == view.pending_steps
    assert ben.allowed_actions(post) == view.allowed_actions
    assert agency.desk.history(post) == view.history
    assert agency.desk.deliveries(post) == view.deliveries
    assert ["passed", "open"] == [step.state for step in view.steps]
    assert ["ben"] == [decision.by for decision in view.decisions]
    noor = agency.desk.acting_as("noor")
    assert "approved" == noor.approve(post.id, revision=noor.post_view(post).seen).state


def test_draft(agency) -> None:
    """The view of a draft has no steps and no deliveries."""
    ana = agency.desk.acting_as("ana")
    view = ana.post_view(ana.draft("Lente", profiles=["tulip-x"]))
    assert ((), (), "draft") == (view.steps, view.deliveries, view.summary)
    assert view.allowed_actions["edit"]
    assert not view.allowed_actions["approve"]


def test_hidden_post(agency) -> None:
    """The view of a hidden post raises the same error as the view of an unknown post."""
    post = in_review(agency)
    for member in ("tom", "dirk"):
        with pytest.raises(NotFoundError):
            agency.desk.acting_as(member).post_view(post)
    with pytest.raises(NotFoundError):
        agency.desk.acting_as("ana").post_view("no-such-post")


def test_internal_comments(agency) -> None:
    """A client sees no internal comments anywhere in the view."""
    ana, ben, noor = agency.acting("ana", "ben", "noor")
    post = in_review(agency)
    ben.comment(post, "ONDER ONS")
    post = ana.comment(post, "voor allen", internal=False)
    assert "ONDER ONS" not in repr(noor.post_view(post))
    assert ["voor allen"] == [comment.text for comment in noor.post_view(post).post.comments]
    assert "ONDER ONS" in repr(ben.post_view(post))


def test_post_is_read_once(open_agency) -> None:
    """The view reads the post once, although it checks every command."""
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


def test_waiver(agency) -> None:
    """A waived finding is hidden until the post changes."""
    ana, eva = agency.acting("ana", "eva")
    long_post = ana.draft("x" * 300, profiles=["tulip-x"], planned_at=PLANNED)
    view = eva.post_view(long_post)
    assert ["limit.text", "SG101"] == [finding.code for finding in view.findings]
    assert view.allowed_actions["waive"]
    eva.waive(long_post, "SG101", reason="a test")
    view = eva.post_view(long_post)
    assert ["limit.text"] == [finding.code for finding in view.findings]
    assert [("SG101", "eva", "a test")] == [
        (waiver.code, waiver.by, waiver.reason) for waiver in view.waivers
    ]
    again = ana.edit(long_post, text="y" * 300)
    assert "SG101" in [finding.code for finding in eva.post_view(again).findings]


def test_limits_of_networks(agency) -> None:
    """A post that a network would reject can be saved and discussed, but not submitted."""
    ana, eva, dirk = agency.acting("ana", "eva", "dirk")
    post = ana.draft("x" * 300, profiles=["tulip-x", PROFILE], planned_at=PLANNED)
    ana.comment(post, "too long?")
    with pytest.raises(
        NotAllowedError,
        match=r"on `tulip-x`: .* 300 characters, .* limit is 280 \(source: docs.x.com",
    ):
        ana.submit(post)
    with pytest.raises(NotAllowedError, match="finding"):
        eva.waive(post, "limit.text", reason="a limit cannot be waived")
    assert "in_review" == ana.submit(ana.edit(post, text="x" * 280)).state
    alone = dirk.draft("y" * 281, profiles=["dike-x"], planned_at=PLANNED)
    assert not dirk.allowed_actions(alone)["publish_now"]
    assert not dirk.allowed_actions(alone)["submit"]


def test_pending_steps_by_state(agency) -> None:
    """A view shows pending steps only while the post is in review, as `Desk.pending_steps` does."""
    ana, ben = agency.acting("ana", "ben")
    post = ana.submit(ana.draft("x", profiles=[PROFILE], planned_at=PLANNED))
    for command in (
        lambda: ben.request_changes(post, "shorter"),
        lambda: ana.cancel(agency.desk.post(post.id)),
    ):
        assert agency.desk.pending_steps(post) == ben.post_view(post).pending_steps
        command()
        assert () == ben.post_view(post).pending_steps == agency.desk.pending_steps(post)


def test_changed_since_decision(agency) -> None:
    """A view lists the fields that have changed since the viewer's last decision."""
    ana, ben = agency.acting("ana", "ben")
    post = ana.submit(ana.draft("x", profiles=[PROFILE], planned_at=PLANNED))
    assert () == ben.post_view(post).changed_since_decision
    post = ben.request_changes(post, "add a tag")
    post = ana.edit(post, text="y", tags=["spring"])
    assert ("text", "tags") == ben.post_view(post).changed_since_decision
    assert () == ana.post_view(post).changed_since_decision


def test_late_decision(agency) -> None:
    """A refused decision names the member who decided earlier; an unknown revision does not."""
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    post = ana.submit(ana.draft("Lente", profiles=[PROFILE], planned_at=PLANNED))
    with pytest.raises(
        StaleError, match=r"post “Lente” has no revision `abc`; it is at revision 1"
    ):
        ben.approve(post.id, revision="abc")
    ben.reject(post, "no")
    with pytest.raises(NotAllowedError, match=r"`ben` decided on post “Lente” at 2026-04-01 08:00"):
        eva.approve(post)


def test_line_ends(agency) -> None:
    """The line endings of browsers and of all systems are treated the same."""
    (ana,) = agency.acting("ana")
    post = ana.draft("een\r\ntwee\rdrie", profiles=[PROFILE], variants={PROFILE: "a\r\nb"})
    assert ("een\ntwee\ndrie", "a\nb") == (post.text, post.content.text_for(PROFILE))
    with pytest.raises(NotAllowedError, match="would not change"):
        ana.edit(post, text="een\ntwee\r\ndrie")


def test_waive_permissions(agency) -> None:
    """A waiver requires the permission, a finding, a reason, and a post by another author."""
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    long_post = eva.draft("x" * 300, profiles=["tulip-x"], planned_at=PLANNED)
    with pytest.raises(NotAllowedError, match="own work"):
        eva.waive(long_post, "SG101", reason="because")
    for member in (ana, ben):
        with pytest.raises(NotAllowedError, match="no rule allows it"):
            member.waive(long_post, "SG101", reason="because")
    short_post = ana.draft("kort", profiles=["tulip-x"], planned_at=PLANNED)
    with pytest.raises(NotAllowedError, match="has no finding with code `SG101`"):
        eva.waive(short_post, "SG101", reason="because")
    with pytest.raises(InvalidValueError, match="needs a reason"):
        eva.waive(ana.draft("x" * 300, profiles=["tulip-x"]), "SG101", reason="")


def test_cancel_published_post(agency) -> None:
    """A post that is published everywhere cannot be cancelled; the remedy is a takedown."""
    ana, ben = agency.acting("ana", "ben")
    post = ben.approve(ana.submit(ana.draft("uit", profiles=["tulip-x"]), at="as soon as approved"))
    agency.desk.run_due()
    assert "published" == agency.desk.summary(post)
    verdict = ben.allowed_actions(post)["cancel"]
    assert ["all_published"] == [reason.code for reason in verdict.reasons]
    assert ["take_down_post"] == [remedy.code for remedy in verdict.remedies]
