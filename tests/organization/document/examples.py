"""A valid document, and a helper that returns a document's faults."""

from __future__ import annotations

import pytest

from socialcollab.errors import FaultError
from socialcollab.organization import Organization

VALID = """
[organization]
id = "acme"
timezone = "Europe/Amsterdam"

[[workspaces]]
id = "tulip"
lead = "eva"
default_approval = "editorial"

[[profiles]]
id = "tulip-x"
workspace = "tulip"
network = "x"
tags = ["care"]

[[members]]
id = "ana"
[[members]]
id = "eva"

[[teams]]
id = "social"
members = ["ana", "eva"]

[roles.publisher]
permissions = ["view", "publish"]
[roles.editor]
includes = ["publisher"]
permissions = ["approve"]

[[grants]]
to = "team:social"
role = "publisher"
on = { workspace = "tulip" }
[[grants]]
to = "member:eva"
role = "editor"
on = { workspace = "*" }
start = 2026-01-01
end = 2027-01-01

[[rotations]]
id = "weekend"
role = "publisher"
on = { workspace = "tulip" }
members = ["ana", "eva"]
start = 2026-01-02
every = "friday 17:00"
end = "monday 09:00"

[[approvals]]
id = "editorial"
on = { workspace = "*" }
[[approvals.steps]]
id = "edit"
reviewers = ["role:editor"]
within = "4 business hours"
[[approvals.steps]]
id = "last"
after = ["edit"]
reviewers = "lead"

[[approvals]]
id = "extra"
on = { workspace = "tulip", post_tag = "offer" }
extends = "editorial"
[[approvals.steps]]
id = "client"
after = ["edit"]
reviewers = "member:ana"

[[slot_plans]]
on = "tulip-x"
slots = ["mon-fri 09:30"]
max_per_day = 5

[[blackouts]]
on = { profile_tag = "care" }
start = "2026-05-04 19:55"
end = "2026-05-04 20:05"
every = "year"

[[expect]]
member = "ana"
cannot = "approve"
on = "tulip-x"
"""


def with_changes(*changes: tuple[str, str]) -> str:
    """Return the valid document with some texts replaced, each of which occurs once."""
    text = VALID
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def faults_of(text: str | bytes, files: dict[str, bytes] | None = None) -> list[str]:
    """Return the messages of a document's faults."""
    with pytest.raises(ExceptionGroup) as caught:
        Organization.loads(text, files=files)
    assert all(isinstance(fault, FaultError) for fault in caught.value.exceptions)
    return [str(fault) for fault in caught.value.exceptions]
