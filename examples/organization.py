"""Check permissions in a team's document, and list the errors in an invalid document."""

import datetime as dt

from socialcollab.organization import Organization

acme = Organization.template("client_signs_off", id="acme", client="tulip", writer="ana")
noon = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)
print(acme.access.check("ana", "approve", "tulip-linkedin", at=noon).explain())
try:
    Organization.loads(acme.to_toml().replace('role = "publisher"', 'role = "publsher"'))
except ExceptionGroup as faults:
    print(*faults.exceptions, sep="\n")
