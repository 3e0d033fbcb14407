"""Create, open, audit and reindex the journal of a desk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from socialcollab.desk.arguments import check_progress
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
from socialcollab.identifiers import MemberId, did_you_mean
from socialcollab.organization import Organization, RuntimeState, changes_between
from socialcollab.permissions import PERMISSIONS
from socialcollab.stores import (
    Anchor,
    AuditReport,
    BoundStore,
    FolderMedia,
    Progress,
    ReindexReport,
    SqliteStore,
    Store,
)
from socialcollab.time import tzdata_version
from socialcollab.transport import Media
from socialcollab.verdicts import Reason, Verdict
from socialcollab.workflow import Actor, check_registered
from socialcollab.workflow.events import Event


def create(engine: Engine, organization: Organization, owner: str) -> Effects[None]:
    """
    Store the first document of an organization.

    Raises:
        NotAllowedError: If the owner does not have every permission on all resources.
        NotFoundError: If a step depends on a condition that is not registered.
        InvalidValueError: If the store already contains a desk for the organization, or if the media
            store belongs to another organization.
    """
    check_registered(organization.policies.conditions, engine.conditions)
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
        # Another process created the desk at the same moment.
        raise _exists_already(organization.id) from None


def refuse_other(engine: Engine, organization: Organization) -> Effects[None]:
    """
    Raise an error if a document differs from the active document.

    Raises:
        DocumentMismatchError: If the documents differ in more than names, contacts and reasons.
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
    # A read-only disk does not prevent the desk from being opened for reading.
    with suppress(StoreUnavailableError):
        yield from call(engine.media.claim, engine.store.organization)


def reindex(engine: Engine, progress: Progress | None = None) -> Effects[ReindexReport]:
    """Rebuild every snapshot and projection row from the events."""
    show = check_progress(progress)
    return (yield from call_cancellable(engine.store.reindex, reducer, progress=show))


def refresh_rows(engine: Engine) -> Effects[None]:
    """Rebuild the rows if another version of this library wrote them for different projections."""
    try:
        yield from call(engine.store.query, PROJECTIONS[0].name, limit=1)
    except StaleProjectionError:
        # A journal that cannot be rebuilt, because the disk is read-only or an event is damaged,
        # can still be read.
        with suppress(StoreError):
            yield from reindex(engine)


def audit(
    engine: Engine, anchor: Anchor | None, progress: Progress | None = None
) -> Effects[AuditReport]:
    """Check the whole journal, and report every entry that was damaged or tampered with."""
    if anchor is not None and not isinstance(anchor, Anchor):
        raise InvalidValueError(
            f"`anchor` is `{anchor!r}`, not an anchor",
            value=anchor,
            expected="the `anchor` of an earlier report",
        )
    show = check_progress(progress)
    return (
        yield from call_cancellable(
            engine.store.audit, anchor=anchor, reducer=reducer, progress=show
        )
    )


def audit_file(
    path: str | Path,
    *,
    organization: str = "",
    anchor: Anchor | None = None,
    progress: Progress | None = None,
) -> AuditReport:
    """
    Audit the journal of a desk that may be too damaged to open.

    Args:
        path: The desk's SQLite file, or ``file:PATH?immutable=1`` for a copy on a read-only disk.
        organization: The organization's id, required only if the file contains several
            organizations.
        anchor: The anchor returned by an earlier audit and stored elsewhere.
        progress: Same as in `Desk.audit`.

    Raises:
        NotFoundError: If the file does not exist, or does not contain the organization.
        StoreError: If the file cannot be read.
    """
    with _journal_in(path, organization) as journal:
        return journal.audit(anchor=anchor, reducer=reducer, progress=progress)


def reindex_file(
    path: str | Path, *, organization: str = "", progress: Progress | None = None
) -> ReindexReport:
    """
    Rebuild the snapshots and rows of a desk that cannot be opened because they are damaged.

    Args:
        path: The desk's SQLite file.
        organization: The organization's id, required only if the file contains several
            organizations.
        progress: Same as in `Desk.audit`.

    Raises:
        NotFoundError: If the file does not exist, or does not contain the organization.
        CorruptJournalError: If an event is damaged, because rebuilding would hide the damage.
    """
    with _journal_in(path, organization) as journal:
        return journal.reindex(reducer, progress=progress)


@contextmanager
def _journal_in(path: str | Path, organization: str) -> Iterator[BoundStore]:
    refuse_missing(path)
    store = SqliteStore(str(path), projections=PROJECTIONS)
    try:
        yield store.for_organization(run(organization_in(store, str(path), organization)))
    finally:
        store.close()


def _exists_already(organization: str) -> InvalidValueError:
    return InvalidValueError(
        f"organization `{organization}` already has a desk in this store; open it with `Desk.open`",
        value=organization,
        expected="Desk.open",
    )


def refuse_missing(path: str | Path) -> None:
    """Raise an error if the file does not exist, because SQLite would create an empty file."""
    # SQLite opens a copy on a read-only disk under the name `file:PATH?immutable=1`.
    if not str(path).startswith("file:") and not Path(path).is_file():
        raise NotFoundError("desk", str(path), suggestion="create it with `Desk.create`")


def opened_file(
    path: str | Path, media: Media | None, organization: str
) -> tuple[SqliteStore, Media]:
    """
    Return the store in a file, and the given media store or one in a folder next to the file.

    Each organization in the file has a separate folder, so that one organization cannot delete the
    media of another.
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
    return store, FolderMedia(media_folder(place, known[0] if len(known) == 1 else ""))


def media_folder(path: str | Path, organization: str) -> Path:
    """
    Return the folder beside a desk's SQLite file that contains the media by default.

    Args:
        path: The desk's SQLite file.
        organization: The organization's id.
    """
    place = Path(path)
    return place.with_name(f"{place.name}-media") / organization


def organization_in(store: Store, name: str, organization: str) -> Effects[str]:
    """
    Return the id of *organization* if the store contains it, or of the only organization.

    Args:
        store: The store.
        name: The name of the store in errors.
        organization: The organization's id; empty for the only organization.

    Raises:
        NotFoundError: If the organization does not exist, or the store contains no organizations.
        InvalidValueError: If *organization* is empty and there are several organizations.
    """
    names = yield from call(store.organizations)
    if organization:
        if organization not in names:
            hint = did_you_mean(organization, names, otherwise="create it with `Desk.create`")
            raise NotFoundError("organization", organization, suggestion=hint)
        return organization
    if not names:
        raise NotFoundError("desk", name, suggestion="create it with `Desk.create`")
    if len(names) > 1:
        raise InvalidValueError(
            f"the store contains several organizations ({', '.join(names)}); specify one of them",
            value=name,
            expected="organization = the id of one organization",
        )
    return names[0]
