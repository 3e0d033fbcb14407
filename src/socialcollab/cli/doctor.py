"""The command ``doctor``, which checks whether a desk can do its work on this machine."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from socialcollab.cli.accounts.tokens import (
    CONNECTABLE_NETWORKS,
    KEY_VARIABLE,
    StoredTokens,
    TokenSources,
    check_tokens_exist,
    lasts_until,
    stored_networks,
    tokens_exist,
    tokens_path,
)
from socialcollab.cli.documents import warnings_of
from socialcollab.cli.inputs import check_no_document
from socialcollab.cli.networks import opened_networks
from socialcollab.cli.output import FOUND, OK, Output, counted, leaves, progress
from socialcollab.cli.worker import name_of_stream
from socialcollab.errors import (
    AuthenticationError,
    CorruptJournalError,
    InvalidValueError,
    NewerVersionError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    SocialCollabError,
    StaleProjectionError,
    StoreError,
    TransientError,
)

if TYPE_CHECKING:
    import httpx

    from socialcollab.desk import Desk, DueWork
    from socialcollab.directory import Profile
    from socialcollab.stores import BoundStore
    from socialcollab.transport import Clock, Credentials, Driver, Network

Status: TypeAlias = Literal["ok", "warning", "problem"]

# The audit of a larger file would delay the other checks by many seconds.
_QUICKLY_AUDITED_BYTES: Final = 50_000_000
# Without `--full`, only this number of media files is read.
_MEDIA_SAMPLE: Final = 10
_EXPIRES_SOON: Final = dt.timedelta(days=7)
_OVERDUE: Final = dt.timedelta(hours=1)
# The clocks of machines that share a file can differ slightly.
_CLOCK_SKEW: Final = dt.timedelta(minutes=1)
_LISTED: Final = 3
_RESTORE: Final = "restore a backup"
_MAKE_WRITABLE: Final = (
    "give the user of this process permission to write the file and its folder, or stop the program"
    " that has locked the file"
)
_OLDER_VERSION: Final = (
    "install the version of the library that adopted the document, and adopt a document without"
    " this fault"
)


class Check(NamedTuple):
    """
    The result of one check.

    Attributes:
        name: What was checked.
        status: The status.
        text: The result, as a sentence.
        repair: How to repair the problem; empty if there is nothing to repair.
    """

    name: str
    status: Status
    text: str
    repair: str = ""


def doctor(args: argparse.Namespace, output: Output) -> int:
    """Check a desk and its surroundings, and print each result with a repair."""
    stored = tokens_path(args, args.desk)
    if args.tokens:
        check_tokens_exist(stored, args.desk)
    credentials = None
    if not args.networks and tokens_exist(stored):
        credentials = TokenSources(stored)
    with (
        opened_networks(args.networks) if args.networks else nullcontext() as networks,
        progress(output, "checking events") as show,
    ):
        checks = list(
            examine(
                args.desk,
                args.id,
                networks=networks,
                media=args.media,
                full=args.full,
                progress=show,
                credentials=credentials,
            )
        )
    counts = {
        status: sum(1 for check in checks if check.status == status)
        for status in ("problem", "warning")
    }
    checked = args.networks or credentials is not None
    skipped = (
        []
        if checked
        else [
            "networks and credentials were not checked; connect a profile, or pass --networks or"
            " --tokens"
        ]
    )
    output.result(
        {
            "problems": counts["problem"],
            "warnings": counts["warning"],
            "checks": [check._asdict() for check in checks],
        },
        [
            *(line for check in checks for line in _lines(check)),
            *skipped,
            ", ".join(counted(number, status) for status, number in counts.items()),
        ],
    )
    return FOUND if counts["problem"] else OK


def _lines(check: Check) -> Iterator[str]:
    yield f"{check.status:<8} {check.name}: {check.text}"
    if check.repair:
        yield f"{'':<8} repair: {check.repair}"


def examine(
    path: str,
    organization: str = "",
    *,
    networks: Mapping[str, Network] | None = None,
    media: str | None = None,
    full: bool = False,
    clock: Clock | None = None,
    driver: Driver | None = None,
    progress: Callable[[int, int], None] | None = None,
    credentials: Credentials | None = None,
    client: httpx.Client | None = None,
) -> Iterator[Check]:
    """
    Check the desk in a file without changing it, and yield the results.

    If the file or the document cannot be read, the remaining checks are omitted.

    Args:
        path: The desk's SQLite file.
        organization: The organization's id, required only if the file contains several
            organizations.
        networks: The networks to check, or None.
        media: The folder with the media; by default the folder beside the file.
        full: Whether to audit the journal and to read all media even if they are large.
        clock: The clock of this machine.
        driver: The driver that verifies the credentials.
        progress: A function that is called with the number of audited events and their total.
        credentials: The stored tokens, with which the built-in networks are checked; or None.
        client: The httpx client for these networks, or None.

    Raises:
        NotFoundError: If there is no such file, or no such organization in it.
        InvalidValueError: If *organization* is required but empty.
    """
    from socialcollab.desk import PROJECTIONS, Desk, media_folder
    from socialcollab.stores import MemoryMedia, SqliteStore
    from socialcollab.transport import Driver

    if not (yield from _file(path)):
        return
    try:
        yield from _journal(path, organization, full=full, progress=progress)
        # A read-only connection guarantees that opening the desk does not rebuild any rows. The
        # media store in memory guarantees that no folder is created.
        uri = f"{Path(path).absolute().as_uri()}?mode=ro"
        with closing(SqliteStore(uri, projections=PROJECTIONS)) as store:
            desk = Desk.open(store, organization=organization, media=MemoryMedia(), clock=clock)
            yield from _document(desk)
            yield from _time_zones(desk)
            yield from _clock(desk)
            yield from _due_work(desk)
            if networks is not None:
                yield from _networks(desk, networks)
                yield from _credentials(desk, networks, driver or Driver(), path)
            if credentials is not None:
                profiles = desk.organization.profiles_by_id
                tokens = StoredTokens(credentials, profiles, client=client)
                usable = yield from _tokens(desk, credentials, path)
                with stored_networks(tokens, media=MemoryMedia(), client=client) as stored:
                    connected = {
                        profile: stored[profiles[profile].network]
                        for profile in usable
                        if profiles[profile].network in stored
                    }
                    yield from _credentials(desk, connected, driver or Driver(), path)
            yield from _connections(desk, path)
            folder = media_folder(path, desk.id) if media is None else Path(media)
            yield from _media(store.for_organization(desk.id), folder, full=full)
    except ExceptionGroup as group:
        for fault in leaves(group):
            yield Check("document", "problem", str(fault), _OLDER_VERSION)
    except StaleProjectionError as error:
        yield Check("journal", "problem", str(error), f"run `socialcollab reindex {path}`")
    except CorruptJournalError as error:
        yield Check("journal", "problem", str(error), _RESTORE)
    except StoreError as error:
        yield Check("file", "problem", str(error), _MAKE_WRITABLE)


def _file(path: str) -> Generator[Check, None, bool]:
    """Check the file, and return whether the desk in it can be read without a migration."""
    from socialcollab.stores import inspect_file

    check_no_document(path)
    if not Path(path).is_file():
        raise NotFoundError("desk", path, suggestion="create it with `Desk.create`")
    try:
        report = inspect_file(path)
    except NewerVersionError as error:
        yield Check("file", "problem", str(error), "upgrade the package `socialcollab`")
        return False
    except CorruptJournalError as error:
        yield Check("file", "problem", str(error), _RESTORE)
        return False
    except StoreError as error:
        yield Check("file", "problem", str(error), _MAKE_WRITABLE)
        return False
    if report.unwritable:
        yield Check("file", "problem", report.unwritable, _MAKE_WRITABLE)
    if report.faults:
        yield Check("file", "problem", f"`{path}` is damaged: {_some(report.faults)}", _RESTORE)
    if not report.unwritable and not report.faults:
        yield Check("file", "ok", f"`{path}` is intact and writable")
    if report.schema < report.current_schema:
        yield Check(
            "migrations",
            "warning",
            f"the tables have schema {report.schema}, but this version of the library uses schema"
            f" {report.current_schema}; the desk is checked only after the migration",
            "back up the file, and migrate it by opening it, for example with `socialcollab audit"
            f" {path}`",
        )
        return False
    yield Check("migrations", "ok", "there are no pending migrations")
    return True


def _journal(
    path: str,
    organization: str,
    *,
    full: bool,
    progress: Callable[[int, int], None] | None,
) -> Iterator[Check]:
    from socialcollab.desk import audit_file

    size = Path(path).stat().st_size
    if size > _QUICKLY_AUDITED_BYTES and not full:
        text = f"the journal was not audited, because the file has {size / 1e6:,.0f} MB"
        yield Check("journal", "ok", f"{text}; pass --full to audit it")
        return
    report = audit_file(path, organization=organization, progress=progress)
    if report.clean:
        yield Check("journal", "ok", f"the audit of {counted(report.events, 'event')} is clean")
        return
    yield Check(
        "journal",
        "problem",
        f"the audit found {counted(len(report.findings), 'problem')}:"
        f" {_some([str(finding) for finding in report.findings])}",
        f"run `socialcollab audit {path}`; if an event is damaged, restore a backup; otherwise, run"
        f" `socialcollab reindex {path}`",
    )


def _document(desk: Desk) -> Iterator[Check]:
    organization = desk.organization
    at = desk.engine.now()
    failed = [str(expectation) for expectation in organization.check(at)]
    warnings = warnings_of(organization, at)
    for expectation in failed:
        yield Check(
            "document",
            "problem",
            f"expectation fails: {expectation}",
            "correct the grants or the expectation in the document, and adopt it",
        )
    for warning in warnings:
        yield Check("document", "warning", warning, "correct the document, and adopt it")
    if not failed and not warnings:
        yield Check("document", "ok", f"the document of `{organization.id}` is valid")


def _time_zones(desk: Desk) -> Iterator[Check]:
    from socialcollab.time import tzdata_version

    # If this machine's clock is behind, the desk may not have existed at its current time.
    at = max(desk.engine.now(), desk.last_event_at() or desk.engine.now())
    ours, journals = tzdata_version(), desk.as_of(at).tzdata
    name = "time zone data"
    if ours == journals:
        yield Check(name, "ok", f"this machine and the journal use version {ours}")
    elif ours < journals:
        yield Check(
            name,
            "problem",
            f"this machine has version {ours}, which is older than version {journals} of the"
            " journal; a worker on this machine does not reevaluate posts",
            "run `pip install --upgrade tzdata`",
        )
    else:
        yield Check(
            name,
            "warning",
            f"this machine has version {ours}, but the planned times were computed with version"
            f" {journals}",
            "install the same version of `tzdata` on all machines; the next run of a worker computes"
            " the times again",
        )


def _clock(desk: Desk) -> Iterator[Check]:
    last, now = desk.last_event_at(), desk.engine.now()
    if last is None or last <= now + _CLOCK_SKEW:
        yield Check("clock", "ok", f"the clock shows {_utc(now)}, which is after the latest event")
        return
    yield Check(
        "clock",
        "problem",
        f"the clock shows {_utc(now)}, but the latest event was recorded at {_utc(last)}, so either"
        " this clock is behind, or the clock of the machine that recorded the event was ahead",
        "synchronize the clocks of all machines, for example with `timedatectl set-ntp true`",
    )


def _due_work(desk: Desk) -> Iterator[Check]:
    late = desk.due_work(before=desk.engine.now() - _OVERDUE)
    stuck = [work for work in late if work.waits_for_member]
    undone = [work for work in late if not work.waits_for_member]
    if undone:
        yield Check(
            "due work",
            "problem",
            f"{_pieces(undone)} not been done for more than an hour, the first since"
            f" {_utc(undone[0].at)}: {_some([name_of_stream(desk, work.stream) for work in undone])}",
            "start `socialcollab worker`; if a worker is running, read the problems that it prints",
        )
    if stuck:
        yield Check(
            "due work",
            "warning",
            f"{_pieces(stuck)} been waiting for a member for more than an hour:"
            f" {_some([name_of_stream(desk, work.stream) for work in stuck])}",
            "a member must sign in to the network, end a hold, or resolve the delivery; see"
            " `socialcollab to-do`",
        )
    if not late:
        yield Check("due work", "ok", "no work has been due for more than an hour")


def _pieces(works: Sequence[DueWork]) -> str:
    return "1 piece of due work has" if len(works) == 1 else f"{len(works)} pieces of due work have"


def _connect(profile: str, path: str) -> str:
    """Return the repair that connects a profile."""
    return f"run `socialcollab connect {profile} {path} --member MEMBER`"


def _tokens(
    desk: Desk, credentials: Credentials, path: str
) -> Generator[Check, None, tuple[str, ...]]:
    """
    Check that each profile has a token, and that the token does not expire soon.

    Returns:
        The profiles whose token can be verified.
    """
    usable = []
    now = desk.engine.now()
    for profile in desk.organization.profiles:
        if profile.network not in CONNECTABLE_NETWORKS:
            yield Check(
                "networks",
                "problem",
                f"there is no network for profile `{profile.id}` on `{profile.network}`",
                "pass all networks, including your own, with --networks",
            )
            continue
        name = f"token of `{profile.id}`"
        connect = _connect(profile.id, path)
        try:
            token = credentials.read(profile.id)
        except SocialCollabError as error:
            repair = (
                f"set `{KEY_VARIABLE}` to the key with which the token was stored, or {connect}"
            )
            yield Check(name, "problem", str(error), repair)
            continue
        if token is None:
            if isinstance(credentials, TokenSources) and credentials.is_file_of_tokens:
                text = credentials.missing(profile.id)
                yield Check(name, "problem", text, "add the token to the file")
            else:
                yield Check(name, "problem", f"`{profile.id}` is not connected", connect)
            continue
        usable.append(profile.id)
        expires_at = lasts_until(profile, token)
        if expires_at is None:
            yield Check(name, "ok", "there is a token, which does not expire or is renewed")
        elif expires_at <= now:
            yield Check(name, "problem", f"the token expired at {_utc(expires_at)}", connect)
        elif expires_at <= now + _EXPIRES_SOON:
            yield Check(name, "warning", f"the token expires at {_utc(expires_at)}", connect)
        else:
            yield Check(name, "ok", f"the token expires at {_utc(expires_at)}")
    return tuple(usable)


def _connections(desk: Desk, path: str) -> Iterator[Check]:
    """Show who has connected each profile, with the scopes and the expiry."""
    now = desk.engine.now()
    for connection in desk.connections():
        name = f"connection of `{connection.profile}`"
        scopes = f" with {', '.join(connection.scopes)}" if connection.scopes else ""
        text = (
            f"`{connection.by}` connected `{connection.account}` on {_utc(connection.at)}{scopes}"
        )
        repair = _connect(connection.profile, path)
        expires_at = connection.expires_at
        if expires_at is None:
            yield Check(name, "ok", text)
        elif expires_at <= now:
            yield Check(name, "problem", f"{text}; it expired at {_utc(expires_at)}", repair)
        elif expires_at <= now + _EXPIRES_SOON:
            yield Check(name, "warning", f"{text}; it expires at {_utc(expires_at)}", repair)
        else:
            yield Check(name, "ok", f"{text}; it expires at {_utc(expires_at)}")


def _networks(desk: Desk, networks: Mapping[str, Network]) -> Iterator[Check]:
    profiles = desk.organization.profiles
    missing = [profile for profile in profiles if _network_of(profile, networks) is None]
    for profile in missing:
        yield Check(
            "networks",
            "problem",
            f"there is no network for profile `{profile.id}` on `{profile.network}`",
            f"add `{profile.network}` to the networks",
        )
    known = {"*", *(name for profile in profiles for name in (profile.id, profile.network))}
    unused = [name for name in networks if name not in known]
    for name in unused:
        yield Check(
            "networks",
            "warning",
            f"the networks contain `{name}`, but no profile has that id or network",
            "correct the name, or remove it",
        )
    if not missing and not unused:
        yield Check(
            "networks", "ok", f"{counted(len(profiles), 'profile')} of the desk can publish"
        )


def _network_of(profile: Profile, networks: Mapping[str, Network]) -> Network | None:
    from socialcollab.desk import network_for

    try:
        return network_for(profile, networks)
    except InvalidValueError:
        return None


def _credentials(
    desk: Desk, networks: Mapping[str, Network], driver: Driver, path: str
) -> Iterator[Check]:
    for profile in desk.organization.profiles:
        network = _network_of(profile, networks)
        if network is not None:
            yield _verified(profile, network, driver, path)


def _verified(profile: Profile, network: Network, driver: Driver, path: str) -> Check:
    """Verify the credentials of a profile, without publishing anything."""
    name = f"credentials of `{profile.id}`"
    try:
        account = driver.run(
            network.adapter(profile).verify_credentials(), transport=network.transport(profile)
        )
    except AuthenticationError as error:
        repair = "replace the credentials where they are stored"
        if profile.network in CONNECTABLE_NETWORKS:
            repair = f"{_connect(profile.id, path)}, or {repair}"
        return Check(name, "problem", str(error), repair)
    except (TransientError, RateLimitedError, OutcomeUnknownError) as error:
        return Check(
            name,
            "warning",
            f"the credentials could not be verified: {error}",
            f"check the connection of this machine to {profile.network}, and try again later",
        )
    except SocialCollabError as error:
        return Check(
            name, "problem", str(error), "correct the profile in the document, or the credentials"
        )
    except Exception as error:  # noqa: BLE001  a broken adapter must not end the other checks
        return Check(
            name,
            "problem",
            f"the adapter failed with {type(error).__name__}: {error}",
            "report the error to the author of the adapter",
        )
    return Check(name, "ok", f"signed in to {profile.network} as `{account}`")


def _media(journal: BoundStore, folder: Path, *, full: bool) -> Iterator[Check]:
    from socialcollab.stores import FolderMedia

    digests = _digests(journal, full=full)
    if not digests:
        yield Check("media", "ok", "no post has media")
        return
    restore = "restore the folder from a backup, or specify another folder with --media"
    if not folder.is_dir():
        text = f"the media folder `{folder}` does not exist, but there are posts with media"
        yield Check("media", "problem", text, restore)
        return
    media = FolderMedia(folder)
    problems = []
    for digest in digests:
        try:
            media.open(digest).close()
        except (NotFoundError, StoreError) as error:
            problems.append(str(error))
    if problems:
        text = f"{len(problems)} of {len(digests)} media files in `{folder}` cannot be read"
        yield Check("media", "problem", f"{text}: {_some(problems)}", restore)
    else:
        yield Check("media", "ok", f"{counted(len(digests), 'file')} in `{folder}` can be read")


def _digests(journal: BoundStore, *, full: bool) -> list[str]:
    """Return the digests of the media of all posts, or of a sample."""
    digests: dict[str, None] = {}
    last = None
    while full or not digests:
        rows = journal.query("media", after=last, limit=1000 if full else _MEDIA_SAMPLE)
        digests |= dict.fromkeys(str(row.columns["digest"]) for row in rows)
        if not rows:
            break
        last = rows[-1]
    return list(digests)


def _some(texts: Sequence[str]) -> str:
    """Return the first texts, and the number of omitted texts."""
    more = f"; and {len(texts) - _LISTED} more" if len(texts) > _LISTED else ""
    return "; ".join(texts[:_LISTED]) + more


def _utc(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
