"""Warnings about a valid document."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given

from socialcollab.directory import Profile
from socialcollab.organization import (
    Organization,
    SharedAccount,
    rules_matching_nothing,
    shared_accounts,
)
from socialcollab.permissions import Forbid, Grant
from socialcollab.testing.documents import documents

NORTHWIND = Organization.template("northwind")


def warnings_about(on: object) -> list[str]:
    """Return the warnings after a grant on *on* is added."""
    grant = Grant(to="member:ana", permissions=["view"], on=on)
    organization = NORTHWIND.with_sections(grants=[grant])
    return [str(rule) for rule in rules_matching_nothing(organization)]


@pytest.mark.parametrize(
    ("on", "suggestion"),
    [
        (
            {"workspace": "tulip", "network": "instagram"},
            "with workspace tulip, use network mastodon, x",
        ),
        (
            {"profile": "tulip-mastodon", "network": "x"},
            "with profile tulip-mastodon, use network mastodon",
        ),
        (
            {"network": "mastodon", "profile_tag": "care"},
            "with profile_tag care, use network x",
        ),
        (
            {"workspace": "tulip", "excluding": {"workspace": "tulip"}},
            "its `excluding` excludes all profiles that it matches: workspace tulip",
        ),
    ],
)
def test_unmatched_rule(on, suggestion: str) -> None:
    """A rule that matches nothing is reported with a change that would make it match."""
    (text,) = warnings_about(on)
    assert text.startswith(f"grants[{len(NORTHWIND.grants)}].on matches no profile: ")
    assert text.endswith(f"; {suggestion}")


def test_suggestions_of_similar_names() -> None:
    """The network is suggested before the tag, and the place is the place of the rule."""
    news = Profile(id="tulip-news", workspace="tulip", network="x", tags=["newsroom"])
    care = Profile(
        id="tulip-care", workspace="tulip", network="mastodon", server="https://m.example",
        tags=["news-room"],
    )  # fmt: skip
    forbid = Forbid(to="member:ana", permissions=["*"],
                    on={"network": "x", "profile_tag": "news-room"})  # fmt: skip
    organization = NORTHWIND.with_sections(profiles=[news, care], forbids=[forbid])
    (rule,) = rules_matching_nothing(organization)
    assert rule.suggestion == "with profile_tag news-room, use network mastodon"
    in_tulip = attrs.evolve(
        forbid, on={"workspace": "tulip", "network": "x", "profile_tag": "news-room"}
    )
    (rule,) = rules_matching_nothing(
        NORTHWIND.with_sections(profiles=[news, care], forbids=[in_tulip])
    )
    assert rule.place == "forbids[1].on"


def test_rules_on_workspaces() -> None:
    """A rule on a whole workspace matches the workspace even if it has no profiles."""
    assert warnings_about({"workspace": "tulip"}) == []
    assert warnings_about({"workspace": "*"}) == []
    assert rules_matching_nothing(NORTHWIND) == ()


@given(documents())
def test_unmatched_grants_give_nothing(document) -> None:
    """A grant is reported if and only if it applies to no resource."""
    organization = Organization.from_dict(document)
    scope = organization.access.bindings.scope
    places = {rule.place for rule in rules_matching_nothing(organization)}
    for number, grant in enumerate(organization.grants):
        place = f"{grant.place or f'grants[{number}]'}.on"
        assert (place in places) == (not scope.resources_of(grant.on))


def accounts_of(*profiles: Profile) -> tuple[SharedAccount, ...]:
    """Return the shared accounts after profiles are added."""
    return shared_accounts(NORTHWIND.with_sections(profiles=list(profiles)))


def profile(name: str, handle: str, *, network: str = "mastodon", server: str = "") -> Profile:
    return Profile(id=name, workspace="tulip", network=network, handle=handle, server=server)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("@Tulip", ""), ("tulip", "")),
        (("@tulip", "https://social.example"), ("@TULIP", "https://Social.example/")),
        (("ŒUVRE", ""), ("@œuvre", "")),
    ],
)
def test_shared_account(first, second) -> None:
    """Different spellings of the same handle and server are one account."""
    (account,) = accounts_of(
        profile("first", first[0], server=first[1]), profile("second", second[0], server=second[1])
    )
    assert (account.network, account.handle) == ("mastodon", first[0])
    assert account.profiles == ("first", "second")
    assert str(account).startswith(
        f"profiles `first`, `second` represent the same account, {first[0]} on mastodon"
    )


@pytest.mark.parametrize(
    "change",
    [{"handle": "other"}, {"handle": ""}, {"network": "x", "server": ""},
     {"server": "https://b.example"}],
)  # fmt: skip
def test_different_accounts(change) -> None:
    """A different handle, network or server is a different account."""
    first = profile("first", "tulip", server="https://a.example")
    assert accounts_of(first, attrs.evolve(first, id="second", **change)) == ()


def test_profiles_without_handle() -> None:
    """Profiles without a handle share no account."""
    assert accounts_of(profile("first", ""), profile("second", "")) == ()
    assert shared_accounts(NORTHWIND) == ()
