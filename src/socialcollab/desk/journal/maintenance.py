"""Make a desk's journal, find it again, and look into it without sitting down."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from socialcollab.desk.engine import Engine, State
from socialcollab.desk.handlers.adopt import files_text
from socialcollab.desk.journal.organization_events import OrganizationCreated
from socialcollab.desk.journal.streams import ORGANIZATION, PROJECTIONS, HoldsSnapshot, reducer
from socialcollab.effects import Effects, call, call_cancellable, run
from socialcollab.errors import (
    ConflictError,
    DocumentMismatchError,
    InvalidValueError,
    NotAllowedError,
    NotFoundError,
    StaleProjectionError,
    StoreError,
)
from socialcollab.identifiers import MemberId
from socialcollab.organization import Organization, RuntimeState, changes_between
from socialcollab.permissions import PERMISSIONS
from socialcollab.stores import (
    Anchor,
    AuditReport,
    FolderMedia,
    ReindexReport,
    SqliteStore,
    Store,
)
from socialcollab.time import tzdata_version
from socialcollab.transport import Media
from socialcollab.verdicts import Reason, Verdict
from socialcollab.workflow import Actor
from socialcollab.workflow.events import Event


def create(engine: Engine, organization: Organization, owner: str) -> Effects[None]:
    """
    Bring the first organization into force.

    Raises:
        NotAllowedError: If the owner does not hold every permission everywhere.

        InvalidValueError: If one is in force already.
    """
    now = engine.now()
    missing = [
        permission
        for permission in sorted(PERMISSIONS)
        if not organization.access.allows(owner, permission, "*", at=now)
    ]
    if missing:
        raise NotAllowedError(
            Verdict.no(Reason.of("owner_lacks", owner=owner, permissions=", ".join(missing[:5])))
        )
    before = yield from engine.load(ORGANIZATION)
    if before.version:
        raise _exists_already(organization.id)
    created = OrganizationCreated(
        owner=MemberId(owner),
        document_digest=organization.digest,
        tzdata=tzdata_version(),
        document=organization.to_toml(),
        files=files_text(organization),
    )
    nothing = State(
        organization=organization,
        document=organization,
        digest=organization.digest,
        runtime_state=RuntimeState(),
        holds=HoldsSnapshot(),
        versions={},
    )
    event = Event(ORGANIZATION, Actor.member(owner), created)
    try:
        yield from engine.append(nothing, [event], [before], at=now)
    except ConflictError:
        # Somebody else was creating it at the same moment.
        raise _exists_already(organization.id) from None


def refuse_other(engine: Engine, organization: Organization) -> Effects[None]:
    """
    Refuse a document that differs from what is in force: a file is a proposal.

    Raises:
        DocumentMismatchError: If it differs in anything but names, contacts and reasons.
    """
    state = yield from engine.state()
    if state.digest == organization.digest:
        return
    raise DocumentMismatchError(
        organization.id,
        given=organization.digest,
        active=state.digest,
        changes=tuple(str(change) for change in changes_between(state.document, organization)),
    )


def reindex(engine: Engine) -> Effects[ReindexReport]:
    """Make every record and projection row anew from the events."""
    return (yield from call_cancellable(engine.store.reindex, reducer))


def refresh_rows(engine: Engine) -> Effects[None]:
    """Rebuild the rows if another version of this library wrote them for other projections."""
    try:
        yield from call(engine.store.query, PROJECTIONS[0].name, limit=1)
    except StaleProjectionError:
        # A journal that cannot be rebuilt, on a read-only disk or with a damaged event, may still
        # be read.
        with suppress(StoreError):
            yield from reindex(engine)


def audit(engine: Engine, anchor: Anchor | None) -> Effects[AuditReport]:
    """Look for everything in the journal that cannot be what was written."""
    return (yield from call_cancellable(engine.store.audit, anchor=anchor, reducer=reducer))


def audit_file(
    path: str | Path, *, organization: str = "", anchor: Anchor | None = None
) -> AuditReport:
    """
    Audit the journal of a desk that may be too damaged to sit down at.

    Args:
        path: The desk's SQLite file, or for a copy on a disk that cannot be
            written ``file:PATH?immutable=1``.

        organization: Whose journal; needed only where the file has several.

        anchor: What an earlier audit returned, kept elsewhere.

    Raises:
        NotFoundError: If there is no such file, or no such journal in it.

        StoreError: If it cannot be read at all.
    """
    refuse_missing(path)
    store = SqliteStore(str(path), projections=PROJECTIONS)
    try:
        name = organization or run(only_one(store, str(path)))
        return store.for_organization(name).audit(anchor=anchor, reducer=reducer)
    finally:
        store.close()


def reindex_file(path: str | Path, *, organization: str = "") -> ReindexReport:
    """
    Mend the records and rows of a desk that they are too damaged to sit down at.

    Args:
        path: The desk's SQLite file.

        organization: Whose journal; needed only where the file has several.

    Raises:
        NotFoundError: If there is no such file, or no such journal in it.

        CorruptJournalError: If an event is damaged: a rebuild would hide it.
    """
    refuse_missing(path)
    store = SqliteStore(str(path), projections=PROJECTIONS)
    try:
        name = organization or run(only_one(store, str(path)))
        return store.for_organization(name).reindex(reducer)
    finally:
        store.close()


def _exists_already(organization: str) -> InvalidValueError:
    return InvalidValueError(
        f"organization `{organization}` has a desk here already; open it with `Desk.open`",
        value=organization,
        expected="Desk.open",
    )


def refuse_missing(path: str | Path) -> None:
    """Refuse a path where no file is: looking must not make one."""
    # SQLite opens `file:PATH?immutable=1` too: a copy on a disk that cannot be written.
    if not str(path).startswith("file:") and not Path(path).is_file():
        raise NotFoundError("desk", str(path), suggestion="make it with `Desk.create`")


def opened_file(
    path: str | Path, media: Media | None, organization: str
) -> tuple[SqliteStore, Media]:
    """
    Return the store in a file, and media beside it unless others are given.

    Each organization of the file has a folder of its own: what one erases is
    never another's.
    """
    place = Path(path)
    store = SqliteStore(str(place), projections=PROJECTIONS)
    if media is not None:
        return store, media
    try:
        known = [organization] if organization else list(store.organizations())
    except BaseException:
        store.close()
        raise
    folder = place.with_name(f"{place.name}-media")
    return store, FolderMedia(folder / known[0] if len(known) == 1 else folder)


def only_one(store: Store, name: str) -> Effects[str]:
    """Return the one organization that a store holds."""
    found = yield from call(store.organizations)
    if not found:
        raise NotFoundError("desk", name, suggestion="make it with `Desk.create`")
    if len(found) > 1:
        raise InvalidValueError(
            f"the store holds several organizations ({', '.join(found)}); say which",
            value=name,
            expected="organization = one of them",
        )
    return found[0]
