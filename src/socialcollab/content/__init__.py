"""Posts, with their revisions, media, deliveries, findings and notifications, and messages to profiles."""

from socialcollab.content.canonical import (
    Json,
    canonical_json,
    json_text,
    plain_json,
    salted_digest,
)
from socialcollab.content.delivery import (
    OPEN_STATES,
    PROFILE_REMOVED,
    Delivery,
    DeliveryState,
    PublishedPart,
    SendAttempt,
    current_deliveries,
)
from socialcollab.content.finding import SEVERITIES, Finding, severity_at_least
from socialcollab.content.hold import Hold
from socialcollab.content.limits import exceeded_limits, limit_findings, links_to_send
from socialcollab.content.media import (
    Attachment,
    Image,
    Video,
    media_digest,
    sniff_image,
    sniff_video,
)
from socialcollab.content.message import MESSAGE_KINDS, Message, MessageAuthor, MessageKind
from socialcollab.content.native_post import NativePost
from socialcollab.content.notification import NOTIFICATION_KINDS, Notification
from socialcollab.content.post import (
    Comment,
    Post,
    PostState,
    Revision,
    mentioned_names,
    post_reason,
    post_remedy,
    unmatched_mentions,
)
from socialcollab.content.post_content import (
    ALL_FIELDS,
    CONTEXT_FIELDS,
    PUBLISHED_FIELDS,
    LinkCard,
    Poll,
    PostContent,
    Variant,
    VariantsLike,
    changed_fields,
    field_digests,
    revision_digest,
)
from socialcollab.content.summarise import Summary, summarise, summarise_delivery

__all__ = [
    "ALL_FIELDS",
    "CONTEXT_FIELDS",
    "MESSAGE_KINDS",
    "NOTIFICATION_KINDS",
    "OPEN_STATES",
    "PROFILE_REMOVED",
    "PUBLISHED_FIELDS",
    "SEVERITIES",
    "Attachment",
    "Comment",
    "Delivery",
    "DeliveryState",
    "Finding",
    "Hold",
    "Image",
    "Json",
    "LinkCard",
    "Message",
    "MessageAuthor",
    "MessageKind",
    "NativePost",
    "Notification",
    "Poll",
    "Post",
    "PostContent",
    "PostState",
    "PublishedPart",
    "Revision",
    "SendAttempt",
    "Summary",
    "Variant",
    "VariantsLike",
    "Video",
    "canonical_json",
    "changed_fields",
    "current_deliveries",
    "exceeded_limits",
    "field_digests",
    "json_text",
    "limit_findings",
    "links_to_send",
    "media_digest",
    "mentioned_names",
    "plain_json",
    "post_reason",
    "post_remedy",
    "revision_digest",
    "salted_digest",
    "severity_at_least",
    "sniff_image",
    "sniff_video",
    "summarise",
    "summarise_delivery",
    "unmatched_mentions",
]
