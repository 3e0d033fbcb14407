"""The JSON Schema of the document, from the same definitions that the loader walks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from socialcollab import document_fields as sh
from socialcollab.directory import NETWORKS, PROFILE_KEYS, Excluding, Member, Profile, Selector
from socialcollab.identifiers import ID_PATTERN
from socialcollab.organization.document.described import descriptions, summary
from socialcollab.organization.document.reader import (
    CHANNEL_PATTERN,
    CUSTOM_PATTERN,
    LONGEST_ADDRESS,
    Field,
    fields_of,
)
from socialcollab.organization.expectation import Expectation
from socialcollab.permissions import Grant, Rotation
from socialcollab.scheduling import SlotPlan
from socialcollab.workflow import ApprovalPolicy, Quorum, StepTimer

Schema: TypeAlias = dict[str, Any]

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_LOCAL = rf"\s*{_DATE}[ T][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]+)?)?\s*"


def _names_one(*keys: str) -> Schema:
    return {"anyOf": [{"required": [key], "properties": {key: {"minItems": 1}}} for key in keys]}


# What a class refuses beyond the shapes of its fields.
_RULES: Final[Mapping[type[Any], Schema]] = {
    Selector: _names_one("workspace", "profile", "profile_tag"),
    Excluding: _names_one(*PROFILE_KEYS),
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
    ApprovalPolicy: {
        "anyOf": [
            {"required": ["extends"]},
            {"required": ["steps"], "properties": {"steps": {"minItems": 1}}},
        ]
    },
    SlotPlan: {"properties": {"min_gap": {"not": {"pattern": "business"}}}},
}


def document_schema(fields: tuple[Field, ...]) -> Schema:
    """Return the JSON Schema, draft 2020-12, of a document with *fields*."""
    maker = _Maker()
    properties: Schema = {
        "include": _one_or_many({"type": "string", "minLength": 1})
        | {"description": "Files of which each speaks of the one workspace it defines."}
    }
    for field in fields:
        properties[field.key] = maker.schema(field.shape)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://socialcollab.readthedocs.io/organization.schema.json",
        "title": "The document of an organization",
        "type": "object",
        "properties": properties,
        "required": [field.key for field in fields if field.required],
        "additionalProperties": False,
        "$defs": dict(sorted(maker.definitions.items())),
    }


class _Maker:
    """Draws schemas of shapes; each section's class once."""

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
                        "type": "string",
                        "minLength": 1,
                        "maxLength": LONGEST_ADDRESS,
                        "pattern": _NO_NUL,
                    },
                }
            case sh.Choice():
                return {"enum": list(shape.words)}
        return _string(shape)

    def _section(self, shape: sh.Section, *, keyed: bool = False) -> Schema:
        name = shape.cls.__name__
        if shape.only:
            name += "".join(
                f"-{one}" for one in ("of-posts" if "kind" in shape.only else "of-profiles",)
            )
        if keyed:
            name += "-keyed"
        if name not in self.definitions:
            self.definitions[name] = {}  # a section that holds itself would go on for ever
            self.definitions[name] = self._table(shape, keyed=keyed)
        found: Schema = {"$ref": f"#/$defs/{name}"}
        if not shape.plain:
            return found
        plain = next(one for one in fields_of(shape.cls) if one.key == shape.plain)
        item = plain.shape.item if isinstance(plain.shape, sh.ListOf) else plain.shape
        return {"anyOf": [self.schema(item), found]}

    def _table(self, shape: sh.Section, *, keyed: bool) -> Schema:
        said = descriptions(shape.cls)
        properties: Schema = {}
        required = []
        for field in fields_of(shape.cls):
            if (shape.only and field.key not in shape.only) or (
                keyed and isinstance(field.shape, sh.Id)
            ):
                continue
            properties[field.key] = self.schema(field.shape)
            if said.get(field.name):
                properties[field.key] = {**properties[field.key], "description": said[field.name]}
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
            names = CUSTOM_PATTERN if shape.dotted else f"^{ID_PATTERN}$" if shape.key else ""
        found: Schema = {"type": "object", "additionalProperties": item}
        if names:
            found["propertyNames"] = _matching(names)
        return found


_NO_NUL: Final = r"^[^\u0000]*$"


def _string(shape: sh.Shape) -> Schema:
    match shape:
        case sh.Text():
            return {"type": "string", "maxLength": shape.at_most, "pattern": _NO_NUL}
        case sh.Id():
            return _matching(f"^{ID_PATTERN}$")
        case sh.NameShape(kind="network"):
            return {"enum": list(NETWORKS)}
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
            said = {**_matching(shape.pattern), "not": {"pattern": r"\u0000"}}
            if shape.grammar is Quorum:
                return {"anyOf": [said, {"type": "integer", "minimum": 1, "maximum": 999}]}
            return said
    return {"type": "string"}


def _matching(pattern: str) -> Schema:
    # To Python an end also lies before a last line feed, to ECMA 262 it does not.
    return {"type": "string", "pattern": f"{pattern}(?!\\n)" if pattern.endswith("$") else pattern}


def _one_or_many(item: Schema) -> Schema:
    return {"anyOf": [item, {"type": "array", "items": item}]}
