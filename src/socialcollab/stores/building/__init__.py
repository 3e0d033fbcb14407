"""
The parts that our own stores are made of, for authors of other stores.

They check the arguments of a store's methods, seal events and open them again,
and audit what a store hands over. They keep nothing and read nothing: that is
the store's own work. The how-to page "Write a store" shows them in use.
"""

from socialcollab.stores.building.appending import (
    Append,
    Head,
    Rows,
    Values,
    check_expectations,
    checksum_of,
    gather,
    not_erasable,
    prepare,
    rows_of,
    rows_text,
    taken,
    used,
)
from socialcollab.stores.building.auditing import Stored, audit
from socialcollab.stores.building.envelope import (
    COLUMNS,
    ERASED,
    Personal,
    Sealed,
    event_of,
    personal_of,
    place_of,
    seal,
)
from socialcollab.stores.building.querying import (
    Where,
    check_due,
    check_limit,
    check_query,
    lease_end,
    row_of,
)
from socialcollab.stores.rows import check_projections, sort_key

__all__ = [
    "COLUMNS",
    "ERASED",
    "Append",
    "Head",
    "Personal",
    "Rows",
    "Sealed",
    "Stored",
    "Values",
    "Where",
    "audit",
    "check_due",
    "check_expectations",
    "check_limit",
    "check_projections",
    "check_query",
    "checksum_of",
    "event_of",
    "gather",
    "lease_end",
    "not_erasable",
    "personal_of",
    "place_of",
    "prepare",
    "row_of",
    "rows_of",
    "rows_text",
    "seal",
    "sort_key",
    "taken",
    "used",
]
