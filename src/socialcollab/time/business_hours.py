"""Business hours: the times at which a team works, and calculations in business time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import attrs

from socialcollab.document_fields import ListOf, Parsed, shape
from socialcollab.errors import InvalidValueError
from socialcollab.time.duration import Duration
from socialcollab.time.holiday_file import read_holidays
from socialcollab.time.holidays import HOLIDAY_PATTERN, HolidayEntry, Holidays
from socialcollab.time.weekly_time import (
    TIME_OF_DAY_PATTERN,
    WEEKDAYS_PATTERN,
    TimeOfDay,
    Weekdays,
)
from socialcollab.time.window import Window
from socialcollab.time.zones import as_utc, local_time, resolve, zone, zone_name

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

# If there is no opening for ten years, the holidays must be wrong. Without this limit, the search
# for the next opening would continue to the end of the calendar.
MOST_CLOSED_DAYS = 3660


def _as_weekdays(value: Weekdays | str) -> Weekdays:
    return Weekdays.parse(value) if isinstance(value, str) else value


def _as_time(value: TimeOfDay | dt.time | str) -> TimeOfDay:
    return value if isinstance(value, TimeOfDay) else TimeOfDay.parse(value)


def _as_holidays(value: Holidays | Iterable[dt.date]) -> Holidays:
    return value if isinstance(value, Holidays) else Holidays(value)


# The deadlines of many posts are computed over the same few days. The cache key contains the zone
# object, so that results are not reused after the zone data have been reloaded.
@lru_cache(maxsize=4096)
def _opening(start: TimeOfDay, end: TimeOfDay, tz: ZoneInfo, date: dt.date) -> Window | None:
    last = date if start < end else date + dt.timedelta(days=1)
    opens = resolve(start.on(date), tz.key, skipped="next", repeated="first")
    closes = resolve(end.on(last), tz.key, skipped="next", repeated="first")
    # When the clocks go forward, a short opening may lie entirely within the skipped hour.
    return Window(start=opens, end=closes) if opens < closes else None


@attrs.frozen(kw_only=True)
class BusinessHours:
    """
    Opening hours on certain days of the week, except on holidays.

    If *end* is not after *start*, the hours extend past midnight. They belong to the day on which
    they begin, and do not open if that day is a holiday. An end of 24:00 means midnight.

    Durations are measured in elapsed time: opening hours that include a clock change are an hour
    shorter or longer. If a clock change skips a bound, the bound is interpreted with the offset
    from before the change; if a bound occurs twice, its first occurrence is used.

    >>> office = BusinessHours(days="mon-fri", start="09:00", end="17:00", zone="Europe/Amsterdam")
    >>> friday = dt.datetime(2026, 4, 3, 14, 30, tzinfo=dt.UTC)
    >>> office.add(friday, Duration.parse("1 business hour")).isoformat()
    '2026-04-06T07:30:00+00:00'

    Attributes:
        days: The days of the week on which the hours begin; a string such as "mon-fri" is parsed.
        start: The opening time; a string such as "09:00" is parsed.
        end: The closing time.
        zone: The IANA name of the time zone for these days and times.
        holidays: Dates on which the hours do not begin.

    Raises:
        InvalidValueError: If *start* equals *end*, or a value is not valid.
    """

    days: Weekdays = attrs.field(converter=_as_weekdays)
    start: TimeOfDay = attrs.field(converter=_as_time)
    end: TimeOfDay = attrs.field(converter=_as_time)
    zone: str = attrs.field(converter=zone_name)
    holidays: Holidays = attrs.field(default=Holidays(), converter=_as_holidays)

    def __attrs_post_init__(self) -> None:
        if self.start == self.end:
            raise InvalidValueError(
                f"business hours from {self.start} to {self.end} never open;"
                " for a whole day, write 00:00 to 24:00",
                value=(str(self.start), str(self.end)),
            )
        if self.start.minutes == 1440:
            raise InvalidValueError(
                "business hours cannot begin at 24:00; write 00:00 on the next day", value="24:00"
            )

    def opens_on(self, date: dt.date) -> bool:
        """Return whether *date* is one of the listed days of the week and not a holiday."""
        return date in self.days and date not in self.holidays

    def opening(self, date: dt.date) -> Window | None:
        """Return the opening that begins on *date*, or None if there is none."""
        if not self.opens_on(date):
            return None
        return _opening(self.start, self.end, zone(self.zone), date)

    def openings(self, after: dt.datetime) -> Iterator[Window]:
        """
        Yield the openings that end after the instant *after*, in order and indefinitely.

        Raises:
            InvalidValueError: If there is no opening for ten years.
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
            f"there are no business hours on {self.days} in the ten years before {date.isoformat()}:"
            " there are too many holidays, or the instant is out of range",
            value=str(self.days),
        )

    def is_open(self, at: dt.datetime) -> bool:
        """Return whether an instant is within business hours."""
        instant = as_utc(at)
        today = local_time(instant, self.zone).date()
        for date in (today - dt.timedelta(days=1), today):
            opening = self.opening(date)
            if opening is not None and opening.contains(instant):
                return True
        return False

    def next_open(self, at: dt.datetime) -> dt.datetime:
        """Return *at* if it is within business hours; otherwise the start of the next opening."""
        instant = as_utc(at)
        return max(instant, next(self.openings(instant)).start)

    def add(self, at: dt.datetime, duration: Duration) -> dt.datetime:
        """
        Return the instant that is *duration* after *at*.

        Business minutes and hours count only open time; the result may be exactly the end of an
        opening. One business day later is the same local time on the next open day (see
        `Duration`). All other durations are measured in elapsed time, except that days and weeks
        are counted in the local time of this zone.
        """
        if not duration.business:
            return duration.after(at, zone=self.zone)
        if duration.unit == "day":
            return self._add_days(as_utc(at), duration.amount)
        unit = dt.timedelta(minutes=1) if duration.unit == "minute" else dt.timedelta(hours=1)
        remaining = duration.amount * unit
        instant = as_utc(at)
        for opening in self.openings(instant):
            start = max(instant, opening.start)
            if opening.end - start >= remaining:
                return start + remaining
            remaining -= opening.end - start
        raise AssertionError  # `openings` never ends

    def _add_days(self, at: dt.datetime, amount: int) -> dt.datetime:
        opening = next(self.openings(at))
        local = local_time(max(at, opening.start), self.zone)
        day = local_time(opening.start, self.zone).date()
        # If the hours extend past midnight, the time after midnight still belongs to the day on
        # which they began. The time is therefore stored as an offset from that day's midnight.
        since_midnight = local - dt.datetime(day.year, day.month, day.day)  # noqa: DTZ001
        remaining = amount
        for later in self.openings(opening.end):
            remaining -= 1
            if remaining == 0:
                date = local_time(later.start, self.zone).date()
                midnight = dt.datetime(date.year, date.month, date.day)  # noqa: DTZ001
                local = midnight + since_midnight
                return resolve(local, self.zone, skipped="next", repeated="first")
        raise AssertionError  # `openings` never ends

    def between(self, a: dt.datetime, b: dt.datetime) -> dt.timedelta:
        """Return the open time between *a* and *b*, which is negative if *b* is before *a*."""
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


