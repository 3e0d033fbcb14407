"""When are four business hours over after Friday afternoon, and on which days does a report fall?"""

import datetime as dt

from socialcollab.time import BusinessHours, Duration, Every, WallTime, local_time

office = BusinessHours(days="mon-fri", start="09:00", end="17:00", zone="Europe/Amsterdam")
submitted = WallTime(local="2026-03-27 16:00", zone="Europe/Amsterdam")
due = office.add(submitted.instant, Duration.parse("4 business hours"))
print(f"submitted {submitted}, due {local_time(due, office.zone):%A %H:%M}")

report = Every.parse("first business day of the month 09:00")
reports = report.recurrence(start=submitted.local, zone=office.zone, hours=office)
until = submitted.instant + dt.timedelta(days=130)
dates = [local_time(at, office.zone) for at in reports.between(submitted.instant, until)]
print(f"{report}:", ", ".join(f"{date:%d %b}" for date in dates))
