"""The matrix of a relation engine, as far as grants, forbids and teams can say it, answered alike."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest

from socialcollab.directory import Profile, Team
from socialcollab.errors import InvalidValueError
from socialcollab.permissions import Access, Forbid, Grant

NOW = dt.datetime(2026, 4, 7, tzinfo=dt.UTC)
UNSAID = {
    "relations that come along another object": 23,
    "conditions on what a request brings along": 12,
    "both of two relations at once": 8,
    "an exclusion within another": 5,
    "tuples that a request brings along": 3,
    "sets of users that hold each other in a circle": 3,
}


class CannotBeSaidError(Exception):
    """What a model asks and roles with scopes have no word for."""


def name(word: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")


def everyone(user: str) -> str:
    """The team of all users of a type."""
    return f"everyone-{name(user.split(':', maxsplit=1)[0])}"


@attrs.frozen
class Relation:
    """The relations whose own tuples give one, and those whose tuples take it away."""

    gives: frozenset[str]
    bars: frozenset[str] = frozenset()


@attrs.define
class Model:
    """The relations of each type, as far as they are unions, or one union but not another."""

    written: dict[tuple[str, str], str]

    @classmethod
    def of(cls, text: str) -> Model:
        written: dict[tuple[str, str], str] = {}
        here = ""
        for line in text.splitlines():
            words = line.split("#")[0] if line.strip().startswith("#") else line
            if found := re.match(r"\s*type (\S+)", words):
                here = found[1]
            elif found := re.match(r"\s*define (\S+):\s*(.+)", words):
                written[here, found[1]] = found[2].strip()
            elif re.match(r"\s*condition ", words):
                raise CannotBeSaidError("conditions on what a request brings along")
        return cls(written)

    def relation(self, kind: str, relation: str) -> Relation:
        text = self.written[kind, relation]
        if re.search(r" and ", text):
            raise CannotBeSaidError("both of two relations at once")
        if re.search(r" with ", text):
            raise CannotBeSaidError("conditions on what a request brings along")
        if " from " in text:
            raise CannotBeSaidError("relations that come along another object")
        plain, _, excluded = text.replace("(", "").replace(")", "").partition(" but not ")
        if " but not " in excluded:
            raise CannotBeSaidError("an exclusion within another")
        gives = frozenset(self._bases(kind, relation, plain, ()))
        bars = frozenset(self._bases(kind, relation, excluded, ())) if excluded else frozenset()
        return Relation(gives, bars)

    def takes(self, line: dict) -> bool:
        """Tell whether a tuple is of the types that its relation is written to take."""
        kind, user = line["object"].split(":")[0], line["user"]
        text = self.written.get((kind, line["relation"]), "")
        known = re.search(r"\[([^\]]*)\]", text)
        shape = user if user.endswith(":*") else re.sub(r":[^#]*", "", user)
        return known is not None and shape in {one.strip() for one in known[1].split(",")}

    def _bases(self, kind: str, relation: str, text: str, seen: tuple[str, ...]) -> Iterator[str]:
        for part in re.split(r" or (?![^\[]*\])", text):
            word = part.strip()
            if word.startswith("["):
                yield relation
            elif word in seen:
                continue
            else:
                inner = self.written[kind, word]
                if "but not" in inner or " and " in inner or " from " in inner:
                    raise CannotBeSaidError("an exclusion within another")
                yield from self._bases(kind, word, inner, (*seen, word))


@attrs.define
class Said:
    """A stage in our words."""

    model: Model
    tuples: list[dict]

    def party(self, user: str) -> str:
        if user.endswith(":*"):
            return f"team:{everyone(user)}"
        return f"team:{name(user)}" if "#" in user else f"member:{name(user)}"

    def teams(self, asked: set[str]) -> list[Team]:
        """A team for each set of users that a tuple names, and for everybody of a type."""
        found: dict[str, Team] = {}
        waiting = {one["user"] for one in self.tuples if "#" in one["user"]}
        while waiting:
            user = waiting.pop()
            thing, relation = user.split("#")
            kind = thing.split(":")[0]
            wanted = self.model.relation(kind, relation)
            if wanted.bars:
                raise CannotBeSaidError("an exclusion within another")
            own = [
                one["user"]
                for one in self.tuples
                if one["object"] == thing and one["relation"] in wanted.gives
            ]
            found[name(user)] = Team(
                id=name(user),
                members=[name(one) for one in own if "#" not in one and not one.endswith(":*")],
                includes=[name(one) for one in own if "#" in one]
                + [everyone(one) for one in own if one.endswith(":*")],
            )
            waiting |= {one for one in own if "#" in one and name(one) not in found}
        kinds = {one.split(":")[0] for one in (*asked, *(one["user"] for one in self.tuples))}
        whole = [
            Team(
                id=everyone(kind),
                members=sorted(name(one) for one in asked if one.split(":")[0] == kind),
            )
            for kind in sorted(kinds)
        ]
        return [*whole, *found.values()]

    def access(self, asked: set[str], objects: set[str]) -> Access:
        grants, forbids = [], []
        permissions: set[str] = set()
        for kind, relation in self.model.written:
            permissions.add(f"{name(kind)}.{name(relation)}")
        relations = {key: self.model.relation(*key) for key in self.model.written}
        for one in self.tuples:
            kind = one["object"].split(":")[0]
            for key, relation in relations.items():
                if key[0] != kind:
                    continue
                line = {
                    "to": self.party(one["user"]),
                    "permissions": [f"{name(kind)}.{name(key[1])}"],
                    "on": name(one["object"]),
                }
                if one["relation"] in relation.gives:
                    grants.append(Grant(**line))
                if one["relation"] in relation.bars:
                    forbids.append(Forbid(**line))
        return Access.of(
            members=sorted({name(one) for one in asked}),
            profiles=[
                Profile(id=name(one), workspace="things", network="x") for one in sorted(objects)
            ],
            teams=self.teams(asked),
            custom_permissions=sorted(permissions),
            grants=grants,
            forbids=forbids,
        )


def answers(case: dict) -> Iterator[tuple[bool, bool, object]]:
    """Yield for each question of a case what is expected, and what we answer."""
    tuples: list[dict] = []
    model: Model | None = None
    for stage in case["stages"]:
        if stage.get("model"):
            model = Model.of(stage["model"])
        tuples = [*tuples, *(stage.get("tuples") or [])]
        assert model is not None
        checks = stage.get("checkAssertions") or []
        if any(one.get("contextualTuples") or one.get("context") for one in checks):
            raise CannotBeSaidError("tuples that a request brings along")
        if any(one.get("condition") for one in tuples):
            raise CannotBeSaidError("conditions on what a request brings along")
        checks = [one for one in checks if "expectation" in one and one.get("tuple")]
        asked = {one["tuple"]["user"] for one in checks}
        if any("#" in one or one.endswith(":*") for one in asked):
            raise CannotBeSaidError("questions about a set of users")
        people = {*asked, *(one["user"] for one in tuples if "#" not in one["user"])}
        people = {one for one in people if not one.endswith(":*")}
        objects = {one["object"] for one in tuples} | {one["tuple"]["object"] for one in checks}
        counting = [one for one in tuples if model.takes(one)]
        try:
            access = Said(model, counting).access(people, objects)
        except InvalidValueError as error:
            if "in a circle" not in str(error):
                raise
            raise CannotBeSaidError("sets of users that hold each other in a circle") from error
        for one in checks:
            said = one["tuple"]
            kind = said["object"].split(":")[0]
            if (kind, said["relation"]) not in model.written:
                raise CannotBeSaidError("questions about a relation that does not exist")
            found = access.allows(
                name(said["user"]),
                f"{name(kind)}.{name(said['relation'])}",
                name(said["object"]),
                at=NOW,
            )
            yield bool(one["expectation"]), found, one


@pytest.fixture
def cases(shared_data: Callable[[str], Path]) -> list[dict]:
    path = shared_data("authz-openfga-core") / "cases.jsonl"
    return [json.loads(one) for one in path.read_text(encoding="utf-8").splitlines()]


def test_every_case_that_can_be_said_is_answered_alike(cases) -> None:
    unsaid: Counter[str] = Counter()
    said = asked = 0
    for case in cases:
        try:
            found = list(answers(case))
        except CannotBeSaidError as why:
            unsaid[str(why)] += 1
            continue
        said += 1
        asked += len(found)
        for expected, answer, question in found:
            assert expected == answer, (case["id"], question)
    assert UNSAID == unsaid
    assert (27, 50) == (said, asked)
