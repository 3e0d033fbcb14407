"""Cedar's example policies, expressed as grants, forbids, teams and tags."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from socialcollab.directory import Profile
from socialcollab.permissions import Access, Forbid, Grant

NOW = dt.datetime(2026, 4, 7, tzinfo=dt.UTC)
ACTIONS = ("view", "edit", "delete", "listAlbums", "listPhotos", "comment")
# Each of these depends on the request, such as an address or a score. A host application checks
# such conditions itself before it checks permissions.
NOT_EXPRESSED = {
    "decimal/1": "a score in the request",
    "ip/2": "an address in the request",
    "multi/4": "whether the request is authenticated",
    "multi/5": "whether the request is authenticated",
}


def name(word: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")


def named(uid: Mapping[str, str]) -> str:
    return name(f"{uid['type']} {uid['id']}")


def permission(action: str) -> str:
    return f"photos.{action.lower()}"


class World:
    """The entities: users and groups become members and teams; other entities become profiles."""

    def __init__(self, entities: list[dict]) -> None:
        self.entities = {named(one["uid"]): one for one in entities}
        self.users = sorted(
            key
            for key, one in self.entities.items()
            if one["uid"]["type"] in ("User", "Administrator")
        )
        self.things = sorted(
            key
            for key, one in self.entities.items()
            if one["uid"]["type"] not in ("User", "Administrator", "UserGroup", "Action")
        )

    def around(self, key: str) -> set[str]:
        """Return an entity and everything that contains it."""
        found, waiting = {key}, [key]
        while waiting:
            for parent in self.entities.get(waiting.pop(), {"parents": []})["parents"]:
                if named(parent) not in found:
                    found.add(named(parent))
                    waiting.append(named(parent))
        return found

    def owner(self, thing: str) -> str:
        """Return the owner of the account of a thing, or an empty string."""
        account = self.entities[thing]["attrs"].get("account")
        known = self.entities.get(named(account)) if account else None
        return named(known["attrs"]["owner"]) if known else ""

    def tags(self, thing: str) -> list[str]:
        tags = {f"in-{one}" for one in self.around(thing)}
        owner = self.owner(thing)
        if owner:
            tags.add(f"owned-by-{owner}")
        if self.entities[thing]["attrs"].get("private"):
            tags.add("private")
        return sorted(tags)

    def teams(self) -> dict[str, list[str]]:
        found: dict[str, set[str]] = {"everyone": set(self.users)}
        for user in self.users:
            for group in self.around(user) - {user}:
                found.setdefault(group, set()).add(user)
            department = self.entities[user]["attrs"].get("department")
            if department:
                found.setdefault(f"department-{name(department)}", set()).add(user)
            found[f"all-but-{user}"] = set(self.users) - {user}
        return {team: sorted(who) for team, who in found.items()}

    def access(self, lines: list[Grant | Forbid]) -> Access:
        return Access.of(
            members=self.users,
            profiles=[
                Profile(id=one, workspace="photos", network="x", tags=self.tags(one))
                for one in self.things
            ],
            teams=self.teams(),
            custom_permissions=sorted(map(permission, ACTIONS)),
            grants=[one for one in lines if isinstance(one, Grant)],
            forbids=[one for one in lines if isinstance(one, Forbid)],
        )

    def private_of(self, owner: str) -> list[str]:
        """Return the private things of an owner."""
        return [
            one
            for one in self.things
            if self.owner(one) == owner and self.entities[one]["attrs"].get("private")
        ]

    def owners(self) -> list[str]:
        return sorted({owner for one in self.things if (owner := self.owner(one))})


def to_owners(world: World) -> list[Grant | Forbid]:
    return [
        Grant(
            to=f"member:{owner}",
            permissions="*",
            on={"profile_tag": f"owned-by-{owner}"},
            place="policy0",
        )
        for owner in world.owners()
    ]


def to_departments(world: World) -> list[Grant | Forbid]:
    found: list[Grant | Forbid] = []
    for owner in world.owners():
        department = world.entities[owner]["attrs"]["department"]
        found.append(
            Grant(
                to=f"team:department-{name(department)}",
                permissions=permission("view"),
                on={"profile_tag": f"owned-by-{owner}"},
                place="policy0",
            )
        )
    return found


def to_friends(world: World) -> list[Grant | Forbid]:
    return [
        Grant(
            to="team:usergroup-alice-friends",
            permissions=permission("view"),
            on={"profile_tag": "in-account-alice"},
            place="policy0",
        ),
        *(
            Forbid(
                to=f"team:all-but-{owner}",
                permissions="*",
                on={"profile": world.private_of(owner)},
                place="policy1",
            )
            for owner in world.owners()
            if world.private_of(owner)
        ),
    ]


EXPRESSED: dict[str, Callable[[World], list[Grant | Forbid]]] = {
    "example_use_cases/1a": lambda _: [
        Grant(
            to="member:user-alice",
            permissions=permission("view"),
            on="photo-vacationphoto94-jpg",
            place="policy0",
        )
    ],
    "example_use_cases/3a": lambda _: [
        Grant(
            to="team:everyone",
            permissions=permission("view"),
            on={"profile_tag": "in-album-jane-vacation"},
            place="policy0",
        )
    ],
    "example_use_cases/3b": lambda _: [
        Grant(
            to="member:user-alice",
            permissions=[permission(one) for one in ("listAlbums", "listPhotos", "view")],
            on={"profile_tag": "in-account-jane"},
            place="policy0",
        )
    ],
    "example_use_cases/4d": to_owners,
    "example_use_cases/4e": to_departments,
    "multi/3": to_friends,
}


@pytest.fixture
def folder(shared_data: Callable[[str], Path]) -> Path:
    return shared_data("authz-cedar")


def test_all_policy_sets_listed(folder: Path) -> None:
    """Every policy set is either expressed here or listed with the reason why it is not."""
    found = {str(one.relative_to(folder / "tests"))[:-5] for one in folder.glob("tests/*/*.json")}
    assert found == {*EXPRESSED, *NOT_EXPRESSED}


@pytest.mark.parametrize("case", sorted(EXPRESSED))
def test_decisions(folder: Path, case: str) -> None:
    """Every expressed policy set gives the same decisions, based on the same policies."""
    example = json.loads((folder / "tests" / f"{case}.json").read_text(encoding="utf-8"))
    world = World(json.loads((folder / example["entities"]).read_text(encoding="utf-8")))
    access = world.access(EXPRESSED[case](world))
    assert example["requests"]
    for one in example["requests"]:
        verdict = access.check(
            named(one["principal"]),
            permission(one["action"]["id"]),
            named(one["resource"]),
            at=NOW,
        )
        assert (one["decision"] == "allow") == bool(verdict), one
        rules = {reason["rule"] for reason in verdict.reasons}
        if verdict:
            assert rules
            assert rules <= set(one["reason"]), one
        else:
            assert rules == set(one["reason"]), one


def test_count(folder: Path) -> None:
    """The expressed policy sets contain 23 of the 34 requests."""

    def requests(case: str) -> int:
        text = (folder / "tests" / f"{case}.json").read_text(encoding="utf-8")
        return len(json.loads(text)["requests"])

    assert (23, 11) == (sum(map(requests, EXPRESSED)), sum(map(requests, NOT_EXPRESSED)))
