"""Invalid values passed to the methods of a desk."""

from __future__ import annotations

import datetime as dt
import inspect
import re
from collections.abc import Iterator

import pytest
from tests.desk.agency import PROFILE, Agency

from socialcollab.desk import Desk, MemberDesk
from socialcollab.errors import InvalidValueError, SocialCollabError
from socialcollab.networks.sandbox import Sandbox
from socialcollab.organization import Organization
from socialcollab.stores import MemoryStore
from socialcollab.time import WallTime
from socialcollab.workflow import commands as cm

ODD = (None, 5, True, "", b"x", [None], {"a": 5}, object(), dt.date(2026, 1, 1), "\ud800", "a\0b")
VALID = {
    "text": "hoi",
    "profile": PROFILE,
    "profiles": [PROFILE],
    "note": "x",
    "code": "SG101",
    "reason": "x",
    "on": PROFILE,
    "until": "2026-06-01",
    "workspace": "tulip",
    "date": "2026-06-01",
    "start": "2026-06-01",
    "end": "2026-06-03",
    "to": "member:ana",
    "rotation": "care",
    "campaign": "spring",
    "member": "tom",
    "network_id": "1",
    "at": "2026-06-01 10:00",
    "role": "writer",
}
# Methods for the host application, and methods that only return their argument.
NOT_TRIED = {"create", "from_template", "open", "run", "run_forever"}


def methods(cls: type) -> list[tuple[type, str, str]]:
    return [
        (cls, name, parameter)
        for name, function in inspect.getmembers(cls, inspect.isfunction)
        if not name.startswith("_") and name not in NOT_TRIED
        for parameter in list(inspect.signature(function).parameters)[1:]
    ]


@pytest.fixture(scope="module")
def agency(tmp_path_factory) -> Iterator[Agency]:
    agency = Agency(tmp_path_factory.mktemp("arguments"), "memory")
    yield agency
    assert agency.desk.audit().clean


@pytest.mark.parametrize(("cls", "name", "odd_parameter"), [*methods(Desk), *methods(MemberDesk)])
@pytest.mark.integration
def test_odd_arguments(agency, cls, name, odd_parameter) -> None:
    """
    If a method raises an error for a value of the wrong type, it is one of the library's errors.

    If the value is not a string, the error names an argument, not an internal field of a command.
    """
    post = agency.desk.acting_as("ana").draft("x", profiles=[PROFILE])
    target = agency.desk if cls is Desk else agency.desk.acting_as("eva")
    valid = {**VALID, "post": post, "organization": agency.organization}
    for odd in ODD:
        positional, named = [], {}
        parameters = inspect.signature(getattr(target, name)).parameters
        for parameter in parameters.values():
            required = parameter.default is parameter.empty
            if parameter.name != odd_parameter and not required:
                continue
            value = odd if parameter.name == odd_parameter else valid.get(parameter.name, "x")
            if parameter.kind is parameter.KEYWORD_ONLY:
                named[parameter.name] = value
            else:
                positional.append(value)
        try:
            getattr(target, name)(*positional, **named)
        except* SocialCollabError as group:
            for error in group.exceptions:
                fields = re.findall(r"`[A-Z]\w+\.(?:\w+\.)*(\w+)", str(error))
                assert isinstance(odd, str) or set(fields) <= {*parameters}


def test_ids_of_deliveries(agency) -> None:
    """A post's id cannot result in delivery ids that collide with those of another post."""
    ana = agency.desk.acting_as("ana")
    post = ana.draft("x", profiles=[PROFILE])
    draft = cm.Draft(
        post=f"{post.id}.{PROFILE}",
        workspace="tulip",
        content=post.content,
        salt=bytes(16),
    )
    with pytest.raises(SocialCollabError, match="contains a dot"):
        ana.do(draft)
    with pytest.raises(SocialCollabError, match="not an identifier"):
        ana.do(cm.Draft(post="A/B", workspace="tulip", content=post.content, salt=bytes(16)))


def test_names_of_arguments(agency) -> None:
    """An error uses the argument name that the caller used."""
    ana, eva = agency.acting("ana", "eva")
    post = ana.draft("x", profiles=[PROFILE])
    with pytest.raises(InvalidValueError, match=r"`at` is `'2026-06-01 10:00'`.*`planned_at`"):
        ana.submit(post, at="2026-06-01 10:00")
    with pytest.raises(InvalidValueError, match="`at` is `5`"):
        ana.submit_all([post], at=5)
    with pytest.raises(InvalidValueError, match="`revision` is `5`"):
        ana.cancel(post, revision=5)
    with pytest.raises(InvalidValueError, match=r"`reassign_to\['teams'\]` is `5`"):
        eva.offboard("ben", reassign_to={"teams": 5}, reason="x")
    with pytest.raises(InvalidValueError, match="`reassign_to` is `5`"):
        eva.offboard("ben", reassign_to=5, reason="x")


@pytest.mark.parametrize("at", ["2251-01-01 00:00", "9999-12-31 23:59"])
def test_far_future(agency, at: str) -> None:
    """A post cannot be planned after 2250, and the error says so."""
    ana = agency.desk.acting_as("ana")
    post = ana.draft("x", profiles=["tulip-x"])
    for plan in (
        lambda: ana.draft("x", profiles=["tulip-x"], planned_at=at),
        lambda: ana.draft("x", profiles=["tulip-x"], times={"tulip-x": at}),
        lambda: ana.edit(post, planned_at=at),
        lambda: ana.reschedule(post, at),
    ):
        with pytest.raises(InvalidValueError, match="after the year 2250"):
            plan()


def test_ambiguous_time(agency) -> None:
    """The error for an ambiguous time names the value that resolves it."""
    ana = agency.desk.acting_as("ana")
    with pytest.raises(InvalidValueError, match="occurs twice") as caught:
        ana.draft("x", profiles=["tulip-x"], planned_at="2026-10-25 02:30")
    shown = 'WallTime(local="2026-10-25 02:30", zone="Europe/Amsterdam", repeated="first")'
    assert shown in str(caught.value)
    at = WallTime(local="2026-10-25 02:30", zone="Europe/Amsterdam", repeated="first")
    assert ana.draft("x", profiles=["tulip-x"], planned_at=at).planned_at == at


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        ([Sandbox], r"the networks are of type `list`, not a mapping"),
        ({"x": Sandbox}, r"the network `x` is the class `Sandbox`, not an instance"),
        ({"x": "geheim-7"}, r"the network `x` is `str`, not an instance of a network"),
    ],
)
def test_odd_networks(networks: object, message: str) -> None:
    """Something else than a network is refused when the desk is opened, without its value."""
    organization = Organization.template("northwind")
    with pytest.raises(InvalidValueError, match=message) as error:
        Desk.create(MemoryStore(), organization, owner="eva", networks=networks)  # type: ignore[arg-type]
    assert "geheim" not in str(error.value)
