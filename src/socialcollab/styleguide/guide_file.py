"""Read style guides from TOML or dictionaries, and report all of their faults together."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from socialcollab._toml import parse_toml
from socialcollab.content import SEVERITIES
from socialcollab.directory import NETWORKS, network_names
from socialcollab.document_fields import NOT_IN_NAMES
from socialcollab.errors import FaultError, InvalidValueError
from socialcollab.identifiers import did_you_mean
from socialcollab.styleguide.custom import CODE, Definition
from socialcollab.styleguide.kinds.spelling import Dictionary
from socialcollab.styleguide.rule import ConfiguredRule
from socialcollab.styleguide.rules import RULES
from socialcollab.styleguide.rules.term import Avoided, Term

LARGEST = 1_000_000
_CONTROLS = re.compile(f"[{NOT_IN_NAMES}]")
_MOST_TERMS = 50_000
_LONGEST_CODE = 80
_DEFAULT_SEVERITY = {"SG101": "error", "SG103": "warning", "SG105": "error"}
_TERM_KEYS = (
    "ban",
    "prefer",
    "instead_of",
    "allow",
    "why",
    "severity",
    "language",
    "network",
    "exact_case",
    "any_accents",
)
_RULE_KEYS = ("off", "severity", "language", "network")


@attrs.frozen
class _Scope:
    severity: str
    languages: frozenset[str]
    networks: frozenset[str]


class _Reader:
    """A reader that collects the terms, the rule settings and the faults of several guides."""

    def __init__(self, *, trusted: bool, dictionaries: Mapping[str, Dictionary]) -> None:
        self.trusted, self.dictionaries = trusted, dictionaries
        self.custom: dict[str, ConfiguredRule] = {}
        self.faults: list[FaultError] = []
        self.terms: dict[_Scope, list[Avoided]] = {}
        self.allowed: list[str] = []
        self.settings: dict[str, dict[str, Any]] = {}
        self.count = 0
        self.name = ""

    def fault(self, place: str, problem: str, suggestion: str = "", value: object = None) -> None:
        self.faults.append(
            FaultError(place=place, problem=problem, suggestion=suggestion, value=value)
        )

    def unknown(self, place: str, kind: str, word: str, known: tuple[str, ...]) -> None:
        hint = did_you_mean(word[:100], known, otherwise=f"use one of {', '.join(known)}")
        self.fault(place, f"unknown {kind} `{word[:100]}`", hint, word[:100])

    def read_guide(self, name: str, guide: str | bytes | Mapping[str, Any]) -> None:
        table = guide if isinstance(guide, Mapping) else self.parse(name, guide)
        if table is None:
            return
        for key, value in table.items():
            if key == "name":
                self.name = self.line(f"{name}: name", value) or self.name
            elif key == "terms":
                for index, entry in enumerate(self.items(f"{name}: terms", value)):
                    self.read_entry(f"{name}: terms[{index}]", entry)
            elif key == "rules":
                self.read_rules(f"{name}: rules", value)
            else:
                self.unknown(
                    f"{name}: {str(key)[:100]}", "key", str(key), ("name", "rules", "terms")
                )

    def parse(self, name: str, guide: str | bytes) -> Mapping[str, Any] | None:
        size = len(guide)
        if size > LARGEST:
            self.fault(
                name,
                f"the guide is longer than {LARGEST} bytes",
                "split it into several guides",
                size,
            )
            return None
        try:
            text = guide.decode("utf-8-sig") if isinstance(guide, bytes) else guide
            return parse_toml(text)
        except UnicodeDecodeError as error:
            self.fault(name, f"byte {error.start} is not UTF-8", "save the file as UTF-8")
        except tomllib.TOMLDecodeError as error:
            self.fault(name, f"the guide is not TOML: {error}")
        except RecursionError:
            self.fault(name, "the guide is nested too deeply", "use fewer nested tables and lists")
        return None

    def string(self, place: str, value: object, *, most: int = 2000) -> str:
        if isinstance(value, str) and value.strip() and len(value) <= most:
            return value
        self.fault(place, f"the value is not a string of 1 to {most} characters", "write a string")
        return ""

    def line(self, place: str, value: object) -> str:
        text = self.string(place, value, most=200)
        if _CONTROLS.search(text) is None:
            return text
        self.fault(place, "the name contains a line break or a control character", "remove it")
        return ""

    def items(self, place: str, value: object) -> list[Any]:
        if isinstance(value, list | tuple):
            return list(value)
        self.fault(place, f"the value is of type {type(value).__name__}", "write a list")
        return []

    def words(self, place: str, value: object) -> list[str]:
        if isinstance(value, str):
            value = [value]
        return [
            word
            for index, item in enumerate(self.items(place, value))
            if (word := self.string(f"{place}[{index}]", item, most=200))
        ]

    def flag(self, place: str, value: object) -> bool:
        if not isinstance(value, bool):
            self.fault(place, f"the value {value!r:.60} is not a boolean", "write true or false")
            return False
        return value

    def scope(self, place: str, table: Mapping[str, Any], severity: str) -> _Scope:
        if "severity" in table:
            value = table["severity"]
            if value in SEVERITIES:
                severity = value
            else:
                self.unknown(f"{place}.severity", "severity", str(value), SEVERITIES)
        languages = (
            self.words(f"{place}.language", table["language"]) if "language" in table else []
        )
        networks = self.words(f"{place}.network", table["network"]) if "network" in table else []
        for word in networks:
            if word not in NETWORKS and word not in network_names():
                self.unknown(f"{place}.network", "network", word, network_names())
        return _Scope(severity, frozenset(w.casefold() for w in languages), frozenset(networks))

    def read_entry(self, place: str, table: object) -> None:
        if not isinstance(table, Mapping):
            self.fault(place, "the entry is not a table", "write `[[terms]]` followed by keys")
            return
        for key in table:
            if key not in _TERM_KEYS:
                self.unknown(f"{place}.{str(key)[:100]}", "key", str(key), _TERM_KEYS)
        scope = self.scope(place, table, "warning")
        why = self.string(f"{place}.why", table["why"]) if "why" in table else ""
        case = "exact_case" in table and self.flag(f"{place}.exact_case", table["exact_case"])
        accents = "any_accents" in table and self.flag(f"{place}.any_accents", table["any_accents"])
        prefer = ""
        if "prefer" in table:
            prefer = self.string(f"{place}.prefer", table["prefer"], most=200)
        pairs = [("ban", ""), ("instead_of", prefer)]
        if ("prefer" in table) != ("instead_of" in table):
            missing = "instead_of" if "prefer" in table else "prefer"
            self.fault(place, f"`{missing}` is missing", "write both `prefer` and `instead_of`")
        if not any(key in table for key in ("ban", "instead_of", "prefer", "allow")):
            self.fault(place, "the entry has no terms", 'write `ban = ["..."]`')
        for key, replacement in pairs:
            if key not in table:
                continue
            for index, word in enumerate(self.words(f"{place}.{key}", table[key])):
                self.count += 1
                if self.count == _MOST_TERMS + 1:
                    self.fault(place, f"there are more than {_MOST_TERMS} terms", "remove some")
                if self.count > _MOST_TERMS:
                    return
                try:
                    avoided = Avoided(
                        term=word,
                        prefer=replacement,
                        why=why,
                        exact_case=case,
                        any_accents=accents,
                    )
                except InvalidValueError as error:
                    self.fault(f"{place}.{key}[{index}]", str(error), error.expected, word)
                    continue
                self.terms.setdefault(scope, []).append(avoided)
        if "allow" in table:
            self.allowed += self.words(f"{place}.allow", table["allow"])

    def read_rules(self, place: str, value: object) -> None:
        if not isinstance(value, Mapping):
            self.fault(place, "the value is not a table", "write `[rules.SG101]`")
            return
        for code, settings in value.items():
            rule_place = f"{place}.{str(code)[:100]}"
            if not isinstance(settings, Mapping):
                self.fault(rule_place, "the value is not a table", f"write `[rules.{code}]`")
            elif code not in RULES and (code in self.settings or "kind" in settings):
                self.read_custom(rule_place, str(code), settings)
            elif code not in RULES:
                self.unknown(rule_place, "rule", str(code), (*RULES, *self.settings))
            else:
                checked = self.checked_settings(rule_place, code, settings)
                self.settings.setdefault(code, {}).update(checked)

    def read_custom(self, place: str, code: str, settings: Mapping[str, Any]) -> None:
        """Read a rule that the guide defines, or the changes to a rule of an earlier guide."""
        if CODE.fullmatch(code) is None or len(code) > _LONGEST_CODE:
            self.fault(
                place,
                f"`{code[:_LONGEST_CODE]}` is not a valid code of a rule",
                "use lower-case words joined by hyphens, such as `no-shouting`",
                code,
            )
            return
        merged = {**self.settings.get(code, {}), **settings}
        self.settings[code] = merged
        scope = self.scope(place, merged, "warning")
        language = next(iter(sorted(scope.languages)), "en")
        definition = Definition(
            code=code,
            settings=merged,
            trusted=self.trusted,
            dictionaries=self.dictionaries,
            language=language,
        )
        if "off" in merged:
            self.flag(f"{place}.off", merged["off"])
        try:
            rule = definition.rule()
        except InvalidValueError as error:
            setting, _, problem = str(error).partition(": ")
            self.fault(f"{place}.{setting}", problem, error.expected, error.value)
            return
        self.custom[code] = ConfiguredRule(
            rule=rule,
            severity=scope.severity,
            languages=scope.languages,
            networks=scope.networks,
            good=tuple(self.words(f"{place}.good", merged.get("good", []))),
            bad=tuple(self.words(f"{place}.bad", merged.get("bad", []))),
        )

    def checked_settings(
        self, place: str, code: str, settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        own = () if code == Term.code else _own_keys(code)
        known = ("off",) if code == Term.code else (*_RULE_KEYS, *own)
        checked = {}
        for key, value in settings.items():
            if key not in known:
                self.unknown(f"{place}.{str(key)[:100]}", "setting", str(key), known)
            elif key == "off":
                checked[key] = self.flag(f"{place}.off", value)
            elif key in own:
                # The rule itself validates its settings, so an instance is created here.
                try:
                    RULES[code](**{key: value})
                except (InvalidValueError, TypeError, ValueError) as error:
                    self.fault(f"{place}.{key}", str(error))
                else:
                    checked[key] = value
            else:
                checked[key] = value
        self.scope(place, {k: v for k, v in settings.items() if k in _RULE_KEYS}, "warning")
        return checked

    def configured_rules(self) -> Iterator[ConfiguredRule]:
        for code, rule in RULES.items():
            settings = self.settings.get(code, {})
            if settings.get("off"):
                continue
            if code == Term.code:
                yield from self.term_rules()
                continue
            scope = self.scope("", settings, _DEFAULT_SEVERITY.get(code, "warning"))
            own = {key: settings[key] for key in _own_keys(code) if key in settings}
            yield ConfiguredRule(
                rule=rule(**own),
                severity=scope.severity,
                languages=scope.languages,
                networks=scope.networks,
            )

    def custom_rules(self) -> Iterator[ConfiguredRule]:
        for code, rule in self.custom.items():
            if not self.settings[code].get("off"):
                yield rule

    def term_rules(self) -> Iterator[ConfiguredRule]:
        allowed = tuple(dict.fromkeys(self.allowed))
        # There is a separate rule for each scope. Without this list, one rule could report a
        # term that the fix of another rule has just inserted.
        preferred = tuple(
            dict.fromkeys(a.prefer for terms in self.terms.values() for a in terms if a.prefer)
        )
        for scope, terms in self.terms.items():
            yield ConfiguredRule(
                rule=Term(terms=terms, allowed=allowed, preferred=preferred),
                severity=scope.severity,
                languages=scope.languages,
                networks=scope.networks,
            )

    def find_contradictions(self) -> None:
        """Report terms that are preferred by one entry and avoided by another entry."""
        every = [avoided for terms in self.terms.values() for avoided in terms]
        literal = Term(terms=[attrs.evolve(a, prefer="") for a in every], allowed=self.allowed)
        replacements = {(a.term, a.prefer) for a in every}
        for prefer in dict.fromkeys(a.prefer for a in every if a.prefer):
            for avoided, start, end in literal.find(prefer):
                # A preferred phrase may contain an avoided term, because terms inside a
                # preferred phrase are not reported. It is a contradiction only if the avoided
                # term is the whole phrase, unless the entry corrects the spelling of the phrase.
                if (start, end) == (0, len(prefer)) and (avoided.term, prefer) not in replacements:
                    self.fault(
                        "terms",
                        f"`{prefer}` is preferred, but `{avoided.term}` is avoided",
                        f'prefer another term, or write `allow = ["{prefer}"]`',
                        prefer,
                    )


def _own_keys(code: str) -> tuple[str, ...]:
    rule: Any = RULES[code]  # every built-in rule is an attrs class
    return tuple(each.name for each in attrs.fields(rule) if each.init)


def read_files(paths: Iterable[str]) -> dict[str, bytes]:
    """Return the content of each file by its path."""
    contents = {}
    for path in paths:
        with Path(path).open("rb") as file:
            # One byte more than the limit is enough for `read_guides` to report that the file
            # is too large. Reading the whole file could exhaust the memory.
            contents[str(path)] = file.read(LARGEST + 1)
    return contents


def read_guides(
    guides: Mapping[str, str | bytes | Mapping[str, Any]],
    *,
    trusted: bool,
    dictionaries: Mapping[str, Dictionary],
) -> tuple[str, tuple[ConfiguredRule, ...]]:
    """
    Combine guides, in order, and return the name and the rules of the combination.

    Raises:
        ExceptionGroup: If the guides have faults. It contains one `FaultError` per fault.
    """
    reader = _Reader(trusted=trusted, dictionaries=dictionaries)
    for name, guide in guides.items():
        reader.read_guide(name, guide)
    if not reader.faults:
        reader.find_contradictions()
    if reader.faults:
        count = len(reader.faults)
        raise ExceptionGroup(
            f"the style guide has {count} fault{'s' if count > 1 else ''}", reader.faults
        )
    return reader.name, (*reader.configured_rules(), *reader.custom_rules())
