"""Members and their notification preferences."""

from __future__ import annotations

import pytest

from socialcollab.directory import Member, NotificationPreference
from socialcollab.errors import InvalidValueError


@pytest.mark.parametrize("text", ["slack", "email digest 08:30"])
def test_notification_preference_round_trip(text: str) -> None:
    """Formatting a parsed preference returns the original text."""
    assert text == str(NotificationPreference.parse(text))


def test_digest_needs_time_of_day() -> None:
    """A digest at a time that does not exist is an error."""
    with pytest.raises(InvalidValueError, match="email digest 08:30"):
        NotificationPreference.parse("email digest 25:00")


def test_client_needs_workspace() -> None:
    """A client without a workspace is an error."""
    with pytest.raises(InvalidValueError, match="client `noor` has no workspace"):
        Member(id="noor", kind="client")


def test_repr_hides_contacts() -> None:
    """The repr of a member does not contain contacts."""
    assert "northwind" not in repr(Member(id="ana", contact={"email": "ana@northwind.example"}))
