"""Render the timeline as HTML pages that look like the networks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from socialcollab.content import Attachment, Video
from socialcollab.directory import NetworkDescription
from socialcollab.networks.sandbox.pictures import picture_name
from socialcollab.networks.sandbox.timeline import SandboxPost
from socialcollab.pages import (
    Html,
    PreviewCard,
    PreviewImage,
    PreviewPost,
    escape,
    file_link,
    file_tabs,
    heading,
    join,
    network_badge,
    page,
    paragraph,
    preview,
    preview_feed,
    preview_grid,
)
from socialcollab.text import links_not_in_text
from socialcollab.time import local_time

INDEX: Final = "timeline.html"
# A page with all posts of a long simulation would be too large for a browser.
_POSTS_PER_PAGE: Final = 200
_POSTS_PER_COLUMN: Final = 4


def write_pages(
    folder: Path,
    posts: Sequence[SandboxPost],
    described: Callable[[str], NetworkDescription],
    *,
    zone: str,
) -> Path:
    """Write a page for each network and a page with the newest posts, and return its path."""
    networks = {name: described(name) for name in sorted({post.network for post in posts})}
    own = {name: [post for post in posts if post.network == name] for name in networks}
    tabs = [
        (INDEX, "All networks"),
        *(
            (f"timeline-{name}.html", Html(f"{network_badge(name)} {escape(description.title)}"))
            for name, description in networks.items()
        ),
    ]
    columns = []
    for name, description in networks.items():
        file = f"timeline-{name}.html"
        threads = _threads(own[name])
        feed = _feed(folder, threads[:_POSTS_PER_PAGE], description, zone)
        handles = ", ".join(sorted({post.handle for post in own[name]}))
        left_out = len(threads) - _POSTS_PER_PAGE
        body = [file_tabs(tabs, file), feed]
        if left_out > 0:
            body.append(paragraph(f"{left_out} older posts and threads are not shown."))
        lede = f"{handles} · {_count(own[name])}"
        _write(folder / file, page(f"{description.title} in the sandbox", join(body), lede=lede))
        newest = _feed(folder, threads[:_POSTS_PER_COLUMN], description, zone)
        title = heading(f"{description.title}: {_count(own[name])}", level=3)
        more = file_link(file, f"All posts on {description.title}")
        columns.append(
            join([title, newest, more] if len(threads) > _POSTS_PER_COLUMN else [title, newest])
        )
    content = (
        preview_grid(Html(f'<section class="column">{column}</section>') for column in columns)
        if columns
        else paragraph("Nothing is published yet.")
    )
    body = [file_tabs(tabs, INDEX), content] if columns else [content]
    index = folder / INDEX
    _write(index, page("The networks of the sandbox", join(body), lede=_count(posts)))
    return index


def _threads(posts: Sequence[SandboxPost]) -> list[list[SandboxPost]]:
    """Return the threads, newest first; a post that is not part of a thread is alone in its list."""
    threads: dict[str, list[SandboxPost]] = {}
    start_of: dict[str, str] = {}
    for post in posts:
        start = start_of.get(post.in_reply_to, post.network_id)
        start_of[post.network_id] = start
        threads.setdefault(start, []).append(post)
    return list(reversed(threads.values()))


def _feed(
    folder: Path,
    threads: Iterable[Iterable[SandboxPost]],
    description: NetworkDescription,
    zone: str,
) -> Html:
    return preview_feed(
        [_preview(folder, post, description, zone) for post in thread] for thread in threads
    )


def _count(posts: Sequence[SandboxPost]) -> str:
    removed = sum(post.removed for post in posts)
    count = "1 post" if len(posts) == 1 else f"{len(posts)} posts"
    return f"{count}, {removed} of them taken down" if removed else count


def _preview(folder: Path, post: SandboxPost, description: NetworkDescription, zone: str) -> Html:
    def source(one: Attachment | None) -> str:
        """Return the file that contains an image or a video, or an empty string."""
        if one is None:
            return ""
        file = f"media/{picture_name(one.digest, one.media_type)}"
        return file if (folder / file).is_file() else ""

    images = [
        PreviewImage(
            alt=one.alt,
            source=source(one),
            is_video=isinstance(one, Video),
            cover=source(one.cover) if isinstance(one, Video) else "",
        )
        for one in post.media
    ]
    links = links_not_in_text(description, post.text, post.links)
    card = PreviewCard(url=links[0]) if links else None
    if post.card is not None:
        card = PreviewCard(
            url=post.card.url,
            title=post.card.title,
            description=post.card.description,
            source=source(post.card.image),
        )
    return preview(
        PreviewPost(
            text=post.text,
            name=post.handle.lstrip("@"),
            handle=post.handle,
            at=local_time(post.created_at, zone),
            images=images,
            card=card,
            format=post.format,
            visibility=post.visibility,
            reply_to=post.reply_to,
            quote_of=post.quote_of,
            is_comment=bool(post.in_reply_to),
            paid_partnership=post.paid_partnership,
            poll=post.options,
            warning=", ".join(post.labels),
            note="Taken down" if post.removed else "",
            anchor=f"post-{post.network_id}",
        ),
        description,
    )


def _write(path: Path, html: str) -> None:
    """Replace a page atomically, so that a browser never reads an incomplete page."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial.write_text(html, encoding="utf-8")
    partial.replace(path)
