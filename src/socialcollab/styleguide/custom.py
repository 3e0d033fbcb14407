"""Rules that a guide defines itself, from one of the kinds of rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from socialcollab.content import Finding
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean
from socialcollab.styleguide.kinds.capitalization import Capitalization
from socialcollab.styleguide.kinds.conditional import Conditional
from socialcollab.styleguide.kinds.consistency import Consistency
from socialcollab.styleguide.kinds.existence import Existence
from socialcollab.styleguide.kinds.hit import Hit, Kind
from socialcollab.styleguide.kinds.metric import Metric, compile_formula
from socialcollab.styleguide.kinds.occurrence import Occurrence
from socialcollab.styleguide.kinds.parts import PARTS, parts_of
from socialcollab.styleguide.kinds.pattern import Pattern, any_of, compile_pattern
from socialcollab.styleguide.kinds.repetition import Repetition
from socialcollab.styleguide.kinds.sequence import Element, Sequence
from socialcollab.styleguide.kinds.spelling import Dictionary, Spelling, WordList
from socialcollab.styleguide.kinds.substitution import Substitution, check_replacements
from socialcollab.styleguide.lint_input import LintInput, TextSpan

CODE: Final = re.compile(r"[a-z][a-z0-9]*(?:[-.][a-z0-9]+)*")
"""The form of the code of a rule that a guide defines."""

FIELDS: Final = ("alt", "card", "first_comment", "poll", "text", "thread")
"""The fields of a post that a rule can be limited to."""

_FILLER: Final = "\ufffc"
_WORD: Final = r"[^\W_]+(?:['’-][^\W_]+)*"
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_DEFAULT_MESSAGES: Final[Mapping[str, str]] = {
    "capitalization": "check the capitals of `{match}`",
    "conditional": "`{match}` needs something that is missing",
    "consistency": "use either `{match}` or `{replacement}`, not both",
    "existence": "avoid `{match}`",
    "metric": "the text measures {count}; the limit is {limit}",
    "occurrence": "this occurs {count} times; the limit is {limit}",
    "readability": "the readability is {count}; the limit is {limit}",
    "repetition": "`{match}` is repeated",
    "sequence": "avoid `{match}`",
    "spelling": "`{match}` is not in the dictionary",
    "substitution": "write `{replacement}` instead of `{match}`",
}
VALUES: Final = ("count", "limit", "match", "replacement")
"""The placeholders of a message."""


@attrs.frozen(kw_only=True)
class CustomRule:
    """
    A rule that a guide defines.

    Attributes:
        code: The code.
        kind: The kind of rule, with its settings.
        message: The message, with placeholders such as ``{match}``.
        fields: The fields of a post that it applies to; all if empty.
        part: The part of a text that it looks at: "text", "line", "sentence" or "paragraph".
        raw: Whether it also looks at links, mentions, hashtags and code.
        link: An address with an explanation, or an empty string.
    """

    code: str
    kind: Kind
    message: str
    fields: frozenset[str] = frozenset()
    part: str = "text"
    raw: bool = False
    link: str = ""

    def check(self, draft: LintInput) -> Iterator[Finding]:
        """Report the places that the kind of rule finds."""
        for span in draft.spans:
            if self.fields and span.field.partition(".")[0] not in self.fields:
                continue
            text = span.text if self.raw else draft.masked(span)
            for start, end in parts_of(text, self.part):
                for hit in self.kind.find(text[start:end]):
                    yield self._finding(span, hit, start)

    def _finding(self, span: TextSpan, hit: Hit, offset: int) -> Finding:
        start, end = hit.start + offset, hit.end + offset
        # The kind saw the masked text.
        values = {**hit.values}
        if "match" in values and _FILLER in values["match"]:
            values["match"] = span.text[start:end]
        clean = tuple(each for each in hit.replacements if _FILLER not in each)
        return Finding(
            code=self.code,
            message_code="custom_rule",
            params={"message": filled(self.message, values)},
            field=span.field,
            start=start,
            end=end,
            fix=clean[0] if len(clean) == 1 else None,
            choices=clean if len(clean) > 1 else (),
            profile=span.profile,
        )


def filled(message: str, values: Mapping[str, str]) -> str:
    """Return a message with its placeholders replaced; unknown ones stay as they are."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), message)


