"""Add business hours to an instant, and list the dates on which a monthly report is due."""

import datetime as dt

from socialcollab.time import BusinessHours, Duration, Every, WallTime, local_time

hours = BusinessHours(days="mon-fri", start="09:00", end="17:00", zone="Europe/Amsterdam")
submitted = WallTime(local="2026-03-27 16:00", zone="Europe/Amsterdam")
due = hours.add(submitted.instant, Duration.parse("4 business hours"))
print(f"submitted {submitted}, due {local_time(due, hours.zone):%A %H:%M}")

report = Every.parse("first business day of the month 09:00")
reports = report.recurrence(start=submitted.local, zone=hours.zone, hours=hours)
until = submitted.instant + dt.timedelta(days=130)
dates = [local_time(at, hours.zone) for at in reports.between(submitted.instant, until)]
print(f"{report}:", ", ".join(f"{date:%d %b}" for date in dates))
