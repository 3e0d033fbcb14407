"""The command `doctor`: each check, and the repair of each problem."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.desk.agency import DOCUMENT

from socialcollab.cli import doctor as command
from socialcollab.cli import main
from socialcollab.cli.doctor import Check, examine
from socialcollab.content import Image
from socialcollab.desk import Desk
from socialcollab.errors import (
    AuthenticationError,
    CorruptJournalError,
    FaultError,
    InvalidValueError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    StaleProjectionError,
    StoreUnavailableError,
    TransientError,
)
from socialcollab.networks.sandbox import InjectedFault, Sandbox
from socialcollab.organization import Organization
from socialcollab.stores import SqliteStore
from socialcollab.stores.sqlite import migrations
from socialcollab.stores.sqlite import statements as sql
from socialcollab.transport import Driver

NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@attrs.define
class Place:
    """The file of a desk, and a clock."""

    path: Path
    at: dt.datetime = NOW

    def __call__(self) -> dt.datetime:
        return self.at

    def desk(self, networks: Mapping[str, Any] | None = None) -> Desk:
        return Desk.open(self.path, networks=networks, clock=self, real_clock=self)

    def plan(self, name: str = "W1", **options: Any) -> None:
        """Approve a post that is due in a minute."""
        with self.desk() as desk:
            ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
            options = {"planned_at": self.at + dt.timedelta(minutes=1), **options}
            post = ana.draft(f"Post {name}", profiles=["tulip-x"], external_id=name, **options)
            ben.approve(ana.submit(post))

    def checks(self, name: str, **options: Any) -> list[Check]:
        driver = Driver(sleep=lambda _seconds: None)
        found = list(examine(str(self.path), clock=self, driver=driver, **options))
        return [check for check in found if check.name == name]

    def check(self, name: str, **options: Any) -> Check:
        (only,) = self.checks(name, **options)
        return only


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A desk without posts."""
    place = Place(tmp_path / "agency.db")
    Desk.create(
        place.path, Organization.template("northwind"), owner="eva", clock=place, real_clock=place
    ).close()
    return place


@attrs.define
class Network:
    """A network whose credentials are verified with a given result."""

    result: str | Exception

    def adapter(self, _profile: object) -> Network:
        return self

    def transport(self, _profile: object) -> Any:
        return None

    def close(self) -> None:
        pass

    def verify_credentials(self) -> Iterator[Any]:
        if isinstance(self.result, Exception):
            raise self.result
        return self.result
        yield


def test_healthy(place: Place) -> None:
    """A desk without problems passes all checks, and nothing is changed."""
    place.plan()
    before = {file: file.read_bytes() for file in place.path.parent.rglob("*") if file.is_file()}
    networks = {"*": Network("@tulipair")}
    checks = list(examine(str(place.path), networks=networks, clock=place))
    assert {check.name: check.status for check in checks} == {
        "file": "ok",
        "migrations": "ok",
        "journal": "ok",
        "document": "warning",
        "time zone data": "ok",
        "clock": "ok",
        "due work": "ok",
        "networks": "ok",
        "credentials of `tulip-x`": "ok",
        "credentials of `tulip-mastodon`": "ok",
        "media": "ok",
    }
    assert all(bool(check.repair) == (check.status != "ok") for check in checks)
    assert before == {file: file.read_bytes() for file in before}


