"""One walk over the definitions: from plain values to the sections' classes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import attrs

from socialcollab import document_fields as sh
from socialcollab.directory import Principal
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import ID_PATTERN, check_id
from socialcollab.organization.document.faults import Faults, said, shown
from socialcollab.time import BusinessHours, BusinessHoursSection, HolidayEntry, parse_local
from socialcollab.workflow import ApprovalPolicy

FAULTY: Final = object()
"""Stands for a value that cannot be read; its faults are noted."""

CHANNEL_PATTERN: Final = r"^[a-z][a-z0-9_-]{0,30}$"
CUSTOM_PATTERN: Final = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$"
LONGEST_ADDRESS: Final = 320
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SURROGATE = re.compile("[\ud800-\udfff]")


@attrs.frozen
class Field:
    """One field of a section's class, as the document knows it."""

    name: str
    key: str
    shape: sh.Shape
    required: bool


@attrs.frozen
class NameReference:
    """A name that has to lead somewhere."""

    place: str
    kind: str
    name: str
    also: tuple[str, ...]


def fields_of(cls: Any) -> tuple[Field, ...]:
    """Return the fields of a section's class that the document may hold."""
    return _fields_of(cls)


@cache
def _fields_of(cls: Any) -> tuple[Field, ...]:
    found = []
    for attribute in attrs.fields(cls):
        described = sh.shape_of(attribute)
        if described is not None:
            key, shape = described
            found.append(
                Field(
                    attribute.alias or attribute.name,
                    key,
                    shape,
                    attribute.default is attrs.NOTHING,
                )
            )
    return tuple(found)


