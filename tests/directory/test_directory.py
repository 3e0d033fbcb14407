"""Selectors choose profiles, parties name people; bad values are refused by name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory import (
    Member,
    NotificationPreference,
    PostAttributes,
    Principal,
    Profile,
    Selector,
    Workspace,
)
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
def test_all_named_keys_must_match(on: Any, taken: list[Profile]) -> None:
    selector = Selector.of(on)
    assert taken == [
        profile for profile in (X, MASTODON, OTHER) if selector.matches_profile(profile)
    ]


@pytest.mark.parametrize("on", [{"network": "x"}, {"post_tag": "offer"}, {}])
def test_everywhere_has_to_be_said(on: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError, match='workspace = "\\*"'):
        Selector.of(on)


def test_an_unknown_key_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(InvalidValueError, match="no key `workspce`; did you mean `workspace`"):
        Selector.of({"workspce": "tulip"})


def test_context_keys_match_if_any_of_their_values_does() -> None:
    selector = Selector.of({"workspace": "*", "post_tag": ["campaign", "offer"]})
    assert selector.matches(X, PostAttributes(post_tag=["offer", "spring"]))
    assert not selector.matches(X, PostAttributes(post_tag=["spring"]))
    assert selector.matches(X)


@given(st.sampled_from(["workspace", "profile", "network"]), st.booleans())
def test_naming_more_never_takes_in_more(key: str, excluded: bool) -> None:
    """A further key, or an exclusion, only narrows."""
    wide = Selector.of({"workspace": "*"})
    values = {"workspace": "tulip", "profile": "tulip-x", "network": "x"}
    more: dict[str, Any] = {"workspace": "*", key: values[key]}
    if excluded:
        more["excluding"] = {"network": "x"}
    narrow = Selector.of(more)
    for profile in (X, MASTODON, OTHER):
        assert not narrow.matches_profile(profile) or wide.matches_profile(profile)


def test_a_selector_of_a_whole_workspace_covers_it() -> None:
    assert Selector.of({"workspace": "tulip"}).covers_workspace("tulip")
    assert not Selector.of({"workspace": "tulip", "network": "x"}).covers_workspace("tulip")
    assert not Selector.of({"workspace": "tulip"}).covers_all()
    assert Selector.EVERYWHERE.covers_all()


@pytest.mark.parametrize(
    "text", ["member:ana", "team:social", "role:editor", "rotation:care", "lead"]
)
def test_a_party_reads_what_it_prints(text: str) -> None:
    assert text == str(Principal.parse(text))


@pytest.mark.parametrize("text", ["ana", "person:ana", "member:", "lead:ana", "member:A B"])
def test_what_names_nobody_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError):
        Principal.parse(text)


@pytest.mark.parametrize("text", ["slack", "email digest 08:30"])
def test_a_way_to_notify_reads_what_it_prints(text: str) -> None:
    assert text == str(NotificationPreference.parse(text))


def test_a_digest_at_no_time_of_day_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="email digest 08:30"):
        NotificationPreference.parse("email digest 25:00")


def test_a_client_says_of_which_workspace() -> None:
    with pytest.raises(InvalidValueError, match="client `noor` has to say of which workspace"):
        Member(id="noor", kind="client")


def test_contacts_are_in_no_repr() -> None:
    assert "northwind" not in repr(Member(id="ana", contact={"email": "ana@northwind.example"}))


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="Europe/Amsterdm"):
        Workspace(id="tulip", lead="eva", default_approval="none", timezone="Europe/Amsterdm")


def test_a_server_has_an_address() -> None:
    with pytest.raises(InvalidValueError, match="no web address"):
        Profile(id="p", workspace="tulip", network="mastodon", server="mastodon.example")
