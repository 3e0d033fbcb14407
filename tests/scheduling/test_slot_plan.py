"""Slot plans."""

from __future__ import annotations

import attrs
import pytest

from socialcollab.document_fields import fields_of
from socialcollab.errors import InvalidValueError
from socialcollab.scheduling import SlotPlan


def test_fields_have_shapes() -> None:
    """Every field has a shape for the document."""
    assert len(fields_of(SlotPlan)) == len(attrs.fields(SlotPlan))


def test_slot_plan_errors() -> None:
    """A gap in business hours and a number that is out of range raise errors."""
    with pytest.raises(InvalidValueError, match="in clock time"):
        SlotPlan(on="tulip-x", min_gap="1 business hour")
    with pytest.raises(InvalidValueError, match="max_per_day"):
        SlotPlan(on="tulip-x", max_per_day=0)
