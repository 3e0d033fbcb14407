"""The JSON Schema of the document, generated from the shapes that the reader uses."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from socialcollab import document_fields as sh
from socialcollab.directory import NETWORKS, PROFILE_KEYS, Excluding, Member, Profile, Selector
from socialcollab.document_fields import Field, fields_of
from socialcollab.identifiers import ID_PATTERN
from socialcollab.inbox import METRICS, ResponseTarget, SavedReply
from socialcollab.inbox.routing import RoutingRule
from socialcollab.organization.document.reader import (
    CHANNEL_PATTERN,
    DOTTED_PATTERN,
    LONGEST_ADDRESS,
)
from socialcollab.organization.expectations import Expectation
from socialcollab.permissions import Grant, Rotation
from socialcollab.scheduling import SlotPlan
from socialcollab.text import DOMAIN_PATTERN
from socialcollab.workflow import ApprovalPolicy, OnlyIf, Quorum, StepTimer

Schema: TypeAlias = dict[str, Any]

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_LOCAL = rf"\s*{_DATE}[ T][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]+)?)?\s*"
_NO_NUL: Final = r"^[^\u0000]*$"
_ATTRIBUTE = re.compile(r"    (\w+): (.*)")


def _any_of_keys(*keys: str) -> Schema:
    return {"anyOf": [{"required": [key], "properties": {key: {"minItems": 1}}} for key in keys]}


# Constraints that the classes check in addition to the shapes of their fields.
_RULES: Final[Mapping[type[Any], Schema]] = {
    Selector: _any_of_keys("workspace", "profile", "profile_tag"),
    Excluding: _any_of_keys(*PROFILE_KEYS),
    Grant: {
        "oneOf": [
            {"required": ["role"]},
            {"required": ["permissions"], "properties": {"permissions": {"minItems": 1}}},
        ]
    },
    Rotation: {
        "oneOf": [
            {
                "required": ["members", "start", "every"],
                "properties": {"hand_off": False, "shifts": False},
            },
            {
                "required": ["shifts"],
                "properties": {"members": False, "start": False, "every": False},
            },
        ]
    },
    Expectation: {"oneOf": [{"required": ["can"]}, {"required": ["cannot"]}]},
    Member: {
        "if": {"required": ["kind"], "properties": {"kind": {"const": "client"}}},
        "then": {"required": ["of"]},
    },
    Profile: {
        "properties": {
            "server": {"pattern": r"^(\s*[Hh][Tt][Tt][Pp][Ss]?://[^/?#][\s\S]*)?$"},
        }
    },
    StepTimer: {
        "if": {"properties": {"do": {"const": "escalate"}}},
        "then": {"required": ["to"]},
        "else": {"not": {"required": ["to"]}},
    },
    OnlyIf: {
        "minProperties": 1,
        "properties": {
            # `pattern` applies to a single domain, and `items` to a list of domains.
            "link_domain": {
                "pattern": f"{DOMAIN_PATTERN}(?!\\n)",
                "items": {"pattern": f"{DOMAIN_PATTERN}(?!\\n)"},
            },
            "custom": {
                "pattern": f"^{ID_PATTERN}$(?!\\n)",
                "items": {"pattern": f"^{ID_PATTERN}$(?!\\n)"},
            },
        },
    },
    ApprovalPolicy: {
        "anyOf": [
            {"required": ["extends"]},
            {"required": ["steps"], "properties": {"steps": {"minItems": 1}}},
        ]
    },
    ResponseTarget: {"anyOf": [{"required": [metric]} for metric in METRICS]},
    RoutingRule: _any_of_keys(
        "assign", "priority", "tag", "untag", "target", "saved_reply", "escalate", "alert"
    ),
    SavedReply: {"properties": {"texts": {"minProperties": 1}}},
    SlotPlan: {"properties": {"min_gap": {"not": {"pattern": "business"}}}},
}


def document_schema(fields: tuple[Field, ...]) -> Schema:
    """Return the JSON Schema, draft 2020-12, of a document with *fields*."""
    generator = _Generator()
    file_name = {"type": "string", "minLength": 1}
    properties: Schema = {
        "include": {
            "anyOf": [file_name, {"type": "array", "items": file_name}],
            "description": "The files to include, each of which must define exactly one workspace.",
        }
    }
    for field in fields:
        properties[field.key] = generator.schema(field.shape)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://socialcollab.readthedocs.io/organization.schema.json",
        "title": "The document of an organization",
        "type": "object",
        "properties": properties,
        "required": [field.key for field in fields if field.required],
        "additionalProperties": False,
        "$defs": dict(sorted(generator.definitions.items())),
    }


def summary(cls: type[Any]) -> str:
    """Return the first paragraph of a class's docstring as a single line."""
    return " ".join((inspect.getdoc(cls) or "").split("\n\n", 1)[0].split())


def descriptions(cls: type[Any]) -> Mapping[str, str]:
    """Return the description of each attribute in a class's docstring."""
    found: dict[str, str] = {}
    name = ""
    for line in (inspect.getdoc(cls) or "").partition("Attributes:\n")[2].splitlines():
        if line and not line.startswith("    "):
            break
        if match := _ATTRIBUTE.fullmatch(line):
            name = match[1]
            found[name] = match[2].strip()
        elif name and line.strip():
            found[name] += f" {line.strip()}"
    return found


