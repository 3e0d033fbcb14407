"""Blackouts."""

from __future__ import annotations

import attrs
import pytest

from socialcollab.document_fields import fields_of
from socialcollab.errors import InvalidValueError
from socialcollab.scheduling import Blackout


def test_fields_have_shapes() -> None:
    """Every field has a shape for the document."""
    assert len(fields_of(Blackout)) == len(attrs.fields(Blackout))


def test_blackout_errors() -> None:
    """A blackout that ends before its start or repeats on business days raises an error."""
    with pytest.raises(InvalidValueError, match="does not end after"):
        Blackout(on="tulip-x", start="2026-05-04 20:00", end="2026-05-04 19:00")
    with pytest.raises(InvalidValueError, match="business days"):
        Blackout(
            on="tulip-x",
            start="2026-05-04 09:00",
            end="2026-05-04 19:00",
            every="first business day of the month 09:00",
        )


@pytest.mark.parametrize(
    "every",
    ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;UNTIL=20260101", "FREQ=MONTHLY;BYDAY=6MO"],
)
def test_repeat_must_occur(every) -> None:
    """A blackout whose rule never occurs is an error that names the rule."""
    with pytest.raises(InvalidValueError, match=f"`{every[:12]}.* does not occur"):
        Blackout(on="tulip-x", start="2026-05-04 09:00", end="2026-05-04 19:00", every=every)


def test_empty_repeat_is_once() -> None:
    """An empty `every` in the document means that the blackout does not repeat."""
    blackout = Blackout(on="tulip-x", start="2026-05-04 09:00", end="2026-05-04 19:00", every="")
    assert blackout.every is None
