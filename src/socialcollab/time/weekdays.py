"""Days of the week as a document writes them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import Final, Self

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT: Final = tuple(name[:3] for name in WEEKDAYS)
_NUMBER: Final = {name: at for names in (WEEKDAYS, _SHORT) for at, name in enumerate(names)}


def any_case(word: str) -> str:
    """Return a regular expression, of ECMA 262 too, for a word of letters in any case."""
    return "".join(f"[{letter.upper()}{letter}]" for letter in word)


_DAY = "|".join(f"{any_case(name[:3])}({any_case(name[3:])})?" for name in WEEKDAYS)
_SPAN = f"({_DAY})(-({_DAY}))?"
_WEEKDAYS = f"{_SPAN}( ?, ?{_SPAN})*"
WEEKDAYS_PATTERN: Final = f"^{_WEEKDAYS}$"


def _as_days(days: Iterable[int]) -> frozenset[int]:
    kept = frozenset(days)
    if not kept or not all(0 <= day <= 6 for day in kept):
        raise InvalidValueError(
            f"weekdays {sorted(kept)!r} are not some of 0 (Monday) to 6 (Sunday)",
            value=tuple(sorted(kept)),
            expected="at least one of 0 to 6",
        )
    return kept


@attrs.frozen
class Weekdays:
    """
    Some days of the week, at least one.

    >>> str(Weekdays.parse("Monday,wed,sat-sun"))
    'mon,wed,sat-sun'
    >>> dt.date(2026, 4, 7) in Weekdays.parse("mon-fri")
    True

    Attributes:
        days: Their numbers, 0 for Monday.
    """

    days: frozenset[int] = attrs.field(converter=_as_days)

    @classmethod
    def parse(cls, text: str, /) -> Self:
        """
        Read names (``mon`` or ``monday``), spans (``sat-mon`` too) and lists of them.

        Raises:
            InvalidValueError: If a name is no day of the week.
        """
        days: set[int] = set()
        for part in text.split(","):
            first, _, last = part.strip().lower().partition("-")
            start = _number(first, text)
            end = _number(last, text) if last or part.strip().endswith("-") else start
            days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
        # Compiled when first used: it is long.
        if re.fullmatch(_WEEKDAYS, text) is None:
            raise InvalidValueError(
                f"`{text}` has spaces that are no part of weekdays; write `mon,wed,sat-sun`",
                value=text,
                expected="mon,wed,sat-sun",
            )
        return cls(days)

    def __contains__(self, date: dt.date) -> bool:
        return date.weekday() in self.days

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self.days))

    def __len__(self) -> int:
        return len(self.days)

    def __str__(self) -> str:
        spans: list[list[int]] = []
        for day in sorted(self.days):
            if spans and spans[-1][-1] == day - 1:
                spans[-1].append(day)
            else:
                spans.append([day])
        return ",".join(
            _SHORT[span[0]] if len(span) == 1 else f"{_SHORT[span[0]]}-{_SHORT[span[-1]]}"
            for span in spans
        )


def _number(name: str, text: str) -> int:
    found = _NUMBER.get(name)
    if found is not None:
        return found
    hint = did_you_mean(name, _NUMBER, otherwise='write days as "mon-fri" or "mon,wed,sat-sun"')
    raise InvalidValueError(
        f"`{name}` in `{text}` is no day of the week; {hint}", value=text, expected=hint
    )
