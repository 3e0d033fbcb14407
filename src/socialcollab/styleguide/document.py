"""Read style guides from TOML or plain values, with all their faults at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from socialcollab.content import SEVERITIES
from socialcollab.directory import NETWORKS
from socialcollab.errors import FaultError, InvalidValueError
from socialcollab.identifiers import did_you_mean
from socialcollab.styleguide.guide import Selected
from socialcollab.styleguide.rules import RULES
from socialcollab.styleguide.rules.term import Avoided, Term

LARGEST = 1_000_000
_MOST_TERMS = 50_000
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
    """One walk over the guides, gathering what they say and every fault."""

    def __init__(self) -> None:
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

    def unknown(self, place: str, what: str, word: str, known: tuple[str, ...]) -> None:
        hint = did_you_mean(word[:100], known, otherwise=f"use one of {', '.join(known)}")
        self.fault(place, f"unknown {what} `{word[:100]}`", hint, word[:100])

    def document(self, name: str, given: str | bytes | Mapping[str, Any]) -> None:
        table = given if isinstance(given, Mapping) else self.parsed(name, given)
        if table is None:
            return
        for key, value in table.items():
            if key == "name":
                self.name = self.string(f"{name}: name", value) or self.name
            elif key == "terms":
                for index, entry in enumerate(self.items(f"{name}: terms", value)):
                    self.entry(f"{name}: terms[{index}]", entry)
            elif key == "rules":
                self.rules(f"{name}: rules", value)
            else:
                self.unknown(
                    f"{name}: {str(key)[:100]}", "key", str(key), ("name", "rules", "terms")
                )

    def parsed(self, name: str, given: str | bytes) -> Mapping[str, Any] | None:
        size = len(given)
        if size > LARGEST:
            self.fault(name, f"the guide is longer than {LARGEST} bytes", "split it", size)
            return None
        try:
            text = given.decode("utf-8-sig") if isinstance(given, bytes) else given
            return tomllib.loads(text)
        except UnicodeDecodeError as error:
            self.fault(name, f"byte {error.start} is not UTF-8", "save the file as UTF-8")
        except tomllib.TOMLDecodeError as error:
            self.fault(name, f"the guide is not TOML: {error}")
        except RecursionError:
            self.fault(name, "the guide is nested too deeply", "write it flat")
        return None

    def string(self, place: str, value: object, *, most: int = 2000) -> str:
        if isinstance(value, str) and value.strip() and len(value) <= most:
            return value
        self.fault(place, f"a text of 1 to {most} characters is wanted", "write it in quotes")
        return ""

    def items(self, place: str, value: object) -> list[Any]:
        if isinstance(value, list | tuple):
            return list(value)
        self.fault(place, f"a list is wanted, not {type(value).__name__}", "write `[[terms]]`")
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
            self.fault(place, f"true or false is wanted, not {value!r:.60}")
            return False
        return value

    def scope(self, place: str, table: Mapping[str, Any], severity: str) -> _Scope:
        if "severity" in table:
            said = table["severity"]
            if said in SEVERITIES:
                severity = said
            else:
                self.unknown(f"{place}.severity", "severity", str(said), SEVERITIES)
        languages = (
            self.words(f"{place}.language", table["language"]) if "language" in table else []
        )
        networks = self.words(f"{place}.network", table["network"]) if "network" in table else []
        for word in networks:
            if word not in NETWORKS:
                self.unknown(f"{place}.network", "network", word, tuple(NETWORKS))
        return _Scope(severity, frozenset(w.casefold() for w in languages), frozenset(networks))

    def entry(self, place: str, table: object) -> None:
        if not isinstance(table, Mapping):
            self.fault(place, "a table is wanted", "write `[[terms]]` and keys below it")
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
            self.fault(place, f"`{missing}` is missing", "`prefer` and `instead_of` go together")
        if not any(key in table for key in ("ban", "instead_of", "prefer", "allow")):
            self.fault(place, "the entry names no terms", 'write `ban = ["..."]`')
        for key, instead in pairs:
            if key not in table:
                continue
            for index, word in enumerate(self.words(f"{place}.{key}", table[key])):
                self.count += 1
                if self.count == _MOST_TERMS + 1:
                    self.fault(place, f"there are more than {_MOST_TERMS} terms", "leave some out")
                if self.count > _MOST_TERMS:
                    return
                try:
                    avoided = Avoided(
                        term=word,
                        prefer=instead,
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

    def rules(self, place: str, value: object) -> None:
        if not isinstance(value, Mapping):
            self.fault(place, "a table is wanted", "write `[rules.SG101]`")
            return
        for code, settings in value.items():
            here = f"{place}.{str(code)[:100]}"
            if code not in RULES:
                self.unknown(here, "rule", str(code), tuple(RULES))
            elif not isinstance(settings, Mapping):
                self.fault(here, "a table is wanted", f"write `[rules.{code}]`")
            else:
                self.settings.setdefault(code, {}).update(self.checked(here, code, settings))

    def checked(self, place: str, code: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        own = () if code == Term.code else _own_keys(code)
        known = ("off",) if code == Term.code else (*_RULE_KEYS, *own)
        good = {}
        for key, value in settings.items():
            if key not in known:
                self.unknown(f"{place}.{str(key)[:100]}", "setting", str(key), known)
            elif key == "off":
                good[key] = self.flag(f"{place}.off", value)
            elif key in own:
                # The rule itself says what its setting may be.
                try:
                    RULES[code](**{key: value})
                except (InvalidValueError, TypeError, ValueError) as error:
                    self.fault(f"{place}.{key}", str(error))
                else:
                    good[key] = value
            else:
                good[key] = value
        self.scope(place, {k: v for k, v in settings.items() if k in _RULE_KEYS}, "warning")
        return good

    def selected(self) -> Iterator[Selected]:
        for code, rule in RULES.items():
            settings = self.settings.get(code, {})
            if settings.get("off"):
                continue
            if code == Term.code:
                yield from self.term_rules()
                continue
            scope = self.scope("", settings, _DEFAULT_SEVERITY.get(code, "warning"))
            own = {key: settings[key] for key in _own_keys(code) if key in settings}
            yield Selected(
                rule=rule(**own),
                severity=scope.severity,
                languages=scope.languages,
                networks=scope.networks,
            )

    def term_rules(self) -> Iterator[Selected]:
        allowed = tuple(dict.fromkeys(self.allowed))
        # What one entry prefers, entries of another severity or language leave alone too.
        preferred = tuple(
            dict.fromkeys(a.prefer for terms in self.terms.values() for a in terms if a.prefer)
        )
        for scope, terms in self.terms.items():
            yield Selected(
                rule=Term(terms=terms, allowed=allowed, preferred=preferred),
                severity=scope.severity,
                languages=scope.languages,
                networks=scope.networks,
            )

    def settle(self) -> None:
        """Refuse words that are preferred here and avoided there."""
        everything = [avoided for terms in self.terms.values() for avoided in terms]
        literal = Term(terms=[attrs.evolve(a, prefer="") for a in everything], allowed=self.allowed)
        instead = {(a.term, a.prefer) for a in everything}
        for prefer in dict.fromkeys(a.prefer for a in everything if a.prefer):
            for avoided, start, end in literal.find(prefer):
                # A preferred phrase may hold an avoided word: it is left alone as a whole.
                if (start, end) == (0, len(prefer)) and (avoided.term, prefer) not in instead:
                    self.fault(
                        "terms",
                        f"`{prefer}` is preferred, but `{avoided.term}` is avoided",
                        f'prefer other words, or write `allow = ["{prefer}"]`',
                        prefer,
                    )


def _own_keys(code: str) -> tuple[str, ...]:
    rule: Any = RULES[code]  # every built-in rule is an attrs class
    return tuple(each.name for each in attrs.fields(rule) if each.init)


def read_guides(
    guides: Mapping[str, str | bytes | Mapping[str, Any]],
) -> tuple[str, tuple[Selected, ...]]:
    """
    Read guides, first to last, into one name and the rules that apply.

    Raises:
        ExceptionGroup: Of one `FaultError` for each fault.
    """
    reader = _Reader()
    for name, given in guides.items():
        reader.document(name, given)
    if not reader.faults:
        reader.settle()
    if reader.faults:
        count = len(reader.faults)
        raise ExceptionGroup(
            f"the style guide has {count} fault{'s' if count > 1 else ''}", reader.faults
        )
    return reader.name, tuple(reader.selected())
