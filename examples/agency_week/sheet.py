"""Spreadsheets: rows become posts, and problems become a list for the authors."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from socialcollab import Desk, Image, Post
from socialcollab.content import Finding
from socialcollab.scheduling import ImportedSheet, SheetRow, read_csv


class SheetImport:
    """Reads the sheets of the week, drafts their rows, and lists their problems."""

    def __init__(self, desk: Desk, here: Path) -> None:
        self.desk = desk
        self.here = here
        self.organization = desk.organization

    def read(self, name: str, *, now: dt.datetime) -> ImportedSheet:
        """Read a sheet in the folder of the example."""
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
        """Edit a post to what a corrected row says; do nothing if it is the same."""
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
        """Return the findings of the style guides on a post."""
        return self.organization.lint(
            post.content, workspace=post.workspace, at=self.desk.engine.now()
        )

    def language_of(self, member: str) -> str:
        """Return the language of messages to a member."""
        found = self.organization.access.member(member)
        return found.language if found and found.language in ("en", "nl") else "en"

    def clashing_posts(self) -> set[str]:
        """Return the posts that are too close to an earlier one on the same profile."""
        week = dt.datetime(2026, 5, 31, tzinfo=dt.UTC), dt.datetime(2026, 6, 9, tzinfo=dt.UTC)
        clashing = set()
        for clash in self.desk.clashes(*week):
            if clash.kind in ("gap", "same_slot", "cap"):
                clashing.add(max(clash.entries, key=lambda entry: (entry.at, entry.post)).post)
        return clashing

    def problems(self, now: dt.datetime) -> list[tuple[str, str]]:
        """Return the row and the problem of everything in the first sheet that could not be drafted."""
        sheet = self.read("posts.csv", now=now)
        problems = [
            (f"row {problem.row}", f"{problem.reason.text()}; {problem.suggestion}")
            for problem in sheet.problems
        ]
        for row in sheet.rows:
            unknown = [
                name for name in row.profiles if name not in self.organization.profiles_by_id
            ]
            for name in unknown:
                suggestion = self.organization.did_you_mean("profile", name)
                problems.append((f"row {row.number}", f"unknown profile `{name}`; {suggestion}"))
        return sorted(problems, key=lambda pair: int(pair[0].split()[1]))


def _text(local: dt.datetime | None) -> str | None:
    return None if local is None else local.isoformat(sep=" ", timespec="minutes")
