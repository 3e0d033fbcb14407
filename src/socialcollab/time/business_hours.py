"""When a team is at work, and how long that is."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Self

import attrs

from socialcollab.document_fields import ListOf, Parsed, shape
from socialcollab.errors import InvalidValueError
from socialcollab.time.duration import Duration
from socialcollab.time.holidays import Holidays, read_holidays
from socialcollab.time.instants import as_utc
from socialcollab.time.time_of_day import TIME_OF_DAY_PATTERN, TimeOfDay
from socialcollab.time.weekdays import WEEKDAYS_PATTERN, Weekdays
from socialcollab.time.window import Window
from socialcollab.time.zones import local_time, resolve, zone

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

# Past this nobody opens again: ten years of holidays are a mistake, not a calendar.
MOST_CLOSED_DAYS = 3660


def _as_weekdays(value: Weekdays | str) -> Weekdays:
    return Weekdays.parse(value) if isinstance(value, str) else value


def _as_time(value: TimeOfDay | dt.time | str) -> TimeOfDay:
    return value if isinstance(value, TimeOfDay) else TimeOfDay.parse(value)


def _as_holidays(value: Holidays | Iterable[dt.date]) -> Holidays:
    return value if isinstance(value, Holidays) else Holidays(value)


def _zone_name(value: str) -> str:
    return zone(value).key


# Deadlines of many posts are counted over the same few days.
@lru_cache(maxsize=4096)
def _opening(start: TimeOfDay, end: TimeOfDay, where: ZoneInfo, date: dt.date) -> Window | None:
    last = date if start < end else date + dt.timedelta(days=1)
    opens = resolve(start.on(date), where.key, skipped="next", repeated="first")
    closes = resolve(end.on(last), where.key, skipped="next", repeated="first")
    # A gap can swallow a short opening whole.
    return Window(start=opens, end=closes) if opens < closes else None


@attrs.frozen(kw_only=True)
class BusinessHours:
    """
    One stretch of work on each of some days of the week, but for holidays.

    Where *end* is not after *start* the work goes on over midnight; it then
    belongs to the day on which it began, and so do that day's holidays. An end
    of 24:00 is midnight. Clock changes are counted as they are: a night shift
    is an hour shorter or longer then. A bound that a change skips is read with
    the offset of before, of a repeated one the first is taken.

    >>> office = BusinessHours(days="mon-fri", start="09:00", end="17:00", zone="Europe/Amsterdam")
    >>> friday = dt.datetime(2026, 4, 3, 14, 30, tzinfo=dt.UTC)
    >>> office.add(friday, Duration.parse("1 business hour")).isoformat()
    '2026-04-06T07:30:00+00:00'

    Attributes:
        days: The days on which work begins; "mon-fri" is taken too.

        start: When it begins; "09:00" is taken too.

        end: When it ends.

        zone: The IANA name of the zone in which days and times are read.

        holidays: Days on which it does not begin.

    Raises:
        InvalidValueError: If *start* equals *end*, or a part cannot be read.
    """

    days: Weekdays = attrs.field(converter=_as_weekdays)
    start: TimeOfDay = attrs.field(converter=_as_time)
    end: TimeOfDay = attrs.field(converter=_as_time)
    zone: str = attrs.field(converter=_zone_name)
    holidays: Holidays = attrs.field(default=Holidays(), converter=_as_holidays)

    def __attrs_post_init__(self) -> None:
        if self.start == self.end:
            raise InvalidValueError(
                f"business hours from {self.start} to {self.end} never open;"
                " for a whole day write 00:00 to 24:00",
                value=(str(self.start), str(self.end)),
            )
        if self.start.minutes == 1440:
            raise InvalidValueError(
                "business hours cannot begin at 24:00; write 00:00 and the next day", value="24:00"
            )

    def opens_on(self, date: dt.date) -> bool:
        """Tell whether work begins on *date*: its weekday counts and it is no holiday."""
        return date in self.days and date not in self.holidays

    def opening(self, date: dt.date) -> Window | None:
        """Return the work that begins on *date*, or None if none does."""
        if not self.opens_on(date):
            return None
        return _opening(self.start, self.end, zone(self.zone), date)

    def openings(self, after: dt.datetime) -> Iterator[Window]:
        """
        Yield the openings that end after an instant, in order, without end.

        Raises:
            InvalidValueError: If ten years go by without one.
        """
        begin = as_utc(after)
        date = local_time(begin, self.zone).date() - dt.timedelta(days=1)
        closed = 0
        while closed <= MOST_CLOSED_DAYS and date < dt.date(9999, 12, 1):
            opening = self.opening(date)
            if opening is None:
                closed += 1
            elif opening.end > begin:
                closed = 0
                yield opening
            date += dt.timedelta(days=1)
        raise InvalidValueError(
            f"business hours on {self.days} do not open in the ten years before {date.isoformat()}:"
            " too many holidays, or an instant out of range",
            value=str(self.days),
        )

    def is_open(self, at: dt.datetime) -> bool:
        """Tell whether work is going on at an instant."""
        instant = as_utc(at)
        today = local_time(instant, self.zone).date()
        for date in (today - dt.timedelta(days=1), today):
            opening = self.opening(date)
            if opening is not None and opening.contains(instant):
                return True
        return False

    def next_open(self, at: dt.datetime) -> dt.datetime:
        """Return the first instant from *at* on at which work is going on: *at* itself if it is."""
        instant = as_utc(at)
        return max(instant, next(self.openings(instant)).start)

    def add(self, at: dt.datetime, duration: Duration) -> dt.datetime:
        """
        Return the instant that lies *duration* after *at*.

        Business minutes and hours are counted while open; the end of the last
        one may be the very end of an opening. A business day is the same wall
        time on the next day that opens (see `Duration`). Others are counted by
        the clock, days and weeks on the wall clock of this zone.
        """
        if not duration.business:
            return duration.after(at, zone=self.zone)
        if duration.unit == "day":
            return self._add_days(as_utc(at), duration.amount)
        unit = dt.timedelta(minutes=1) if duration.unit == "minute" else dt.timedelta(hours=1)
        left = duration.amount * unit
        instant = as_utc(at)
        for opening in self.openings(instant):
            start = max(instant, opening.start)
            if opening.end - start >= left:
                return start + left
            left -= opening.end - start
        raise AssertionError  # `openings` has no end

    def _add_days(self, at: dt.datetime, amount: int) -> dt.datetime:
        opening = next(self.openings(at))
        local = local_time(max(at, opening.start), self.zone)
        day = local_time(opening.start, self.zone).date()
        into = local - dt.datetime(day.year, day.month, day.day)  # noqa: DTZ001  local by meaning
        left = amount
        for later in self.openings(opening.end):
            left -= 1
            if left == 0:
                date = local_time(later.start, self.zone).date()
                midnight = dt.datetime(date.year, date.month, date.day)  # noqa: DTZ001
                return resolve(midnight + into, self.zone, skipped="next", repeated="first")
        raise AssertionError  # `openings` has no end

    def between(self, a: dt.datetime, b: dt.datetime) -> dt.timedelta:
        """Return how much work goes on from *a* to *b*; negative if *b* is before *a*."""
        first, last = as_utc(a), as_utc(b)
        if last < first:
            return -self.between(last, first)
        total = dt.timedelta()
        date = local_time(first, self.zone).date() - dt.timedelta(days=1)
        until = local_time(last, self.zone).date()
        while date <= until:
            opening = self.opening(date)
            if opening is not None:
                total += max(min(opening.end, last) - max(opening.start, first), dt.timedelta())
            date += dt.timedelta(days=1)
        return total


@attrs.frozen
class HolidayEntry:
    """
    One line of a list of holidays: a date, or the name of an ``.ics`` file.

    >>> str(HolidayEntry.parse("2026-04-27")), HolidayEntry.parse("holidays-nl.ics").file
    ('2026-04-27', 'holidays-nl.ics')

    Attributes:
        date: The day, or None for a file.

        file: The file's name, or an empty string for a date.
    """

    date: dt.date | None = None
    file: str = ""

    def __attrs_post_init__(self) -> None:
        if (self.date is None) == (not self.file):
            raise InvalidValueError("a holiday is either a date or a file", value=self.file)

    @classmethod
    def parse(cls, text: str | dt.date, /) -> Self:
        """
        Read ``2026-04-27`` (a date of TOML is taken as it is) or a name that ends in ``.ics``.

        Raises:
            InvalidValueError: If it is neither.
        """
        if isinstance(text, dt.date):
            return cls(text)
        try:
            if re.fullmatch(r".+\.[iI][cC][sS]", text):
                return cls(None, text)
            # Week dates and dates without hyphens are ISO too, and not meant here.
            return cls(dt.date.fromisoformat(text if text[4:5] == text[7:8] == "-" else ""))
        except ValueError as error:
            raise InvalidValueError(
                f"holiday `{text}` is neither a date such as 2026-04-27 nor the name of an .ics file",
                value=text,
                expected="a date or an .ics file",
            ) from error

    def __str__(self) -> str:
        return self.file if self.date is None else self.date.isoformat()


HOLIDAY_PATTERN = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}|.+\.[iI][cC][sS])$"


@attrs.frozen(kw_only=True)
class BusinessHoursSection:
    """
    The table ``business_hours`` of the document.

    Attributes:
        days: The days on which work begins.

        start: When it begins.

        end: When it ends; not after *start* means on the next day.

        holidays: Dates, and names of files that hold some.
    """

    days: Weekdays = attrs.field(
        metadata=shape(Parsed(grammar=Weekdays, name="weekdays", pattern=WEEKDAYS_PATTERN))
    )
    start: TimeOfDay = attrs.field(
        metadata=shape(
            Parsed(
                grammar=TimeOfDay, name="time of day", pattern=TIME_OF_DAY_PATTERN, also=(dt.time,)
            )
        )
    )
    end: TimeOfDay = attrs.field(
        metadata=shape(
            Parsed(
                grammar=TimeOfDay, name="time of day", pattern=TIME_OF_DAY_PATTERN, also=(dt.time,)
            )
        )
    )
    holidays: tuple[HolidayEntry, ...] = attrs.field(
        metadata=shape(
            ListOf(
                item=Parsed(
                    grammar=HolidayEntry, name="holiday", pattern=HOLIDAY_PATTERN, also=(dt.date,)
                )
            )
        ),
        default=(),
        converter=tuple,
    )

    def hours(self, *, zone: str, files: Mapping[str, bytes] | None = None) -> BusinessHours:
        """
        Return the business hours in *zone*, with the holidays of all named files.

        Raises:
            InvalidValueError: If a named file is not among *files* or cannot be
                read, or the hours never open.

            MissingExtraError: If a file is named and the `calendar` extra is
                not installed.
        """
        given = files or {}
        holidays = Holidays(entry.date for entry in self.holidays if entry.date is not None)
        for entry in self.holidays:
            if not entry.file:
                continue
            if entry.file not in given:
                raise InvalidValueError(
                    f"the holiday file `{entry.file}` is not here", value=entry.file
                )
            holidays = holidays.union(read_holidays(given[entry.file]))
        return BusinessHours(
            days=self.days, start=self.start, end=self.end, zone=zone, holidays=holidays
        )
