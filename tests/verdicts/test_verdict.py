"""Answers with their reasons, in every language."""

from __future__ import annotations

import string

import pytest

from socialcollab.errors import InvalidValueError
from socialcollab.verdicts import LANGUAGES, Reason, Remedy, Verdict, message
from socialcollab.verdicts.catalogue import catalogue

CODES = sorted(catalogue("en"))


def names(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_a_verdict_is_its_answer() -> None:
    assert Verdict.yes()
    assert not Verdict.no()


def test_a_no_without_a_reason_is_default_deny() -> None:
    assert Verdict.no().explain() == "refused: no rule allows it"
    assert Verdict.yes().explain() == "allowed"


def test_reasons_come_first_and_then_what_would_help_and_who_could() -> None:
    verdict = Verdict.no(
        Reason.of("not_a_member", member="zoe"),
        remedies=[Remedy.of("join_team", by=["eva", "ben"], member="zoe", team="social")],
    )
    assert verdict.explain() == (
        "refused: `zoe` is not a member. to allow it:"
        " add `zoe` to team `social` (ben, eva can do that)"
    )
    assert verdict.remedies[0].by == ("ben", "eva")


def test_parameters_are_read_by_name_and_their_order_never_matters() -> None:
    one = Reason("vote", {"step": "house/edit", "a": "1"})
    other = Reason("vote", [("a", "1"), ("step", "house/edit")])
    assert one == other
    assert hash(one) == hash(other)
    assert one["step"] == "house/edit"
    with pytest.raises(KeyError):
        _ = one["other"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_can_be_said(language: str) -> None:
    """Filled with what it asks for, a message shows all of it and no placeholder."""
    for code in CODES:
        params = {name: f"<{name}>" for name in names(catalogue(language)[code])}
        said = message(code, params, language=language)
        assert all(value in said for value in params.values()), code
        assert not said.endswith("."), code


def test_a_message_takes_names_alone() -> None:
    """No attribute, index or format is reached from a template."""
    for code in CODES:
        for _, name, form, conversion in string.Formatter().parse(catalogue("en")[code]):
            if name is not None:
                assert name.isidentifier(), code
                assert not form, code
                assert conversion is None, code


def test_what_a_message_holds_is_not_read_as_a_template() -> None:
    assert "{member.__class__}" in message("not_a_member", {"member": "{member.__class__}"})


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: message("not_a_member", {}, language="fr"), "`fr`"),
        (lambda: message("no_such_message", {}), "`no_such_message`"),
        (lambda: message("not_a_member", {}), "member"),
    ],
)
def test_what_cannot_be_said_is_refused(make, said: str) -> None:
    with pytest.raises(InvalidValueError, match=said):
        make()
