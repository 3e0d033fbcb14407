"""Check an identifier, suggest the nearest name, and create ids that sort by time."""

import datetime as dt

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id, nearest, uuid7

print(check_id("profile", "tulip-x"))
try:
    check_id("profile", "Tulip X")
except InvalidValueError as error:
    print(error)
print("did you mean", nearest("publsher", ["writer", "publisher", "editor"]))
monday = dt.datetime(2026, 4, 6, 10, tzinfo=dt.UTC)
print(uuid7(monday, entropy=b"ten bytes!"))
print(uuid7(monday + dt.timedelta(seconds=1), entropy=b"ten bytes!"), "is later")
