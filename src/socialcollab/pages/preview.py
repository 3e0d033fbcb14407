"""A post as it will look on its network."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import attrs

from socialcollab.directory import NetworkDescription
from socialcollab.directory import network as described
from socialcollab.pages.calendar import network_sign
from socialcollab.pages.markup import safe_source
from socialcollab.pages.words import MONTHS, words
from socialcollab.showing import Html, escape, safe_href
from socialcollab.text import Length, entities, fitting_end, graphemes, measure

# So much of a text that is far too long is shown; the rest is left out with a mark.
_SHOWN_PAST_LIMIT = 400
_LONGEST_SHOWN = 70_000
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
    A picture in a preview.

    Attributes:
        alt: Its description; empty if there is none.

        source: An embedded image (``data:image/...``) or a file beside the
            page; anything else is shown as an empty frame.
    """

    alt: str = ""
    source: str = ""


@attrs.frozen(kw_only=True)
class LinkCard:
    """A link that stands beside the text."""

    url: str
    title: str = ""


def _images(values: tuple[PreviewImage, ...] | list[PreviewImage]) -> tuple[PreviewImage, ...]:
    return tuple(values)


@attrs.frozen(kw_only=True)
class PreviewPost:
    """
    What a preview shows.

    Attributes:
        text: The text.

        name: The account's name.

        handle: How the network names it, such as "@tulipair".

        at: When it goes or went out, as the clock on the wall says; or None.

        images: Its pictures.

        card: A link beside the text.

        warning: A content warning, before the text.

        url: Where it stands, once it does.
    """

    text: str
    name: str
    handle: str = ""
    at: dt.datetime | None = None
    images: tuple[PreviewImage, ...] = attrs.field(default=(), converter=_images)
    card: LinkCard | None = None
    warning: str = ""
    url: str = ""


def preview(post: PreviewPost, network: str | NetworkDescription, *, language: str = "en") -> Html:
    """
    Return *post* as HTML that looks like *network*, to be put on a `page`.

    What does not fit is marked, and a note says so.

    Raises:
        InvalidValueError: If there is no such network or language.
    """
    description = described(network)
    said = words(language)
    name = description.name
    length = measure(description, post.text, warning=post.warning)
    parts = [_header(post, description, language)]
    text = _text(post, description, length)
    media = _media(post, said)
    if post.warning:
        parts.append(f'<p class="cw" dir="auto">{escape(post.warning)}</p>')
    if name == "instagram":
        caption = (
            f"<b><bdi>{escape(post.handle.lstrip('@') or post.name)}</bdi></b> " if text else ""
        )
        parts += [media, f'<p class="text" dir="auto">{caption}{text}</p>']
    else:
        parts += [f'<p class="text" dir="auto">{text}</p>', media]
    if post.card:
        parts.append(_card(post.card))
    if not length.fits:
        over = length.over or (length.size_bytes or 0) - (length.limit_bytes or 0)
        note = said["cut"].format(over=over, network=description.title)
        parts.append(f'<p class="cutnote">{escape(note)}</p>')
    if description.media.required and not post.images:
        note = said["no_image"].format(network=description.title)
        parts.append(f'<p class="cutnote">{escape(note)}</p>')
    acts = "".join(f"<li>{said[act]}</li>" for act in _ACTIONS.get(name, ("reply", "share")))
    parts.append(f'<ul class="acts" aria-hidden="true">{acts}</ul>')
    kind = f" pv-{name}" if name in _ACTIONS else ""
    hue = _HUES[sum(map(ord, post.name)) % len(_HUES)]
    return Html(
        f'<article class="pv{kind}" style="--h:{hue}" aria-label="{escape(description.title)}">'
        f"{''.join(parts)}</article>"
    )


def _header(post: PreviewPost, description: NetworkDescription, language: str) -> str:
    when = ""
    if post.at is not None:
        month = MONTHS[language.partition("-")[0].lower()][post.at.month - 1]
        said = f"{post.at.day} {month} {post.at.year}, {post.at:%H:%M}"
        when = f'<time datetime="{post.at.isoformat(timespec="minutes")}">{said}</time>'
    href = safe_href(post.url)
    if when and href:
        when = f'<a class="ent" href="{escape(href)}" rel="noopener noreferrer">{when}</a>'
    handle = f"<bdi>{escape(post.handle)}</bdi>" if post.handle else ""
    meta = " · ".join(part for part in (handle, when) if part)
    hue = _HUES[sum(map(ord, post.name)) % len(_HUES)]
    return (
        f'<header><span class="av" style="background:{hue}" aria-hidden="true">'
        f'{escape(_initials(post.name))}</span><span class="who">'
        f'<bdi class="name">{escape(post.name)}</bdi><span class="meta">{meta}</span></span>'
        f"{network_sign(description.name)}</header>"
    )


def _initials(name: str) -> str:
    words_of = ("".join(filter(str.isalnum, word)) for word in name[:200].split())
    letters = [word for word in words_of if word]
    chosen = letters[:1] + (letters[-1:] if len(letters) > 1 else [])
    return "".join(graphemes(word)[0] for word in chosen).upper()


def _text(post: PreviewPost, description: NetworkDescription, length: Length) -> str:
    """Return the text with what is active in it, and what does not fit marked."""
    shown, end = post.text, len(post.text)
    if not length.fits:
        end = fitting_end(description, post.text, warning=post.warning)
        shown = post.text[: min(end + _SHOWN_PAST_LIMIT, _LONGEST_SHOWN)]
        end = min(end, len(shown))
    parts: list[str] = []
    done = 0
    for entity in entities(description, shown[:end]):
        parts.append(escape(shown[done : entity.start]))
        text = escape(entity.text)
        if entity.kind == "url" and description.link != "none":
            url = entity.text if "://" in entity.text[:8] else f"https://{entity.text}"
            href = safe_href(url)
            parts.append(
                f'<a class="ent" href="{escape(href)}" rel="nofollow noopener noreferrer">{text}</a>'
                if href
                else text
            )
        elif entity.kind == "url":
            parts.append(text)
        else:
            parts.append(f'<span class="ent">{text}</span>')
        done = entity.end
    parts.append(escape(shown[done:end]))
    if end < len(shown):
        more = "…" if len(shown) < len(post.text) else ""
        parts.append(f"<mark>{escape(shown[end:])}{more}</mark>")
    return "".join(parts)


def _media(post: PreviewPost, said: Mapping[str, str]) -> str:
    if not post.images:
        return ""
    frames = []
    for number, image in enumerate(post.images, start=1):
        title = said["image"].format(number=number)
        source = safe_source(image.source)
        picture = (
            f'<img src="{escape(source)}" alt="{escape(image.alt or title)}">'
            if source
            else f'<span class="none">{_PICTURE}</span>'
        )
        caption = (
            f'<figcaption dir="auto"><b>ALT</b>{escape(image.alt)}</figcaption>'
            if image.alt.strip()
            else f'<figcaption class="bad"><b>ALT</b>{said["no_alt"]}</figcaption>'
        )
        frames.append(f"<figure>{picture}{caption}</figure>")
    return f'<div class="media n{min(len(frames), 4)}">{"".join(frames)}</div>'


def _card(card: LinkCard) -> str:
    href = safe_href(card.url)
    host = card.url.partition("://")[2].partition("/")[0] or card.url
    inner = f"<small><bdi>{escape(host)}</bdi></small><bdi>{escape(card.title or card.url)}</bdi>"
    if not href:
        return f'<div class="card">{inner}</div>'
    return f'<a class="card" href="{escape(href)}" rel="nofollow noopener noreferrer">{inner}</a>'
