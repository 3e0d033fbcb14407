"""The sections of the inbox hold what they should, and nothing else."""

from __future__ import annotations

import pytest

from socialcollab.directory import Principal
from socialcollab.errors import InvalidValueError
from socialcollab.inbox import InboxSettings, Routine, Routing, RoutingCondition


def test_a_fallback_is_a_party() -> None:
    assert InboxSettings(fallback="lead").fallback == Principal("lead")
    with pytest.raises(InvalidValueError, match="did you mean `member:eva`"):
        InboxSettings(fallback="eva")


def test_a_rule_reads_plain_values() -> None:
    rule = Routing(
        id="churn",
        on={"workspace": "tulip", "kind": "direct"},
        when={"any_text": "opzeggen"},
        assign="team:social",
        priority="critical",
        respond_within="30 business minutes",
    )
    assert rule.when == RoutingCondition(any_text=("opzeggen",))
    assert str(rule.respond_within) == "30 business minutes"
    assert rule.on.kind == ("direct",)


def test_a_priority_is_one_of_five_words() -> None:
    with pytest.raises(InvalidValueError, match="not one of critical"):
        Routing(id="r", on="tulip-x", assign="lead", priority="urgent")


@pytest.mark.parametrize("text", ["", " ", ("opzeggen", "")])
def test_an_empty_text_is_refused_since_every_message_has_it(text: str) -> None:
    with pytest.raises(InvalidValueError, match="empty text"):
        RoutingCondition(any_text=text)


def test_a_routine_reads_its_rule() -> None:
    routine = Routine(
        id="report",
        on={"workspace": "tulip"},
        every="first business day of the month 09:00",
        responsible="role:editor",
        checklist=["collect", "send"],
    )
    assert routine.every.business_ordinal == 1
    assert routine.checklist == ("collect", "send")
