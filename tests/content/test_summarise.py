"""The status of a post and its deliveries."""

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
def test_status_of_states(states: list[str], shown: str) -> None:
    """The states of the deliveries result in the documented status."""
    assert Summary(shown) == summarise(post(), deliveries(*states))


@pytest.mark.parametrize("state", [state.value for state in PostState])
def test_status_without_deliveries(state: str) -> None:
    """If there are no deliveries, the status is the post's own state."""
    assert state == summarise(post(state)).value


def test_replaced_delivery_is_ignored() -> None:
    """A failed or removed delivery is ignored if a later delivery replaced it."""
    for state in ("failed", "removed"):
        earlier, later = (
            attrs.evolve(delivery, profile="x") for delivery in deliveries(state, "published")
        )
        assert Summary.PUBLISHED is summarise(post(), [earlier, later])
        assert Summary(state) is summarise(post(), [earlier])
        partial = attrs.evolve(earlier, parts=(PublishedPart(network_id="7"),))
        if state == "failed":
            assert Summary.PARTLY_PUBLISHED is summarise(post(), [partial, later])


def test_partly_published_delivery() -> None:
    """A delivery with some parts published makes the post partly published."""
    for state in ("waiting", "missed", "failed"):
        (delivery,) = deliveries(state)
        partial = attrs.evolve(delivery, parts=(PublishedPart(network_id="7"),))
        assert Summary.PARTLY_PUBLISHED is summarise(post(), [partial])
        assert Summary.PARTLY_PUBLISHED is summarise(post("cancelled"), [partial])
        assert Summary.UNKNOWN is summarise(post(), [partial, *deliveries("published", "unknown")])


def test_held() -> None:
    """A hold affects the status only if there are waiting deliveries."""
    assert Summary.HELD is summarise(post(), deliveries("waiting"), held=True)
    assert Summary.PUBLISHED is summarise(post(), deliveries("published"), held=True)


def test_published_is_never_wrong() -> None:
    """The status is "published" only if every current delivery is published."""
    for states in combinations_with_replacement([state.value for state in DeliveryState], 3):
        shown = summarise(post(), deliveries(*states))
        live = {state for state in states if state not in ("cancelled", "removed")}
        if shown is Summary.PUBLISHED:
            assert live == {"published"}
        if "unknown" in states:
            assert shown is Summary.UNKNOWN


def test_cancelled_post_shows_publications() -> None:
    """A cancelled post still shows its publications."""
    assert Summary.PUBLISHED is summarise(post("cancelled"), deliveries("published"))
    assert Summary.CANCELLED is summarise(post("cancelled"), deliveries("waiting"))
