"""Expectations of a document."""

from __future__ import annotations

import datetime as dt

import pytest

from socialcollab.organization import Organization

SPRING = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize("ability", ["can", "cannot"])
def test_failed_expectation(ability: str) -> None:
    """A failed expectation names its place, the profile and the reasons."""
    northwind = Organization.template("northwind")
    document = northwind.to_dict()
    assert document["expect"][0]["member"] == "ana"
    document["expect"] = [{"member": "ana", ability: "publish", "on": {"workspace": "tulip"}}]
    (failed,) = Organization.from_dict(document, files=northwind.files).check(SPRING)
    profile = {"can": "tulip-mastodon", "cannot": "tulip-x"}[ability]
    assert failed.resource == profile
    assert str(failed).startswith(
        f"expect[0]: expected that `ana` {ability} publish on {profile} at 2026-04-07 07:30 UTC,"
    )
    assert ("training first" in str(failed)) == (ability == "can")


def test_expectation_without_profiles() -> None:
    """An expectation that matches nothing fails, because it would otherwise always be met."""
    document = {
        "organization": {"id": "a", "timezone": "UTC"},
        "workspaces": [{"id": "w", "lead": "m", "default_approval": "none"}],
        "profiles": [{"id": "p", "workspace": "w", "network": "x"}],
        "members": [{"id": "m"}],
        "expect": [
            {"member": "m", "cannot": "view", "on": {"workspace": "w", "network": "mastodon"}}
        ],
    }
    (failed,) = Organization.from_dict(document).check(SPRING)
    assert failed.resource == ""
    assert "no profile matches workspace w, network mastodon" in str(failed)