def test_command(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command prints each check with its repair; a problem results in exit code 1."""
    assert main(["doctor", str(place.path)]) == 0
    out = capsys.readouterr().out
    assert f"ok       file: `{place.path}` is intact and writable\n" in out
    assert "\n         repair: correct the document, and adopt it\n" in out
    assert out.endswith(
        "networks and credentials were not checked; connect a profile, or pass --networks or"
        " --tokens\n0 problems, 1 warning\n"
    )
    monkeypatch.chdir(place.path.parent)
    monkeypatch.setattr(sys, "path", list(sys.path))
    Path("doctor_networks.py").write_text("networks = {}", encoding="utf-8")
    words = ["doctor", "agency.db", "--networks", "doctor_networks:networks", "--json"]
    assert main(words) == 1
    result = json.loads(capsys.readouterr().out)
    assert (2, 1) == (result["problems"], result["warnings"])
    assert {
        "name": "networks",
        "status": "problem",
        "text": "there is no network for profile `tulip-x` on `x`",
        "repair": "add `x` to the networks",
    } in result["checks"]


def test_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that does not exist is reported as incorrect usage, and is not created."""
    assert main(["doctor", str(tmp_path / "agency.db")]) == 2
    assert "agency.db" in capsys.readouterr().err
    assert [] == list(tmp_path.iterdir())


def test_several_organizations(place: Place) -> None:
    """If a file contains several organizations, one of them must be chosen."""
    Desk.create(SqliteStore(place.path), Organization.template("northwind", id="b"), owner="eva")
    with pytest.raises(InvalidValueError, match="several organizations"):
        list(examine(str(place.path)))
    with pytest.raises(NotFoundError, match="northwnd"):
        list(examine(str(place.path), "northwnd"))
    assert "problem" not in {check.status for check in examine(str(place.path), "b")}


@pytest.mark.parametrize("content", [b"", b"not a database" * 100])
def test_not_a_journal(tmp_path: Path, content: bytes) -> None:
    """A file that contains no journal is a problem, and the other checks are omitted."""
    (tmp_path / "agency.db").write_bytes(content)
    (check,) = examine(str(tmp_path / "agency.db"))
    assert ("file", "problem", "restore a backup") == (check.name, check.status, check.repair)


def test_unwritable(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be written is a problem, but it is checked."""
    monkeypatch.setattr(
        "socialcollab.stores.sqlite.inspection._reason_not_to_write",
        lambda _connection, name: f"store `{name}` is unavailable: it is read-only",
    )
    check = place.check("file")
    assert check.status == "problem"
    assert "it is read-only" in check.text
    assert "permission to write" in check.repair
    assert place.check("journal").status == "ok"


def test_pending_migration(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pending migration is a warning, and the file is not migrated."""
    monkeypatch.setattr(sql, "SCHEMA", "2")
    monkeypatch.setattr(migrations, "STEPS", {1: lambda _connection: None})
    file, check = examine(str(place.path), clock=place)
    assert ("ok", "migrations", "warning") == (file.status, check.name, check.status)
    assert "schema 1, but this version of the library uses schema 2" in check.text
    assert "back up the file" in check.repair
    monkeypatch.undo()
    assert place.check("migrations").status == "ok"


def test_newer_version(place: Place) -> None:
    """A file of a newer version of the library is a problem."""
    _change(place.path, "UPDATE socialcollab_meta SET value = '99' WHERE key = 'schema'")
    (check,) = examine(str(place.path))
    assert "written by a newer version" in check.text
    assert check.repair == "upgrade the package `socialcollab`"


def _change(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_damaged_journal(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Damage that an audit finds is a problem; a large file is audited only with `--full`."""
    place.plan()
    _change(
        place.path,
        "UPDATE socialcollab_events SET actor = 'member:eva' WHERE actor = 'member:ben'",
    )
    check = place.check("journal")
    assert check.status == "problem"
    assert "the audit found" in check.text
    assert f"socialcollab audit {place.path}" in check.repair
    monkeypatch.setattr(command, "_QUICKLY_AUDITED_BYTES", 1)
    assert place.check("journal").status == "ok"
    assert "pass --full to audit it" in place.check("journal").text
    assert place.check("journal", full=True).status == "problem"


def test_expectation(tmp_path: Path) -> None:
    """A failing expectation of the document is a problem."""
    path = tmp_path / "agency.db"
    expectation = '[[expect]]\nmember = "ana"\ncan = "erase"\non = "tulip-x"\n'
    Desk.create(path, Organization.loads(DOCUMENT + expectation), owner="eva").close()
    problems = [check for check in examine(str(path)) if check.status == "problem"]
    assert ["document"] == [check.name for check in problems]
    assert "expectation fails" in problems[0].text


@pytest.mark.parametrize(
    ("error", "name", "repair"),
    [
        (
            ExceptionGroup("faults", [FaultError(place="grants[0]", problem="unknown role")]),
            "document",
            "install the version of the library that adopted the document",
        ),
        (StaleProjectionError("outdated rows"), "journal", "run `socialcollab reindex "),
        (CorruptJournalError("damaged", place="post/p1"), "journal", "restore a backup"),
        (StoreUnavailableError("another process has locked it"), "file", "give the user"),
    ],
)
def test_desk_cannot_be_opened(
    place: Place, monkeypatch: pytest.MonkeyPatch, error: Exception, name: str, repair: str
) -> None:
    """If the desk cannot be opened, the reason is a problem after the results so far."""

    def fail(*_args: object, **_options: object) -> Desk:
        raise error

    monkeypatch.setattr(Desk, "open", fail)
    *earlier, last = examine(str(place.path))
    assert ["file", "migrations", "journal"] == [check.name for check in earlier]
    assert (name, "problem") == (last.name, last.status)
    assert last.repair.startswith(repair)


@pytest.mark.parametrize(
    ("ours", "status", "repair"),
    [
        ("2001a", "problem", "run `pip install --upgrade tzdata`"),
        ("2999z", "warning", "install the same version of `tzdata` on all machines"),
    ],
)
def test_time_zone_data(
    place: Place, monkeypatch: pytest.MonkeyPatch, ours: str, status: str, repair: str
) -> None:
    """Time zone data that are older than the journal's are a problem; newer data are a warning."""
    monkeypatch.setattr("socialcollab.time.tzdata_version", lambda: ours)
    check = place.check("time zone data")
    assert check.status == status
    assert check.repair.startswith(repair)


def test_clock_behind(place: Place) -> None:
    """A clock that shows a time before the latest event is a problem."""
    place.at -= dt.timedelta(seconds=50)
    assert place.check("clock").status == "ok"
    place.at -= HOUR
    check = place.check("clock")
    assert check.status == "problem"
    assert "06:29 UTC, but the latest event was recorded at 2026-04-07 07:30 UTC" in check.text
    assert "timedatectl" in check.repair


def test_no_worker(place: Place) -> None:
    """Work that nobody has done for more than an hour is a problem."""
    for number in (1, 2, 3, 4):
        place.plan(f"W{number}")
        place.at += dt.timedelta(seconds=1)
    place.at += HOUR
    assert place.check("due work").status == "ok"
    place.at += dt.timedelta(minutes=2)
    check = place.check("due work")
    assert check.status == "problem"
    assert check.text == (
        "4 pieces of due work have not been done for more than an hour, the first since"
        " 2026-04-07 07:31 UTC: `W1` on `tulip-x`; `W2` on `tulip-x`; `W3` on `tulip-x`; and 1 more"
    )
    assert check.repair.startswith("start `socialcollab worker`")


def test_waiting_for_member(place: Place, tmp_path: Path) -> None:
    """Work that is waiting for a member is a warning, because a worker cannot do it."""
    place.plan("W1")
    faults = [InjectedFault("unauthorized")]
    with Sandbox(tmp_path / "sandbox", clock=place, real_clock=place, faults=faults) as sandbox:
        place.at += dt.timedelta(minutes=2)
        with place.desk({"*": sandbox}) as desk:
            desk.run_due()
        place.plan("W2")
        place.at += HOUR + dt.timedelta(minutes=2)
        with place.desk({"*": sandbox}) as desk:
            desk.run_due()
    check = place.check("due work")
    assert check.status == "warning"
    assert "2 pieces of due work have been waiting for a member" in check.text
    assert "sign in" in check.repair


def test_networks(place: Place) -> None:
    """A profile without a network is a problem, and a name that no profile uses is a warning."""
    networks = {"tulip-x": Network("a"), "mastodn": Network("b")}
    problem, warning = place.checks("networks", networks=networks)
    assert "there is no network for profile `tulip-mastodon` on `mastodon`" == problem.text
    assert "the networks contain `mastodn`, but no profile has that id or network" == warning.text
    assert ("problem", "warning") == (problem.status, warning.status)
    assert [] == place.checks("credentials of `tulip-mastodon`", networks=networks)


@pytest.mark.parametrize(
    ("result", "status", "text", "repair"),
    [
        ("@tulip", "ok", "signed in to x as `@tulip`", ""),
        (
            AuthenticationError("the token has expired"),
            "problem",
            "the token has",
            "run `socialcollab",
        ),
        (TransientError("the server is down"), "warning", "could not be verified: the", "check"),
        (RateLimitedError("too many requests"), "warning", "could not be", "check the connection"),
        (OutcomeUnknownError("no answer"), "warning", "could not be", "check the connection"),
        (InvalidValueError("`a b` is not a server"), "problem", "`a b` is", "correct the profile"),
        (KeyError("name"), "problem", "the adapter failed with KeyError: 'name'", "report"),
    ],
)
@pytest.mark.integration
def test_credentials(
    place: Place, result: str | Exception, status: str, text: str, repair: str
) -> None:
    """The credentials of each profile are verified, and each error has a repair."""
    networks = {"x": Network(result), "mastodon": Network("@tulip")}
    check = place.check("credentials of `tulip-x`", networks=networks)
    assert check.status == status
    assert text in check.text
    assert check.repair.startswith(repair)
    assert place.check("credentials of `tulip-mastodon`", networks=networks).status == "ok"


def test_sandbox_credentials(place: Place, tmp_path: Path) -> None:
    """Credentials that a network refuses are a problem."""
    with Sandbox(tmp_path / "sandbox", faults=[InjectedFault("unauthorized")]) as sandbox:
        check = place.check("credentials of `tulip-x`", networks={"*": sandbox})
    assert check.status == "problem"


@pytest.fixture
def with_image(place: Place) -> Callable[[], Path]:
    """A desk with a post that has an image, and a function that returns the image's file."""
    place.plan(media=[Image.from_bytes(PIXEL, alt="a pixel")])

    def file() -> Path:
        folder = place.path.with_name("agency.db-media") / "northwind"
        (file,) = (each for each in folder.glob("??/*") if each.is_file())
        return file

    return file


def test_media(place: Place, with_image: Callable[[], Path]) -> None:
    """Missing and damaged media are problems; another folder can be specified."""
    assert place.check("media").text.startswith("1 file in `")
    image = with_image()
    image.chmod(0o600)
    image.write_bytes(b"damaged")
    check = place.check("media", full=True)
    assert (check.status, "does not match its digest" in check.text) == ("problem", True)
    image.unlink()
    assert "1 of 1 media files in `" in place.check("media").text
    folder = place.path.with_name("agency.db-media")
    folder.rename(folder.with_name("elsewhere"))
    check = place.check("media")
    assert (check.status, "does not exist" in check.text) == ("problem", True)
    assert "restore the folder from a backup" in check.repair
    assert not folder.exists()


def test_other_media_folder(place: Place, with_image: Callable[[], Path]) -> None:
    """Media in the folder of `--media` are found."""
    folder = with_image().parent.parent
    folder.rename(place.path.with_name("pictures"))
    assert place.check("media").status == "problem"
    check = place.check("media", media=str(place.path.with_name("pictures")))
    assert check.status == "ok"
