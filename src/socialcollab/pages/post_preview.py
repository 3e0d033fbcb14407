"""A preview of a post before it is published, as it will look on one profile."""

from __future__ import annotations

from collections.abc import Callable

from socialcollab.content import Attachment, PostContent, Video, links_to_send
from socialcollab.directory import NetworkDescription, Profile
from socialcollab.directory import network as described
from socialcollab.pages.markup import Html
from socialcollab.pages.preview import (
    PreviewCard,
    PreviewImage,
    PreviewPost,
    preview,
    preview_feed,
)
from socialcollab.text import links_not_in_text, text_with_links


def _no_source(_: Attachment) -> str:
    return ""


def post_preview(
    content: PostContent,
    profile: Profile,
    *,
    network: NetworkDescription | None = None,
    source: Callable[[Attachment], str] = _no_source,
    language: str = "en",
) -> Html:
    """
    Return previews of a post, its thread and its first comment on a profile, in one column.

    The result belongs in the body of a `page`.

    Args:
        content: The content of the post.
        profile: The profile.
        network: The limits of the profile's server or account; by default, those of its network.
        source: Returns the source of an image or a video, as for `PreviewImage`. By default, the
            preview shows empty frames.
        language: The language of the labels.

    Raises:
        InvalidValueError: If the network or the language does not exist.
    """
    description = network or described(profile.network)
    media = content.media_for(profile.id)
    links = links_to_send(description, content.links, content.card, media)
    text, *thread = content.texts_for(profile.id)
    sent = text_with_links(description, text, links)
    first = PreviewPost(
        text=sent,
        name=profile.handle.lstrip("@") or profile.id,
        handle=profile.handle,
        at=at.local if (at := content.time_for(profile.id)) is not None else None,
        images=[
            PreviewImage(
                alt=one.alt,
                source=source(one),
                is_video=isinstance(one, Video),
                cover=_cover(one, description, source),
            )
            for one in media
        ],
        card=_card(
            content, description, media, links_not_in_text(description, sent, links), source
        ),
        poll=content.poll.options if content.poll else (),
        warning=", ".join(content.labels),
        format=content.format_for(profile.id),
        visibility=content.visibility,
        reply_to=content.reply_to,
        quote_of=content.quote_of,
        paid_partnership=content.is_paid_partnership(profile.id),
    )
    comment = [content.first_comment] if content.first_comment else []
    rest = [
        PreviewPost(
            text=each,
            name=first.name,
            handle=first.handle,
            warning=first.warning,
            visibility=first.visibility,
            is_comment=True,
        )
        for each in (*thread, *comment)
    ]
    return preview_feed(
        [[preview(each, description, language=language) for each in (first, *rest)]]
    )


def _cover(
    one: Attachment, description: NetworkDescription, source: Callable[[Attachment], str]
) -> str:
    """Return the source of a video's cover, or an empty string if the network does not show it."""
    if isinstance(one, Video) and one.cover is not None and "cover" in description.features:
        return source(one.cover)
    return ""


def _card(
    content: PostContent,
    description: NetworkDescription,
    media: tuple[Attachment, ...],
    links: tuple[str, ...],
    source: Callable[[Attachment], str],
) -> PreviewCard | None:
    """Return the card that the network shows: the post's own card, or that of its first link."""
    card = content.card
    if card is not None and "card" in description.features and not media:
        return PreviewCard(
            url=card.url,
            title=card.title,
            description=card.description,
            source=source(card.image) if card.image else "",
        )
    return PreviewCard(url=links[0]) if links else None
