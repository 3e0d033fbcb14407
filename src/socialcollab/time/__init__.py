"""Time: instants, windows, zones, durations, business hours, holidays and recurrence."""

from socialcollab.time.business_hours import BusinessHours, BusinessHoursSection, HolidayEntry
from socialcollab.time.duration import DURATION_PATTERN, Duration
from socialcollab.time.every import (
    EVERY_PATTERN,
    WEEKLY_TIME_PATTERN,
    BusinessDayOfMonth,
    Every,
    WeeklyTime,
)
from socialcollab.time.holidays import Holidays, read_holidays
from socialcollab.time.instants import as_utc
from socialcollab.time.local import AmbiguousDateError, DateOrder, parse_date, parse_local
from socialcollab.time.recurrence import Occurrences, Recurrence, SkippedOccurrence
from socialcollab.time.rule import Rule
from socialcollab.time.time_of_day import TIME_OF_DAY_PATTERN, TimeOfDay
from socialcollab.time.wall_time import WallTime
from socialcollab.time.weekdays import WEEKDAYS_PATTERN, Weekdays
from socialcollab.time.window import Window
from socialcollab.time.zones import (
    Repeated,
    Skipped,
    ZoneName,
    local_time,
    resolve,
    tzdata_version,
    zone,
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
    "TimeOfDay",
    "WallTime",
    "Weekdays",
    "WeeklyTime",
    "Window",
    "ZoneName",
    "as_utc",
    "local_time",
    "parse_date",
    "parse_local",
    "read_holidays",
    "resolve",
    "tzdata_version",
    "zone",
]
