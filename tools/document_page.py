"""Generate the page of the organization's document, and its JSON Schema, from its sections."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from socialcollab import document_fields as sh
from socialcollab.document_fields import Field, fields_of
from socialcollab.organization import Organization
from socialcollab.organization.document.loader import (
    INCLUDED_KEYS,
    MOST_BYTES,
    MOST_DEPTH,
    MOST_SECTIONS,
    MOST_VALUES,
)
from socialcollab.organization.document.schema import descriptions, summary

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "document.md"
SCHEMA = ROOT / "src" / "socialcollab" / "organization" / "schema.json"

_RECURRING_TIMES = (
    "friday 17:00",
    "mon-fri 09:30",
    "day 09:00",
    "first business day of the month 09:00",
    "last day of the month 12:00",
    "second monday of the month 10:00",
    "FREQ=WEEKLY;INTERVAL=2",
)
FORMS: Mapping[str, tuple[str, ...]] = {
    "recurring time": _RECURRING_TIMES,
    "recurrence": ("year", "month", "week", "day", *_RECURRING_TIMES),
    "weekly time": ("friday 17:00", "mon-fri 09:30", "mon,wed,sat-sun 20:00"),
    "range of weekdays": ("mon-fri", "monday", "mon,wed,sat-sun"),
    "time of day": ("09:00", "24:00"),
    "holiday": ("2026-12-25", "holidays/nl.ics"),
    "duration": ("45 minutes", "4 hours", "2 days", "1 week", "90 business minutes",
                 "4 business hours", "1 business day"),
    "quorum": ("any", "all", "2"),
    "notification preference": ("slack", "email digest 08:30"),
    "time zone": ("Europe/Amsterdam", "UTC"),
}  # fmt: skip
"""For each grammar, examples of all its forms."""


def _names(keys: Iterable[str]) -> str:
    *others, last = (f"`{key}`" for key in keys)
    return f"{', '.join(others)} and {last}"


_MAIN_ONLY = [field.key for field in fields_of(Organization) if field.key not in INCLUDED_KEYS]
_HEAD = f"""# The document

This page lists every section and key of the document. It is generated from the classes into which the document is loaded.
A key without a default can be omitted unless it is marked *required*.
In the descriptions, *None* and *empty* mean that the key is omitted.
`Organization.load` reports all faults together, each with its place and, if possible, a suggestion.

The following is the document of the template `northwind`, followed by the file that it includes.
The two files are `agency.toml` and `clients/tulip.toml` in the folder `organization/templates/northwind` of the installed package; `socialcollab init --template northwind` writes them as a single document.

```{{literalinclude}} ../../src/socialcollab/organization/templates/northwind/agency.toml
:language: toml
```

```{{literalinclude}} ../../src/socialcollab/organization/templates/northwind/clients/tulip.toml
:language: toml
```

## include

A list of file names, relative to the folder of the document.
In a name, `*` matches any number of characters and `?` matches one character; neither matches a slash.

An included file must define exactly one workspace and can refer only to that workspace: its members belong to the workspace, and every `on` must be limited to it.
It can contain the sections {_names(INCLUDED_KEYS)}.
It cannot contain the sections {_names(_MAIN_ONLY)}, which apply to the whole organization, and it cannot include other files.
Its sections can refer to the sections of the main document.
To let a team of a client's members review posts, for example, define the team in the main document and its members in the client's file; see [set up client approval](../how-to/set-up-client-approval.md).
File names in an included file are relative to the folder of the main document.
`Organization.load` does not follow a symbolic link to a file outside this folder.

## Limits

