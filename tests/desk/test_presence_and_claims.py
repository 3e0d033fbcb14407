"""Presence and claims at the desk: shown to members who may view the item, and hard if configured."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from tests.desk.agency import DOCUMENT, PLANNED

from socialcollab.desk import Desk
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.organization import Organization

SECOND = dt.timedelta(seconds=1)
START = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)
HARD = DOCUMENT.replace(
    'timezone = "Europe/Amsterdam"\n', 'timezone = "Europe/Amsterdam"\nclaims = "hard"\n', 1
)


class Clock:
    """A real clock that tests set."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> dt.datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


def opened(path: Path, clock: Clock, document: str = DOCUMENT) -> Desk:
    if path.exists():
        return Desk.open(path, clock=clock, real_clock=clock)
    organization = Organization.loads(document)
    return Desk.create(path, organization, owner="eva", clock=clock, real_clock=clock)


@pytest.fixture
def desk(path: Path, clock: Clock):
    with opened(path, clock) as desk:
        yield desk


def states(present) -> list[tuple[str, str, int]]:
    return [(one.member, one.state, one.devices) for one in present]


def test_two_desks_on_one_file(desk, path: Path, clock: Clock) -> None:
    """Two processes on one file see each other's members and claims."""
    ana = desk.acting_as("ana")
    post = ana.draft("een", profiles=["tulip-x"])
    with opened(path, clock) as other:
        ben = other.acting_as("ben")
        assert states(ben.seen(post, "typing", device="laptop")) == []
        assert states(ana.presence(post)) == [("ben", "typing", 1)]
        assert ben.claim(post)
        refused = ana.claim(post.id)
        assert not refused
        assert refused.claim.holder == "ben"
        assert "`ben` is working on" in refused.verdict.explain()


def test_devices_and_hidden_tabs(desk, clock: Clock) -> None:
    """A member with two devices appears once; a hidden tab stays longer than a visible one."""
    ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
    post = ana.draft("een", profiles=["tulip-x"])
    ben.seen(post, device="phone", hidden=True)
    ben.seen(post, "typing", device="laptop")
    assert states(ana.presence(post)) == [("ben", "typing", 2)]
    ben.left(post, device="laptop")
    assert states(ana.presence(post)) == [("ben", "idle", 1)]
    clock.at += 60 * SECOND
    assert states(ana.presence(post)) == [("ben", "idle", 1)]
    clock.at += dt.timedelta(minutes=15)
    assert ana.presence(post) == ()


def test_clock_set_back(desk, clock: Clock) -> None:
    """Signals of the future are not shown, and the page's next signal counts."""
    ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
    post = ana.draft("een", profiles=["tulip-x"])
    ben.seen(post, "typing")
    clock.at -= dt.timedelta(hours=1)
    assert ana.presence(post) == ()
    ben.seen(post)
    assert states(ana.presence(post)) == [("ben", "viewing", 1)]


def test_many_devices(desk, clock: Clock) -> None:
    """A page that invents devices does not fill the store."""
    ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
    post = ana.draft("een", profiles=["tulip-x"])
    for number in range(30):
        clock.at += dt.timedelta(milliseconds=1)
        ben.seen(post, device=str(number))
    assert states(ana.presence(post)) == [("ben", "viewing", 20)]


def test_only_viewers_see_and_are_seen(desk, clock: Clock) -> None:
    """A member of another workspace gets the error of a missing post, whatever they call."""
    ana, tom = desk.acting_as("ana"), desk.acting_as("tom")
    post = ana.draft("een", profiles=["tulip-x"])
    ana.seen(post)
    for refused in (
        lambda: tom.presence(post.id),
        lambda: tom.seen(post.id),
        lambda: tom.claim(f"request/{post.id}"),
        lambda: tom.current_claim(post.id),
        lambda: tom.take_over_claim(post.id, reason="x"),
        lambda: tom.presence("conversation/7", workspace="tulip"),
    ):
        with pytest.raises(NotFoundError):
            refused()
    assert tom.left(post.id) is None


def test_lost_permission_and_offboarding(desk, clock: Clock) -> None:
    """A member whose permission has ended, or who was offboarded, is neither shown nor sees."""
    ana, eva, noor = (desk.acting_as(name) for name in ("ana", "eva", "noor"))
    post = ana.submit(ana.draft("een", profiles=["tulip-x"], planned_at=PLANNED))
    clock.at = dt.datetime(2026, 4, 4, 21, 59, 50, tzinfo=dt.UTC)
    noor.seen(post)
    ben = desk.acting_as("ben")
    ben.seen(post)
    assert [one.member for one in ana.presence(post)] == ["ben", "noor"]
    clock.at += 20 * SECOND
    assert [one.member for one in ana.presence(post)] == ["ben"]
    with pytest.raises(NotFoundError):
        noor.presence(post.id)
    assert ben.claim(post)
    eva.offboard("ben", reason="left", reassign_to=eva_successors(desk))
    assert ana.presence(post) == ()
    assert ana.current_claim(post) is None
    assert ana.claim(post).claim.token == 2
    with pytest.raises(NotFoundError):
        ben.seen(post.id)


def eva_successors(desk: Desk) -> dict[str, str]:
    return {
        item.place: "eva" for item in desk.offboarding_plan("ben").items if item.needs_successor
    }


