"""HTML that needs no script and no server: pages, tables, previews, the month."""

from socialcollab.pages.calendar import (
    STATES,
    CalendarBlock,
    CalendarEntry,
    CalendarNote,
    month_calendar,
)
from socialcollab.pages.markup import Html, escape, safe_href, safe_source
from socialcollab.pages.preview import LinkCard, PreviewImage, PreviewPost, preview
from socialcollab.pages.rights import RightsCell, RightsColumn, RightsRow, rights_table
from socialcollab.pages.shell import page
from socialcollab.pages.table import Tone, badge, heading, join, paragraph, table

__all__ = [
    "STATES",
    "CalendarBlock",
    "CalendarEntry",
    "CalendarNote",
    "Html",
    "LinkCard",
    "PreviewImage",
    "PreviewPost",
    "RightsCell",
    "RightsColumn",
    "RightsRow",
    "Tone",
    "badge",
    "escape",
    "heading",
    "join",
    "month_calendar",
    "page",
    "paragraph",
    "preview",
    "rights_table",
    "safe_href",
    "safe_source",
    "table",
]
