"""HTML that needs no script and no server: pages, tables, previews, the month."""

from socialcollab.pages.calendar import CalendarBlock, CalendarEntry, CalendarNote, month_calendar
from socialcollab.pages.markup import safe_source
from socialcollab.pages.preview import LinkCard, PreviewImage, PreviewPost, preview
from socialcollab.pages.rights import (
    PermissionsCell,
    PermissionsColumn,
    PermissionsRow,
    permissions_table,
)
from socialcollab.pages.shell import page
from socialcollab.pages.table import badge, heading, join, paragraph, table
from socialcollab.pages.words import words
from socialcollab.showing import STATES, Html, Tone, escape, safe_href

__all__ = [
    "STATES",
    "CalendarBlock",
    "CalendarEntry",
    "CalendarNote",
    "Html",
    "LinkCard",
    "PermissionsCell",
    "PermissionsColumn",
    "PermissionsRow",
    "PreviewImage",
    "PreviewPost",
    "Tone",
    "badge",
    "escape",
    "heading",
    "join",
    "month_calendar",
    "page",
    "paragraph",
    "permissions_table",
    "preview",
    "safe_href",
    "safe_source",
    "table",
    "words",
]
