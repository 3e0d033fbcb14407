"""The timeline as pages that look like the networks."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from socialcollab.directory import NetworkDescription
from socialcollab.networks.sandbox.pictures import picture_name
from socialcollab.networks.sandbox.timeline import SandboxPost
from socialcollab.pages import LinkCard, PreviewImage, PreviewPost, join, page, paragraph, preview
from socialcollab.showing import Html, escape
from socialcollab.text import links_not_in_text
from socialcollab.time import local_time


def write_pages(
    folder: Path,
    posts: Sequence[SandboxPost],
    described: Callable[[str], NetworkDescription],
    *,
    zone: str,
) -> Path:
    """Write a page per profile and one that lists them; return the latter."""
    profiles = sorted({post.profile for post in posts})
    items = []
    for profile in profiles:
        own = [post for post in posts if post.profile == profile]
        description = described(own[0].network)
        shown = [_post(folder, post, description, zone) for post in reversed(own)]
        name = f"timeline-{profile}.html"
        title = f"{own[-1].handle} on {description.title}"
        _write(folder / name, page(title, join(shown), lede=_count(own)))
        items.append(
            f'<li><a href="{escape(name)}">{escape(title)}</a> · {escape(_count(own))}</li>'
        )
    body = Html(f"<ul>{''.join(items)}</ul>") if items else paragraph("Nothing has gone out yet.")
    index = folder / "timeline.html"
    _write(index, page("The sandbox's timeline", body, lede=_count(posts)))
    return index


def _count(posts: Sequence[SandboxPost]) -> str:
    removed = sum(post.removed for post in posts)
    said = "1 post" if len(posts) == 1 else f"{len(posts)} posts"
    return f"{said}, {removed} of them taken down" if removed else said


def _post(folder: Path, post: SandboxPost, description: NetworkDescription, zone: str) -> Html:
    images = []
    for image in post.images:
        source = f"media/{picture_name(image.digest, image.media_type)}"
        kept = (folder / source).is_file()
        images.append(PreviewImage(alt=image.alt, source=source if kept else ""))
    beside = links_not_in_text(description, post.text, post.links)
    shown = preview(
        PreviewPost(
            text=post.text,
            name=post.handle.lstrip("@"),
            handle=post.handle,
            at=local_time(post.created_at, zone),
            images=tuple(images),
            card=LinkCard(url=beside[0]) if beside else None,
            warning=", ".join(post.labels),
        ),
        description,
    )
    options = Html("".join(f"<li>{escape(option)}</li>" for option in post.options))
    poll = Html(f"<ol>{options}</ol>") if post.options else Html("")
    note = paragraph("Taken down") if post.removed else Html("")
    return Html(
        f'<div id="post-{escape(post.network_id)}" style="max-width:520px;margin:0 0 1.25rem">'
        f"{note}{shown}{poll}</div>"
    )


def _write(path: Path, html: str) -> None:
    """Put a whole page in place of the old one."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial.write_text(html, encoding="utf-8")
    partial.replace(path)
