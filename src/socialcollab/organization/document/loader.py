"""Loading a document: its text, the files that it includes and names, and its sections."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

import attrs

from socialcollab import document_fields as sh
from socialcollab._toml import parse_toml
from socialcollab.document_fields import Field
from socialcollab.organization.document.checks import (
    check_files,
    check_inbox,
    check_included_file,
    check_references,
    check_rules,
)
from socialcollab.organization.document.faults import (
    Faults,
    TooManyFaultsError,
    printable,
    quoted,
)
from socialcollab.organization.document.reader import FAULTY, Reader, is_file_name

MOST_BYTES: Final = 5_000_000
"""The maximum size in bytes of a document, and of each file that it includes or names."""

MOST_DEPTH: Final = 20
"""The maximum nesting depth of tables and lists."""

MOST_SECTIONS: Final = 100_000
"""The maximum number of tables in a document and its included files together."""

MOST_VALUES: Final = 1_000_000
"""The maximum number of values in a document and its included files together."""

INCLUDED_KEYS: Final = (
    "workspaces",
    "profiles",
    "members",
    "campaigns",
    "grants",
    "forbids",
    "rotations",
    "approvals",
    "slot_plans",
    "blackouts",
    "routing",
    "response_targets",
    "saved_replies",
    "expect",
)
"""The sections that an included file may contain."""

_PLANNED_SECTIONS: Final = frozenset(
    {
        "commitments",
        "playbooks",
        "postures",
        "routines",
        "strategy",
    }
)
"""Sections planned for later versions; no other spelling is suggested for these names."""

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_END: Final = "(at end of document)"


def _parse_toml(text: str | bytes, faults: Faults, *, name: str = "") -> dict[str, Any] | None:
    """Return the tables in the TOML text of file *name*, or add a fault and return None."""
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "surrogatepass"))
    if size > MOST_BYTES:
        faults.add(
            name,
            f"the document is {size} bytes long; the limit is {MOST_BYTES}",
            "move workspaces to included files",
        )
        return None
    lead = f"{name}: " if name else ""
    decoded = ""
    try:
        decoded = (
            text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
        )
        return parse_toml(decoded)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        faults.add(f"{lead}line {line}", "the text is not UTF-8", "save the file as UTF-8")
    except RecursionError:
        faults.add(name, "the document is nested too deeply", f"use at most {MOST_DEPTH} levels")
    except ValueError as error:
        message = str(error)
        found = _PLACE.search(message)
        place = f"{lead}line {found[1]}, column {found[2]}" if found else name
        if _END in message:
            lines = decoded.split("\n")
            place = f"{lead}line {len(lines)}, column {len(lines[-1]) + 1}"
        problem = _PLACE.sub("", message).replace(_END, "").strip()[:300]
        faults.add(place, f"the document is not valid TOML: {problem[:1].lower()}{problem[1:]}")
    return None


@attrs.define
class _Size:
    """The total size of a document and the files that it includes."""

    sections: int = 0
    values: int = 0

    def add(self, table: Mapping[str, Any], faults: Faults, name: str) -> bool:
        """Count *table*, or add a fault and return False if a limit is exceeded."""
        level: list[Any] = [table]
        depth = 0
        while level:
            depth += 1
            if depth > MOST_DEPTH:
                faults.add(
                    name,
                    f"the document is nested more than {MOST_DEPTH} levels deep",
                    f"use at most {MOST_DEPTH} levels",
                )
                return False
            below: list[Any] = []
            for value in level:
                if isinstance(value, Mapping):
                    self.sections += 1
                    below.extend(value.values())
                elif isinstance(value, list | tuple):
                    below.extend(value)
                self.values += 1
                if self.sections > MOST_SECTIONS or self.values + len(below) > MOST_VALUES:
                    faults.add(
                        name,
                        f"the document has more than {MOST_SECTIONS} sections"
                        f" or {MOST_VALUES} values",
                        "pass the members to `Organization.assemble`, and grant to teams",
                    )
                    return False
            level = [value for value in below if isinstance(value, Mapping | list | tuple)]
            self.values += len(below) - len(level)
        return True


def _patterns(table: Mapping[str, Any], faults: Faults) -> Iterator[tuple[str, str]]:
    """Yield the place and value of each valid pattern under the `include` key."""
    patterns = table.get("include", [])
    if isinstance(patterns, str):
        patterns = [patterns]
    if not isinstance(patterns, list | tuple):
        faults.add("include", f"{quoted(patterns)} is not a list of file names")
        return
    for at, pattern in enumerate(patterns):
        place = f"include[{at}]"
        if isinstance(pattern, str) and is_file_name(pattern.replace("*", "a").replace("?", "a")):
            yield place, pattern
        else:
            faults.add(
                place,
                f"{quoted(pattern)} is not a relative file name",
                "name files relative to the document, with `/` and without `..`,"
                " such as `clients/*.toml`",
            )


def matches_pattern(pattern: str, name: str) -> bool:
    """Return whether *name* matches *pattern*, in which ``*`` and ``?`` never match a slash."""
    wanted, parts = pattern.split("/"), name.split("/")
    return len(wanted) == len(parts) and all(
        # The match is case-sensitive on every operating system.
        fnmatch.fnmatchcase(part, want)
        for part, want in zip(parts, wanted, strict=True)
    )


def include_patterns(text: bytes) -> tuple[str, ...]:
    """Return the patterns of the files that a document includes, ignoring faults."""
    table = _parse_toml(text, Faults())
    return () if table is None else tuple(pattern for _, pattern in _patterns(table, Faults()))


def tables_of(document: str | bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    """
    Return the tables of a document, which may be TOML text or plain values.

    Raises:
        ExceptionGroup: If the text is not valid TOML.
    """
    if isinstance(document, Mapping):
        return document
    faults = Faults()
    table = _parse_toml(document, faults)
    faults.raise_all()
    return table or {}


def load_document(
    document: str | bytes | Mapping[str, Any],
    fields: tuple[Field, ...],
    *,
    files: Mapping[str, bytes],
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """
    Read a document and all of its files.

    Args:
        document: The TOML text or the plain values.
        fields: The sections that the document may contain.
        files: The contents of the files that the document includes and names, by name.

    Returns:
        The value of each field by name, with the sections of included files; and the files that the
        document names, except included files.

    Raises:
        ExceptionGroup: With one `FaultError` for each fault.
    """
    faults = Faults()
    loader = _Loader(Reader(faults), fields, files)
    with suppress(TooManyFaultsError):
        loader.load(document)
    faults.raise_all()
    named = {name: bytes(files[name]) for name in sorted(loader.reader.file_places)}
    lists = {name: tuple(sections) for name, sections in loader.lists.items()}
    return {**loader.tables, **lists}, named


def named_files(
    document: str | bytes | Mapping[str, Any],
    fields: tuple[Field, ...],
    *,
    included: Mapping[str, bytes],
) -> Mapping[str, str]:
    """Return the files that a document and its included files name, with the place of each."""
    reader = Reader(Faults())
    with suppress(TooManyFaultsError, RecursionError):
        _Loader(reader, fields, included).read_sections(document)
    return reader.file_places


class _Loader:
    """
    The loader of one document, which reads all files and then runs the checks across sections.

    Attributes:
        tables: The value of each field that consists of one table.
        lists: The sections that could be read, for each field that consists of many sections.
        places: The places of these sections.
    """

    def __init__(
        self, reader: Reader, fields: tuple[Field, ...], files: Mapping[str, bytes]
    ) -> None:
        self.reader = reader
        self.faults = reader.faults
        self.fields = {field.key: field for field in fields}
        self.files = files
        self.size = _Size()
        self.tables: dict[str, Any] = {}
        self.lists: dict[str, list[Any]] = {field.name: [] for field in fields if _is_list(field)}
        self.places: dict[str, list[str]] = {name: [] for name in self.lists}
        self.profile_tags: list[str] = []
        self.included: tuple[str, ...] = ()

    def load(self, document: str | bytes | Mapping[str, Any]) -> None:
        """Read the document and its files, and run all checks."""
        if not self.read_sections(document):
            return
        check_references(self.reader, self.profile_tags)
        check_rules(self.lists, self.places, self.faults)
        check_inbox(self.lists, self.tables, self.places, self.faults)
        style = self.tables.get("style")
        guides = style.guides if style is not None and style is not FAULTY else ()
        check_files(self.reader, guides, self.files, self.included)

    def read_sections(self, document: str | bytes | Mapping[str, Any]) -> bool:
        """Read the sections of all files, or return False if the document itself is unreadable."""
        table = document if isinstance(document, Mapping) else _parse_toml(document, self.faults)
        if table is None or not self.size.add(table, self.faults, ""):
            return False
        self.included = self._included_names(table)
        self._read_file(table, "")
        for name in self.included:
            included = _parse_toml(self.files[name], self.faults, name=name)
            if included is not None and self.size.add(included, self.faults, name):
                counts = {field: len(sections) for field, sections in self.lists.items()}
                self._read_file(included, name)
                added = {
                    field: list(
                        zip(self.lists[field][count:], self.places[field][count:], strict=True)
                    )
                    for field, count in counts.items()
                }
                check_included_file(name, included, added, self.faults)
        return True

    def _included_names(self, table: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of the included files, sorted by pattern and then by name."""
        names: dict[str, None] = {}
        for place, pattern in _patterns(table, self.faults):
            matching = sorted(
                name for name in self.files if matches_pattern(pattern, name) and is_file_name(name)
            )
            if not matching:
                self.faults.add(
                    place,
                    f"no file matches `{printable(pattern)}`",
                    self.faults.suggest(pattern, list(self.files)),
                )
            names.update(dict.fromkeys(matching))
        return tuple(names)

    def _read_file(self, table: Mapping[str, Any], name: str) -> None:
        """Read the sections of one file; *name* is empty for the main file."""
        lead = f"{name}: " if name else ""
        allowed = INCLUDED_KEYS if name else (*self.fields, "include")
        for key in table:
            if key not in allowed:
                self._add_section_fault(key, lead, allowed)
        for key, field in self.fields.items():
            if key in table:
                # A section that is not allowed in this file is read too. Otherwise, every reference
                # to it would be reported as unknown.
                self._read_field(field, table[key], f"{lead}{key}")
            elif field.required and not name:
                self.faults.add(key, f"section `[{key}]` is missing")

    def _add_section_fault(self, key: object, lead: str, allowed: tuple[str, ...]) -> None:
        if not isinstance(key, str):
            self.faults.add(lead, f"key {quoted(key)} is not a string")
            return
        place = f"{lead}{printable(key)}"
        if key == "include":
            self.faults.add(place, "an included file cannot include other files")
        elif key in self.fields:
            self.faults.add(
                place,
                f"an included file cannot have a section `{key}`",
                "move it to the main document",
            )
        elif key in _PLANNED_SECTIONS:
            self.faults.add(
                place,
                f"section `{key}` is not supported yet",
                "remove it until a later version supports it",
            )
        else:
            hint = self.faults.suggest(key, allowed, otherwise="list all")
            self.faults.add(place, f"unknown section `{printable(key)}`", hint)

    def _read_field(self, field: Field, value: object, place: str) -> None:
        match field.shape:
            case sh.ListOf(item=item):
                if not isinstance(value, list | tuple):
                    self.faults.add(
                        place, f"{quoted(value)} is not a list", f"write [[{field.key}]]"
                    )
                    return
                for at, table in enumerate(value):
                    if field.name == "profiles" and isinstance(table, Mapping):
                        self._collect_tags(table)
                    here = f"{place}[{at}]"
                    self._keep(field, self.reader.read(item, table, here), here)
            case sh.MapOf(item=sh.Section() as item):
                if not isinstance(value, Mapping):
                    self.faults.add(
                        place, f"{quoted(value)} is not a table", f"write [{field.key}.NAME]"
                    )
                    return
                for key, table in value.items():
                    if not isinstance(key, str):
                        self.faults.add(place, f"key {quoted(key)} is not a string")
                        continue
                    here = f"{place}.{printable(key)}"
                    self._keep(field, self.reader.section(item, table, here, key=key), here)
            case shape:
                self.tables[field.name] = self.reader.read(shape, value, place)

    def _keep(self, field: Field, section: Any, place: str) -> None:
        if section is not FAULTY:
            self.lists[field.name].append(section)
            self.places[field.name].append(place)

    def _collect_tags(self, profile: Mapping[str, Any]) -> None:
        # The tags of a faulty profile are also collected, so that rules which use them are not
        # reported as faulty too.
        tags = profile.get("tags", ())
        if isinstance(tags, list | tuple):
            self.profile_tags.extend(tag for tag in tags if isinstance(tag, str))


def _is_list(field: Field) -> bool:
    match field.shape:
        case sh.ListOf() | sh.MapOf(item=sh.Section()):
            return True
    return False
