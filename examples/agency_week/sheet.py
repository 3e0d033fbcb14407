"""From a spreadsheet's rows to posts at the desk."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from socialcollab import Desk, Image, Post
from socialcollab.content import Finding
from socialcollab.scheduling import ImportedSheet, SheetRow, read_csv


class SheetImport:
    """Reads the week's sheets, drafts their rows, and says what is wrong with them."""

    def __init__(self, desk: Desk, here: Path) -> None:
        self.desk = desk
        self.here = here
        self.organization = desk.organization

    def read(self, name: str, *, now: dt.datetime) -> ImportedSheet:
        """Read a sheet of the example's folder."""
        return read_csv((self.here / name).read_bytes(), zone="Europe/Amsterdam", now=now)

    def draft(self, row: SheetRow) -> Post:
        """Draft one row as its author."""
        return self.desk.acting_as(row.author).draft(
            row.text,
            profiles=row.profiles,
            planned_at=_text(row.local),
            media=self._images(row),
            links=[row.link] if row.link else [],
            language=row.language,
            campaign=row.campaign,
            tags=row.tags,
            external_id=row.external_id,
        )

    def _images(self, row: SheetRow) -> list[Image]:
        alts = [*row.alts, *[""] * len(row.images)]
        return [
            Image.from_file(str(self.here / "images" / Path(name).name), alt=alt)
            for name, alt in zip(row.images, alts, strict=False)
        ]

    def correct(self, post: Post, row: SheetRow) -> Post:
        """Let a corrected row stand in for what the post holds; nothing if it does already."""
        images = [(image.digest, image.alt) for image in self._images(row)]
        links = (row.link,) if row.link else ()
        same = (
            post.text == row.text
            and post.content.links == links
            and [(image.digest, image.alt) for image in post.media] == images
        )
        if same:
            return post
        return self.desk.acting_as(row.author).edit(
            post, text=row.text, links=links, media=self._images(row)
        )

    def findings(self, post: Post) -> tuple[Finding, ...]:
        """Return what the style guides say of a post."""
        return self.organization.lint(
            post.content, workspace=post.workspace, at=self.desk.engine.now()
        )

    def language_of(self, member: str) -> str:
        """Return the language of messages to a member."""
        known = self.organization.access.member(member)
        return known.language if known and known.language in ("en", "nl") else "en"

    def clashing_posts(self) -> set[str]:
        """Return the posts that come too close to an earlier one on the same profile."""
        week = dt.datetime(2026, 5, 31, tzinfo=dt.UTC), dt.datetime(2026, 6, 9, tzinfo=dt.UTC)
        later = set()
        for clash in self.desk.clashes(*week):
            if clash.kind in ("gap", "same_slot", "cap"):
                later.add(max(clash.entries, key=lambda entry: (entry.at, entry.post)).post)
        return later

    def problems(self, now: dt.datetime) -> list[tuple[str, str]]:
        """Return (row, problem) for every row of the first sheet that did not become a post."""
        found = self.read("posts.csv", now=now)
        said = [
            (f"row {problem.row}", f"{problem.reason.text()}; {problem.suggestion}")
            for problem in found.problems
        ]
        for row in found.rows:
            unknown = [
                name for name in row.profiles if name not in self.organization.profiles_by_id
            ]
            for name in unknown:
                hint = self.organization.did_you_mean("profile", name)
                said.append((f"row {row.number}", f"unknown profile `{name}`; {hint}"))
        return sorted(said, key=lambda pair: int(pair[0].split()[1]))


def _text(local: dt.datetime | None) -> str | None:
    return None if local is None else local.isoformat(sep=" ", timespec="minutes")
