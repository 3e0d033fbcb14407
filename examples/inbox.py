"""A complaint arrives, gets one owner and one answer; a second answer to it is refused."""

import tempfile
from pathlib import Path

from socialcollab.desk import Desk
from socialcollab.errors import NotAllowedError
from socialcollab.networks.sandbox import Sandbox
from socialcollab.organization import Organization
from socialcollab.stores import MemoryStore

AGENCY = """
[organization]
id = "northwind"
timezone = "Europe/Amsterdam"
[[workspaces]]
id = "air"
lead = "eva"
default_approval = "none"
[[profiles]]
id = "air-threads"
workspace = "air"
network = "threads"
handle = "air"
[[members]]
id = "ana"
[[members]]
id = "ben"
[[members]]
id = "eva"
[[teams]]
id = "care"
members = ["ana", "ben"]
[roles.owner]
permissions = ["*"]
[roles.agent]
permissions = ["view", "view_inbox", "reply", "comment", "assign"]
[[grants]]
to = "member:eva"
role = "owner"
on = { workspace = "*" }
[[grants]]
to = "team:care"
role = "agent"
on = { workspace = "air" }
[inbox]
fallback = "team:care"
"""

with tempfile.TemporaryDirectory() as folder, Sandbox(Path(folder) / "out") as network:
    desk = Desk.create(
        MemoryStore(), Organization.loads(AGENCY), owner="eva", networks={"*": network}
    )
    network.add_message("air-threads", "My flight was cancelled")
    (received,) = desk.fetch_messages("air-threads").received

    ana, ben = desk.acting_as("ana").inbox, desk.acting_as("ben").inbox
    view = ben.view(received.conversation)
    print(view.accountable.principal, "-", view.accountable.reason.text())

    ben.claim(view.item)
    ben.reply(view.item, "We are sorry, and we have booked the next flight")
    try:
        ana.reply(view.item, "Sorry to hear that!")
    except NotAllowedError as error:
        print(error.verdict.explain())

    desk.run_due()
    after = ben.view(received.conversation)
    print(after.item.state, [entry.text for entry in after.entries])