@attrs.define
class Reader:
    """
    Reads sections by their shapes, noting every fault and every reference.

    Attributes:
        faults: Where faults are noted.

        ids: Per kind, each identifier that is defined and the place of its section.

        references: Names that have to lead somewhere.

        named: Files that are named, and where first.

        steps: The steps that each policy has itself, by the policy's place.

        step_references: Per reference to a step: its place, the policy's, the name.

        extends: What each policy extends, by the policy's place.
    """

    faults: Faults
    ids: dict[str, dict[str, str]] = attrs.field(factory=dict)
    references: list[NameReference] = attrs.field(factory=list)
    named: dict[str, str] = attrs.field(factory=dict)
    steps: dict[str, set[str]] = attrs.field(factory=dict)
    step_references: list[tuple[str, str, str]] = attrs.field(factory=list)
    extends: dict[str, str] = attrs.field(factory=dict)
    _policy: str = ""

    def read(self, shape: sh.Shape, value: object, place: str) -> Any:
        """Return the value that *shape* makes of *value*, or `FAULTY`."""
        match shape:
            case sh.Section():
                return self.section(shape, value, place)
            case sh.ListOf():
                return self._list(shape, value, place)
            case sh.MapOf():
                return self._map(shape, value, place)
            case sh.Boolean():
                return (
                    value if isinstance(value, bool) else self._wrong(place, "true or false", value)
                )
            case sh.Integer():
                return self._integer(shape, value, place)
            case sh.Date():
                return self._date(value, place)
            case sh.LocalTime():
                return self._local_time(value, place)
            case sh.TimeOrDate():
                return self._time_or_date(value, place)
            case sh.Parsed():
                return self._parsed(shape, value, place)
            case sh.Contact():
                return self._contact(value, place)
        text = self._string(value, place)
        if text is FAULTY:
            return FAULTY
        match shape:
            case sh.Text():
                return self._text(shape, text, place)
            case sh.Id():
                return self._id(shape, text, place)
            case sh.NameShape():
                return self._reference(shape, text, place)
            case sh.PrincipalShape():
                return self._principal(shape, text, place)
            case sh.Choice() if text not in shape.words:
                self.faults.add(
                    place,
                    f"`{shown(text)}` is not one of {', '.join(shape.words)}",
                    self.faults.hint(text, shape.words, listing=False),
                    text,
                )
                return FAULTY
        return text

    def section(
        self, shape: sh.Section, value: object, place: str, *, key: str | None = None
    ) -> Any:
        """Read a table into its class; *key* is its identifier where a table's key gives it."""
        if shape.plain and isinstance(value, str):
            field = next(field for field in fields_of(shape.cls) if field.key == shape.plain)
            read = self.read(field.shape, value, place)
            return (
                FAULTY if read is FAULTY else self._made(shape.cls, {field.name: read}, {}, place)
            )
        if not isinstance(value, Mapping):
            what = f"a table or {_name_of(shape.plain)}" if shape.plain else "a table"
            return self._wrong(place, what, value)
        if shape.cls is ApprovalPolicy:
            self._policy = place
            self.steps.setdefault(place, set())
        fields = {
            field.key: field
            for field in fields_of(shape.cls)
            if not shape.only or field.key in shape.only
        }
        given: dict[Any, object] = dict(value)
        read_values: dict[str, Any] = {}
        if key is not None:
            identifier = next(one for one in fields.values() if isinstance(one.shape, sh.Id))
            fields.pop(identifier.key)
            read_values[identifier.name] = self.read(identifier.shape, key, place)
        guessed = self._unknown_keys(shape, given, fields, place)
        for name, field in fields.items():
            if name in given:
                read_values[field.name] = self.read(field.shape, given[name], f"{place}.{name}")
            elif field.required:
                if name not in guessed:
                    self.faults.add(
                        f"{place}.{name}" if place else name, f"`{name}` is missing", _wanted(field)
                    )
                read_values[field.name] = FAULTY
        if guessed or any(one is FAULTY for one in read_values.values()):
            return FAULTY
        return self._made(shape.cls, read_values, given, place)

    def _unknown_keys(
        self, shape: sh.Section, given: dict[Any, object], fields: Mapping[str, Field], place: str
    ) -> set[str]:
        """Note keys that do not belong; return them and the keys they were probably meant to be."""
        guessed: set[str] = set()
        elsewhere = {field.key for field in fields_of(shape.cls)} - set(fields)
        for name in given:
            if isinstance(name, str) and name in fields:
                continue
            guessed.add("?")
            here = f"{place}.{shown(name) if isinstance(name, str) else '?'}"
            if not isinstance(name, str):
                self.faults.add(here, f"key {said(name)} is no string")
                continue
            if name in elsewhere:
                self.faults.add(
                    here, f"`{name}` has no place here", f"use one of {', '.join(fields)}", name
                )
                continue
            free = [key for key in fields if key not in given]
            hint = self.faults.hint(name, free, listing=False) or self.faults.hint(
                name, tuple(fields), few=True
            )
            self.faults.add(here, f"unknown key `{shown(name)}`", hint, name)
            guessed.update(key for key in free if hint == f"did you mean `{key}`?")
        return guessed

    def _made(
        self, cls: type[Any], values: dict[str, Any], given: Mapping[str, object], place: str
    ) -> Any:
        if "place" in attrs.fields_dict(cls):
            values = {**values, "place": place}
        try:
            made = cls(**values)
            if cls is BusinessHoursSection:
                BusinessHours(days=made.days, start=made.start, end=made.end, zone="UTC")
        except (ValueError, TypeError, OverflowError) as error:
            expected = error.expected if isinstance(error, InvalidValueError) else ""
            wrong = getattr(error, "value", None)
            keys = [
                key
                for key, one in given.items()
                if wrong is not None and type(one) is type(wrong) and one == wrong
            ]
            here = f"{place}.{keys[0]}" if len(keys) == 1 else place
            problem = str(error)
            if expected and expected not in problem:
                self.faults.add(here, problem, f"expected {expected}", wrong)
            else:
                self.faults.add(here, problem, "", wrong)
            return FAULTY
        return made

    def _list(self, shape: sh.ListOf, value: object, place: str) -> Any:
        if not isinstance(value, list | tuple):
            if shape.or_one:
                read = self.read(shape.item, value, place)
                return FAULTY if read is FAULTY else (read,)
            return self._wrong(place, "a list", value)
        if len(value) < shape.at_least:
            self.faults.add(place, f"the list is empty, not {shape.at_least} long or longer")
            return FAULTY
        read = [self.read(shape.item, one, f"{place}[{at}]") for at, one in enumerate(value)]
        return FAULTY if any(one is FAULTY for one in read) else tuple(read)

    def _map(self, shape: sh.MapOf, value: object, place: str) -> Any:
        if not isinstance(value, Mapping):
            return self._wrong(place, "a table", value)
        read: dict[str, Any] = {}
        for key, one in value.items():
            if not isinstance(key, str):
                self.faults.add(f"{place}.?", f"key {said(key)} is no string")
                read["?"] = FAULTY
                continue
            here = f"{place}.{_dotted(key)}"
            if isinstance(shape.item, sh.Section):
                read[key] = self.section(shape.item, one, here, key=key)
                continue
            pattern = CUSTOM_PATTERN if shape.dotted else f"^{ID_PATTERN}$" if shape.key else ""
            if pattern and not re.fullmatch(pattern[1:-1], key):
                form = "a name such as ads.boost" if shape.dotted else "a lower-case identifier"
                self.faults.add(here, f"`{shown(key)}` cannot be a name here", f"use {form}", key)
                read[key] = FAULTY
                # An entry of a bad name still has faults of its own.
                self.read(shape.item, one, here)
                continue
            read[key] = self.read(shape.item, one, here)
            if shape.dotted:
                self.ids.setdefault("permission", {}).setdefault(key, here)
        if any(one is FAULTY for one in read.values()):
            return FAULTY
        return tuple(read.values()) if isinstance(shape.item, sh.Section) else read

    def _integer(self, shape: sh.Integer, value: object, place: str) -> Any:
        # JSON knows no difference between 5 and 5.0, nor does a JSON Schema.
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        bounds = f"a whole number from {shape.at_least} to {shape.at_most}"
        if isinstance(value, bool) or not isinstance(value, int):
            return self._wrong(place, bounds, value)
        if not shape.at_least <= value <= shape.at_most:
            self.faults.add(place, f"{said(value)} is not {bounds}", "", None)
            return FAULTY
        return value

    def _date(self, value: object, place: str) -> Any:
        if type(value) is dt.date:
            return value
        wanted = "a date such as 2026-04-27"
        if not isinstance(value, str):
            return self._wrong(place, wanted, value)
        if _DATE.fullmatch(value):
            try:
                return dt.date.fromisoformat(value)
            except ValueError:
                pass
        self.faults.add(place, f"`{shown(value)}` is no date", f"write {wanted}", value)
        return FAULTY

    def _local_time(self, value: object, place: str) -> Any:
        if isinstance(value, dt.datetime):
            if value.tzinfo is None:
                return value
            self.faults.add(
                place,
                f"`{value.isoformat(sep=' ')}` has a UTC offset, where a local time is needed",
                f"write {value:%Y-%m-%d %H:%M}, in the zone of the workspace",
                value,
            )
            return FAULTY
        if not isinstance(value, str):
            return self._wrong(place, "a local time such as 2026-05-04 19:55", value)
        return self._try(parse_local, value, place)

    def _time_or_date(self, value: object, place: str) -> Any:
        if type(value) is dt.date or (isinstance(value, str) and _DATE.fullmatch(value)):
            return self._date(value, place)
        return self._local_time(value, place)

    def _parsed(self, shape: sh.Parsed, value: object, place: str) -> Any:
        if isinstance(value, float) and value.is_integer() and int in shape.also:
            value = int(value)
        # Exactly these types: true is an int and a datetime is a date to Python.
        if type(value) in shape.also:
            if isinstance(value, int) and value.bit_length() > 64:
                return self._wrong(place, f"a {shape.name}", value)
        else:
            value = self._string(value, place, wanted=f"a {shape.name}")
            if value is FAULTY:
                return FAULTY
        read = self._try(shape.grammar.parse, value, place)
        if isinstance(read, HolidayEntry) and read.file:
            return read if self._file(read.file, place) else FAULTY
        return read

    def _try(self, parse: Any, value: object, place: str) -> Any:
        try:
            return parse(value)
        except (ValueError, OverflowError, RecursionError) as error:
            problem = str(error)
            if len(problem) > 600:
                problem = f"{problem[:600]}..."
            self.faults.add(place, problem, "", value)
            return FAULTY

    def _contact(self, value: object, place: str) -> Any:
        if not isinstance(value, Mapping):
            return self._wrong(place, "a table of channel and address", value)
        faulty = False
        for channel, address in value.items():
            here = f"{place}.{shown(channel) if isinstance(channel, str) else '?'}"
            if not isinstance(channel, str) or not re.fullmatch(CHANNEL_PATTERN[1:-1], channel):
                self.faults.add(here, f"{said(channel)} is no channel", "use a name such as email")
                faulty = True
            # An address is personal: it stays out of the message.
            elif not isinstance(address, str) or not 0 < len(address) <= LONGEST_ADDRESS:
                self.faults.add(
                    here, f"the address is not a text of 1 to {LONGEST_ADDRESS} characters"
                )
                faulty = True
            elif self._string(address, here) is FAULTY:
                faulty = True
        return FAULTY if faulty else dict(value)

    def _string(self, value: object, place: str, *, wanted: str = "a text") -> Any:
        if not isinstance(value, str):
            return self._wrong(place, wanted, value)
        if "\0" in value or _SURROGATE.search(value):
            what = "a NUL character" if "\0" in value else "half a surrogate pair"
            self.faults.add(place, f"the text holds {what}", "leave it out")
            return FAULTY
        return value

    def _text(self, shape: sh.Text, text: str, place: str) -> Any:
        if len(text) > shape.at_most:
            self.faults.add(
                place, f"the text is {len(text)} characters long, more than {shape.at_most}"
            )
            return FAULTY
        if shape.file and not self._file(text, place):
            return FAULTY
        return text

    def _file(self, name: str, place: str) -> bool:
        if not is_file_name(name):
            self.faults.add(
                place,
                f"`{shown(name)}` is no name of a file beside the document",
                "use a relative name with `/` and without `..`",
                name,
            )
            return False
        self.named.setdefault(name, place)
        return True

    def _id(self, shape: sh.Id, text: str, place: str) -> Any:
        checked = self._try(lambda one: check_id(shape.kind, one), text, place)
        section = place.removesuffix(".id")
        if checked is FAULTY:
            # Whoever names it as it stands is not wrong on top.
            self.ids.setdefault(shape.kind, {}).setdefault(text, section)
            return FAULTY
        if shape.kind == "step":
            # Known within its policy alone, which refuses two of a name itself.
            self.steps.setdefault(self._policy, set()).add(text)
            return text
        known = self.ids.setdefault(shape.kind, {})
        if text in known:
            self.faults.add(
                place,
                f"{shape.kind} `{text}` is defined twice",
                f"the first is {known[text]}",
                text,
            )
            return FAULTY
        known[text] = section
        return text

    def _reference(self, shape: sh.NameShape, text: str, place: str) -> str:
        if shape.kind == "step":
            self.step_references.append((place, self._policy, text))
        else:
            self.references.append(NameReference(place, shape.kind, text, shape.also))
        if shape.kind == "policy" and place == f"{self._policy}.extends":
            self.extends[self._policy] = text
        return text

    def _principal(self, shape: sh.PrincipalShape, text: str, place: str) -> Any:
        principal = self._try(Principal.parse, text, place)
        if principal is FAULTY:
            return FAULTY
        if principal.kind not in shape.kinds:
            allowed = ", ".join("lead" if kind == "lead" else f"{kind}:" for kind in shape.kinds)
            self.faults.add(place, f"`{shown(text)}` cannot stand here", f"use {allowed}", text)
            return FAULTY
        if principal.name:
            self.references.append(NameReference(place, principal.kind, principal.name, ()))
        return principal

    def _wrong(self, place: str, wanted: str, value: object) -> Any:
        self.faults.add(place, f"{said(value)} is not {wanted}")
        return FAULTY


def is_file_name(name: str) -> bool:
    """
    Tell whether *name* can name a file beside the document, on every system.

    >>> is_file_name("style/house.toml"), is_file_name("../secret")
    (True, False)
    """
    parts = name.split("/")
    return (
        bool(name)
        and not re.search(r'[\\:\0<>"|]', name)
        and not (any(part in ("", ".", "..") for part in parts))
    )


def _wanted(field: Field) -> str:
    match field.shape:
        case sh.NameShape(kind="policy"):
            return 'say a policy\'s id, or "none"'
        case sh.NameShape(kind=kind):
            return f"say the id of a {kind.replace('_', ' ')}"
        case sh.Parsed(name=name):
            return f"say a {name}"
    return ""


def _name_of(plain: str) -> str:
    return f"the id of a {plain}" if plain == "profile" else f"a {plain}"


def _dotted(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else f'"{shown(key)}"'
