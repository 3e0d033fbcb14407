"""Tests that the message catalogues contain exactly the messages that the code uses."""

from __future__ import annotations

import ast
import string
from functools import cache
from pathlib import Path

import pytest

import socialcollab
from socialcollab.errors import InvalidValueError
from socialcollab.verdicts import LANGUAGES, message
from socialcollab.verdicts.catalogue import catalogue

SOURCE = Path(socialcollab.__file__).parent
# The functions whose first argument is the code of a message.
FUNCTIONS = {"message", "Reason", "Reason.of", "Remedy", "Remedy.of", "post_reason", "post_remedy"}


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@cache
def nodes() -> tuple[ast.AST, ...]:
    """Return the nodes of the source that may contain a code."""
    kinds = (ast.Constant, ast.JoinedStr, ast.Call)
    return tuple(
        node
        for path in sorted(SOURCE.rglob("*.py"))
        if "messages" not in path.parts
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, kinds)
    )


@cache
def texts() -> tuple[set[str], set[str]]:
    """Return all string constants of the source, and the ends of formatted strings."""
    whole: set[str] = set()
    ends: set[str] = set()
    for node in nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            whole.add(node.value)
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[-1], ast.Constant):
            ends.add(str(node.values[-1].value))
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            # A code such as f"notification.{kind}" begins with a constant stem.
            whole.add(str(node.values[0].value).removesuffix("."))
    return whole, ends


@cache
def used_codes() -> frozenset[str]:
    """Return the codes that the source contains as string constants."""
    codes: set[str] = set()
    for node in nodes():
        if not isinstance(node, ast.Call):
            continue
        values = list(node.args[:1]) if name_of(node.func) in FUNCTIONS else []
        values += [keyword.value for keyword in node.keywords if keyword.arg == "message_code"]
        for value in values:
            leaves = (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,)
            codes |= {
                str(leaf.value) for leaf in leaves if isinstance(leaf, ast.Constant) and leaf.value
            }
    return frozenset(codes)


def name_of(function: ast.expr) -> str:
    """Return the name of a function, including its class, or ""."""
    match function:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return f"{owner}.{name}"
    return ""


@pytest.mark.integration
def test_codes_are_found() -> None:
    """The search finds codes in every kind of call."""
    assert {"not_a_member", "approve_step", "no_targets", "SG101.bytes"} <= used_codes()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.integration
def test_every_code_has_message(language: str) -> None:
    """Every code that the source uses has a message."""
    assert used_codes() - set(catalogue(language)) == set()


def test_every_message_is_used() -> None:
    """The source uses every message."""
    whole, ends = texts()

    def is_used(code: str) -> bool:
        # The end of a code can contain dots itself, such as the type of an event.
        words = code.split(".")
        splits = [
            (".".join(words[:number]), ".".join(words[number:])) for number in range(1, len(words))
        ]
        return code in whole or any(
            (f".{last}" in ends | whole or last in whole) and is_used(stem) for stem, last in splits
        )

    assert [code for code in catalogue("en") if not is_used(code)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_messages_show_parameters(language: str) -> None:
    """A message shows all of its parameters, and has no full stop."""
    for code, template in catalogue(language).items():
        params = {name: f"<{name}>" for name in placeholders(template)}
        text = message(code, params, language=language)
        assert all(value in text for value in params.values()), code
        assert not text.endswith("."), code


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_names(language: str) -> None:
    """The placeholders of a template are plain names without attributes, indexes or formats."""
    for code, template in catalogue(language).items():
        for _, name, form, conversion in string.Formatter().parse(template):
            if name is not None:
                assert name.isidentifier(), code
                assert not form, code
                assert conversion is None, code


def test_parameter_is_not_a_template() -> None:
    """Braces in a parameter are kept unchanged."""
    assert "{member.__class__}" in message("not_a_member", {"member": "{member.__class__}"})


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: message("not_a_member", {}, language="fr"), "`fr`"),
        (lambda: message("no_such_message", {}), "`no_such_message`"),
        (lambda: message("not_a_member", {}), "member"),
    ],
)
def test_impossible_messages(make, text: str) -> None:
    """An unknown language, an unknown code or a missing parameter is an error that names it."""
    with pytest.raises(InvalidValueError, match=text):
        make()
