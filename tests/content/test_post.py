"""Tests of posts and their revisions."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest

from socialcollab.content import Post, PostContent, PostState, Revision, field_digests
from socialcollab.content.post_content import revision_digest
from socialcollab.identifiers import MemberId, PostId, WorkspaceId
from socialcollab.time import WallTime

NOW = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)
SALT = bytes(16)


def post(text: str = "De lente is er", **fields) -> Post:
    content = PostContent(text=text)
    digests = field_digests(content, SALT)
    revision = Revision(
        number=1,
        digest=revision_digest(digests, SALT),
        author=MemberId("ana"),
        at=NOW,
        fields=digests,
    )
    return Post(
        id=PostId("p1"),
        workspace=WorkspaceId("tulip"),
        state=PostState.DRAFT,
        content=content,
        revisions=(revision,),
        salt=SALT,
        **fields,
    )


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (post(), "“De lente is er”"),
        (post(external_id="spring-sale"), "`spring-sale`"),
        (post(" \n "), "`p1`"),
        (post("[erased]", erased_at=NOW), "`p1`"),
        (post("een  twee\ndrie"), "“een twee drie”"),
        (
            post("vanaf vandaag vliegen we elke dag naar Bergen"),
            "“vanaf vandaag vliegen we elke dag naar…”",
        ),
        (post("x" * 100), f"“{'x' * 40}…”"),
    ],
)
def test_display_name(written: Post, name: str) -> None:
    """A post is displayed by its external id, or else by the beginning of its text or by its id."""
    assert name == written.display_name


def test_next_revision() -> None:
    """The next revision has the next number, and shows whether it changes more than the time."""
    first = post()
    edited = attrs.evolve(first.content, text="anders")
    second = first.next_revision(edited, author="ben", at=NOW)
    assert (second.number, second.author, second.only_time) == (2, "ben", False)
    assert second.changed_since(first.revision) == ("text",)
    assert second.fields == field_digests(edited, SALT)
    moved = attrs.evolve(
        first.content, planned_at=WallTime(local="2026-04-07 09:30", zone="Europe/Amsterdam")
    )
    assert first.next_revision(moved, author="ben", at=NOW).only_time
