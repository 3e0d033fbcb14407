"""Tests of amendments of published posts."""

from __future__ import annotations

import attrs
import pytest
from tests.workflow.deliveries import MINUTE, approved

from socialcollab.content import DeliveryState
from socialcollab.workflow.decide.amendment import is_outdated


@pytest.mark.parametrize("state", DeliveryState)
def test_only_published_delivery_is_outdated(new_workflow, state) -> None:
    """Only a published delivery without a takedown request can be outdated."""
    flow = approved(new_workflow)
    flow.now -= MINUTE
    delivery = attrs.evolve(flow.delivery, state=state)
    flow.edit(text="another text")
    assert is_outdated(flow.post, delivery) == (state is DeliveryState.PUBLISHED)
    assert not is_outdated(flow.post, attrs.evolve(delivery, takedown_requested=True))
