"""Two profiles of one account are told: what is barred on the one can be done on the other."""

from __future__ import annotations

import attrs
import pytest

from socialcollab.directory import Profile
from socialcollab.organization import Organization, SharedAccount, shared_accounts

NORTHWIND = Organization.template("northwind")


def told(*profiles: Profile) -> tuple[SharedAccount, ...]:
    return shared_accounts(NORTHWIND.with_sections(profiles=list(profiles)))


def profile(name: str, handle: str, *, network: str = "mastodon", server: str = "") -> Profile:
    return Profile(id=name, workspace="tulip", network=network, handle=handle, server=server)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("@Tulip", ""), ("tulip", "")),
        (("@tulip", "https://social.example"), ("@TULIP", "https://Social.example/")),
        (("ŒUVRE", ""), ("@œuvre", "")),
    ],
)
def test_it_is_one_account_however_it_is_written(one, other) -> None:
    first = profile("first", one[0], server=one[1])
    second = profile("second", other[0], server=other[1])
    (found,) = told(first, second)
    assert (found.network, found.handle) == ("mastodon", one[0])
    assert found.profiles == ("first", "second")
    assert str(found).startswith(f"profiles `first`, `second` are one account, {one[0]} on mast")


@pytest.mark.parametrize(
    "change",
    [{"handle": "other"}, {"handle": ""}, {"network": "x", "server": ""},
     {"server": "https://b.example"}],
)  # fmt: skip
def test_what_differs_is_another_account(change) -> None:
    first = profile("first", "tulip", server="https://a.example")
    assert told(first, attrs.evolve(first, id="second", **change)) == ()


def test_nothing_is_said_of_what_has_no_handle() -> None:
    assert told(profile("first", ""), profile("second", "")) == ()
    assert shared_accounts(NORTHWIND) == ()
