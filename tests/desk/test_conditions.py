"""Steps with conditions on a desk, including conditions that the application registers."""

from __future__ import annotations

import pytest
from tests.desk.agency import DOCUMENT, DUE, PLANNED, Agency

from socialcollab.content import PostContent
from socialcollab.desk import Desk
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.organization import Organization
from socialcollab.stores import MemoryStore

LEGAL = """
[[approvals]]
id = "brand"
on = {{ workspace = "tulip" }}
extends = "editorial"
[[approvals.steps]]
id = "legal"
reviewers = ["member:eva"]
only_if = {{ {} }}
"""
LINK = 'link_domain = ["shop.example"]'
PRICE = 'custom = "names-a-price"'


def names_a_price(content: PostContent) -> bool:
    return "€" in content.text


CONDITIONS = {"names-a-price": names_a_price}


def document(condition: str) -> Organization:
    return Organization.loads(DOCUMENT + LEGAL.format(condition))


def created(agency: Agency, condition: str) -> Desk:
    return Desk.create(
        MemoryStore(), document(condition), owner="eva", conditions=CONDITIONS, **agency.options
    )


@pytest.mark.parametrize(("condition", "text"), [(LINK, "Nu op shop.example"), (PRICE, "Nu € 9")])
def test_step_for_some_posts(agency: Agency, condition: str, text: str) -> None:
    """A step is required for a post that meets the condition, but not for other posts."""
    desk = created(agency, condition)
    ana, ben, eva = (desk.acting_as(name) for name in ("ana", "ben", "eva"))
    plain = ana.submit(ana.draft("Lente", profiles=["tulip-x"], planned_at=PLANNED))
    assert ben.approve(plain).state == "approved"
    post = ana.submit(ana.draft(text, profiles=["tulip-mastodon"], planned_at=PLANNED))
    post = ben.approve(post)
    assert post.state == "in_review"
    (status,) = desk.pending_steps(post)
    assert status.key.step == "legal"
    assert len(status.reasons) == 1
    assert status in eva.post_view(post).steps
    assert [item.step for item in eva.to_do() if item.kind == "decide"] == ["brand/legal"]
    assert eva.approve(post).state == "approved"
    # A later edit that meets the condition returns the post to review.
    edited = ben.edit(plain, text=text)
    assert edited.state == "in_review"
    agency.now = DUE
    desk.run_due()
    assert desk.summary(post) == "published"
    assert desk.summary(plain) != "published"


def test_posts_of_new_authors(agency: Agency) -> None:
    """The author's published posts are counted at submission, and later changes have no effect."""
    desk = created(agency, "author_posts_fewer_than = 1")
    ana, ben, eva = (desk.acting_as(name) for name in ("ana", "ben", "eva"))

    def submitted(day: int):
        at = f"2026-04-{day:02d} 09:30"
        return ana.submit(ana.draft("Lente", profiles=["tulip-mastodon"], planned_at=at))

    def pending(post) -> list[str]:
        return sorted(status.key.step for status in desk.pending_steps(post))

    first, second = submitted(7), submitted(8)
    assert ["edit", "legal"] == pending(first) == pending(second)
    assert [reason.text() for one in desk.pending_steps(first) for reason in one.reasons] == [
        "step `brand/legal` applies because the author had published fewer than 1 posts"
    ]
    eva.approve(first)
    agency.now = DUE
    desk.run_due()
    assert desk.summary(first) == "published"
    # The second post was submitted before the first post was published.
    assert ["edit", "legal"] == pending(second)
    third = submitted(9)
    assert ["edit"] == pending(third)
    third = ben.approve(third)
    assert third.state == "approved"
    # Taking the first post down affects only later submissions.
    eva.take_down(desk.post(first.id), reason="fout")
    desk.run_due()
    assert ana.edit(third, tags=["lente"]).state == "approved"
    assert ["edit", "legal"] == pending(submitted(10))
    assert desk.audit().clean


def test_publishing_alone_as_new_author(agency: Agency) -> None:
    """A member with `publish` cannot publish alone while the step for new authors applies."""
    text = DOCUMENT.replace('default_approval = "editorial"', 'default_approval = "none"')
    text = text[: text.index("[[approvals]]")] + text[text.index("[[slot_plans]]") :]
    text += LEGAL.format("author_posts_fewer_than = 1").replace('extends = "editorial"\n', "")
    desk = Desk.create(MemoryStore(), Organization.loads(text), owner="eva", **agency.options)
    ana, eva = desk.acting_as("ana"), desk.acting_as("eva")
    post = ana.draft("Lente", profiles=["tulip-x"])
    assert not ana.allowed_actions(post)["publish_now"]
    with pytest.raises(NotAllowedError):
        ana.publish_now(post)
    ana.publish_now(eva.approve(ana.submit(post, at="as soon as approved")))
    desk.run_due()
    assert desk.summary(post) == "published"
    post = ana.draft("Zomer", profiles=["tulip-x"])
    assert ana.allowed_actions(post)["publish_now"]
    ana.publish_now(post)


def test_condition_is_pinned(agency: Agency) -> None:
    """If the condition of a policy changes, the request must be submitted again."""
    desk = created(agency, LINK)
    ana, ben, eva = (desk.acting_as(name) for name in ("ana", "ben", "eva"))
    post = ana.submit(ana.draft("Nu op bank.example", profiles=["tulip-x"], planned_at=PLANNED))
    ben.approve(post)
    changed = document('link_domain = ["shop.example", "bank.example"]')
    proposal = desk.propose(changed)
    assert proposal.asked_again == (post.id,)
    eva.adopt(proposal, reason="de bank ook")
    post = ana.submit(ana.withdraw(desk.post(post.id)))
    assert {status.key.step for status in desk.pending_steps(post)} == {"legal"}


def test_unregistered_conditions(agency: Agency) -> None:
    """A desk can neither be created with nor adopt a document with an unregistered condition."""
    misspelt = document('custom = "names-a-prize"')
    with pytest.raises(NotFoundError) as caught:
        Desk.create(MemoryStore(), misspelt, owner="eva", conditions=CONDITIONS, **agency.options)
    assert str(caught.value) == (
        "there is no condition `names-a-prize`; step `brand/legal` depends on it;"
        " did you mean `names-a-price`?"
    )
    desk = created(agency, PRICE)
    with pytest.raises(NotFoundError, match="did you mean `names-a-price`"):
        desk.propose(misspelt)


def test_desk_without_the_conditions(agency: Agency) -> None:
    """A process in which a condition is not registered sends no post that depends on it."""
    store = MemoryStore()
    desk = Desk.create(store, document(PRICE), owner="eva", conditions=CONDITIONS, **agency.options)
    ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
    post = ana.submit(ana.draft("Lente", profiles=["tulip-x"], planned_at=PLANNED))
    ben.approve(post)
    agency.now = DUE
    other = Desk.open(store, **agency.options)
    report = other.run_due()
    assert report.problems
    assert "names-a-price" in str(report.problems[0])
    assert desk.summary(post) == "scheduled"
    desk.run_due()
    assert desk.summary(post) == "published"


@pytest.mark.parametrize(
    "conditions", [{"Names a price": names_a_price}, {"names-a-price": "€"}, {"": names_a_price}]
)
def test_invalid_conditions(agency: Agency, conditions: dict) -> None:
    """A condition must have an identifier and be callable."""
    with pytest.raises(InvalidValueError):
        Desk.create(
            MemoryStore(), document(LINK), owner="eva", conditions=conditions, **agency.options
        )
