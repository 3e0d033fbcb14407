"""Create the journal of a desk, open its file, and audit and reindex it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    StoreUnavailableError,
)
from socialcollab.identifiers import MemberId
from socialcollab.organization import Organization, RuntimeState, changes_between
from socialcollab.permissions import PERMISSIONS
from socialcollab.stores import (
    Anchor,
    AuditReport,
    BoundStore,
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
    Store the first document of an organization.

    Raises:
        NotAllowedError: If the owner does not hold every permission everywhere.
        InvalidValueError: If the organization has a desk in the store already, or the media store
            belongs to another organization.
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
    yield from call(engine.media.claim, organization.id)
    created = OrganizationCreated(
        owner=MemberId(owner),
        document_digest=organization.digest,
        tzdata=tzdata_version(),
        document=organization.to_toml(),
        files=files_text(organization),
    )
    initial = State(
        organization=organization,
        document=organization,
        digest=organization.digest,
        runtime_state=RuntimeState(),
        holds=HoldsSnapshot(),
        versions={},
    )
    event = Event(ORGANIZATION, Actor.member(owner), created)
    try:
        yield from engine.append(initial, [event], [before], at=now)
    except ConflictError:
        # Another process created it at the same moment.
        raise _exists_already(organization.id) from None


def refuse_other(engine: Engine, organization: Organization) -> Effects[None]:
    """
    Refuse a document that differs from the active one.

    Raises:
        DocumentMismatchError: If it differs in more than names, contacts and reasons.
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


def claim_media(engine: Engine) -> Effects[None]:
    """
    Reserve the media store for the organization of the desk.

    Raises:
        InvalidValueError: If the media store belongs to another organization.
    """
    # A desk on a read-only disk can still be read.
    with suppress(StoreUnavailableError):
        yield from call(engine.media.claim, engine.store.organization)


def reindex(engine: Engine) -> Effects[ReindexReport]:
    """Rebuild every snapshot and projection row from the events."""
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
    """Check the whole journal, and report everything that cannot be what was written."""
    if anchor is not None and not isinstance(anchor, Anchor):
        raise InvalidValueError(
            f"`anchor` is `{anchor!r}`, not an anchor",
            value=anchor,
            expected="the `anchor` of an earlier report",
        )
    return (yield from call_cancellable(engine.store.audit, anchor=anchor, reducer=reducer))


def audit_file(
    path: str | Path, *, organization: str = "", anchor: Anchor | None = None
) -> AuditReport:
    """
    Audit the journal of a desk that may be too damaged to be opened.

    Args:
        path: The desk's SQLite file; for a copy on a read-only disk ``file:PATH?immutable=1``.
        organization: The organization's id, needed only if the file has several.
        anchor: The anchor that an earlier audit returned and that was kept elsewhere.

    Raises:
        NotFoundError: If there is no such file, or no such organization in it.
        StoreError: If the file cannot be read at all.
    """
    with _journal_in(path, organization) as journal:
        return journal.audit(anchor=anchor, reducer=reducer)


def reindex_file(path: str | Path, *, organization: str = "") -> ReindexReport:
    """
    Rebuild the snapshots and rows of a desk that cannot be opened because they are damaged.

    Args:
        path: The desk's SQLite file.
        organization: The organization's id, needed only if the file has several.

    Raises:
        NotFoundError: If there is no such file, or no such organization in it.
        CorruptJournalError: If an event is damaged; rebuilding would hide that.
    """
    with _journal_in(path, organization) as journal:
        return journal.reindex(reducer)


@contextmanager
def _journal_in(path: str | Path, organization: str) -> Iterator[BoundStore]:
    refuse_missing(path)
    store = SqliteStore(str(path), projections=PROJECTIONS)
    try:
        yield store.for_organization(organization or run(only_one(store, str(path))))
    finally:
        store.close()


def _exists_already(organization: str) -> InvalidValueError:
    return InvalidValueError(
        f"organization `{organization}` has a desk in this store already; open it with `Desk.open`",
        value=organization,
        expected="Desk.open",
    )


def refuse_missing(path: str | Path) -> None:
    """Refuse a path without a file, because SQLite would create an empty one."""
    # `file:PATH?immutable=1` is how SQLite opens a copy on a read-only disk.
    if not str(path).startswith("file:") and not Path(path).is_file():
        raise NotFoundError("desk", str(path), suggestion="make it with `Desk.create`")


def opened_file(
    path: str | Path, media: Media | None, organization: str
) -> tuple[SqliteStore, Media]:
    """
    Return the store in a file, and the given media or else those in a folder beside it.

    Each organization of the file has a folder of its own, so that one cannot delete the media of
    another.
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
    """Return the only organization in a store."""
    names = yield from call(store.organizations)
    if not names:
        raise NotFoundError("desk", name, suggestion="make it with `Desk.create`")
    if len(names) > 1:
        raise InvalidValueError(
            f"the store holds several organizations ({', '.join(names)}); name one of them",
            value=name,
            expected="organization = one of them",
        )
    return names[0]
