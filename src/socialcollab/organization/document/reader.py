"""Reading a document's sections: converting plain values to instances of their classes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from socialcollab import document_fields as sh
from socialcollab.directory import Principal
from socialcollab.document_fields import Field, fields_of
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import ID_PATTERN, check_id
from socialcollab.organization.document.faults import Faults, printable, quoted
from socialcollab.time import BusinessHours, BusinessHoursSection, HolidayEntry, parse_local
from socialcollab.workflow import ApprovalPolicy

FAULTY: Final[Any] = object()
"""The result of reading a faulty value."""

CHANNEL_PATTERN: Final = r"^[a-z][a-z0-9_-]{0,30}$"
DOTTED_PATTERN: Final = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$"
LONGEST_ADDRESS: Final = 320
_LONGEST_PROBLEM = 600
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_IN_NAMES = re.compile(f"[{sh.NOT_IN_NAMES}]")
_IN_PROSE = re.compile(f"[{sh.NOT_IN_PROSE}]")
_SURROGATE = re.compile("[\ud800-\udfff]")


@attrs.frozen
class NameReference:
    """A name in the document that must refer to a section of *kind*, or be one of *also*."""

    place: str
    kind: str
    name: str
    also: tuple[str, ...]


@attrs.define
class Reader:
    """
    A reader that converts values to their shapes, and collects faults, identifiers and references.

    References can be checked only after the whole document has been read, because a section may
    refer to a later section.

    Attributes:
        faults: The collection to which faults are added.
        ids: For each kind, the defined identifiers with the places of their sections.
        references: The names that refer to other sections.
        file_places: The files that the document names, each with the first place that names it.
        steps: For each place of a policy, the ids of the policy's own steps.
        step_references: The references to steps, each with its place, the place of the policy, and
            the step's name.
        extends: For each place of a policy, the id of the policy that it extends.
    """

    faults: Faults
    ids: dict[str, dict[str, str]] = attrs.field(factory=dict)
    references: list[NameReference] = attrs.field(factory=list)
    file_places: dict[str, str] = attrs.field(factory=dict)
    steps: dict[str, set[str]] = attrs.field(factory=dict)
    step_references: list[tuple[str, str, str]] = attrs.field(factory=list)
    extends: dict[str, str] = attrs.field(factory=dict)
    _policy: str = ""

    def read(self, shape: sh.Shape, value: object, place: str) -> Any:
        """Return *value* converted to *shape*, or add its faults and return `FAULTY`."""
        match shape:
            case sh.Section():
                return self.section(shape, value, place)
            case sh.ListOf():
                return self._list(shape, value, place)
            case sh.MapOf():
                return self._map(shape, value, place)
            case sh.Boolean():
                if isinstance(value, bool):
                    return value
                return self._wrong_type(place, "true or false", value)
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
                return self._fault(
                    place,
                    f"`{printable(text)}` is not one of {', '.join(shape.words)}",
                    self.faults.suggest(text, shape.words, otherwise="nothing"),
                    text,
                )
        return text

    def section(
        self, shape: sh.Section, value: object, place: str, *, key: str | None = None
    ) -> Any:
        """
        Return a table as an instance of its class, or add its faults and return `FAULTY`.

        Args:
            shape: The shape of the table.
            value: The table.
            place: The place of the table.
            key: The identifier, if it is part of the table's name, as in ``[roles.editor]``.
        """
        if shape.plain and isinstance(value, str):
            field = next(field for field in fields_of(shape.cls) if field.key == shape.plain)
            read = self.read(field.shape, value, place)
            return FAULTY if read is FAULTY else self._build(shape.cls, {field.name: read}, place)
        if not isinstance(value, Mapping):
            plain = _plain_form(shape)
            return self._wrong_type(place, f"a table{plain}", value)
        if shape.cls is ApprovalPolicy:
            self._policy = place
            self.steps.setdefault(place, set())
        fields = {
            field.key: field
            for field in fields_of(shape.cls)
            if not shape.only or field.key in shape.only
        }
        values: dict[str, Any] = {}
        if key is not None:
            identifier = next(field for field in fields.values() if isinstance(field.shape, sh.Id))
            del fields[identifier.key]
            values[identifier.name] = self.read(identifier.shape, key, place)
        unknown = [name for name in value if name not in fields]
        misspelt = self._unknown_keys(shape, value, unknown, fields, place)
        for name, field in fields.items():
            if name in value:
                values[field.name] = self.read(field.shape, value[name], f"{place}.{name}")
            elif field.required:
                if name not in misspelt:
                    here = f"{place}.{name}" if place else name
                    self.faults.add(here, f"`{name}` is missing", _missing_hint(field))
                values[field.name] = FAULTY
        if unknown or any(read is FAULTY for read in values.values()):
            return FAULTY
        return self._build(shape.cls, values, place, value)

    def _unknown_keys(
        self,
        shape: sh.Section,
        table: Mapping[Any, object],
        unknown: list[Any],
        fields: Mapping[str, Field],
        place: str,
    ) -> set[str]:
        """
        Add a fault for each unknown key, and return the keys that were probably meant.

        A misspelt key is reported only once, and not also as a missing key.
        """
        misspelt: set[str] = set()
        all_keys = {field.key for field in fields_of(shape.cls)}
        for name in unknown:
            if not isinstance(name, str):
                self.faults.add(f"{place}.?", f"key {quoted(name)} is not a string")
                continue
            here = f"{place}.{printable(name)}"
            if name in all_keys:
                self.faults.add(
                    here,
                    f"key `{name}` is not allowed here",
                    f"use one of {', '.join(fields)}",
                    name,
                )
                continue
            free = [key for key in fields if key not in table]
            hint = self.faults.suggest(name, free, otherwise="nothing")
            misspelt.update(key for key in free if hint == f"did you mean `{key}`?")
            hint = hint or self.faults.suggest(name, tuple(fields), otherwise="list all")
            self.faults.add(here, f"unknown key `{printable(name)}`", hint, name)
        return misspelt

    def _build(
        self,
        cls: type[Any],
        values: dict[str, Any],
        place: str,
        table: Mapping[Any, object] | None = None,
    ) -> Any:
        """Return an instance of *cls*, or `FAULTY` if the class rejects the values."""
        if "place" in attrs.fields_dict(cls):
            values = {**values, "place": place}
        try:
            section = cls(**values)
            if cls is BusinessHoursSection:
                # Business hours that never open are detected only when they are computed.
                BusinessHours(days=section.days, start=section.start, end=section.end, zone="UTC")
        except (ValueError, TypeError, OverflowError) as error:
            # The error contains the invalid value. If exactly one key has this value, the fault is
            # reported at that key.
            wrong = getattr(error, "value", None)
            keys = [
                key
                for key, given in (table or {}).items()
                if wrong is not None and type(given) is type(wrong) and given == wrong
            ]
            here = f"{place}.{keys[0]}" if len(keys) == 1 else place
            return self._refused(error, wrong, here)
        return section

    def _list(self, shape: sh.ListOf, value: object, place: str) -> Any:
        if not isinstance(value, list | tuple):
            if not shape.or_one:
                return self._wrong_type(place, "a list", value)
            read = self.read(shape.item, value, place)
            return FAULTY if read is FAULTY else (read,)
        if len(value) < shape.at_least:
            return self._fault(place, "the list is empty", f"give at least {shape.at_least}")
        items = [self.read(shape.item, item, f"{place}[{at}]") for at, item in enumerate(value)]
        return FAULTY if any(item is FAULTY for item in items) else tuple(items)

    def _map(self, shape: sh.MapOf, value: object, place: str) -> Any:
        if not isinstance(value, Mapping):
            return self._wrong_type(place, "a table", value)
        items: dict[Any, Any] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                items[key] = self._fault(f"{place}.?", f"key {quoted(key)} is not a string")
                continue
            here = f"{place}.{_as_toml_key(key)}"
            if isinstance(shape.item, sh.Section):
                items[key] = self.section(shape.item, item, here, key=key)
                continue
            items[key] = self.read(shape.item, item, here)
            pattern = DOTTED_PATTERN if shape.dotted else f"^{ID_PATTERN}$" if shape.key else ""
            if pattern and not re.fullmatch(pattern[1:-1], key):
                form = "a name such as ads.boost" if shape.dotted else "a lower-case identifier"
                items[key] = self._fault(
                    here, f"`{printable(key)}` is not a valid name", f"use {form}", key
                )
            elif shape.dotted:
                self.ids.setdefault("permission", {}).setdefault(key, here)
        if any(item is FAULTY for item in items.values()):
            return FAULTY
        return tuple(items.values()) if isinstance(shape.item, sh.Section) else items

    def _integer(self, shape: sh.Integer, value: object, place: str) -> Any:
        # JSON does not distinguish 5 from 5.0, and neither does a JSON Schema.
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        bounds = f"a whole number from {shape.at_least} to {shape.at_most}"
        # In Python, `True` is also an integer.
        if isinstance(value, bool) or not isinstance(value, int):
            return self._wrong_type(place, bounds, value)
        if shape.at_least <= value <= shape.at_most:
            return value
        return self._wrong_type(place, bounds, value)

    def _date(self, value: object, place: str) -> Any:
        # In Python, a datetime is also a date.
        if type(value) is dt.date:
            return value
        wanted = "a date such as 2026-04-27"
        if not isinstance(value, str):
            return self._wrong_type(place, wanted, value)
        if _DATE.fullmatch(value):
            try:
                return dt.date.fromisoformat(value)
            except ValueError:
                pass
        return self._fault(place, f"`{printable(value)}` is not a date", f"write {wanted}", value)

    def _local_time(self, value: object, place: str) -> Any:
        if isinstance(value, dt.datetime):
            if value.tzinfo is None:
                return value
            return self._fault(
                place,
                f"`{value.isoformat(sep=' ')}` has a UTC offset, but must be a local time",
                f"write {value:%Y-%m-%d %H:%M}, in the zone of the workspace",
                value,
            )
        if not isinstance(value, str):
            return self._wrong_type(place, "a local time such as 2026-05-04 19:55", value)
        return self._try(parse_local, value, place)

    def _time_or_date(self, value: object, place: str) -> Any:
        if type(value) is dt.date or (isinstance(value, str) and _DATE.fullmatch(value)):
            return self._date(value, place)
        return self._local_time(value, place)

    def _parsed(self, shape: sh.Parsed, value: object, place: str) -> Any:
        if isinstance(value, float) and value.is_integer() and int in shape.also:
            value = int(value)
        # The type must match exactly, because in Python `True` is also an integer and a datetime
        # is also a date.
        if type(value) in shape.also:
            if isinstance(value, int) and value.bit_length() > 64:
                return self._wrong_type(place, f"a {shape.name}", value)
        else:
            value = self._string(value, place, wanted=f"a {shape.name}")
            if value is FAULTY:
                return FAULTY
        read = self._try(shape.grammar.parse, value, place)
        if isinstance(read, HolidayEntry) and read.file:
            return read if self._names_file(read.file, place) else FAULTY
        return read

    def _try(self, parse: Callable[[Any], Any], value: object, place: str) -> Any:
        try:
            return parse(value)
        except (ValueError, OverflowError, RecursionError) as error:
            return self._refused(error, value, place)

    def _contact(self, value: object, place: str) -> Any:
        if not isinstance(value, Mapping):
            return self._wrong_type(place, "a table of addresses by channel", value)
        faulty = False
        for channel, address in value.items():
            here = f"{place}.{printable(channel) if isinstance(channel, str) else '?'}"
            if not isinstance(channel, str) or not re.fullmatch(CHANNEL_PATTERN[1:-1], channel):
                self.faults.add(
                    here, f"{quoted(channel)} is not a channel", "use a name such as `email`"
                )
                faulty = True
            # An address is personal data, so the message does not contain it.
            elif not isinstance(address, str) or not 0 < len(address) <= LONGEST_ADDRESS:
                self.faults.add(
                    here, f"the address is not a string of 1 to {LONGEST_ADDRESS} characters"
                )
                faulty = True
            elif self._string(address, here) is FAULTY or not self._has_no_controls(
                address, here, _IN_NAMES
            ):
                faulty = True
        return FAULTY if faulty else dict(value)

    def _string(self, value: object, place: str, *, wanted: str = "a string") -> Any:
        if not isinstance(value, str):
            return self._wrong_type(place, wanted, value)
        if "\0" in value or _SURROGATE.search(value):
            character = "a NUL character" if "\0" in value else "an unpaired surrogate"
            return self._fault(place, f"the text contains {character}", "remove it")
        return value

    def _text(self, shape: sh.Text, text: str, place: str) -> Any:
        if len(text) > shape.at_most:
            return self._fault(
                place,
                f"the text is {len(text)} characters long; the limit is {shape.at_most}",
            )
        if not self._has_no_controls(text, place, _IN_PROSE if shape.prose else _IN_NAMES):
            return FAULTY
        return text if not shape.file or self._names_file(text, place) else FAULTY

    def _has_no_controls(self, text: str, place: str, controls: re.Pattern[str]) -> bool:
        found = controls.search(text)
        if found is None:
            return True
        character = found.group()
        shown = (
            "a line break"
            if character in "\n\r\v\f\x85\u2028\u2029"
            else f"the control character U+{ord(character):04X}"
        )
        # The text may be personal data, so the message does not contain it.
        self.faults.add(place, f"character {found.start() + 1} of the text is {shown}", "remove it")
        return False

    def _names_file(self, name: str, place: str) -> bool:
        if not is_file_name(name):
            self.faults.add(
                place,
                f"`{printable(name)}` is not a relative file name",
                "name a file relative to the document, with `/` and without `..`",
                name,
            )
            return False
        self.file_places.setdefault(name, place)
        return True

    def _id(self, shape: sh.Id, text: str, place: str) -> Any:
        checked = self._try(lambda value: check_id(shape.kind, value), text, place)
        section = place.removesuffix(".id")
        if checked is FAULTY:
            # The invalid identifier is recorded, so that references to it are not reported too.
            self.ids.setdefault(shape.kind, {}).setdefault(text, section)
            return FAULTY
        if shape.kind == "step":
            # Steps have to be unique only within their policy, which checks this itself.
            self.steps.setdefault(self._policy, set()).add(text)
            return text
        known = self.ids.setdefault(shape.kind, {})
        if text in known:
            return self._fault(
                place,
                f"{shape.kind} `{text}` is defined twice",
                f"the first definition is {known[text]}",
                text,
            )
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
            allowed = " or ".join(
                "`lead`" if kind == "lead" else f"`{kind}:...`" for kind in shape.kinds
            )
            return self._fault(
                place, f"`{printable(text)}` is not allowed here", f"use {allowed}", text
            )
        if principal.name:
            self.references.append(NameReference(place, principal.kind, principal.name, ()))
        return principal

    def _refused(self, error: Exception, value: object, place: str) -> Any:
        """Add the error of a class or grammar as a fault, split into problem and suggestion."""
        problem, suggestion = str(error), ""
        expected = error.expected if isinstance(error, InvalidValueError) else ""
        if len(problem) > _LONGEST_PROBLEM:
            problem = f"{problem[:_LONGEST_PROBLEM]}..."
        elif "; " in problem:
            # The semicolon may also be part of the value quoted in the message.
            if not (isinstance(value, str) and "; " in value):
                problem, _, suggestion = problem.rpartition("; ")
        elif expected and expected not in problem:
            suggestion = f"expected {expected}"
        return self._fault(place, problem, suggestion, value)

    def _wrong_type(self, place: str, wanted: str, value: object) -> Any:
        return self._fault(place, f"{quoted(value)} is not {wanted}")

    def _fault(self, place: str, problem: str, suggestion: str = "", value: object = None) -> Any:
        self.faults.add(place, problem, suggestion, value)
        return FAULTY


def is_file_name(name: str) -> bool:
    """
    Return whether *name* is a valid relative file name on every operating system.

    >>> is_file_name("style/house.toml"), is_file_name("../secret")
    (True, False)
    """
    parts = name.split("/")
    return (
        bool(name)
        and not re.search(r'[\\:\0<>"|]', name)
        and not any(part in ("", ".", "..") for part in parts)
    )


def _plain_form(shape: sh.Section) -> str:
    """Return what can be written instead of a table, for a message."""
    if not shape.plain:
        return ""
    field = next(field for field in fields_of(shape.cls) if field.key == shape.plain)
    if isinstance(field.shape, sh.PrincipalShape):
        return f" or a principal such as `{field.shape.kinds[0]}:...`"
    return f" or the id of a {shape.plain}"


def _missing_hint(field: Field) -> str:
    match field.shape:
        case sh.NameShape(kind="policy"):
            return 'set it to the id of a policy, or to "none"'
        case sh.NameShape(kind=kind):
            return f"set it to the id of a {kind.replace('_', ' ')}"
        case sh.Parsed(name=name):
            return f"set it to a {name}"
    return ""


def _as_toml_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else f'"{printable(key)}"'
