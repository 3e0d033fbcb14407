"""Import the rows of a spreadsheet: one post per row, with an outcome for each row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import attrs

from socialcollab.content import Image, Post, PostContent
from socialcollab.desk.engine import Engine, State
from socialcollab.desk.handlers.draft import (
    UNCHANGED,
    draft_command,
    edit_command,
    perform_with_media,
)
from socialcollab.desk.handlers.media import Source
from socialcollab.desk.handlers.perform import decide, perform_on_post
from socialcollab.desk.handlers.sheet_clashes import clashes_of
from socialcollab.desk.queries.posts import find_external_id, read_posts
from socialcollab.desk.queries.visibility import redacted_for
from socialcollab.document_fields import as_items, as_words
from socialcollab.effects import Effects
from socialcollab.errors import (
    InvalidValueError,
    NotAllowedError,
    NotFoundError,
    SocialCollabError,
    StaleError,
)
from socialcollab.scheduling import Clash, SheetRow
from socialcollab.time import WallTime
from socialcollab.verdicts import message
from socialcollab.workflow import Actor
from socialcollab.workflow import commands as cm

ImportStatus = Literal["drafted", "updated", "unchanged", "differs", "refused"]
"""The outcome of a row; see `RowOutcome`."""

_CODES: Final[Mapping[ImportStatus, str]] = {
    "drafted": "import.drafted",
    "updated": "import.updated",
    "unchanged": "import.unchanged",
    "differs": "import.differs",
    "refused": "import.refused",
}
# An error in one row does not stop the import, but a store error does.
_OF_ONE_ROW: Final = (InvalidValueError, NotAllowedError, NotFoundError, StaleError)


@attrs.frozen(kw_only=True)
class RowOutcome:
    """
    The outcome of importing one row of a spreadsheet.

    Attributes:
        row: The row.
        status: "drafted" or "updated"; "unchanged" if the post already exists with the same
            content; "differs" if the post already exists with other content and was not updated; or
            "refused". In a dry run, the status that the row would have.
        post: The post, or None if the row was refused or would be drafted.
        changes: The names of the fields in which the row differs from the existing post.
        error: Why the row was refused, or why its note could not be added; otherwise None.
        clashes: The clashes of a drafted or updated post with other rows and with posts on the
            calendar, such as two posts in the same minute. They do not prevent the import.
        dry_run: Whether nothing was written.
    """

    row: SheetRow
    status: ImportStatus
    post: Post | None = None
    changes: tuple[str, ...] = ()
    error: SocialCollabError | None = None
    clashes: tuple[Clash, ...] = ()
    dry_run: bool = False

    def text(self, language: str = "en") -> str:
        """Return the row number, status, reason and clashes in words, in *language*."""
        error = self.error
        params = {
            "row": str(self.row.number),
            "name": self.row.external_id or _excerpt(self.row.text),
            "fields": ", ".join(self.changes),
            "problem": error.verdict.explain(language)
            if isinstance(error, NotAllowedError)
            else str(error or ""),
        }
        is_planned = self.dry_run and self.status in ("drafted", "updated")
        code = f"{_CODES[self.status]}.dry_run" if is_planned else _CODES[self.status]
        text = message(code, params, language=language)
        if error is not None and self.status != "refused":
            text += message("import.note", params, language=language)
        for clash in self.clashes:
            clash_text = {"clash": clash.reason.text(language)}
            text += message("import.clash", clash_text, language=language)
        return text


@attrs.frozen(kw_only=True)
class ImportReport:
    """
    The outcomes of importing the rows of a spreadsheet.

    Attributes:
        outcomes: One outcome for each row, in order.
    """

    outcomes: tuple[RowOutcome, ...] = ()

    def count(self, status: ImportStatus) -> int:
        """Return the number of rows with a status."""
        return sum(outcome.status == status for outcome in self.outcomes)

    @property
    def refused(self) -> tuple[RowOutcome, ...]:
        """The outcomes of the rows that were refused."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "refused")

    @property
    def posts(self) -> tuple[Post, ...]:
        """The posts of the rows, in order, including posts that already existed."""
        return tuple(outcome.post for outcome in self.outcomes if outcome.post is not None)


