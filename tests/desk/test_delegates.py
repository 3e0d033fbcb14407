"""Delegates decide for absent reviewers, and the decision records this."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.agency import DOCUMENT

from socialcollab.errors import NotAllowedError, NotFoundError

BY_BEN = ('reviewers = ["role:editor"]', 'reviewers = ["member:ben"]')
BY_ALL = ('reviewers = ["role:editor"]', 'reviewers = ["member:ben", "member:eva"]\nquorum = "all"')


def adopt(agency, *changes: tuple[str, str]) -> None:
    text = DOCUMENT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    agency.adopt(text, reason="other reviewers")


def submitted(agency, member: str = "ana"):
    author = agency.desk.acting_as(member)
    return author.submit(author.draft("Lente", profiles=["tulip-x"], planned_at="2026-04-20 09:30"))


def absent(agency, member: str, delegate: str, **options) -> None:
    """Record that a member is absent for a week from today."""
    today = agency.desk.engine.now().date()
    agency.desk.acting_as(member).add_absence(
        today, today + dt.timedelta(days=7), delegate=delegate, **options
    )


def test_delegate_decides(agency) -> None:
    """A delegate is notified, and their decision records the member for whom they decided."""
    adopt(agency, BY_BEN)
    post = submitted(agency)
    tom = agency.desk.acting_as("tom")
    with pytest.raises(NotFoundError):
        tom.approve(post)
    absent(agency, "ben", "tom")
    agency.desk.run_due()
    (status,) = agency.desk.pending_steps(post)
    assert (("tom",), ("ben",), (("tom", "ben"),)) == (
        status.reviewers,
        status.absent,
        status.delegates,
    )
    kinds = [notification.kind for notification in agency.desk.notifications(member="tom")]
    assert ["delegate", "review_requested"] == kinds
    assert [post.id] == [item.post.id for item in tom.to_do()]
    assert "approved" == tom.approve(post).state
    (decision,) = tom.post_view(post).decisions
    assert ("tom", ("ben",)) == (decision.by, decision.on_behalf_of)
    assert agency.desk.audit().clean


def test_decision_stays_after_return(agency) -> None:
    """A delegate's decision remains valid after the absence, but new decisions are refused."""
    adopt(agency, BY_BEN)
    post = submitted(agency)
    absent(agency, "ben", "tom")
    agency.desk.acting_as("tom").approve(post)
    absence = agency.desk.runtime_state().absences[0].id
    agency.desk.acting_as("ben").end_absence(absence)
    assert "approved" == agency.desk.post(post.id).state
    other = submitted(agency)
    with pytest.raises(NotFoundError):
        agency.desk.acting_as("tom").approve(other)


def test_quorum_of_all(agency) -> None:
    """With the quorum "all", the delegate's approval counts for the absent reviewer."""
    adopt(agency, BY_ALL)
    post = submitted(agency)
    absent(agency, "ben", "tom")
    assert "in_review" == agency.desk.acting_as("tom").approve(post).state
    (status,) = agency.desk.pending_steps(post)
    assert (("tom",), 2) == (status.approved_by, status.needed)
    assert "approved" == agency.desk.acting_as("eva").approve(post).state


def test_absent_reviewer_decides(agency) -> None:
    """An absent reviewer can still decide."""
    adopt(agency, BY_ALL)
    post = submitted(agency)
    absent(agency, "ben", "tom")
    agency.desk.acting_as("ben").approve(post)
    assert "approved" == agency.desk.acting_as("eva").approve(post).state


def test_delegate_of_two_reviewers(agency) -> None:
    """The delegate of two reviewers has only one vote."""
    adopt(agency, BY_ALL)
    post = submitted(agency)
    absent(agency, "ben", "tom")
    absent(agency, "eva", "tom")
    post = agency.desk.acting_as("tom").approve(post)
    assert "in_review" == post.state
    (decision,) = agency.desk.acting_as("eva").post_view(post).decisions
    assert ("ben", "eva") == decision.on_behalf_of


