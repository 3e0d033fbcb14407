"""The catalogues hold what the code says, and nothing else."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

import socialcollab
from socialcollab.verdicts import LANGUAGES
from socialcollab.verdicts.catalogue import catalogue

SOURCE = Path(socialcollab.__file__).parent
SPEAKERS = {"Reason", "Remedy"}


@cache
def _nodes() -> tuple[ast.AST, ...]:
    """Return what of the code may hold a text."""
    texts = (ast.Constant, ast.JoinedStr, ast.Call)
    return tuple(
        node
        for path in sorted(SOURCE.rglob("*.py"))
        if "messages" not in path.parts
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, texts)
    )


@cache
def _literals() -> tuple[set[str], set[str]]:
    """Return all texts of the code, and the ends of those that are put together."""
    whole: set[str] = set()
    ends: set[str] = set()
    for node in _nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            whole.add(node.value)
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[-1], ast.Constant):
            ends.add(str(node.values[-1].value))
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            # A code put together as f"notification.{kind}" begins with its stem.
            whole.add(str(node.values[0].value).removesuffix("."))
    return whole, ends


@cache
def _said() -> frozenset[str]:
    """Return each code that the code gives as a plain text."""
    found: set[str] = set()
    for node in _nodes():
        if not isinstance(node, ast.Call):
            continue
        given = list(node.args[:1]) if _called(node.func) in _speaking() else []
        given += [each.value for each in node.keywords if each.arg == "message_code"]
        for value in given:
            leaves = (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,)
            found |= {
                str(leaf.value) for leaf in leaves if isinstance(leaf, ast.Constant) and leaf.value
            }
    return frozenset(found)


def _called(function: ast.expr) -> str:
    """Return the name of what is called, with that of its owner; "" if it has none."""
    match function:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return f"{owner}.{name}"
    return ""


def _speaking() -> set[str]:
    return {"message", *SPEAKERS, *(f"{name}.of" for name in SPEAKERS)}


def test_some_codes_are_found() -> None:
    assert {"not_a_member", "vote", "SG101.bytes"} <= _said()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_that_is_said_has_a_message(language: str) -> None:
    assert _said() - set(catalogue(language)) == set()


def test_no_message_is_left_over() -> None:
    whole, ends = _literals()

    def used(code: str) -> bool:
        stem, _, last = code.rpartition(".")
        return code in whole or (
            bool(stem) and (f".{last}" in ends or last in whole) and used(stem)
        )

    assert [code for code in catalogue("en") if not used(code)] == []