_COMMON: Final = (
    "bad",
    "field",
    "good",
    "kind",
    "language",
    "link",
    "message",
    "network",
    "off",
    "part",
    "raw",
    "severity",
)
_MATCHING: Final = ("exceptions", "ignore_case", "patterns", "whole_words", "words")
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "capitalization": ("exceptions", "pattern", "style"),
    "conditional": ("exceptions", "if_found", "ignore_case", "needs", "per_match"),
    "consistency": ("either", "ignore_case", "whole_words"),
    "existence": _MATCHING,
    "metric": ("at_least", "at_most", "formula", "from_words"),
    "occurrence": (*_MATCHING[1:], "at_least", "at_most"),
    "readability": ("at_least", "at_most", "formula", "from_words"),
    "repetition": ("at_most", "exceptions", "ignore_case", "letters_only", "pattern"),
    "sequence": ("ignore_case", "sequence"),
    "spelling": ("dictionary", "exceptions", "words"),
    "substitution": (
        "exceptions",
        "ignore_case",
        "keeps_case",
        "patterns",
        "replace",
        "whole_words",
    ),
}
"""The settings of each kind of rule, in addition to those that all kinds have."""


def keys_of(kind: str) -> tuple[str, ...]:
    """Return all settings of a kind of rule."""
    return tuple(sorted((*_COMMON, *KEYS[kind])))


