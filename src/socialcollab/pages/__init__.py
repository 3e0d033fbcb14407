"""HTML pages without scripts: the calendar, previews, the permissions table and reports."""

from socialcollab.pages.badges import STATES, Tone, badge, network_badge, state_badge
from socialcollab.pages.calendar import (
    CalendarBlock,
    CalendarEntry,
    CalendarNote,
    agenda,
    hold_block,
    month_calendar,
    week_calendar,
)
from socialcollab.pages.elements import (
    bullet_list,
    file_link,
    file_tabs,
    heading,
    link,
    paragraph,
    table,
)
from socialcollab.pages.markup import Html, escape, join, safe_file, safe_href, safe_source
from socialcollab.pages.page import page
from socialcollab.pages.permissions_table import (
    PermissionsCell,
    PermissionsColumn,
    PermissionsRow,
    permissions_matrix,
    permissions_table,
)
from socialcollab.pages.post_preview import post_preview
from socialcollab.pages.preview import (
    PreviewCard,
    PreviewImage,
    PreviewPost,
    preview,
    preview_feed,
    preview_grid,
)
from socialcollab.pages.words import period_title, words

__all__ = [
    "STATES",
    "CalendarBlock",
    "CalendarEntry",
    "CalendarNote",
    "Html",
    "PermissionsCell",
    "PermissionsColumn",
    "PermissionsRow",
    "PreviewCard",
    "PreviewImage",
    "PreviewPost",
    "Tone",
    "agenda",
    "badge",
    "bullet_list",
    "escape",
    "file_link",
    "file_tabs",
    "heading",
    "hold_block",
    "join",
    "link",
    "month_calendar",
    "network_badge",
    "page",
    "paragraph",
    "period_title",
    "permissions_matrix",
    "permissions_table",
    "post_preview",
    "preview",
    "preview_feed",
    "preview_grid",
    "safe_file",
    "safe_href",
    "safe_source",
    "state_badge",
    "table",
    "week_calendar",
    "words",
]