def import_rows(
    engine: Engine,
    actor: Actor,
    rows: Iterable[SheetRow],
    *,
    profiles: Iterable[str] | Mapping[str, str],
    workspace: str,
    images: Mapping[str, bytes] | None,
    update: bool,
    dry_run: bool,
) -> Effects[ImportReport]:
    """Draft or update a post for each row; see `MemberDesk.import_rows`."""
    items = as_items(rows, "rows")
    for number, item in enumerate(items):
        if not isinstance(item, SheetRow):
            raise InvalidValueError(
                f"`rows[{number}]` is `{item!r}`, not a row",
                value=item,
                expected="the rows that `read_csv` returned",
            )
    renamed = profiles if isinstance(profiles, Mapping) else {}
    importer = _Importer(
        engine,
        actor,
        names=renamed,
        profiles=() if isinstance(profiles, Mapping) else as_words(profiles),
        workspace=workspace,
        images=images or {},
        update=update,
        dry_run=dry_run,
    )
    outcomes: list[RowOutcome] = []
    for row in items:
        try:
            outcome = yield from importer.outcome(row)
        except _OF_ONE_ROW as error:
            outcome = RowOutcome(row=row, status="refused", error=error, dry_run=dry_run)
        outcomes.append(outcome)
    # In a dry run, the posts of most rows have no id yet.
    names = [
        f"row:{outcome.row.number}" if outcome.post is None else str(outcome.post.id)
        for outcome in outcomes
    ]
    clashes = yield from clashes_of(
        engine,
        actor,
        {
            name: importer.content_of(outcome)
            for name, outcome in zip(names, outcomes, strict=True)
            if outcome.status in ("drafted", "updated")
        },
    )
    return ImportReport(
        outcomes=tuple(
            attrs.evolve(outcome, clashes=clashes.get(name, ()))
            for name, outcome in zip(names, outcomes, strict=True)
        )
    )