@attrs.frozen(kw_only=True)
class Definition:
    """
    The settings of a rule that a guide defines, from which the rule is built.

    Attributes:
        code: The code.
        settings: The settings, as read from the guide.
        trusted: Whether the guide comes from a trusted source.
        dictionaries: The spelling dictionaries by name.
        language: The language of the texts, for counting syllables.
    """

    code: str
    settings: Mapping[str, Any]
    trusted: bool = False
    dictionaries: Mapping[str, Dictionary] = attrs.field(factory=dict)
    language: str = "en"

    def rule(self) -> CustomRule:
        """
        Build the rule.

        Raises:
            InvalidValueError: If a setting is invalid. The message begins with the setting's name.
        """
        kind = self._choice("kind", KEYS)
        unknown = next((key for key in self.settings if key not in keys_of(kind)), None)
        if unknown is not None:
            known = keys_of(kind)
            hint = did_you_mean(str(unknown), known, otherwise=f"use one of {', '.join(known)}")
            raise InvalidValueError(
                f"{unknown}: a rule of the kind `{kind}` has no such setting",
                value=unknown,
                expected=hint,
            )
        builders: Mapping[str, Callable[[], Kind]] = {
            "capitalization": self._capitalization,
            "conditional": self._conditional,
            "consistency": self._consistency,
            "existence": self._existence,
            "metric": self._metric,
            "occurrence": self._occurrence,
            "readability": self._metric,
            "repetition": self._repetition,
            "sequence": self._sequence,
            "spelling": self._spelling,
            "substitution": self._substitution,
        }
        message = self._text("message", _DEFAULT_MESSAGES[kind])
        for found in _PLACEHOLDER.finditer(message):
            if found[1] not in VALUES:
                raise InvalidValueError(
                    f"message: `{found[0]}` is not a placeholder",
                    value=found[0],
                    expected=", ".join(f"{{{name}}}" for name in VALUES),
                )
        fields = self._words("field")
        for name in fields:
            if name not in FIELDS:
                raise InvalidValueError(
                    f"field: `{name}` is not a field of a post",
                    value=name,
                    expected=", ".join(FIELDS),
                )
        built = builders[kind]()
        own_part = isinstance(built, Capitalization)
        return CustomRule(
            code=self.code,
            kind=built,
            message=message,
            fields=frozenset(fields),
            part="text" if own_part else self._choice("part", PARTS, "text"),
            raw=self._flag("raw", default=False),
            link=self._text("link", ""),
        )

    def _text(self, key: str, default: str | None = None) -> str:
        value = self.settings.get(key, default)
        if not isinstance(value, str) or (default is None and not value):
            raise InvalidValueError(
                f"{key}: {value!r:.60} is not a text", value=value, expected="a text"
            )
        return value

    def _choice(self, key: str, known: Iterable[str], default: str | None = None) -> str:
        names = tuple(known)
        value = self._text(key, default)
        if value not in names:
            hint = did_you_mean(value, names, otherwise=f"use one of {', '.join(names)}")
            raise InvalidValueError(
                f"{key}: `{value[:60]}` does not exist", value=value, expected=hint
            )
        return value

    def _flag(self, key: str, *, default: bool) -> bool:
        value = self.settings.get(key, default)
        if not isinstance(value, bool):
            raise InvalidValueError(
                f"{key}: {value!r:.60} is not a boolean", value=value, expected="true or false"
            )
        return value

    def _number(self, key: str) -> float | None:
        value = self.settings.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidValueError(
                f"{key}: {value!r:.60} is not a number", value=value, expected="a number"
            )
        return value

    def _count(self, key: str) -> int | None:
        value = self._number(key)
        if value is None:
            return None
        if value < 0 or value != int(value):
            raise InvalidValueError(
                f"{key}: {value} is not a count", value=value, expected="a whole number from 0 on"
            )
        return int(value)

    def _words(self, key: str) -> tuple[str, ...]:
        return self._texts(key, self.settings.get(key, ()))

    def _texts(self, key: str, value: object) -> tuple[str, ...]:
        """Return one or more texts as a tuple."""
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list | tuple):
            raise InvalidValueError(
                f"{key}: {value!r:.60} is not a list of texts",
                value=value,
                expected="a list of texts",
            )
        return tuple(self._one(key, item) for item in items)

    def _one(self, key: str, word: object) -> str:
        if not isinstance(word, str) or not word:
            raise InvalidValueError(
                f"{key}: {word!r:.60} is not a text", value=word, expected="a text"
            )
        return word

    def _compiled(self, key: str, pattern: str, *, ignore_case: bool = False) -> Pattern:
        try:
            return compile_pattern(pattern, ignore_case=ignore_case, trusted=self.trusted)
        except InvalidValueError as error:
            raise InvalidValueError(
                f"{key}: {error}", value=error.value, expected=error.expected
            ) from None

    def _exceptions(self) -> tuple[Pattern, ...]:
        return tuple(
            # A word without special characters is the same in each engine.
            self._literal(word, ignore_case=False)
            if re.escape(word).replace("\\ ", " ").replace("\\-", "-") == word
            else self._compiled("exceptions", word)
            for word in self._words("exceptions")
        )

    def _literal(self, text: str, *, ignore_case: bool) -> Pattern:
        return compile_pattern(re.escape(text), ignore_case=ignore_case)

    def _pattern(self) -> Pattern:
        """Return the pattern of the words and patterns of a rule."""
        words, patterns = self._words("words"), self._words("patterns")
        if not words and not patterns:
            raise InvalidValueError(
                "words: the rule has neither words nor patterns", expected='words = ["..."]'
            )
        ignore_case = self._flag("ignore_case", default=True)
        # The longest of several words at one place is reported.
        literals = [_literal_pattern(word) for word in sorted(words, key=len, reverse=True)]
        pattern = any_of(
            [*literals, *patterns], whole_words=self._flag("whole_words", default=bool(words))
        )
        if patterns:
            return self._compiled("patterns", pattern, ignore_case=ignore_case)
        return compile_pattern(pattern, ignore_case=ignore_case)

    def _existence(self) -> Existence:
        return Existence(pattern=self._pattern(), exceptions=self._exceptions())

    def _occurrence(self) -> Occurrence:
        at_most, at_least = self._count("at_most"), self._count("at_least") or 0
        if at_most is None and not at_least:
            raise InvalidValueError(
                "at_most: the rule has no limit", expected="at_most or at_least"
            )
        return Occurrence(pattern=self._pattern(), at_most=at_most, at_least=at_least)

    def _substitution(self) -> Substitution:
        table = self.settings.get("replace")
        if not isinstance(table, Mapping) or not table:
            raise InvalidValueError(
                "replace: the rule has no table of replacements",
                value=table,
                expected='replace = { "utilise" = "use" }',
            )
        written = [self._one("replace", key) for key in table]
        written.sort(key=len, reverse=True)
        given = tuple(self._texts("replace", table[key]) for key in written)
        patterns = self._flag("patterns", default=False)
        parts = tuple(key if patterns else _literal_pattern(key) for key in written)
        ignore_case = self._flag("ignore_case", default=True)
        try:
            pattern = check_replacements(
                parts,
                whole_words=self._flag("whole_words", default=not patterns),
                ignore_case=ignore_case,
                trusted=self.trusted or not patterns,
            )
        except InvalidValueError as error:
            raise InvalidValueError(
                f"replace: {error}", value=error.value, expected=error.expected
            ) from None
        return Substitution(
            pattern=pattern,
            replacements=given,
            exceptions=self._exceptions(),
            ignore_case=ignore_case,
            keeps_case=self._flag("keeps_case", default=True),
        )

    def _repetition(self) -> Repetition:
        pattern = self._text("pattern", "")
        return Repetition(
            pattern=self._compiled("pattern", pattern) if pattern else compile_pattern(_WORD),
            ignore_case=self._flag("ignore_case", default=True),
            letters_only=self._flag("letters_only", default=True),
            at_most=self._count("at_most") or 0,
            exceptions=frozenset(word.casefold() for word in self._words("exceptions")),
        )

    def _consistency(self) -> Consistency:
        table = self.settings.get("either")
        if not isinstance(table, Mapping) or not table:
            raise InvalidValueError(
                "either: the rule has no table of spellings",
                value=table,
                expected='either = { "adviser" = "advisor" }',
            )
        pairs = tuple((self._one("either", a), self._one("either", b)) for a, b in table.items())
        parts = tuple(_literal_pattern(word) for pair in pairs for word in pair)
        pattern = check_replacements(
            parts,
            whole_words=self._flag("whole_words", default=True),
            ignore_case=self._flag("ignore_case", default=True),
            trusted=True,
        )
        return Consistency(pattern=pattern, pairs=pairs)

    def _conditional(self) -> Conditional:
        ignore_case = self._flag("ignore_case", default=False)
        return Conditional(
            if_found=self._compiled("if_found", self._text("if_found"), ignore_case=ignore_case),
            needs=self._compiled("needs", self._text("needs"), ignore_case=ignore_case),
            exceptions=self._exceptions(),
            per_match=self._flag("per_match", default=False),
        )

    def _capitalization(self) -> Capitalization:
        styles = ("sentence", "title", "lower", "upper", "pattern")
        style = self._choice("style", styles, "sentence")
        pattern = self._text("pattern", "")
        if (style == "pattern") != bool(pattern):
            raise InvalidValueError(
                "pattern: only the style `pattern` has a pattern",
                value=pattern,
                expected='style = "pattern" with a pattern',
            )
        return Capitalization(
            style=style,  # type: ignore[arg-type]  # checked above
            pattern=self._compiled("pattern", pattern) if pattern else None,
            exceptions=self._exceptions(),
            part=self._choice("part", PARTS[:3], "text"),  # type: ignore[arg-type]  # checked
        )

    def _metric(self) -> Metric:
        at_most, at_least = self._number("at_most"), self._number("at_least")
        if at_most is None and at_least is None:
            raise InvalidValueError(
                "at_most: the rule has no limit", expected="at_most or at_least"
            )
        try:
            formula = compile_formula(self._text("formula"), self.language)
        except InvalidValueError as error:
            setting = "" if str(error).startswith("formula: ") else "formula: "
            raise InvalidValueError(
                f"{setting}{error}", value=error.value, expected=error.expected
            ) from None
        return Metric(
            formula=formula,
            at_most=at_most,
            at_least=at_least,
            language=self.language,
            from_words=self._count("from_words") or 1,
        )

    def _spelling(self) -> Spelling:
        names, words = self._words("dictionary"), self._words("words")
        if not names:
            raise InvalidValueError(
                "dictionary: the rule has no dictionary", expected='dictionary = ["nl"]'
            )
        for name in names:
            if name not in self.dictionaries:
                known = ", ".join(sorted(self.dictionaries)) or "none is given"
                raise InvalidValueError(
                    f"dictionary: there is no dictionary `{name[:60]}`",
                    value=name,
                    expected=f"one of those passed as `dictionaries=`: {known}",
                )
        own = WordList(word.lower() for word in words)
        return Spelling(
            dictionaries=(own, *(self.dictionaries[name] for name in names)),
            exceptions=self._exceptions(),
        )

    def _sequence(self) -> Sequence:
        entries = self.settings.get("sequence")
        if not isinstance(entries, list | tuple) or len(entries) < 2:
            raise InvalidValueError(
                "sequence: the rule has no list of at least two words",
                value=entries,
                expected='sequence = [{ words = ["very"] }, { pattern = "\\\\w+ly" }]',
            )
        ignore_case = self._flag("ignore_case", default=True)
        return Sequence(
            words=compile_pattern(_WORD),
            ends=compile_pattern(r"[.!?…]+(?=\s|\Z)|\n"),
            elements=tuple(self._element(entry, ignore_case) for entry in entries),
        )

    def _element(self, entry: object, ignore_case: bool) -> Element:  # noqa: FBT001
        if not isinstance(entry, Mapping) or not set(entry) <= {"words", "pattern", "not", "skip"}:
            raise InvalidValueError(
                f"sequence: {entry!r:.80} is not an element",
                value=entry,
                expected="a table with words or pattern, and optionally not and skip",
            )
        inner = Definition(code=self.code, settings=entry, trusted=self.trusted)
        words, pattern = inner._words("words"), inner._text("pattern", "")
        compiled = None
        if words:
            joined = any_of(map(re.escape, words), whole_words=False)
            compiled = compile_pattern(joined, ignore_case=ignore_case)
        elif pattern:
            compiled = self._compiled("sequence", pattern, ignore_case=ignore_case)
        return Element(
            pattern=compiled,
            negated=inner._flag("not", default=False),
            skip=inner._count("skip") or 0,
        )


def _literal_pattern(text: str) -> str:
    """Return a pattern of a text in which any white space and both apostrophes match."""
    parts = [re.escape(part).replace("'", "['’]") for part in text.split()]
    return r"\s+".join(parts)