The document and each of its files may be at most {MOST_BYTES:,} bytes long.
The document and its included files together may contain at most {MOST_SECTIONS:,} tables and {MOST_VALUES:,} values, nested at most {MOST_DEPTH} levels deep.
Strings cannot contain line breaks, control characters or characters that change the direction of text. Reasons and descriptions of permissions can have several lines.
"""


def document_page() -> str:
    """Return the page, in Markdown."""
    parts = [_HEAD, *_forms()]
    inner: dict[type[Any], None] = {}
    for field in fields_of(Organization):
        heading, section = _heading(field)
        keyed = isinstance(field.shape, sh.MapOf)
        parts += _table(heading, section.cls, inner, keyed=keyed)
    done: set[type[Any]] = set()
    while waiting := [cls for cls in inner if cls not in done]:
        for cls in sorted(waiting, key=lambda cls: cls.__name__):
            done.add(cls)
            parts += _table(cls.__name__, cls, inner)
    return "\n".join(parts)


def _forms() -> Iterator[str]:
    yield "## Forms of values\n"
    yield (
        "The tables below refer to the following forms of strings."
        " They are always in English, regardless of the team's language; only the names of days"
        " may be capitalised."
        " Times of day and dates may also be native TOML values, and a quorum may be a number.\n"
    )
    yield "| form | examples |\n|---|---|"
    for name, examples in FORMS.items():
        yield f"| {name} | {', '.join(f'`{example}`' for example in examples)} |"
    yield ""


def _heading(field: Field) -> tuple[str, sh.Section]:
    match field.shape:
        case sh.ListOf(item=sh.Section() as section):
            return f"[[{field.key}]]", section
        case sh.MapOf(item=sh.Section() as section):
            return f"[{field.key}.NAME]", section
        case sh.Section() as section:
            return f"[{field.key}]", section
    raise TypeError(f"`{field.key}` is not a section")


def _table(
    heading: str, cls: type[Any], inner: dict[type[Any], None], *, keyed: bool = False
) -> Iterator[str]:
    described = descriptions(cls)
    yield f"## {heading}\n"
    yield f"{summary(cls)}\n"
    yield "| key | value | default | meaning |\n|---|---|---|---|"
    defaults = {attribute.name: attribute.default for attribute in attrs.fields(cls)}
    for field in fields_of(cls):
        if keyed and isinstance(field.shape, sh.Id):
            continue
        value = _value(field.shape, inner).replace("|", "\\|")
        default = "*required*" if field.required else _default(defaults[field.name])
        yield f"| `{field.key}` | {value} | {default} | {described[field.name]} |"
    yield ""


def _default(value: object) -> str:
    """Return a default as it is written in the document, or an empty string if there is none."""
    if isinstance(value, bool):
        return f"`{value}`".lower()
    # A default of 0 is below the smallest value that the document can contain.
    if not value or isinstance(value, attrs.Factory):
        return ""
    return f"`{value}`"


def _value(shape: sh.Shape, inner: dict[type[Any], None]) -> str:
    match shape:
        case sh.Section():
            inner.setdefault(shape.cls)
            only = f" with {', '.join(f'`{key}`' for key in shape.only)}" if shape.only else ""
            plain = f", or the id of a {shape.plain}" if shape.plain else ""
            if shape.plain == "to":
                plain = ", or a principal alone"
            return f"a table, see {shape.cls.__name__}{only}{plain}"
        case sh.ListOf():
            single = ", or a single value" if shape.or_one else ""
            return f"a list in which each item is {_value(shape.item, inner)}{single}"
        case sh.MapOf():
            return f"a table that maps names to {_value(shape.item, inner)}"
        case sh.Text(file=True):
            return "the name of a file"
        case sh.Text():
            return f"a string of at most {shape.at_most} characters"
        case sh.Id():
            return "an identifier"
        case sh.NameShape():
            also = "".join(f", or `{word}`" for word in shape.also)
            by = "name" if shape.kind in ("network", "permission", "profile_tag") else "id"
            return f"the {by} of a {shape.kind.replace('_', ' ')}{also}"
        case sh.PrincipalShape():
            return " or ".join(
                f"`{kind}`" if kind == "lead" else f"`{kind}:...`" for kind in shape.kinds
            )
        case sh.Choice():
            return ", ".join(f"`{word}`" for word in shape.words)
        case sh.Integer():
            return f"a whole number from {shape.at_least} to {shape.at_most}"
        case sh.Boolean():
            return "`true` or `false`"
        case sh.Date():
            return "a date"
        case sh.LocalTime():
            return "a local time"
        case sh.TimeOrDate():
            return "a date or a local time"
        case sh.Contact():
            return "a table of addresses by channel"
        case sh.Parsed():
            return f"a {shape.name}"
    raise TypeError(f"{shape} is not a known shape")


if __name__ == "__main__":
    PAGE.write_text(document_page(), encoding="utf-8")
    schema = json.dumps(Organization.json_schema(), indent=1, ensure_ascii=False)
    SCHEMA.write_text(f"{schema}\n", encoding="utf-8")