class _Importer:
    """The import of one spreadsheet."""

    def __init__(
        self,
        engine: Engine,
        actor: Actor,
        *,
        names: Mapping[str, str],
        profiles: Sequence[str],
        workspace: str,
        images: Mapping[str, bytes],
        update: bool,
        dry_run: bool,
    ) -> None:
        self.engine = engine
        self.actor = actor
        self.names = names
        self.profiles = profiles
        self.workspace = workspace
        self.images = images
        self.update = update
        self.dry_run = dry_run
        # The posts of a workspace by their content, which identifies rows without an external id,
        # and the posts that have changed since they were drafted.
        self.by_content: dict[str, dict[object, str]] = {}
        self.changed: dict[str, list[Post]] = {}
        # The contents of earlier rows without an external id, which a dry run does not store.
        self.contents: dict[object, Post | None] = {}
        # The external ids of earlier rows, which a dry run does not store.
        self.earlier: dict[str, int] = {}
        # The content of each row that could be read.
        self.planned: dict[SheetRow, PostContent] = {}

    def content_of(self, outcome: RowOutcome) -> PostContent:
        """Return the content of a row's post, or in a dry run the content that it would have."""
        content = self.planned[outcome.row]
        if outcome.post is None or (self.dry_run and content.planned_at is not None):
            return content
        return outcome.post.content

    def outcome(self, row: SheetRow) -> Effects[RowOutcome]:
        """Import a row, or determine the outcome that the import would have."""
        self._check_author(row)
        self._check_repeated(row)
        command, data, state = yield from draft_command(
            self.engine,
            self.actor,
            row.text,
            profiles=self._profiles_of(row),
            workspace=self.workspace,
            planned_at=row.planned_at,
            media=self._media(row),
            external_id=row.external_id,
            fields={
                "links": [row.link] if row.link else [],
                "language": row.language,
                "campaign": row.campaign,
                "tags": row.tags,
            },
        )
        self.planned[row] = command.content
        content = command.workspace, _key(command.content)
        if not row.external_id and content in self.contents:
            post = self.contents[content]
            return RowOutcome(row=row, status="unchanged", post=post, dry_run=self.dry_run)
        known = yield from self._existing(command, state)
        if known is not None:
            return (yield from self._existing_outcome(row, known, command, data, state))
        if self.dry_run:
            yield from decide(
                self.engine, state, self.actor, command, now=self.engine.now(), media=data
            )
            self.contents[content] = None
            return RowOutcome(row=row, status="drafted", dry_run=True)
        post = yield from perform_with_media(self.engine, self.actor, command, data, state)
        self.contents[content] = post
        return (yield from self._with_note(RowOutcome(row=row, status="drafted", post=post)))

    def _check_author(self, row: SheetRow) -> None:
        """Reject a row by another author, who could otherwise approve their own text."""
        if not row.author or row.author == self.actor.name:
            return
        raise InvalidValueError(
            f"the author is `{row.author}`, not `{self.actor.name}`; import the row as its author",
            value=row.author,
            expected=self.actor.name,
        )

    def _check_repeated(self, row: SheetRow) -> None:
        first = self.earlier.setdefault(row.external_id, row.number) if row.external_id else 0
        if first and first != row.number:
            raise InvalidValueError(
                f"row {first} also has the external id `{row.external_id}`;"
                " use a different id for each row",
                value=row.external_id,
                expected="an external id that no other row has",
            )

    def _profiles_of(self, row: SheetRow) -> Sequence[str]:
        profiles = [self.names.get(name, name) for name in row.profiles] or self.profiles
        if not profiles and not self.workspace:
            raise InvalidValueError(
                "the row names no profile; add a `profiles` column to the sheet, or pass"
                " `profiles=[...]` (`--profile` on the command line)",
                expected="a profile for each row",
            )
        return profiles

    def _media(self, row: SheetRow) -> list[Image]:
        images: list[Image] = []
        alts = [*row.alts, *[""] * len(row.images)]
        for name, alt in zip(row.images, alts, strict=False):
            if name not in self.images:
                raise InvalidValueError(
                    f"the image `{name}` was not supplied; pass its bytes in `images`",
                    value=name,
                    expected="an image in `images`",
                )
            images.append(Image.from_bytes(self.images[name], alt=alt, name=name))
        return images

    def _existing(self, command: cm.Draft, state: State) -> Effects[Post | None]:
        """Return a row's existing post, if there is one and the actor can view it."""
        if command.external_id:
            name = yield from find_external_id(self.engine, command.external_id)
        else:
            posts = yield from self._of_workspace(command.workspace)
            name = posts.get(_key(command.content), "") or self._drafted_from(command)
        if not name:
            return None
        post: Post = (yield from self.engine.post(name)).snapshot.post
        context = self.engine.context(state, self.actor, now=self.engine.now())
        # If the actor cannot view the post, drafting fails because the external id is in use.
        return post if context.may(self.actor.name, "view", post) else None

    def _of_workspace(self, workspace: str) -> Effects[dict[object, str]]:
        if workspace not in self.by_content:
            posts = yield from read_posts(self.engine, workspace=workspace)
            self.by_content[workspace] = {_key(post.content): str(post.id) for post in posts}
            self.changed[workspace] = [
                post for post in posts if len(post.revisions) > 1 and not post.external_id
            ]
        return self.by_content[workspace]

    def _drafted_from(self, command: cm.Draft) -> str:
        """Return the post that was drafted with a row's content and has changed since."""
        return next(
            (
                str(post.id)
                for post in self.changed[command.workspace]
                if post.drafted_with(command.content, ("text", "targets", "time"))
            ),
            "",
        )

    def _existing_outcome(
        self,
        row: SheetRow,
        known: Post,
        command: cm.Draft,
        data: Mapping[str, Source],
        state: State,
    ) -> Effects[RowOutcome]:
        """Update a row's existing post if the row differs and the caller requested updates."""
        content = command.content
        visible = redacted_for(self.actor.name, known, state.organization.access)
        outcome = RowOutcome(row=row, status="unchanged", post=visible, dry_run=self.dry_run)
        if not row.external_id and _key(known.content) != _key(content):
            # The post was drafted from this row, and a member has changed it since.
            return outcome
        fields = {
            "text": content.text,
            "profiles": content.targets,
            "planned_at": content.planned_at,
            "media": content.media,
            "links": content.links,
            "language": content.language,
            "campaign": content.campaign,
            "tags": content.tags,
        }
        # An empty cell in the sheet does not clear a value that a member has entered since.
        given = {name: value for name, value in fields.items() if value}
        changes = tuple(
            name for name, value in given.items() if _comparable(value) != _value(known, name)
        )
        outcome = attrs.evolve(outcome, changes=changes)
        if not changes:
            return outcome if self.dry_run else (yield from self._with_note(outcome))
        if not self.update:
            return attrs.evolve(outcome, status="differs")
        edit, _, state = yield from edit_command(
            self.engine,
            known,
            seen=known.digest,
            planned_at=content.planned_at if "planned_at" in changes else UNCHANGED,
            times=UNCHANGED,
            media=UNCHANGED,
            changes={
                "targets" if name == "profiles" else name: given[name]
                for name in changes
                if name != "planned_at"
            },
        )
        if self.dry_run:
            yield from decide(
                self.engine, state, self.actor, edit, now=self.engine.now(), media=data
            )
            return attrs.evolve(outcome, status="updated")
        post = yield from perform_with_media(self.engine, self.actor, edit, data, state)
        return (yield from self._with_note(attrs.evolve(outcome, status="updated", post=post)))

    def _with_note(self, outcome: RowOutcome) -> Effects[RowOutcome]:
        """Add a row's note as an internal comment, unless an earlier import has added it."""
        post, note = outcome.post, outcome.row.note
        if post is None or not note or any(comment.text == note for comment in post.comments):
            return outcome
        command = cm.Comment(post=post.id, text=note, internal=True)
        try:
            commented = yield from perform_on_post(self.engine, self.actor, command)
        except _OF_ONE_ROW as error:
            return attrs.evolve(outcome, error=error)
        return attrs.evolve(outcome, post=commented)


def _key(content: PostContent) -> object:
    at = content.planned_at
    return frozenset(content.targets), None if at is None else at.instant, content.text


def _value(post: Post, name: str) -> object:
    content = post.content
    return _comparable(content.targets if name == "profiles" else getattr(content, name))


def _comparable(value: object) -> object:
    # On the night when the clocks go back, the same instant can be written in several ways.
    return value.instant if isinstance(value, WallTime) else value


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:39]}…"
