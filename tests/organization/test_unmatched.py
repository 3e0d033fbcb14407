"""A line that is about nothing is told, with what it would have to say."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given

from socialcollab.directory import Profile
from socialcollab.organization import Organization, rules_matching_nothing
from socialcollab.permissions import Forbid, Grant
from socialcollab.testing.documents import documents

NORTHWIND = Organization.template("northwind")


def told(on: object) -> list[str]:
    line = Grant(to="member:ana", permissions=["view"], on=on)
    return [str(one) for one in rules_matching_nothing(NORTHWIND.with_sections(grants=[line]))]


@pytest.mark.parametrize(
    ("on", "suggestion"),
    [
        (
            {"workspace": "tulip", "network": "instagram"},
            "with workspace tulip there is network mastodon, x",
        ),
        (
            {"profile": "tulip-mastodon", "network": "x"},
            "with profile tulip-mastodon there is network mastodon",
        ),
        (
            {"network": "mastodon", "profile_tag": "care"},
            "with profile_tag care there is network x",
        ),
        (
            {"workspace": "tulip", "excluding": {"workspace": "tulip"}},
            "it leaves out all that it matches: excluding workspace tulip",
        ),
    ],
)
def test_a_line_about_nothing_names_what_is_nearest(on, suggestion: str) -> None:
    (said,) = told(on)
    assert said.startswith(f"grants[{len(NORTHWIND.grants)}].on matches nothing: ")
    assert said.endswith(f"; {suggestion}")


def test_names_that_are_near_are_asked_for() -> None:
    more = Profile(id="tulip-news", workspace="tulip", network="x", tags=["newsroom"])
    other = Profile(
        id="tulip-care", workspace="tulip", network="mastodon", server="https://m.example",
        tags=["news-room"],
    )  # fmt: skip
    line = Forbid(to="member:ana", permissions=["*"],
                  on={"network": "x", "profile_tag": "news-room"})  # fmt: skip
    organization = NORTHWIND.with_sections(profiles=[more, other], forbids=[line])
    (found,) = rules_matching_nothing(organization)
    assert found.suggestion == "with profile_tag news-room there is network mastodon"
    two = attrs.evolve(line, on={"workspace": "tulip", "network": "x", "profile_tag": "news-room"})
    (found,) = rules_matching_nothing(
        NORTHWIND.with_sections(profiles=[more, other], forbids=[two])
    )
    assert found.place == "forbids[1].on"


def test_a_workspace_without_profiles_is_matched_as_a_whole() -> None:
    assert told({"workspace": "tulip"}) == []
    assert told({"workspace": "*"}) == []
    assert rules_matching_nothing(NORTHWIND) == ()


@given(documents())
def test_what_is_told_gives_nobody_anything(document) -> None:
    organization = Organization.from_dict(document)
    scope = organization.access.bindings.scope
    told = {one.place for one in rules_matching_nothing(organization)}
    for number, line in enumerate(organization.grants):
        place = f"{line.place or f'grants[{number}]'}.on"
        assert (place in told) == (not scope.resources_of(line.on))
