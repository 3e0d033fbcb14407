"""The JSON Schema and the page of the document, and the agreement of schema and loader."""

from __future__ import annotations

import copy
import datetime as dt
import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.randomness import fewer_examples

from socialcollab import document_fields as sh
from socialcollab.document_fields import fields_of
from socialcollab.organization import Organization
from socialcollab.organization.document.templates import template_names
from socialcollab.testing.documents import documents, odd_values

VALIDATOR = jsonschema.Draft202012Validator(Organization.json_schema())
# Faults that a schema cannot express: references, unique ids, order of bounds, zones, rules, files.
ONLY_LOADER = re.compile(
    r"unknown (?!key|section)|twice|would be ambiguous|two steps|not after its start|never open"
    r"|cannot begin at|time zone|cycle|waits for|does not exist|not a date|not a relative file name"
    r"|no file matches|does not name the file|does not say how often|has the same id as a workspace"
    r"|is not a duration|rule|recur|FREQ|INTERVAL|BY[A-Z]+|COUNT|UNTIL|no day of the week"
    r"|cannot turn on|cannot come|is no web address|holiday|ends the day|business days"
    r"|is not a weekly time|is not a time of day|does not end after its start"
    r"|two turns of duty|overlaps the shift of"
)


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """The tool that generates the page and the schema."""
    path = Path(__file__).parents[3] / "tools" / "document_page.py"
    spec = importlib.util.spec_from_file_location("document_page", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def as_json(value: Any) -> Any:
    """Return TOML values as JSON values, with dates and times as strings."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, dt.time):
        return value.isoformat("minutes")
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


def check_agreement(document: dict[str, Any]) -> None:
    """Check that the schema and the loader either both accept or both reject a document."""
    errors = [
        f"{error.json_path}: {error.message[:300]}" for error in VALIDATOR.iter_errors(document)
    ]
    faults: list[str] = []
    try:
        Organization.from_dict(document)
    except ExceptionGroup as group:
        faults = [str(fault) for fault in group.exceptions]
    if not faults:
        assert errors == []
    elif not errors:
        assert [fault for fault in faults if not ONLY_LOADER.search(fault)] == []


def test_generated_files(tool: ModuleType) -> None:
    """The committed page and schema equal the output of ``python tools/document_page.py``."""
    assert tool.PAGE.read_text(encoding="utf-8") == tool.document_page()
    assert json.loads(tool.SCHEMA.read_text(encoding="utf-8")) == Organization.json_schema()


def test_meta_schema() -> None:
    """The schema is a valid JSON Schema."""
    jsonschema.Draft202012Validator.check_schema(Organization.json_schema())


def test_forms_on_page(tool: ModuleType) -> None:
    """The page has examples of every grammar, and each grammar accepts its examples."""
    grammars: dict[str, set[type]] = {}

    def collect(shape: Any, parents: tuple[type, ...] = ()) -> None:
        match shape:
            case sh.Parsed():
                grammars.setdefault(shape.name, set()).add(shape.grammar)
            case sh.ListOf() | sh.MapOf():
                collect(shape.item, parents)
            case sh.Section() if shape.cls not in parents:
                for field in fields_of(shape.cls):
                    collect(field.shape, (*parents, shape.cls))

    for field in fields_of(Organization):
        collect(field.shape)
    assert grammars.keys() == tool.FORMS.keys()
    for name, parsers in grammars.items():
        for example in tool.FORMS[name]:
            for grammar in parsers:
                assert str(grammar.parse(example)), (name, example)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", template_names())
def test_templates(name: str) -> None:
    """The templates are valid according to the schema."""
    document = Organization.template(name, id="acme").to_dict()
    VALIDATOR.validate(as_json(document))


@fewer_examples()
@given(documents())
def test_round_trip(document: dict[str, Any]) -> None:
    """Generated documents load, match the schema, and are unchanged after writing and loading."""
    made = Organization.from_dict(document)
    VALIDATOR.validate(as_json(document))
    again = Organization.loads(made.to_toml(), files=made.files)
    assert again == made
    assert again.digest == made.digest
    VALIDATOR.validate(as_json(made.to_dict()))


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all values below *value*."""
    paths = [path] if path else []
    if isinstance(value, dict):
        for key, item in value.items():
            paths += paths_in(item, (*path, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            paths += paths_in(item, (*path, at))
    return paths


@given(documents(), st.data())
@pytest.mark.integration
def test_agreement(document: dict[str, Any], data: st.DataObject) -> None:
    """Schema and loader agree after up to three values are replaced, removed or added."""
    changed = copy.deepcopy(document)
    for _ in range(data.draw(st.integers(1, 3))):
        *parents, last = data.draw(st.sampled_from(paths_in(changed)))
        holder: Any = changed
        for key in parents:
            holder = holder[key]
        edit = data.draw(st.sampled_from(["replace", "drop", "add"]))
        if edit == "drop":
            del holder[last]
        elif edit == "add" and isinstance(holder, dict):
            holder[
                data.draw(st.sampled_from(["", "id", "on", "role", "kind", "x", "A b", "every"]))
            ] = data.draw(odd_values)
        else:
            holder[last] = data.draw(odd_values)
    # JSON has no dates, so dates become strings even in the wrong places.
    check_agreement(as_json(changed))