def test_own_work(agency) -> None:
    """A delegate can decide neither on their own post nor on a post of the absent member."""
    adopt(agency, ('reviewers = ["role:editor"]', 'reviewers = ["member:ben", "member:eva"]'))
    absent(agency, "ben", "ana")
    own_post = submitted(agency, "ana")
    with pytest.raises(NotAllowedError, match="own work"):
        agency.desk.acting_as("ana").approve(own_post)
    agency.desk.acting_as("ben").end_absence(agency.desk.runtime_state().absences[0].id)
    bens_post = submitted(agency, "ben")
    absent(agency, "ben", "tom")
    with pytest.raises((NotAllowedError, NotFoundError)):
        agency.desk.acting_as("tom").approve(bens_post)
    (status,) = agency.desk.pending_steps(bens_post)
    assert ("eva",) == status.reviewers


def test_absent_delegate(agency) -> None:
    """A member who is absent at the same time cannot be a delegate."""
    absent(agency, "tom", "")
    with pytest.raises(NotAllowedError, match=r"the delegate .* is absent"):
        absent(agency, "ben", "tom")


def test_delegated_permissions(agency) -> None:
    """A delegate has only the permissions that the absence names."""
    adopt(agency, BY_BEN)
    post = submitted(agency)
    absent(agency, "ben", "tom", permissions=["view", "comment"])
    tom = agency.desk.acting_as("tom")
    tom.comment(post, "seen")
    with pytest.raises(NotAllowedError):
        tom.approve(post)


def test_rotation(agency) -> None:
    """A member has the role of a rotation only while on duty."""
    rotation = (
        '[[rotations]]\nid = "desk"\nrole = "editor"\non = { workspace = "tulip" }\n'
        'members = ["tom", "ana"]\nstart = 2026-03-30\nevery = "day 06:00"\n\n'
    )
    adopt(agency, ("[[approvals]]\n", f"{rotation}[[approvals]]\n"))
    post = submitted(agency)
    on_duty = {
        member
        for member in ("tom", "ana")
        if agency.desk.organization.access.has_role(
            member, "editor", "tulip-x", at=agency.desk.engine.now()
        )
    }
    (status,) = agency.desk.pending_steps(post)
    assert {"ben", "eva"} | (on_duty - {"ana"}) == set(status.reviewers)
    agency.now += dt.timedelta(days=1)
    agency.desk.run_due()
    (status,) = agency.desk.pending_steps(post)
    assert {"ben", "eva"} | ({"tom"} - on_duty) == set(status.reviewers)


def test_delegate_named_by_manager(agency) -> None:
    """A manager can name a delegate only for a member whose permissions they have themselves."""
    managing = '[[grants]]\nto = "member:tom"\npermissions = ["manage_access", "view"]\non = { workspace = "*" }\n'
    adopt(agency, ("[[forbids]]\n", f"{managing}\n[[forbids]]\n"))
    today = agency.desk.engine.now().date()
    week = today, today + dt.timedelta(days=7)
    tom, eva = agency.desk.acting_as("tom"), agency.desk.acting_as("eva")
    for delegate in ("tom", "noor"):
        with pytest.raises(NotAllowedError, match="exceeds the permissions"):
            tom.add_absence(*week, member="eva", delegate=delegate)
    tom.add_absence(*week, member="eva")
    eva.add_absence(*week, member="ben", delegate="noor")


def test_refusal_hides_resources(agency) -> None:
    """The refusal of a delegate does not name resources that the manager cannot view."""
    managing = '[[grants]]\nto = "member:dirk"\npermissions = ["manage_access"]\non = { workspace = "*" }\n'
    adopt(agency, ("[[forbids]]\n", f"{managing}\n[[forbids]]\n"))
    today = agency.desk.engine.now().date()
    with pytest.raises(NotAllowedError) as caught:
        agency.desk.acting_as("dirk").add_absence(
            today, today + dt.timedelta(days=7), member="ben", delegate="dirk"
        )
    assert "tulip" not in str(caught.value)


