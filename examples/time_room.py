"""What does a local time mean over a clock change, and when is four business hours from Friday?"""

import datetime as dt

from socialcollab.time import BusinessHours, Duration, Every, WallTime, local_time

office = BusinessHours(days="mon-fri", start="09:00", end="17:00", zone="Europe/Amsterdam")
submitted = WallTime(local="2026-03-27 16:00", zone="Europe/Amsterdam")
due = office.add(submitted.instant, Duration.parse("4 business hours"))
print(f"submitted {submitted}, due {local_time(due, office.zone):%A %H:%M}")

report = Every.parse("first business day of the month 09:00")
months = report.recurrence(start=submitted.local, zone=office.zone, hours=office)
year = months.between(submitted.instant, submitted.instant + dt.timedelta(days=130))
print(f"{report}:", ", ".join(f"{local_time(at, office.zone):%d %b}" for at in year))
