"""Import spreadsheets: draft posts from rows, and list the problems for the authors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from socialcollab import Desk, Post
from socialcollab.content import Finding
from socialcollab.desk import RowOutcome
from socialcollab.scheduling import ImportedSheet, SheetRow, read_csv


class SheetImport:
    """An importer that reads the week's sheets, imports their rows, and lists their problems."""

    def __init__(self, desk: Desk, here: Path) -> None:
        self.desk = desk
        self.here = here
        self.organization = desk.organization

    def read(self, name: str, *, now: dt.datetime) -> ImportedSheet:
        """Read a sheet from the example's folder."""
        return read_csv((self.here / name).read_bytes(), zone="Europe/Amsterdam", now=now)

    def import_rows(self, rows: Iterable[SheetRow], *, update: bool = False) -> list[RowOutcome]:
        """Import each row on behalf of its author."""
        by_author: dict[str, list[SheetRow]] = {}
        for row in rows:
            by_author.setdefault(row.author, []).append(row)
        return [
            outcome
            for author, own in by_author.items()
            for outcome in self.desk.acting_as(author)
            .import_rows(own, images=self._images(own), update=update)
            .outcomes
        ]

    def _images(self, rows: Iterable[SheetRow]) -> dict[str, bytes]:
        paths = {name: self.here / "images" / name for row in rows for name in row.images}
        return {name: path.read_bytes() for name, path in paths.items() if path.is_file()}

    def findings(self, post: Post) -> tuple[Finding, ...]:
        """Return the style guides' findings about a post."""
        return self.organization.lint(
            post.content, workspace=post.workspace, at=self.desk.engine.now()
        )

    def language_of(self, member: str) -> str:
        """Return the language of messages to a member."""
        found = self.organization.access.member(member)
        return found.language if found and found.language in ("en", "nl") else "en"

    def clashing_posts(self) -> set[str]:
        """Return the posts that are too close to an earlier post on the same profile."""
        week = dt.datetime(2026, 5, 31, tzinfo=dt.UTC), dt.datetime(2026, 6, 9, tzinfo=dt.UTC)
        clashing = set()
        for clash in self.desk.clashes(*week):
            if clash.kind in ("gap", "same_slot", "cap"):
                clashing.add(max(clash.entries, key=lambda entry: (entry.at, entry.post)).post)
        return clashing

    def problems(self, now: dt.datetime) -> list[tuple[str, str]]:
        """Return the problems of the first sheet's rejected rows, each with its row number."""
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
