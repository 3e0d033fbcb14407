"""A recurrence rule as RFC 5545 writes it: its parts, checked, and nothing of time zones."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final, Literal, Self, TypeVar

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import nearest

Frequency = Literal["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"]

FREQUENCIES: Final[tuple[Frequency, ...]] = (
    "YEARLY",
    "MONTHLY",
    "WEEKLY",
    "DAILY",
    "HOURLY",
    "MINUTELY",
    "SECONDLY",
)
DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_PARTS: Final = (
    "FREQ",
    "UNTIL",
    "COUNT",
    "INTERVAL",
    "BYSECOND",
    "BYMINUTE",
    "BYHOUR",
    "BYDAY",
    "BYMONTHDAY",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYMONTH",
    "BYSETPOS",
    "WKST",
)
# Part, attribute, highest value, whether 0 is in, whether it counts from the end too.
_NUMBERS: Final = (
    ("BYSECOND", "by_second", 59, True, False),
    ("BYMINUTE", "by_minute", 59, True, False),
    ("BYHOUR", "by_hour", 23, True, False),
    ("BYMONTHDAY", "by_month_day", 31, False, True),
    ("BYYEARDAY", "by_year_day", 366, False, True),
    ("BYWEEKNO", "by_week_no", 53, False, True),
    ("BYMONTH", "by_month", 12, False, False),
    ("BYSETPOS", "by_set_pos", 366, False, True),
)
_UNTIL = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})([0-9]{2})(Z?))?")
_DAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
MOST = 1_000_000
_Word = TypeVar("_Word", bound=str)


@attrs.frozen(kw_only=True)
class Rule:
    """
    The parts of one RRULE.

    >>> str(Rule.parse("freq=weekly;byday=mo,we"))
    'FREQ=WEEKLY;BYDAY=MO,WE'

    Attributes:
        freq: The period it repeats in.

        interval: Every how many periods, from 1.

        count: How many occurrences in all, or None.

        until: The last instant (in UTC), or the last local time (naive) that
            may be one, or None. A bare date counts whole.

        by_day: Pairs of ordinal (0 for every) and weekday (0 for Monday).

        week_start: The day on which a week begins, 0 for Monday.

    Source:
        RFC 5545 section 3.3.10.
    """

    freq: Frequency
    interval: int = 1
    count: int | None = None
    until: dt.datetime | None = None
    by_second: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_hour: tuple[int, ...] = ()
    by_day: tuple[tuple[int, int], ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_week_no: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_set_pos: tuple[int, ...] = ()
    week_start: int = 0

    @classmethod
    def parse(cls, text: str, /) -> Self:
        """
        Read a rule, with or without ``RRULE:`` before it; case does not matter.

        Raises:
            InvalidValueError: If a part is unknown, given twice, or has a
                value it cannot have; the message names the part.
        """
        parts = _split(text)
        given: dict[str, tuple[int, ...]] = {}
        for part, attribute, most, zero, negative in _NUMBERS:
            if part in parts:
                given[attribute] = _numbers(part, parts[part], most, zero=zero, negative=negative)
        freq = _one_of("FREQ", parts["FREQ"], FREQUENCIES)
        if "COUNT" in parts and "UNTIL" in parts:
            raise _fault("UNTIL", parts["UNTIL"], "COUNT is given too, and only one of them may be")
        by_day = tuple(
            _day(one, parts["BYDAY"]) for one in parts.get("BYDAY", "").split(",") if one
        )
        if "BYDAY" in parts and not by_day:
            raise _fault("BYDAY", "", "give days such as MO,WE")
        if any(ordinal for ordinal, _ in by_day) and freq not in ("YEARLY", "MONTHLY"):
            raise _fault(
                "BYDAY", parts["BYDAY"], f"a numbered day needs FREQ=MONTHLY or YEARLY, not {freq}"
            )
        selects = by_day or any(value for name, value in given.items() if name != "by_set_pos")
        if "by_set_pos" in given and not selects:
            raise _fault("BYSETPOS", parts["BYSETPOS"], "it needs another BY part to select from")
        return cls(
            freq=freq,
            interval=_count("INTERVAL", parts.get("INTERVAL", "1")),
            count=_count("COUNT", parts["COUNT"]) if "COUNT" in parts else None,
            until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
            by_day=tuple(sorted(set(by_day))),
            week_start=DAYS.index(_one_of("WKST", parts.get("WKST", "MO"), DAYS)),
            **given,
        )

    def __str__(self) -> str:
        parts = [f"FREQ={self.freq}"]
        if self.until is not None:
            zulu = "Z" if self.until.tzinfo is not None else ""
            # strftime does not pad years before 1000 alike on all platforms.
            parts.append(f"UNTIL={self.until.year:04d}{self.until.strftime('%m%dT%H%M%S')}{zulu}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.by_day:
            days = (f"{ordinal or ''}{DAYS[day]}" for ordinal, day in self.by_day)
            parts.append(f"BYDAY={','.join(days)}")
        for part, attribute, *_ in _NUMBERS:
            numbers: tuple[int, ...] = getattr(self, attribute)
            if numbers:
                parts.append(f"{part}={','.join(map(str, numbers))}")
        if self.week_start:
            parts.append(f"WKST={DAYS[self.week_start]}")
        return ";".join(parts)


def _fault(part: str, value: str, why: str) -> InvalidValueError:
    return InvalidValueError(
        f"`{part}={value}` cannot be in a recurrence rule: {why}", value=value, expected=why
    )


def _split(text: str) -> dict[str, str]:
    body = text.strip().upper().removeprefix("RRULE:").removesuffix(";")
    if len(body) > 2000:
        raise _fault("FREQ", "...", "the rule is longer than 2000 characters")
    parts: dict[str, str] = {}
    for piece in body.split(";"):
        name, equals, value = piece.strip().partition("=")
        if not equals or name not in _PARTS:
            near = nearest(name, _PARTS)
            hint = f"did you mean {near}?" if near and name not in _PARTS else "write PART=VALUE"
            raise InvalidValueError(
                f"`{piece.strip()}` is no part of a recurrence rule; {hint}",
                value=piece,
                expected=hint,
            )
        if name in parts:
            raise _fault(name, value, "it is given twice")
        parts[name] = value.strip()
    if "FREQ" not in parts:
        raise InvalidValueError(
            f"recurrence rule `{text}` has no FREQ; begin it with one, such as FREQ=WEEKLY",
            value=text,
            expected="FREQ=WEEKLY",
        )
    return parts


def _one_of(part: str, value: str, words: tuple[_Word, ...]) -> _Word:
    for word in words:
        if word == value:
            return word
    near = nearest(value, words)
    raise _fault(part, value, f"did you mean {near}?" if near else f"use {', '.join(words)}")


def _count(part: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or not 1 <= int(value[:9]) <= MOST:
        raise _fault(part, value, f"give a whole number from 1 to {MOST}")
    return int(value)


def _numbers(part: str, value: str, most: int, *, zero: bool, negative: bool) -> tuple[int, ...]:
    low = "0" if zero else "1"
    why = f"give whole numbers from {low} to {most}" + (f", or -{most} to -1" if negative else "")
    found: set[int] = set()
    for one in value.split(","):
        if re.fullmatch(r"[+-]?[0-9]{1,3}", one) is None:
            raise _fault(part, value, why)
        number = int(one)
        if abs(number) > most or (number == 0 and not zero) or (number < 0 and not negative):
            raise _fault(part, value, why)
        found.add(number)
    return tuple(sorted(found))


def _day(one: str, value: str) -> tuple[int, int]:
    found = _DAY.fullmatch(one)
    if found is None or (found[1] is not None and not 1 <= abs(int(found[1])) <= 53):
        raise _fault("BYDAY", value, "give days such as MO,WE or 1FR,-1SU")
    return int(found[1] or 0), DAYS.index(found[2])


def _until(value: str) -> dt.datetime:
    found = _UNTIL.fullmatch(value)
    why = "give 20261231, 20261231T170000 or 20261231T160000Z"
    if found is None:
        raise _fault("UNTIL", value, why)
    whole_day = found[4] is None
    clock = (23, 59, 59) if whole_day else (int(found[4]), int(found[5]), int(found[6]))
    try:
        until = dt.datetime(int(found[1]), int(found[2]), int(found[3]), *clock)  # noqa: DTZ001
    except ValueError as error:
        raise _fault("UNTIL", value, str(error)) from error
    return until.replace(tzinfo=dt.UTC) if found[7] else until
