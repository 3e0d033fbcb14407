"""Render the timeline as HTML pages that look like the networks."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from socialcollab.directory import NetworkDescription
from socialcollab.networks.sandbox.pictures import picture_name
from socialcollab.networks.sandbox.timeline import SandboxPost
from socialcollab.pages import (
    Html,
    LinkCard,
    PreviewImage,
    PreviewPost,
    file_link,
    page,
    paragraph,
    preview,
    preview_grid,
    table,
)
from socialcollab.text import links_not_in_text
from socialcollab.time import local_time


def write_pages(
    folder: Path,
    posts: Sequence[SandboxPost],
    described: Callable[[str], NetworkDescription],
    *,
    zone: str,
) -> Path:
    """Write a page for each profile and an index of these pages, and return the index's path."""
    rows = []
    for profile in sorted({post.profile for post in posts}):
        own = [post for post in posts if post.profile == profile]
        description = described(own[0].network)
        newest_first = [_preview(folder, post, description, zone) for post in reversed(own)]
        name = f"timeline-{profile}.html"
        title = f"{own[-1].handle} on {description.title}"
        _write(folder / name, page(title, preview_grid(newest_first), lede=_count(own)))
        rows.append([file_link(name, title), _count(own)])
    body = table(["Timeline", "Posts"], rows) if rows else paragraph("Nothing is published yet.")
    index = folder / "timeline.html"
    _write(index, page("Timelines of the sandbox", body, lede=_count(posts)))
    return index


def _count(posts: Sequence[SandboxPost]) -> str:
    removed = sum(post.removed for post in posts)
    count = "1 post" if len(posts) == 1 else f"{len(posts)} posts"
    return f"{count}, {removed} of them taken down" if removed else count


def _preview(folder: Path, post: SandboxPost, description: NetworkDescription, zone: str) -> Html:
    images = []
    for image in post.images:
        source = f"media/{picture_name(image.digest, image.media_type)}"
        kept = (folder / source).is_file()
        images.append(PreviewImage(alt=image.alt, source=source if kept else ""))
    links = links_not_in_text(description, post.text, post.links)
    return preview(
        PreviewPost(
            text=post.text,
            name=post.handle.lstrip("@"),
            handle=post.handle,
            at=local_time(post.created_at, zone),
            images=images,
            card=LinkCard(url=links[0]) if links else None,
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
