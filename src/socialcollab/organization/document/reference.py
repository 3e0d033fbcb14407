"""The reference page of the document, from the same definitions that the loader walks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from socialcollab import document_fields as sh
from socialcollab.organization.document.described import descriptions, summary
from socialcollab.organization.document.document import (
    MOST_BYTES,
    MOST_DEPTH,
    MOST_SECTIONS,
    MOST_VALUES,
)
from socialcollab.organization.document.reader import Field, fields_of

_OFTEN = (
    "friday 17:00",
    "mon-fri 09:30",
    "day 09:00",
    "first business day of the month 09:00",
    "last day of the month 12:00",
    "second monday of the month 10:00",
    "FREQ=WEEKLY;INTERVAL=2",
)
FORMS: Mapping[str, tuple[str, ...]] = {
    "rule": _OFTEN,
    "repeat": ("year", "month", "week", "day", *_OFTEN),
    "slot": ("friday 17:00", "mon-fri 09:30", "mon,wed,sat-sun 20:00"),
    "weekdays": ("mon-fri", "monday", "mon,wed,sat-sun"),
    "time of day": ("09:00", "24:00"),
    "holiday": ("2026-12-25", "holidays/nl.ics"),
    "duration": ("45 minutes", "4 hours", "2 days", "1 week", "90 business minutes",
                 "4 business hours", "1 business day"),
    "quorum": ("any", "all", "2"),
    "way to notify": ("slack", "email digest 08:30"),
    "time zone": ("Europe/Amsterdam", "UTC"),
}  # fmt: skip
"""By the name of what a key holds, every way to write it, as examples."""

_HEAD = f"""# The document

Every section and every key, written from the definitions that the loader walks.
A key without a default is required.
`Organization.load` reports every fault at once, each with its place and, where one is near, a suggestion.

```{{literalinclude}} ../../src/socialcollab/organization/templates/northwind/agency.toml
:language: toml
```

```{{literalinclude}} ../../src/socialcollab/organization/templates/northwind/clients/tulip.toml
:language: toml
```

## include

Names of files beside the document; `*` and `?` stand for letters of one name, not for folders.
An included file defines one workspace and speaks of it alone: it has no sections of the organization, its members are of that workspace, and every `on` stays within it.
Included files include no others.
Files that are named in one are found beside the main document.

## Bounds

A document, and each file with it, has at most {MOST_BYTES:,} bytes; all together have at most {MOST_SECTIONS:,} tables and {MOST_VALUES:,} values, at most {MOST_DEPTH} levels deep.
"""


def document_page(fields: tuple[Field, ...]) -> str:
    """Return the page, in Markdown."""
    parts = [_HEAD, *_forms()]
    inner: dict[type[Any], sh.Section] = {}
    for field in fields:
        section, heading = _section_of(field)
        parts += _table(heading, section, inner, keyed=isinstance(field.shape, sh.MapOf))
    done: set[type[Any]] = set()
    while waiting := [cls for cls in inner if cls not in done]:
        for cls in sorted(waiting, key=lambda one: one.__name__):
            done.add(cls)
            parts += _table(cls.__name__, sh.Section(cls), inner, keyed=False)
    return "\n".join(parts)


def _forms() -> Iterator[str]:
    yield "## How things are written\n"
    yield (
        "Texts that the tables below call a rule, a duration and so on, each in all of its forms."
        " They are English in every language of the team; only names of days may have capitals."
        " Times of day and dates may also be written without quotes, as TOML has them, and"
        " a quorum as a number.\n"
    )
    yield "| called | such as |\n|---|---|"
    for name, examples in FORMS.items():
        yield f"| a {name} | {', '.join(f'`{one}`' for one in examples)} |"
    yield ""


def _section_of(field: Field) -> tuple[sh.Section, str]:
    match field.shape:
        case sh.ListOf(item=sh.Section() as section):
            return section, f"[[{field.key}]]"
        case sh.MapOf(item=sh.Section() as section):
            return section, f"[{field.key}.NAME]"
        case sh.Section() as section:
            return section, f"[{field.key}]"
    raise TypeError(f"`{field.key}` is no section")


def _table(
    heading: str, section: sh.Section, inner: dict[type[Any], sh.Section], *, keyed: bool
) -> Iterator[str]:
    said = descriptions(section.cls)
    yield f"## {heading}\n"
    yield f"{summary(section.cls)}\n"
    yield "| key | holds | |\n|---|---|---|"
    for field in fields_of(section.cls):
        if keyed and isinstance(field.shape, sh.Id):
            continue
        star = " (required)" if field.required else ""
        holds = _holds(field.shape, inner).replace("|", "\\|")
        yield f"| `{field.key}`{star} | {holds} | {said.get(field.name, '')} |"
    yield ""


def _holds(shape: sh.Shape, inner: dict[type[Any], sh.Section]) -> str:
    match shape:
        case sh.Section():
            inner.setdefault(shape.cls, shape)
            only = f" with {', '.join(f'`{key}`' for key in shape.only)}" if shape.only else ""
            plain = f", or the id of a {shape.plain}" if shape.plain else ""
            return f"a table, see {shape.cls.__name__}{only}{plain}"
        case sh.ListOf():
            one = " (or one alone)" if shape.or_one else ""
            return f"a list{one} of: {_holds(shape.item, inner)}"
        case sh.MapOf():
            return f"a table of names, each with {_holds(shape.item, inner)}"
        case sh.Text():
            return (
                "the name of a file"
                if shape.file
                else f"a text of at most {shape.at_most} characters"
            )
        case sh.Id():
            return "an identifier"
        case sh.NameShape():
            also = "".join(f", or `{word}`" for word in shape.also)
            return f"the name of a {shape.kind.replace('_', ' ')}{also}"
        case sh.PrincipalShape():
            return "a party: " + ", ".join(
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
            return "a table of address per channel"
        case sh.Parsed():
            return f"a {shape.name}"
    return "a text"
