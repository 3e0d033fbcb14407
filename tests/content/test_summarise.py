"""One word for a post and its deliveries, by the documented table."""

from __future__ import annotations

import datetime as dt
from itertools import combinations_with_replacement

import attrs
import pytest

from socialcollab.content import (
    Delivery,
    DeliveryState,
    Post,
    PostContent,
    PostState,
    PublishedPart,
    Revision,
    Summary,
    summarise,
)
from socialcollab.identifiers import DeliveryId, MemberId, PostId, ProfileId, WorkspaceId
from socialcollab.time import WallTime

NOW = dt.datetime(2026, 4, 7, tzinfo=dt.UTC)


def post(state: str = "approved") -> Post:
    revision = Revision(number=1, digest="d", author=MemberId("ana"), at=NOW, fields={})
    return Post(
        id=PostId("p1"),
        workspace=WorkspaceId("tulip"),
        state=PostState(state),
        content=PostContent(text=""),
        revisions=(revision,),
    )


def deliveries(*states: str) -> list[Delivery]:
    return [
        Delivery(
            id=DeliveryId(f"p1.x.{number}"),
            post=PostId("p1"),
            workspace=WorkspaceId("tulip"),
            profile=ProfileId(f"x-{number}"),
            at=WallTime.of(NOW, "UTC"),
            revision="d",
            state=DeliveryState(state),
        )
        for number, state in enumerate(states)
    ]


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        ([], "approved"),
        (["cancelled"], "approved"),
        (["waiting"], "scheduled"),
        (["waiting", "published"], "partly_published"),
        (["published", "published"], "published"),
        (["published", "cancelled"], "published"),
        (["published", "failed"], "partly_published"),
        (["published", "missed"], "partly_published"),
        (["failed", "waiting"], "failed"),
        (["missed", "waiting"], "missed"),
        (["missed", "failed"], "failed"),
        (["unknown", "published", "failed"], "unknown"),
        (["publishing", "published"], "publishing"),
        (["publishing", "unknown"], "unknown"),
        (["removing", "published"], "removing"),
        (["removed"], "removed"),
        (["removed", "published"], "published"),
    ],
)
def test_the_table(states: list[str], shown: str) -> None:
    assert Summary(shown) == summarise(post(), deliveries(*states))


@pytest.mark.parametrize("state", [state.value for state in PostState])
def test_without_deliveries_the_posts_own_state_shows(state: str) -> None:
    assert state == summarise(post(state)).value


def test_what_another_has_taken_the_place_of_does_not_count() -> None:
    """A refused or removed one says nothing once the post has gone to its profile again."""
    for gone in ("failed", "removed"):
        earlier, later = (attrs.evolve(one, profile="x") for one in deliveries(gone, "published"))
        assert Summary.PUBLISHED is summarise(post(), [earlier, later])
        assert Summary(gone) is summarise(post(), [earlier])
        out = attrs.evolve(earlier, parts=(PublishedPart(network_id="7"),))
        if gone == "failed":
            assert Summary.PARTLY_PUBLISHED is summarise(post(), [out, later])


def test_what_is_partly_out_shows_as_that() -> None:
    for state in ("waiting", "missed", "failed"):
        (one,) = deliveries(state)
        out = attrs.evolve(one, parts=(PublishedPart(network_id="7"),))
        assert Summary.PARTLY_PUBLISHED is summarise(post(), [out])
        assert Summary.PARTLY_PUBLISHED is summarise(post("cancelled"), [out])
        assert Summary.UNKNOWN is summarise(post(), [out, *deliveries("published", "unknown")])


def test_a_hold_shows_on_what_waits() -> None:
    assert Summary.HELD is summarise(post(), deliveries("waiting"), held=True)
    assert Summary.PUBLISHED is summarise(post(), deliveries("published"), held=True)


def test_nothing_is_shown_as_published_that_is_not() -> None:
    """Over all sets of states: "published" means that each live delivery is out."""
    for states in combinations_with_replacement([state.value for state in DeliveryState], 3):
        shown = summarise(post(), deliveries(*states))
        live = {state for state in states if state not in ("cancelled", "removed")}
        if shown is Summary.PUBLISHED:
            assert live == {"published"}
        if "unknown" in states:
            assert shown is Summary.UNKNOWN


def test_a_post_that_was_given_up_shows_what_is_out_all_the_same() -> None:
    assert Summary.PUBLISHED is summarise(post("cancelled"), deliveries("published"))
    assert Summary.CANCELLED is summarise(post("cancelled"), deliveries("waiting"))