_TIME_OF_DAY = Parsed(
    grammar=TimeOfDay, name="time of day", pattern=TIME_OF_DAY_PATTERN, also=(dt.time,)
)


@attrs.frozen(kw_only=True)
class BusinessHoursSection:
    """
    The hours during which a team or a member works.

    Attributes:
        days: The days of the week on which the hours begin.
        start: The opening time.
        end: The closing time, which is on the next day if it is not after *start*.
        holidays: Dates, and names of calendar files that contain dates.
    """

    days: Weekdays = attrs.field(
        metadata=shape(Parsed(grammar=Weekdays, name="range of weekdays", pattern=WEEKDAYS_PATTERN))
    )
    start: TimeOfDay = attrs.field(metadata=shape(_TIME_OF_DAY))
    end: TimeOfDay = attrs.field(metadata=shape(_TIME_OF_DAY))
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
        Return the business hours in *zone*, including the holidays of the listed files.

        Raises:
            InvalidValueError: If a listed file is not in *files* or is not valid, or if the hours
                never open.
            MissingExtraError: If a file is listed but the `calendar` extra is not installed.
        """
        contents = files or {}
        holidays = Holidays(entry.date for entry in self.holidays if entry.date is not None)
        for entry in self.holidays:
            if not entry.file:
                continue
            if entry.file not in contents:
                raise InvalidValueError(
                    f"the holiday file `{entry.file}` is missing; pass its content in `files`",
                    value=entry.file,
                )
            holidays = holidays.union(read_holidays(contents[entry.file]))
        return BusinessHours(
            days=self.days, start=self.start, end=self.end, zone=zone, holidays=holidays
        )
