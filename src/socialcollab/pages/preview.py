"""A preview that shows how a post will look on its network."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from socialcollab.directory import NetworkDescription, PostFormat, Visibility
from socialcollab.directory import network as described
from socialcollab.pages.badges import network_badge
from socialcollab.pages.markup import Html, escape, safe_href, safe_source
from socialcollab.pages.words import MONTHS, base_language, words
from socialcollab.text import Entity, Length, entities, fitting_end, graphemes, measure

# If a text is too long, this many characters past the limit are shown, followed by an ellipsis.
_SHOWN_PAST_LIMIT: Final = 400
# Even if a network's limit is higher, a preview shows no more characters than this.
_LONGEST_SHOWN: Final = 70_000
_HUES: Final = (
    "#2f6fb3",
    "#8a4fae",
    "#b5533c",
    "#2c7d6b",
    "#9a6a1f",
    "#5661b8",
    "#a83e6c",
    "#4c7a34",
)
_PICTURE: Final = (
    '<svg width="44" height="36" viewBox="0 0 44 36" fill="none" stroke="currentColor"'
    ' stroke-width="2.5" stroke-linejoin="round" aria-hidden="true"><rect x="2" y="2" width="40"'
    ' height="32" rx="5"/><circle cx="14" cy="12" r="3.5"/><path d="M3 30l12-11 8 7 7-8 11 11"/></svg>'
)
_ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "x": ("reply", "repost", "like", "share"),
    "bluesky": ("reply", "repost", "like", "share"),
    "mastodon": ("reply", "repost", "like", "save"),
    "facebook": ("like", "comment", "share"),
    "instagram": ("like", "comment", "share", "save"),
    "linkedin": ("like", "comment", "repost", "send"),
}


@attrs.frozen(kw_only=True)
class PreviewImage:
    """
    An image or a video in a preview.

    Attributes:
        alt: The alt text, or an empty string.
        source: An embedded image (``data:image/...``), or a file in the page's folder or one of its
            subfolders. For any other source, the preview shows an empty frame.
        is_video: Whether the source is a video.
        cover: The cover of a video, with the same rules as for *source*.
    """

    alt: str = ""
    source: str = ""
    is_video: bool = False
    cover: str = ""


@attrs.frozen(kw_only=True)
class PreviewCard:
    """
    A link that is shown as a card below the text.

    Attributes:
        url: The address of the link.
        title: The title; by default, the address.
        description: The description, or an empty string.
        source: The image, with the same rules as for `PreviewImage`; or an empty string.
    """

    url: str
    title: str = ""
    description: str = ""
    source: str = ""


def _as_images(images: Iterable[PreviewImage]) -> tuple[PreviewImage, ...]:
    return tuple(images)


def _as_options(options: Iterable[str]) -> tuple[str, ...]:
    return tuple(options)


@attrs.frozen(kw_only=True)
class PreviewPost:
    """
    The content of a preview.

    Attributes:
        text: The post's text.
        name: The name of the account.
        handle: The account's handle, such as "@tulipair".
        at: The wall time of publication, or None.
        images: The images.
        card: The link card, or None.
        poll: The options of a poll.
        warning: A content warning, shown before the text.
        format: Where the post appears.
        visibility: Who can see the post.
        reply_to: The address or id of the post that it replies to, or an empty string.
        quote_of: The address or id of the post that it quotes, or an empty string.
        is_comment: Whether it is a comment on the previous post, or a later text of a thread. It
            needs no image, even if the network requires one.
        paid_partnership: Whether the post is disclosed as a paid partnership.
        url: The address of the post once it is published.
        note: A note above the post, such as "taken down".
        anchor: The HTML id of the preview, for links to it.
    """

    text: str
    name: str
    handle: str = ""
    at: dt.datetime | None = None
    images: tuple[PreviewImage, ...] = attrs.field(default=(), converter=_as_images)
    card: PreviewCard | None = None
    poll: tuple[str, ...] = attrs.field(default=(), converter=_as_options)
    warning: str = ""
    format: PostFormat = "post"
    visibility: Visibility = "public"
    reply_to: str = ""
    quote_of: str = ""
    is_comment: bool = False
    paid_partnership: bool = False
    url: str = ""
    note: str = ""
    anchor: str = ""


def _paragraph(text: str) -> str:
    """Return the text of a post; a story has none, so it would be an empty space."""
    return f'<p class="text" dir="auto">{text}</p>' if text else ""


def preview(post: PreviewPost, network: str | NetworkDescription, *, language: str = "en") -> Html:
    """
    Return a preview of *post* on *network* for the body of a `page`.

    Text beyond the limit of the network is marked, and a message states the excess length.

    Raises:
        InvalidValueError: If the network or the language does not exist.
    """
    description = described(network)
    labels = words(language)
    name = description.name
    length = measure(description, post.text, warning=post.warning)
    parts = [_problem(post.note), _header(post, description, language), _marks(post, labels)]
    text = _text(post, description, length)
    media = _media(post, labels)
    if post.warning:
        parts.append(f'<p class="cw" dir="auto">{escape(post.warning)}</p>')
    if name == "instagram":
        # Instagram shows the text below the image, after the handle.
        handle = escape(post.handle.lstrip("@") or post.name)
        caption = f"<b><bdi>{handle}</bdi></b> " if text else ""
        parts += [media, _paragraph(f"{caption}{text}")]
    else:
        parts += [_paragraph(text), media]
    if post.poll:
        options = "".join(f"<li><bdi>{escape(option)}</bdi></li>" for option in post.poll)
        parts.append(f'<ol class="poll">{options}</ol>')
    if post.card:
        parts.append(_card(post.card))
    if post.quote_of:
        parts.append(_card(PreviewCard(url=post.quote_of, description=labels["quoted"])))
    if not length.fits:
        over = length.over or (length.size_bytes or 0) - (length.limit_bytes or 0)
        parts.append(_problem(labels["too_long"].format(over=over, network=description.title)))
    needs_media = description.media.required and not (post.is_comment or post.reply_to)
    if needs_media and not post.images:
        missing = "media_required" if "video" in description.features else "image_required"
        parts.append(_problem(labels[missing].format(network=description.title)))
    actions = _ACTIONS.get(name, ("reply", "share"))
    buttons = "".join(f"<li>{labels[action]}</li>" for action in actions)
    parts.append(f'<ul class="acts" aria-hidden="true">{buttons}</ul>')
    css_class = f" pv-{name}" if name in _ACTIONS else ""
    anchor = f' id="{escape(post.anchor)}"' if post.anchor else ""
    return Html(
        f'<article{anchor} class="pv{css_class}" style="--h:{_hue(post.name)}"'
        f' aria-label="{escape(description.title)}">{"".join(parts)}</article>'
    )


def preview_grid(previews: Iterable[Html]) -> Html:
    """Return previews side by side, with as many per row as fit on the screen."""
    return Html(f'<div class="previews">{"".join(previews)}</div>')


def preview_feed(threads: Iterable[Iterable[Html]]) -> Html:
    """Return previews in one column; the previews of a thread are connected."""
    items = "".join(f'<div class="thread">{"".join(thread)}</div>' for thread in threads)
    return Html(f'<div class="feed">{items}</div>')


def _problem(text: str) -> str:
    return f'<p class="problem">{escape(text)}</p>' if text else ""


def _hue(name: str) -> str:
    """Return the colour of an account, which depends only on its name."""
    return _HUES[sum(map(ord, name)) % len(_HUES)]


def _header(post: PreviewPost, description: NetworkDescription, language: str) -> str:
    time = ""
    if post.at is not None:
        month = MONTHS[base_language(language)][post.at.month - 1]
        date = f"{post.at.day} {month} {post.at.year}, {post.at:%H:%M}"
        time = f'<time datetime="{post.at.isoformat(timespec="minutes")}">{date}</time>'
    href = safe_href(post.url)
    if time and href:
        time = f'<a class="active" href="{escape(href)}" rel="noopener noreferrer">{time}</a>'
    handle = f"<bdi>{escape(post.handle)}</bdi>" if post.handle else ""
    meta = " · ".join(part for part in (handle, time) if part)
    return (
        f'<header><span class="av" style="background:{_hue(post.name)}" aria-hidden="true">'
        f'{escape(_initials(post.name))}</span><span class="who">'
        f'<bdi class="name">{escape(post.name)}</bdi><span class="meta">{meta}</span></span>'
        f"{network_badge(description.name)}</header>"
    )


def _marks(post: PreviewPost, labels: Mapping[str, str]) -> str:
    """Return what distinguishes a post from a public post in the feed."""
    marks = [
        labels["in_reply_to"].format(address=post.reply_to) if post.reply_to else "",
        "" if post.format == "post" else labels[f"format.{post.format}"],
        "" if post.visibility == "public" else labels[f"visibility.{post.visibility}"],
        labels["paid_partnership"] if post.paid_partnership else "",
    ]
    text = " · ".join(filter(None, marks))
    return f'<p class="cw" dir="auto">{escape(text)}</p>' if text else ""


def _initials(name: str) -> str:
    """Return the first letters of the first and last words of a name."""
    stripped = ("".join(filter(str.isalnum, word)) for word in name[:200].split())
    parts = [word for word in stripped if word]
    chosen = parts[:1] + (parts[-1:] if len(parts) > 1 else [])
    return "".join(graphemes(word)[0] for word in chosen).upper()


def _text(post: PreviewPost, description: NetworkDescription, length: Length) -> str:
    """Return the text with highlighted links, mentions and tags, and with the excess marked."""
    shown, end = post.text, len(post.text)
    if not length.fits:
        end = fitting_end(description, post.text, warning=post.warning)
        shown = post.text[: min(end + _SHOWN_PAST_LIMIT, _LONGEST_SHOWN)]
        end = min(end, len(shown))
    parts: list[str] = []
    position = 0
    for entity in entities(description, shown[:end]):
        parts.append(escape(shown[position : entity.start]))
        parts.append(_entity(entity, description))
        position = entity.end
    parts.append(escape(shown[position:end]))
    if end < len(shown):
        ellipsis = "…" if len(shown) < len(post.text) else ""
        parts.append(f"<mark>{escape(shown[end:])}{ellipsis}</mark>")
    return "".join(parts)


def _entity(entity: Entity, description: NetworkDescription) -> str:
    text = escape(entity.text)
    if entity.kind != "url":
        return f'<span class="active">{text}</span>'
    # Some networks, such as Instagram, display an address in a text but do not make it a link.
    url = entity.text if "://" in entity.text[:8] else f"https://{entity.text}"
    href = safe_href(url) if description.link != "none" else ""
    if not href:
        return text
    return f'<a class="active" href="{escape(href)}" rel="nofollow noopener noreferrer">{text}</a>'


def _media(post: PreviewPost, labels: Mapping[str, str]) -> str:
    if not post.images:
        return ""
    figures = []
    for number, image in enumerate(post.images, start=1):
        title = labels["image"].format(number=number)
        source = safe_source(image.source)
        if not source:
            picture = f'<span class="no-picture">{_PICTURE}</span>'
        elif image.is_video:
            described = escape(image.alt or title)
            cover = safe_source(image.cover)
            poster = f' poster="{escape(cover)}"' if cover else ""
            picture = (
                f'<video controls preload="metadata" src="{escape(source)}"{poster}'
                f' title="{described}"></video>'
            )
        else:
            picture = f'<img src="{escape(source)}" alt="{escape(image.alt or title)}">'
        caption = (
            f'<figcaption dir="auto"><b>ALT</b>{escape(image.alt)}</figcaption>'
            if image.alt.strip()
            else f'<figcaption class="bad"><b>ALT</b>{labels["no_alt"]}</figcaption>'
        )
        figures.append(f"<figure>{picture}{caption}</figure>")
    return f'<div class="media n{min(len(figures), 4)}">{"".join(figures)}</div>'


def _card(card: PreviewCard) -> str:
    href = safe_href(card.url)
    host = card.url.partition("://")[2].partition("/")[0] or card.url
    content = f"<small><bdi>{escape(host)}</bdi></small><bdi>{escape(card.title or card.url)}</bdi>"
    if card.description:
        content += f'<small dir="auto">{escape(card.description)}</small>'
    source = safe_source(card.source)
    if source:
        content = f'<img src="{escape(source)}" alt="{escape(card.title or card.url)}">{content}'
    if not href:
        return f'<div class="card">{content}</div>'
    return f'<a class="card" href="{escape(href)}" rel="nofollow noopener noreferrer">{content}</a>'
