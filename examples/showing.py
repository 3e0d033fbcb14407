"""Values that show themselves in a notebook; here their HTML is counted, there it is seen."""

import datetime as dt

from socialcollab import Organization
from socialcollab.showing import show
from socialcollab.text import measure

monday = dt.datetime(2026, 4, 6, 10, tzinfo=dt.UTC)
agency = Organization.template("northwind")
verdict = agency.access.check("ana", "publish", "tulip-mastodon", at=monday)
texts = ["De lente is er 🌷", "Tulpen, overal tulpen, zo ver je kijken kunt. " * 8]
table = show([measure("x", text) for text in texts], title="On X")
for value in (agency, verdict, table):
    html = value._repr_html_()  # a notebook calls this when a cell ends in the value
    print(f"{type(value).__name__}: {len(html):,} characters of HTML")
