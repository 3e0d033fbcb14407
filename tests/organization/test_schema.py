"""The JSON Schema and the loader are drawn from the same definitions, and agree."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.randomness import fewer_examples

import socialcollab.organization
from socialcollab import document_fields as sh
from socialcollab.organization import Organization
from socialcollab.organization.document.files import template_names
from socialcollab.organization.document.reader import fields_of
from socialcollab.organization.document.reference import FORMS, document_page
from socialcollab.testing.documents import documents, odd_values

ROOM = Path(socialcollab.organization.__file__).parent
VALIDATOR = jsonschema.Draft202012Validator(Organization.json_schema())
# References, uniqueness, order of bounds, zones, rules, named files: what a schema cannot know.
BEYOND = re.compile(
    r"unknown (?!key|section)|twice|two (meanings|steps)|two steps|not after its start|never open"
    r"|cannot begin at|time zone|circle|waits for|does not exist|no date|is no name of file"
    r"|is no name of a file|is not here|no file matches|nothing names|does not say how often"
    r"|is not a duration|rule|recur|FREQ|INTERVAL|BY[A-Z]+|COUNT|UNTIL|no day of the week"
    r"|cannot turn on|cannot come|is no web address|holiday|ends the day|business days"
    r"|is not a weekly time|is not a time of day|does not end after its start"
    r"|two turns of duty|overlaps that of"
)


def as_json(value: Any) -> Any:
    """Say what TOML holds in JSON: dates and times as text."""
    if isinstance(value, dict):
        return {key: as_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(one) for one in value]
    if isinstance(value, dt.time):
        return value.isoformat("minutes")
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


def faults_of(document: dict[str, Any]) -> list[str]:
    try:
        Organization.from_dict(document)
    except ExceptionGroup as group:
        return [str(one) for one in group.exceptions]
    return []


def agree(document: dict[str, Any]) -> None:
    errors = [f"{one.json_path}: {one.message[:300]}" for one in VALIDATOR.iter_errors(document)]
    faults = faults_of(document)
    if not faults:
        assert errors == []
    elif not errors:
        assert [one for one in faults if not BEYOND.search(one)] == []


def test_the_shipped_schema_is_current() -> None:
    shipped = json.loads((ROOM / "schema.json").read_text(encoding="utf-8"))
    assert shipped == Organization.json_schema()


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(Organization.json_schema())


def test_the_reference_page_shows_how_each_thing_is_written() -> None:
    """Every example is read by the grammar of each key that holds such a thing."""
    grammars: dict[str, set[type]] = {}

    def walk(shape: Any, known: tuple[type, ...] = ()) -> None:
        match shape:
            case sh.Parsed():
                grammars.setdefault(shape.name, set()).add(shape.grammar)
            case sh.ListOf() | sh.MapOf():
                walk(shape.item, known)
            case sh.Section() if shape.cls not in known:
                for one in fields_of(shape.cls):
                    walk(one.shape, (*known, shape.cls))

    for field in fields_of(Organization):
        walk(field.shape)
    assert grammars.keys() == FORMS.keys()
    for name, ways in grammars.items():
        for example in FORMS[name]:
            for grammar in ways:
                assert str(grammar.parse(example)), (name, example)  # type: ignore[attr-defined]


def test_the_reference_page_is_current() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "document.md"
    assert page.read_text(encoding="utf-8") == document_page(fields_of(Organization))


@pytest.mark.parametrize("name", template_names())
def test_the_templates_fit_the_schema(name: str) -> None:
    document = Organization.template(name, id="acme").to_dict()
    VALIDATOR.validate(as_json(document))


@fewer_examples()
@given(documents())
def test_generated_documents_load_fit_and_come_back(document: dict[str, Any]) -> None:
    made = Organization.from_dict(document)
    VALIDATOR.validate(as_json(document))
    again = Organization.loads(made.to_toml(), files=made.files)
    assert again == made
    assert again.digest == made.digest
    VALIDATOR.validate(as_json(made.to_dict()))


def _places(value: Any, trail: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [trail] if trail else []
    if isinstance(value, dict):
        for key, one in value.items():
            found += _places(one, (*trail, key))
    elif isinstance(value, list):
        for at, one in enumerate(value):
            found += _places(one, (*trail, at))
    return found


@given(documents(), st.data())
def test_with_anything_changed_they_still_agree(
    document: dict[str, Any], data: st.DataObject
) -> None:
    changed = copy.deepcopy(document)
    for _ in range(data.draw(st.integers(1, 3))):
        places = _places(changed)
        *trail, last = data.draw(st.sampled_from(places))
        holder: Any = changed
        for step in trail:
            holder = holder[step]
        what = data.draw(st.sampled_from(["replace", "drop", "add"]))
        if what == "drop":
            del holder[last]
        elif what == "add" and isinstance(holder, dict):
            holder[
                data.draw(st.sampled_from(["", "id", "on", "role", "kind", "x", "A b", "every"]))
            ] = data.draw(odd_values)
        else:
            holder[last] = data.draw(odd_values)
    # As JSON would bring it: what is a date to TOML is a text there, also in the wrong place.
    agree(as_json(changed))
