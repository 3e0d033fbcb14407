"""Time: instants, windows, time zones, durations, business hours, holidays and recurrence."""

from socialcollab.time.business_hours import BusinessHours, BusinessHoursSection
from socialcollab.time.duration import DURATION_PATTERN, Duration
from socialcollab.time.every import EVERY_PATTERN, BusinessDayOfMonth, Every
from socialcollab.time.forms import DateLike, TimeLike, as_date, as_instant, as_wall_time
from socialcollab.time.holiday_file import read_holidays
from socialcollab.time.holidays import HolidayEntry, Holidays
from socialcollab.time.recurrence import Occurrences, Recurrence, SkippedOccurrence
from socialcollab.time.rule import Rule, local_times
from socialcollab.time.wall_time import (
    AmbiguousDateError,
    DateOrder,
    WallTime,
    as_local,
    parse_date,
    parse_local,
)
from socialcollab.time.weekly_time import (
    TIME_OF_DAY_PATTERN,
    WEEKDAYS_PATTERN,
    WEEKLY_TIME_PATTERN,
    TimeOfDay,
    Weekdays,
    WeeklyTime,
)
from socialcollab.time.window import (
    Span,
    Window,
    intersect_spans,
    merge_spans,
    spans_overlap,
    subtract_spans,
)
from socialcollab.time.zones import (
    Repeated,
    Skipped,
    ZoneName,
    as_utc,
    local_time,
    resolve,
    tzdata_version,
    zone,
    zone_name,
)

__all__ = [
    "DURATION_PATTERN",
    "EVERY_PATTERN",
    "TIME_OF_DAY_PATTERN",
    "WEEKDAYS_PATTERN",
    "WEEKLY_TIME_PATTERN",
    "AmbiguousDateError",
    "BusinessDayOfMonth",
    "BusinessHours",
    "BusinessHoursSection",
    "DateLike",
    "DateOrder",
    "Duration",
    "Every",
    "HolidayEntry",
    "Holidays",
    "Occurrences",
    "Recurrence",
    "Repeated",
    "Rule",
    "Skipped",
    "SkippedOccurrence",
    "Span",
    "TimeLike",
    "TimeOfDay",
    "WallTime",
    "Weekdays",
    "WeeklyTime",
    "Window",
    "ZoneName",
    "as_date",
    "as_instant",
    "as_local",
    "as_utc",
    "as_wall_time",
    "intersect_spans",
    "local_time",
    "local_times",
    "merge_spans",
    "parse_date",
    "parse_local",
    "read_holidays",
    "resolve",
    "spans_overlap",
    "subtract_spans",
    "tzdata_version",
    "zone",
    "zone_name",
]
