"""
A toolkit for store authors, which the built-in stores also use.

Its functions check the arguments of a store's methods, seal and open events, and audit stored
data. They do not read or write the data themselves. The how-to page "Write a store" shows how to
use them.
"""

from socialcollab.stores.projections import (
    check_projections,
    declare_projections,
    dump_projections,
    sort_key,
)
from socialcollab.stores.toolkit.audit import StoredJournal, audit_journal
from socialcollab.stores.toolkit.checks import (
    AppendPlan,
    Conditions,
    check_append,
    check_due,
    check_expected_versions,
    check_limit,
    check_query,
    collect_rows,
    duplicate_id_error,
    find_index,
    key_taken_error,
    lease_end,
    make_row,
    nothing_to_erase_error,
    stale_projection_error,
)
from socialcollab.stores.toolkit.envelope import (
    ERASED,
    PersonalValues,
    SealedEvent,
    event_place,
    open_event,
    open_new,
    personal_values,
    seal,
)
from socialcollab.stores.toolkit.stream_heads import (
    RowValues,
    StreamHead,
    StreamRows,
    dump_rows,
    head_checksum,
    load_rows,
)

__all__ = [
    "ERASED",
    "AppendPlan",
    "Conditions",
    "PersonalValues",
    "RowValues",
    "SealedEvent",
    "StoredJournal",
    "StreamHead",
    "StreamRows",
    "audit_journal",
    "check_append",
    "check_due",
    "check_expected_versions",
    "check_limit",
    "check_projections",
    "check_query",
    "collect_rows",
    "declare_projections",
    "dump_projections",
    "dump_rows",
    "duplicate_id_error",
    "event_place",
    "find_index",
    "head_checksum",
    "key_taken_error",
    "lease_end",
    "load_rows",
    "make_row",
    "nothing_to_erase_error",
    "open_event",
    "open_new",
    "personal_values",
    "seal",
    "sort_key",
    "stale_projection_error",
]
