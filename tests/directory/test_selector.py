"""Selectors, and the profiles and posts that they match."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory import PostAttributes, Profile, Selector
from socialcollab.errors import InvalidValueError

X = Profile(id="tulip-x", workspace="tulip", network="x", tags=["care"])
MASTODON = Profile(
    id="tulip-mastodon", workspace="tulip", network="mastodon", server="https://mastodon.example"
)
OTHER = Profile(id="bike-x", workspace="bike", network="x")


@pytest.mark.parametrize(
    ("on", "taken"),
    [
        ("tulip-x", [X]),
        ({"workspace": "tulip"}, [X, MASTODON]),
        ({"workspace": "*"}, [X, MASTODON, OTHER]),
        ({"workspace": "*", "network": "x"}, [X, OTHER]),
        ({"workspace": "*", "network": ["x", "mastodon"], "profile_tag": "care"}, [X]),
        ({"workspace": "tulip", "excluding": {"network": "x"}}, [MASTODON]),
        ({"profile": ["tulip-x", "bike-x"]}, [X, OTHER]),
    ],
)
def test_all_keys_must_match(on: Any, taken: list[Profile]) -> None:
    """A profile must match all keys that are given."""
    selector = Selector.of(on)
    assert taken == [
        profile for profile in (X, MASTODON, OTHER) if selector.matches_profile(profile)
    ]


@pytest.mark.parametrize("on", [{"network": "x"}, {"post_tag": "offer"}, {}])
def test_everywhere_is_explicit(on: dict[str, Any]) -> None:
    """A selector without a workspace, profile or profile tag is an error."""
    with pytest.raises(InvalidValueError, match='workspace = "\\*"'):
        Selector.of(on)


def test_unknown_key() -> None:
    """An unknown key is an error that suggests the nearest one."""
    with pytest.raises(InvalidValueError, match="no key `workspce`; did you mean `workspace`"):
        Selector.of({"workspce": "tulip"})


def test_context_keys() -> None:
    """A context key matches if any of its values does, and is ignored if there is no post."""
    selector = Selector.of({"workspace": "*", "post_tag": ["campaign", "offer"]})
    assert selector.matches(X, PostAttributes(post_tag=["offer", "spring"]))
    assert not selector.matches(X, PostAttributes(post_tag=["spring"]))
    assert selector.matches(X)


@given(st.sampled_from(["workspace", "profile", "network"]), st.booleans())
def test_more_keys_narrow(key: str, excluded: bool) -> None:
    """Adding a key or an exclusion never makes a selector match more profiles."""
    wide = Selector.of({"workspace": "*"})
    values = {"workspace": "tulip", "profile": "tulip-x", "network": "x"}
    more: dict[str, Any] = {"workspace": "*", key: values[key]}
    if excluded:
        more["excluding"] = {"network": "x"}
    narrow = Selector.of(more)
    for profile in (X, MASTODON, OTHER):
        assert not narrow.matches_profile(profile) or wide.matches_profile(profile)


def test_covers_workspace() -> None:
    """A selector with only a workspace covers the workspace itself."""
    assert Selector.of({"workspace": "tulip"}).covers_workspace("tulip")
    assert not Selector.of({"workspace": "tulip", "network": "x"}).covers_workspace("tulip")
    assert not Selector.of({"workspace": "tulip"}).covers_all()
    assert Selector.EVERYWHERE.covers_all()
