"""Tests of verdicts, reasons and remedies."""

from __future__ import annotations

import pytest

from socialcollab.verdicts import Reason, Remedy, Verdict


def test_truth() -> None:
    """A verdict is true if its answer is yes."""
    assert Verdict.yes()
    assert not Verdict.no()


def test_default_deny() -> None:
    """A no without a reason means that no rule allows the action."""
    assert Verdict.no().explain() == "refused: no rule allows it"
    assert Verdict.yes().explain() == "allowed"


def test_explain() -> None:
    """The reasons come first, then the remedies with the members who could carry them out."""
    verdict = Verdict.no(
        Reason.of("not_a_member", member="zoe"),
        remedies=[Remedy.of("join_team", by=["eva", "ben"], member="zoe", team="social")],
    )
    assert verdict.explain() == (
        "refused: `zoe` is not a member. to allow it:"
        " add `zoe` to team `social` (ben, eva can do that)"
    )
    assert verdict.remedies[0].by == ("ben", "eva")


def test_order_of_parameters() -> None:
    """Reasons with the same parameters are equal, regardless of the order of the parameters."""
    first = Reason("approve_step", {"step": "editorial/edit", "a": "1"})
    second = Reason("approve_step", [("a", "1"), ("step", "editorial/edit")])
    assert first == second
    assert hash(first) == hash(second)
    assert first["step"] == "editorial/edit"
    with pytest.raises(KeyError):
        _ = first["other"]