def test_conversations(desk) -> None:
    """A conversation belongs to a workspace; the same name elsewhere is another conversation."""
    ana, ben, tom = (desk.acting_as(name) for name in ("ana", "ben", "tom"))
    ben.seen("conversation/7", workspace="tulip")
    tom.seen("conversation/7", workspace="dike")
    assert states(ana.presence("conversation/7", workspace="tulip")) == [("ben", "viewing", 1)]


def test_claim_is_renewed_released_and_taken_over(desk, clock: Clock) -> None:
    """The fencing token grows with each holder; only the holder of the token renews or releases."""
    ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
    post = ana.draft("een", profiles=["tulip-x"])
    first = ben.claim(post).claim
    clock.at += 60 * SECOND
    assert ben.renew_claim(post, token=first.token).claim.until == clock.at + 300 * SECOND
    taken = ana.take_over_claim(post, reason="the customer waits").claim
    assert (taken.holder, taken.taken_from, taken.reason, taken.token) == (
        "ana",
        "ben",
        "the customer waits",
        first.token + 1,
    )
    [audited] = [each for each in desk.history(post) if each.data.TYPE == "post.claim_taken_over"]
    assert (audited.actor, audited.data.holder, audited.data.reason) == (
        "member:ana",
        "ben",
        "the customer waits",
    )
    assert desk.audit()
    assert not ben.renew_claim(post, token=first.token)
    ben.release_claim(post, token=first.token)
    assert ben.current_claim(post) == taken
    ana.release_claim(post, token=taken.token)
    assert ben.current_claim(post) is None
    assert ben.claim(post).claim.token == taken.token + 1
    clock.at += 301 * SECOND
    assert ana.claim(post)


def test_advisory_claim_stops_nothing(desk) -> None:
    """By default, another member's claim does not stop an edit."""
    ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
    post = ana.draft("een", profiles=["tulip-x"])
    ben.claim(post)
    assert ana.edit(post, text="twee").text == "twee"


def test_hard_claim(path: Path, clock: Clock) -> None:
    """With hard claims, another member's commands are refused with a verdict until it ends."""
    with opened(path, clock, HARD) as desk:
        ana, ben, eva = (desk.acting_as(name) for name in ("ana", "ben", "eva"))
        post = ana.draft("een", profiles=["tulip-x"], planned_at=PLANNED, external_id="lente")
        assert ben.claim(post)
        for refused in (
            lambda: ana.edit(post, text="twee"),
            lambda: ana.submit(post),
            lambda: ana.reschedule(post, "2026-04-08 09:30"),
        ):
            with pytest.raises(NotAllowedError, match="`ben` is working on `lente`") as caught:
                refused()
        assert "`ben` werkt aan `lente`" in caught.value.verdict.explain(language="nl")
        assert not ana.allowed_actions(post)["edit"]
        claim = ben.current_claim(post)
        ben.release_claim(post, token=claim.token)
        submitted = ana.submit(post)
        assert ben.claim(f"request/{post.id}")
        with pytest.raises(NotAllowedError, match="`ben` is working on"):
            eva.approve(submitted)
        clock.at += 301 * SECOND
        assert eva.approve(submitted).state == "approved"


def test_hard_claim_does_not_leak(path: Path, clock: Clock) -> None:
    """A member who may not edit is refused for that reason, without the holder's name."""
    with opened(path, clock, HARD) as desk:
        ana, ben, noor = (desk.acting_as(name) for name in ("ana", "ben", "noor"))
        post = ana.submit(ana.draft("een", profiles=["tulip-x"], planned_at=PLANNED))
        ben.claim(post)
        with pytest.raises(NotAllowedError) as caught:
            noor.edit(post, text="twee")
        assert "working on" not in str(caught.value)


@pytest.mark.parametrize("device", ["a\nb", "\x00", "x" * 201, 7, None, "\ud800"])
def test_hostile_devices(desk, device: object) -> None:
    """Device ids are strings of limited length without control characters."""
    ana = desk.acting_as("ana")
    post = ana.draft("een", profiles=["tulip-x"])
    with pytest.raises(InvalidValueError, match="device"):
        ana.seen(post, device=device)


@pytest.mark.parametrize("item", ["conversation/a\x1bb", "case/7", "conversation/" + "x" * 300, 7])
def test_hostile_items(desk, item: object) -> None:
    """Item names have a known kind, a limited length and no control characters."""
    with pytest.raises(InvalidValueError):
        desk.acting_as("ana").seen(item, workspace="tulip")


def test_conversation_without_workspace(desk) -> None:
    """The error of a conversation without a workspace says which value is missing."""
    with pytest.raises(InvalidValueError, match="workspace of `conversation/7`"):
        desk.acting_as("ana").presence("conversation/7")


def test_unknown_activity_stores_nothing(desk) -> None:
    """An activity that does not exist is refused."""
    ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
    post = ana.draft("een", profiles=["tulip-x"])
    with pytest.raises(InvalidValueError, match="dancing"):
        ben.seen(post, "dancing")
    assert ana.presence(post) == ()


def test_file_without_presence(desk, path: Path) -> None:
    """A desk that nobody uses for presence creates no file for it."""
    desk.acting_as("ana").presence(desk.acting_as("ana").draft("een", profiles=["tulip-x"]))
    assert not Path(f"{path}-presence").exists()
