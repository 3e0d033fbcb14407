"""A whole document, with the files it includes and names, read into its sections."""

from __future__ import annotations

import fnmatch
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

import attrs

from socialcollab import document_fields as sh
from socialcollab.organization.document.confine import INCLUDED_KEYS, check_confined
from socialcollab.organization.document.cross_check import check_files, check_names, check_rules
from socialcollab.organization.document.faults import Faults, TooManyFaultsError, said, shown
from socialcollab.organization.document.reader import FAULTY, Field, Reader, is_file_name

MOST_BYTES: Final = 5_000_000
"""The longest document, and the longest included or named file, in bytes."""

MOST_DEPTH: Final = 20
"""How deep tables and lists may stand in each other."""

MOST_SECTIONS: Final = 100_000
"""How many tables a document may have, those of included files too."""

MOST_VALUES: Final = 1_000_000
"""How many values it may have in all."""

_PLANNED_SECTIONS: Final = frozenset(
    {
        "commitments",
        "inbox",
        "playbooks",
        "postures",
        "response_targets",
        "routines",
        "routing",
        "saved_replies",
        "strategy",
    }
)
"""Sections that a later version reads; refused by name, since a typo is not the cause."""

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_END: Final = "(at end of document)"


def parse_toml(text: str | bytes, faults: Faults, *, name: str = "") -> dict[str, Any] | None:
    """Return the tables of a text, or None with the fault noted; *name* is the file's."""
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "surrogatepass"))
    if size > MOST_BYTES:
        faults.add(
            name, f"the document is {size} bytes long, more than {MOST_BYTES}", "include files"
        )
        return None
    lead = f"{name}: " if name else ""
    clean = ""
    try:
        clean = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
        return tomllib.loads(clean)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        faults.add(f"{lead}line {line}", "the text is not UTF-8", "save the file as UTF-8")
    except RecursionError:
        faults.add(name, "the document is nested too deeply", f"at most {MOST_DEPTH} levels")
    except ValueError as error:
        message = str(error)
        found = _PLACE.search(message)
        place = f"{lead}line {found[1]}, column {found[2]}" if found else name
        if _END in message:
            lines = clean.split("\n")
            place = f"{lead}line {len(lines)}, column {len(lines[-1]) + 1}"
        problem = _PLACE.sub("", message).replace(_END, "").strip()[:300]
        faults.add(place, f"the document is not TOML: {problem[:1].lower()}{problem[1:]}")
    return None


@attrs.define
class _Size:
    """Counts what a document holds, over all of its files."""

    sections: int = 0
    values: int = 0

    def fits(self, table: Mapping[str, Any], faults: Faults, name: str) -> bool:
        """Tell whether the bounds hold with *table*; each is noted in one message."""
        level: list[Any] = [table]
        depth = 0
        while level:
            depth += 1
            if depth > MOST_DEPTH:
                faults.add(name, f"the document is nested more than {MOST_DEPTH} levels deep")
                return False
            below: list[Any] = []
            for one in level:
                if isinstance(one, Mapping):
                    self.sections += 1
                    below.extend(one.values())
                elif isinstance(one, list | tuple):
                    below.extend(one)
                self.values += 1
                if self.sections > MOST_SECTIONS or self.values + len(below) > MOST_VALUES:
                    faults.add(
                        name,
                        f"the document has more than {MOST_SECTIONS} sections"
                        f" or {MOST_VALUES} values",
                        "hand people over with `Organization.assemble`, and grant to teams",
                    )
                    return False
            level = [one for one in below if isinstance(one, Mapping | list | tuple)]
            self.values += len(below) - len(level)
        return True


def _patterns(table: Mapping[str, Any], faults: Faults) -> Iterator[tuple[str, str]]:
    said_patterns = table.get("include", [])
    if isinstance(said_patterns, str):
        said_patterns = [said_patterns]
    if not isinstance(said_patterns, list | tuple):
        faults.add("include", f"{said(said_patterns)} is not a list of file names")
        return
    for at, pattern in enumerate(said_patterns):
        place = f"include[{at}]"
        if not isinstance(pattern, str) or not is_file_name(
            pattern.replace("*", "a").replace("?", "a")
        ):
            faults.add(
                place,
                f"{said(pattern)} is no name of files beside the document",
                "use a relative name with `/` and without `..`, such as clients/*.toml",
            )
            continue
        yield place, pattern