class _Generator:
    """A generator of schemas that generates the definition of each section's class only once."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}

    def schema(self, shape: sh.Shape) -> Schema:
        """Return the schema of one shape."""
        match shape:
            case sh.Section():
                return self._section(shape)
            case sh.ListOf():
                return self._list(shape)
            case sh.MapOf():
                return self._map(shape)
            case sh.Boolean():
                return {"type": "boolean"}
            case sh.Integer():
                return {"type": "integer", "minimum": shape.at_least, "maximum": shape.at_most}
            case sh.Date():
                return _matching(f"^{_DATE}$")
            case sh.LocalTime():
                return _matching(f"^{_LOCAL}$")
            case sh.TimeOrDate():
                return _matching(f"^({_DATE}|{_LOCAL})$")
            case sh.Contact():
                return {
                    "type": "object",
                    "propertyNames": _matching(CHANNEL_PATTERN),
                    "additionalProperties": {
                        **_matching(f"^[^{sh.NOT_IN_NAMES}]*$"),
                        "minLength": 1,
                        "maxLength": LONGEST_ADDRESS,
                    },
                }
            case sh.Choice():
                return {"enum": list(shape.words)}
        return _string(shape)

    def _section(self, shape: sh.Section, *, keyed: bool = False) -> Schema:
        name = shape.cls.__name__
        if shape.only:
            name += "-of-posts" if "kind" in shape.only else "-of-profiles"
        if keyed:
            name += "-keyed"
        if name not in self.definitions:
            # Without this entry, a section that can contain itself would cause infinite recursion.
            self.definitions[name] = {}
            self.definitions[name] = self._table(shape, keyed=keyed)
        reference: Schema = {"$ref": f"#/$defs/{name}"}
        if not shape.plain:
            return reference
        plain = next(field.shape for field in fields_of(shape.cls) if field.key == shape.plain)
        item = plain.item if isinstance(plain, sh.ListOf) else plain
        return {"anyOf": [self.schema(item), reference]}

    def _table(self, shape: sh.Section, *, keyed: bool) -> Schema:
        described = descriptions(shape.cls)
        properties: Schema = {}
        required = []
        for field in fields_of(shape.cls):
            if (shape.only and field.key not in shape.only) or (
                keyed and isinstance(field.shape, sh.Id)
            ):
                continue
            properties[field.key] = self.schema(field.shape)
            if field.name in described:
                properties[field.key] = {
                    **properties[field.key],
                    "description": described[field.name],
                }
            if field.required:
                required.append(field.key)
        table: Schema = {
            "type": "object",
            "description": summary(shape.cls),
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }
        rules = _RULES.get(shape.cls)
        return {**table, "allOf": [rules]} if rules else table

    def _list(self, shape: sh.ListOf) -> Schema:
        item = self.schema(shape.item)
        many: Schema = {"type": "array", "items": item}
        if shape.at_least:
            many["minItems"] = shape.at_least
        return {"anyOf": [item, many]} if shape.or_one else many

    def _map(self, shape: sh.MapOf) -> Schema:
        if isinstance(shape.item, sh.Section):
            item, names = self._section(shape.item, keyed=True), f"^{ID_PATTERN}$"
        else:
            item = self.schema(shape.item)
            names = DOTTED_PATTERN if shape.dotted else f"^{ID_PATTERN}$" if shape.key else ""
        table: Schema = {"type": "object", "additionalProperties": item}
        if names:
            table["propertyNames"] = _matching(names)
        return table


def _string(shape: sh.Shape) -> Schema:
    match shape:
        case sh.Text():
            controls = sh.NOT_IN_PROSE if shape.prose else sh.NOT_IN_NAMES
            return {**_matching(f"^[^{controls}]*$"), "maxLength": shape.at_most}
        case sh.Id():
            return _matching(f"^{ID_PATTERN}$")
        case sh.NameShape(kind="network"):
            # Editors complete the built-in names, and accept the names of installed networks.
            return {"anyOf": [{"enum": list(NETWORKS)}, _matching(f"^{ID_PATTERN}$")]}
        case sh.NameShape(kind="permission" | "profile_tag"):
            return {"type": "string", "pattern": _NO_NUL}
        case sh.NameShape():
            words = "".join(f"|{re.escape(word)}" for word in shape.also)
            return _matching(f"^({ID_PATTERN}{words})$")
        case sh.PrincipalShape():
            kinds = "|".join(kind for kind in shape.kinds if kind != "lead")
            lead = "|lead" if "lead" in shape.kinds else ""
            return _matching(f"^(({kinds}):{ID_PATTERN}{lead})$")
        case sh.Parsed():
            text = {**_matching(shape.pattern), "not": {"pattern": r"\u0000"}}
            if shape.grammar is Quorum:
                return {"anyOf": [text, {"type": "integer", "minimum": 1, "maximum": 999}]}
            return text
    return {"type": "string"}


def _matching(pattern: str) -> Schema:
    # In Python, `$` also matches before a trailing line feed; in ECMA 262, it does not.
    return {"type": "string", "pattern": f"{pattern}(?!\\n)" if pattern.endswith("$") else pattern}
