"""An adoption removes what open work rests on: nothing breaks, and somebody can tidy up."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.agency import DOCUMENT, DUE, PLANNED

from socialcollab.errors import NotAllowedError, NotFoundError
from socialcollab.organization import Organization


def without(text: str, header: str, name: str) -> str:
    """Cut the section of that header whose id is *name*."""
    start = text.index(f'{header}\nid = "{name}"')
    end = text.find("\n[", start + 2)
    return text[:start] + text[end + 1 :]


def without_x() -> Organization:
    text = without(DOCUMENT, "[[profiles]]", "tulip-x")
    return Organization.loads(text.replace('on = "tulip-x"', 'on = "tulip-mastodon"'))


@pytest.fixture
def left(agency):
    """Open work in every state on a profile that an adoption then removes."""
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    both = ("tulip-x", "tulip-mastodon")
    agency.posts = {
        "draft": ana.draft("een", profiles=both, planned_at=PLANNED),
        "in_review": ana.submit(ana.draft("twee", profiles=both, planned_at=PLANNED)),
        "approved": ben.approve(ana.submit(ana.draft("drie", profiles=both, planned_at=PLANNED))),
        "alone": ben.approve(
            ana.submit(ana.draft("vier", profiles=["tulip-x"], planned_at=PLANNED))
        ),
    }
    eva.adopt(agency.desk.propose(without_x()), reason="the account was closed")
    return agency


def test_everybody_can_still_read_and_is_refused_with_reasons(left) -> None:
    for who in ("ana", "ben", "eva", "noor", "tom"):
        left.desk.acting_as(who).to_do()
    for post in left.posts.values():
        for who in ("ana", "ben", "eva"):
            acting = left.desk.acting_as(who)
            page = acting.post_view(post)
            assert page.allowed_actions == acting.allowed_actions(post)
            for verdict in page.allowed_actions.values():
                assert verdict.explain()
                assert verdict.explain("nl")
        left.desk.pending_steps(post)
        left.desk.summary(post)
    assert left.desk.calendar(left.now, left.now + dt.timedelta(days=30)) is not None


def test_what_was_to_go_there_is_missed_and_the_rest_goes_out(left) -> None:
    left.now = DUE
    left.desk.run_due()
    states = {
        name: [(delivery.profile, delivery.state.value) for delivery in left.desk.deliveries(post)]
        for name, post in left.posts.items()
    }
    assert [("tulip-mastodon", "published"), ("tulip-x", "missed")] == sorted(states["approved"])
    assert [("tulip-x", "missed")] == states["alone"]
    assert {"ana"} <= {
        notification.to
        for notification in left.desk.notifications()
        if notification.kind == "missed"
    }
    assert left.desk.audit().clean


def test_an_edit_drops_the_target_that_is_gone(left) -> None:
    ana = left.desk.acting_as("ana")
    post = left.posts["draft"]
    with pytest.raises(NotAllowedError, match="`tulip-x`, which no longer exists") as refused:
        ana.edit(post, text="anders")
    assert ["drop_target"] == [remedy.code for remedy in refused.value.verdict.remedies]
    post = ana.edit(post, text="anders", profiles=["tulip-mastodon"])
    assert "approved" == left.desk.acting_as("ben").approve(ana.submit(post)).state


def test_a_workspace_that_is_gone_leaves_its_posts_to_who_owns_everything(agency) -> None:
    tom, eva = agency.acting("tom", "eva")
    post = tom.draft("dijk", profiles=["dike-x"], planned_at=PLANNED)
    text = without(without(DOCUMENT, "[[workspaces]]", "dike"), "[[profiles]]", "dike-x")
    for grant in (
        '[[grants]]\nto = "member:ana"\nrole = "writer"\non = { workspace = "dike" }\n'
        "start = 2026-04-03\n",
        '[[grants]]\nto = "member:tom"\nrole = "editor"\non = { workspace = "dike" }\n',
        '[[grants]]\nto = "member:dirk"\nrole = "publisher"\non = { workspace = "dike" }\n',
        '[[members]]\nid = "dirk"\nkind = "client"\nof = "dike"\n',
    ):
        assert grant in text
        text = text.replace(grant, "")
    proposal = agency.desk.propose(Organization.loads(text))
    assert [post.id] == [orphan.id for orphan in proposal.orphans]
    eva.adopt(proposal, reason="the client left")
    for who in ("ana", "ben", "eva", "tom"):
        agency.desk.acting_as(who).to_do()
    page = eva.post_view(post)
    assert page.allowed_actions["cancel"]
    assert not page.allowed_actions["edit"]
    assert "cancelled" == eva.cancel(post).state
    agency.now = DUE
    agency.desk.run_due()
    assert agency.desk.audit().clean


def test_a_hold_that_also_names_what_is_gone_can_still_be_lifted(agency) -> None:
    (eva,) = agency.acting("eva")
    both = eva.hold({"workspace": ["tulip", "dike"]}, reason="storm")
    gone = eva.hold({"workspace": "dike"}, reason="storm")
    text = without(without(DOCUMENT, "[[workspaces]]", "dike"), "[[profiles]]", "dike-x")
    text = without(text, "[[members]]", "dirk").replace("member:dirk", "member:tom")
    eva.adopt(
        agency.desk.propose(Organization.loads(text.replace('"dike"', '"tulip"'))), reason="left"
    )
    with pytest.raises(NotFoundError):
        agency.desk.acting_as("noor").resume(gone)
    eva.resume(both)
    eva.resume(gone)
    assert () == tuple(agency.desk.holds())
