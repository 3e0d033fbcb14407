"""Open work on profiles and workspaces that an adoption has removed."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.agency import DOCUMENT, DUE, PLANNED

from socialcollab.errors import NotAllowedError, NotFoundError
from socialcollab.organization import Organization


def without(text: str, header: str, name: str) -> str:
    """Return *text* without the section that has this header and the id *name*."""
    start = text.index(f'{header}\nid = "{name}"')
    end = text.find("\n[", start + 2)
    return text[:start] + text[end + 1 :]


def without_tulip_x() -> Organization:
    text = without(DOCUMENT, "[[profiles]]", "tulip-x")
    return Organization.loads(text.replace('on = "tulip-x"', 'on = "tulip-mastodon"'))


@pytest.fixture
def closed(agency):
    """Return the agency after an adoption removed a profile with open posts in every state."""
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
    eva.adopt(agency.desk.propose(without_tulip_x()), reason="the account was closed")
    return agency


def test_reads_and_verdicts(closed) -> None:
    """Members can still read the posts, and every refusal has reasons in both languages."""
    for member in ("ana", "ben", "eva", "noor", "tom"):
        closed.desk.acting_as(member).to_do()
    for post in closed.posts.values():
        for member in ("ana", "ben", "eva"):
            acting = closed.desk.acting_as(member)
            page = acting.post_view(post)
            assert page.allowed_actions == acting.allowed_actions(post)
            for verdict in page.allowed_actions.values():
                assert verdict.explain()
                assert verdict.explain("nl")
        closed.desk.pending_steps(post)
        closed.desk.summary(post)
    assert closed.desk.calendar(closed.now, closed.now + dt.timedelta(days=30)) is not None


def test_removed_profile_is_missed(closed) -> None:
    """Deliveries to the removed profile are missed, and those to other profiles are published."""
    closed.now = DUE
    closed.desk.run_due()
    states = {
        name: [
            (delivery.profile, delivery.state.value) for delivery in closed.desk.deliveries(post)
        ]
        for name, post in closed.posts.items()
    }
    assert [("tulip-mastodon", "published"), ("tulip-x", "missed")] == sorted(states["approved"])
    assert [("tulip-x", "missed")] == states["alone"]
    assert {"ana"} <= {
        notification.to
        for notification in closed.desk.notifications()
        if notification.kind == "missed"
    }
    assert closed.desk.audit().clean


def test_edit_drops_removed_target(closed) -> None:
    """An edit is refused until it removes the missing target, which the refusal suggests."""
    ana = closed.desk.acting_as("ana")
    post = closed.posts["draft"]
    with pytest.raises(NotAllowedError, match="`tulip-x`, which no longer exists") as refused:
        ana.edit(post, text="anders")
    assert ["drop_target"] == [remedy.code for remedy in refused.value.verdict.remedies]
    post = ana.edit(post, text="anders", profiles=["tulip-mastodon"])
    assert "approved" == closed.desk.acting_as("ben").approve(ana.submit(post)).state


def test_removed_workspace(agency) -> None:
    """The posts of a removed workspace can be cancelled by an owner of all resources."""
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
    for member in ("ana", "ben", "eva", "tom"):
        agency.desk.acting_as(member).to_do()
    page = eva.post_view(post)
    assert page.allowed_actions["cancel"]
    assert not page.allowed_actions["edit"]
    assert "cancelled" == eva.cancel(post).state
    agency.now = DUE
    agency.desk.run_due()
    assert agency.desk.audit().clean


def test_hold_on_removed_workspace(agency) -> None:
    """A hold that names a removed workspace can still be ended."""
    (eva,) = agency.acting("eva")
    both = eva.hold({"workspace": ["tulip", "dike"]}, reason="storm")
    on_dike = eva.hold({"workspace": "dike"}, reason="storm")
    text = without(without(DOCUMENT, "[[workspaces]]", "dike"), "[[profiles]]", "dike-x")
    text = without(text, "[[members]]", "dirk").replace("member:dirk", "member:tom")
    eva.adopt(
        agency.desk.propose(Organization.loads(text.replace('"dike"', '"tulip"'))), reason="left"
    )
    with pytest.raises(NotFoundError):
        agency.desk.acting_as("noor").resume(on_dike)
    eva.resume(both)
    eva.resume(on_dike)
    assert () == tuple(agency.desk.holds())