def test_everything_but_decisions(agency) -> None:
    """A delegate can edit, submit and schedule posts with the absent member's permissions."""
    ana, ben, tom = agency.acting("ana", "ben", "tom")
    post = ana.draft("Lente", profiles=["tulip-x"], planned_at="2026-04-20 09:30")
    with pytest.raises((NotAllowedError, NotFoundError)):
        tom.edit(post, text="Zomer")
    absent(agency, "ana", "tom")
    post = tom.submit(tom.edit(post, text="Zomer"))
    assert "in_review" == post.state
    assert "approved" == ben.approve(post).state


def test_absent_reviewers(agency) -> None:
    """An absent reviewer without a delegate is neither asked nor counted, but can decide."""
    adopt(agency, BY_ALL)
    post, other = submitted(agency), submitted(agency)
    absent(agency, "ben", "")
    agency.desk.run_due()
    (status,) = agency.desk.pending_steps(post)
    assert (("eva",), ("ben",), 1) == (status.reviewers, status.absent, status.needed)
    assert [] == [item for item in agency.desk.acting_as("ben").to_do() if item.kind == "decide"]
    assert "approved" == agency.desk.acting_as("eva").approve(post).state
    agency.desk.acting_as("ben").approve(other)
    assert "approved" == agency.desk.acting_as("eva").approve(other).state


def kinds_for(agency, member: str) -> list[str]:
    return [notification.kind for notification in agency.desk.notifications(member=member)]


def items_of(agency, member: str) -> list[tuple[str, str]]:
    return [(item.kind, item.post.id) for item in agency.desk.acting_as(member).to_do()]


def test_absent_author(agency) -> None:
    """The delegate of an absent author is notified that a post was sent back, and can finish it."""
    post = submitted(agency)
    absent(agency, "ana", "tom")
    agency.desk.run_due()
    post = agency.desk.acting_as("ben").request_changes(post, "shorter")
    assert ["delegate", "changes_requested"] == kinds_for(agency, "tom")
    assert ["changes_requested"] == kinds_for(agency, "ana")
    assert "changes_requested" not in kinds_for(agency, "eva")
    assert [("change", post.id)] == items_of(agency, "tom") == items_of(agency, "ana")
    tom = agency.desk.acting_as("tom")
    tom.submit(tom.edit(post, text="Kort"))
    assert [] == items_of(agency, "tom")


@pytest.mark.parametrize(
    "options", [{"delegate": ""}, {"delegate": "tom", "permissions": ["view"]}]
)
def test_absent_author_without_delegate(agency, options) -> None:
    """The lead is responsible for the post if no delegate of the absent author can edit it."""
    post = submitted(agency)
    absent(agency, "ana", **options)
    agency.desk.acting_as("ben").request_changes(post, "shorter")
    assert "changes_requested" in kinds_for(agency, "eva")
    assert "changes_requested" not in kinds_for(agency, "tom")
    assert [("change", post.id)] == items_of(agency, "eva")
    absence = agency.desk.runtime_state().absences[0].id
    agency.desk.acting_as("ana").end_absence(absence)
    assert [] == items_of(agency, "eva")
    assert [("change", post.id)] == items_of(agency, "ana")


def test_suspended_author(agency) -> None:
    """The lead is notified about the posts of a suspended author."""
    post = submitted(agency)
    adopt(agency, ('id = "ana"', 'id = "ana"\nsuspended = true'))
    agency.desk.acting_as("ben").request_changes(post, "shorter")
    assert "changes_requested" in kinds_for(agency, "eva")
    assert [("change", post.id)] == items_of(agency, "eva")


def test_absent_author_schedules(agency) -> None:
    """The delegate of an absent author is asked to schedule an approved post that has no time."""
    ana = agency.desk.acting_as("ana")
    post = ana.submit(ana.draft("Lente", profiles=["tulip-x"]))
    absent(agency, "ana", "tom")
    agency.desk.acting_as("ben").approve(post)
    assert "approved_not_scheduled" in kinds_for(agency, "tom")
    assert [("schedule", post.id)] == items_of(agency, "tom") == items_of(agency, "ana")
