"""An adoption removes what open work rests on: nothing breaks, and somebody can tidy up."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.conftest import DOCUMENT

from socialcollab.errors import NotAllowedError, NotFoundError
from socialcollab.organization import Organization

PLANNED = "2026-04-07 09:30"
DUE = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)


def without(text: str, header: str, name: str) -> str:
    """Cut the section of that header whose id is *name*."""
    start = text.index(f'{header}\nid = "{name}"')
    end = text.find("\n[", start + 2)
    return text[:start] + text[end + 1 :]


def without_x() -> Organization:
    text = without(DOCUMENT, "[[profiles]]", "tulip-x")
    return Organization.loads(text.replace('on = "tulip-x"', 'on = "tulip-mastodon"'))


@pytest.fixture
def left(office):
    """Open work in every state on a profile that an adoption then removes."""
    ana, ben, eva = office.acting("ana", "ben", "eva")
    both = ("tulip-x", "tulip-mastodon")
    office.posts = {
        "draft": ana.draft("een", profiles=both, planned_at=PLANNED),
        "in_review": ana.submit(ana.draft("twee", profiles=both, planned_at=PLANNED)),
        "approved": ben.approve(ana.submit(ana.draft("drie", profiles=both, planned_at=PLANNED))),
        "alone": ben.approve(
            ana.submit(ana.draft("vier", profiles=["tulip-x"], planned_at=PLANNED))
        ),
    }
    eva.adopt(office.desk.propose(without_x()), reason="the account was closed")
    return office


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
        name: [(one.profile, one.state.value) for one in left.desk.deliveries(post)]
        for name, post in left.posts.items()
    }
    assert [("tulip-mastodon", "published"), ("tulip-x", "missed")] == sorted(states["approved"])
    assert [("tulip-x", "missed")] == states["alone"]
    assert {"ana"} <= {one.to for one in left.desk.notifications() if one.kind == "missed"}
    assert left.desk.audit().clean


def test_an_edit_drops_the_target_that_is_gone(left) -> None:
    ana = left.desk.acting_as("ana")
    post = left.posts["draft"]
    with pytest.raises(NotAllowedError, match="`tulip-x`, which no longer exists") as refused:
        ana.edit(post, text="anders")
    assert ["drop_target"] == [one.code for one in refused.value.verdict.remedies]
    post = ana.edit(post, text="anders", profiles=["tulip-mastodon"])
    assert "approved" == left.desk.acting_as("ben").approve(ana.submit(post)).state


def test_a_workspace_that_is_gone_leaves_its_posts_to_who_owns_everything(office) -> None:
    tom, eva = office.acting("tom", "eva")
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
    proposal = office.desk.propose(Organization.loads(text))
    assert [post.id] == [orphan.id for orphan in proposal.orphans]
    eva.adopt(proposal, reason="the client left")
    for who in ("ana", "ben", "eva", "tom"):
        office.desk.acting_as(who).to_do()
    page = eva.post_view(post)
    assert page.allowed_actions["cancel"]
    assert not page.allowed_actions["edit"]
    assert "cancelled" == eva.cancel(post).state
    office.now = DUE
    office.desk.run_due()
    assert office.desk.audit().clean


def test_a_hold_that_also_names_what_is_gone_can_still_be_lifted(office) -> None:
    (eva,) = office.acting("eva")
    both = eva.hold({"workspace": ["tulip", "dike"]}, reason="storm")
    gone = eva.hold({"workspace": "dike"}, reason="storm")
    text = without(without(DOCUMENT, "[[workspaces]]", "dike"), "[[profiles]]", "dike-x")
    text = without(text, "[[members]]", "dirk").replace("member:dirk", "member:tom")
    eva.adopt(
        office.desk.propose(Organization.loads(text.replace('"dike"', '"tulip"'))), reason="left"
    )
    with pytest.raises(NotFoundError):
        office.desk.acting_as("noor").resume(gone)
    eva.resume(both)
    eva.resume(gone)
    assert () == tuple(office.desk.holds())