def matches_pattern(pattern: str, name: str) -> bool:
    """Match part by part, so that a star does not reach into folders, upper case apart."""
    wanted, parts = pattern.split("/"), name.split("/")
    return len(wanted) == len(parts) and all(
        fnmatch.fnmatchcase(part, want) for part, want in zip(parts, wanted, strict=True)
    )


def include_patterns(text: bytes) -> tuple[str, ...]:
    """Return what a document includes, as far as it can be read."""
    table = parse_toml(text, Faults())
    return () if table is None else tuple(pattern for _, pattern in _patterns(table, Faults()))


def tables_of(document: str | bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    """
    Return a document's tables.

    Raises:
        ExceptionGroup: If it is no TOML.
    """
    if isinstance(document, Mapping):
        return document
    faults = Faults()
    table = parse_toml(document, faults)
    faults.raise_all()
    return table or {}


def included_names(
    table: Mapping[str, Any], files: Mapping[str, bytes], faults: Faults
) -> tuple[str, ...]:
    """Return the files that a document includes, sorted by pattern and name."""
    found: dict[str, None] = {}
    for place, pattern in _patterns(table, faults):
        names = sorted(
            name for name in files if matches_pattern(pattern, name) and is_file_name(name)
        )
        if not names:
            faults.add(
                place, f"no file matches `{shown(pattern)}`", faults.hint(pattern, list(files))
            )
        found.update(dict.fromkeys(names))
    return tuple(found)


def read_document(
    document: str | bytes | Mapping[str, Any],
    fields: tuple[Field, ...],
    *,
    files: Mapping[str, bytes],
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """
    Read a document with all its files.

    Args:
        document: Its text, or its plain values.

        fields: What it may hold.

        files: The files that it includes and names.

    Returns:
        The value of each field by name, and the files it names beside the
        included ones, whose sections are among the values.

    Raises:
        ExceptionGroup: Of one `FaultError` for each fault.
    """
    faults = Faults()
    reader = Reader(faults)
    walk = _Walk(reader, fields, files)
    with suppress(TooManyFaultsError):
        walk.run(document)
    faults.raise_all()
    return walk.values(), {name: bytes(files[name]) for name in sorted(reader.named)}


def named_files(
    document: str | bytes | Mapping[str, Any],
    fields: tuple[Field, ...],
    *,
    included: Mapping[str, bytes],
) -> tuple[str, ...]:
    """Return the files that a document and what it includes name, as far as it can be read."""
    reader = Reader(Faults())
    with suppress(TooManyFaultsError, RecursionError):
        _Walk(reader, fields, included).sections(document)
    return tuple(reader.named)


class _Walk:
    """The walk over one document: main file, included files, then what they say of each other."""

    def __init__(
        self, reader: Reader, fields: tuple[Field, ...], files: Mapping[str, bytes]
    ) -> None:
        self.reader = reader
        self.faults = reader.faults
        self.fields = fields
        self.files = files
        self.size = _Size()
        self.single: dict[str, Any] = {}
        self.lists: dict[str, list[Any]] = {field.name: [] for field in fields if _is_list(field)}
        self.places: dict[str, list[str]] = {name: [] for name in self.lists}
        self.tags: list[str] = []
        self.included: tuple[str, ...] = ()

    def run(self, document: str | bytes | Mapping[str, Any]) -> None:
        """Read everything, and check it."""
        if not self.sections(document):
            return
        check_names(self.reader, self.tags)
        rules = {**{field.name: None for field in self.fields}, **self.single, **self.lists}
        check_rules(rules, self.places, self.faults)
        style = self.single.get("style")
        guides = style.guides if style is not None and style is not FAULTY else ()
        check_files(self.reader, guides, self.files, known=self.included)

    def sections(self, document: str | bytes | Mapping[str, Any]) -> bool:
        """Read the sections of all files; false if the document itself cannot be read."""
        table = document if isinstance(document, Mapping) else parse_toml(document, self.faults)
        if table is None or not self.size.fits(table, self.faults, ""):
            return False
        self.included = included_names(table, self.files, self.faults)
        self._file(table, "")
        for name in self.included:
            included = parse_toml(self.files[name], self.faults, name=name)
            if included is not None and self.size.fits(included, self.faults, name):
                self._file(included, name)
        return True

    def _file(self, table: Mapping[str, Any], name: str) -> None:
        lead = f"{name}: " if name else ""
        by_key = {field.key: field for field in self.fields}
        first = {field: len(found) for field, found in self.lists.items()}
        for key in table:
            if key == "include" and not name:
                continue
            if not isinstance(key, str):
                self.faults.add(lead, f"key {said(key)} is no string")
            elif key not in by_key:
                allowed = [*(INCLUDED_KEYS if name else by_key), *(() if name else ("include",))]
                if key == "include":
                    self.faults.add(f"{lead}include", "an included file includes no others")
                elif key in _PLANNED_SECTIONS:
                    self.faults.add(
                        f"{lead}{key}",
                        f"section `{key}` is not supported yet",
                        "leave it out until a later version reads it",
                    )
                else:
                    hint = self.faults.hint(key, allowed, few=True)
                    self.faults.add(f"{lead}{shown(key)}", f"unknown section `{shown(key)}`", hint)
            elif name and key not in INCLUDED_KEYS:
                self.faults.add(
                    f"{lead}{key}",
                    f"`{key}` is the organization's, and an included file speaks of its workspace alone",
                    "say it in the main document",
                )
        for field in self.fields:
            if field.key in table and not (name and field.key not in INCLUDED_KEYS):
                self._field(field, table[field.key], f"{lead}{field.key}")
            elif field.required and not name:
                self.faults.add(field.key, f"section `[{field.key}]` is missing")
        if name:
            made = {
                field: list(
                    zip(found[first[field] :], self.places[field][first[field] :], strict=True)
                )
                for field, found in self.lists.items()
            }
            check_confined(name, table, made, self.faults)

    def _field(self, field: Field, value: object, place: str) -> None:
        match field.shape:
            case sh.ListOf(item=item):
                if not isinstance(value, list | tuple):
                    self.faults.add(place, f"{said(value)} is not a list", f"write [[{field.key}]]")
                    return
                for at, one in enumerate(value):
                    if field.name == "profiles" and isinstance(one, Mapping):
                        self._note_tags(one)
                    self._keep(
                        field, self.reader.read(item, one, f"{place}[{at}]"), f"{place}[{at}]"
                    )
            case sh.MapOf(item=sh.Section() as item):
                if not isinstance(value, Mapping):
                    self.faults.add(
                        place, f"{said(value)} is not a table", f"write [{field.key}.NAME]"
                    )
                    return
                for key, one in value.items():
                    here = f"{place}.{shown(str(key)[:200])}"
                    if not isinstance(key, str):
                        self.faults.add(place, f"key {said(key)} is no string")
                        continue
                    self._keep(field, self.reader.section(item, one, here, key=key), here)
            case shape:
                self.single[field.name] = self.reader.read(shape, value, place)

    def _keep(self, field: Field, made: Any, place: str) -> None:
        if made is not FAULTY:
            self.lists[field.name].append(made)
            self.places[field.name].append(place)

    def _note_tags(self, profile: Mapping[str, Any]) -> None:
        # Of a profile with a fault too, so that its tags are not unknown on top.
        tags = profile.get("tags", ())
        if isinstance(tags, list | tuple):
            self.tags.extend(tag for tag in tags if isinstance(tag, str))

    def values(self) -> dict[str, Any]:
        """Return what was read, by field."""
        return {**self.single, **{name: tuple(found) for name, found in self.lists.items()}}


def _is_list(field: Field) -> bool:
    match field.shape:
        case sh.ListOf() | sh.MapOf(item=sh.Section()):
            return True
    return False
