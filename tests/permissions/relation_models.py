"""
Express OpenFGA relations as grants, forbids and teams, as far as possible.

A set of users that a tuple names becomes a team. A relation through another object becomes a tag:
each object has a tag for every parent object whose relations apply to it. An exclusion becomes a
forbid, and a tuple with a time limit becomes a grant with an end.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from socialcollab.directory import Profile, Team
from socialcollab.errors import InvalidValueError
from socialcollab.permissions import Access, Forbid, Grant

__all__ = ["Model", "NotExpressibleError", "Tuple", "access_of", "name", "permission"]

_TOKEN = re.compile(r"\[[^\]]*\]|\(|\)|[^\s()\[\]]+")
_TIMED = re.compile(
    r"condition (\w+)\([^)]*\)\s*\{\s*current_time < grant_time \+ grant_duration\s*\}"
)


class NotExpressibleError(Exception):
    """Grants, forbids and teams cannot express the model."""


def name(word: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")


def permission(kind: str, relation: str) -> str:
    return f"{name(kind).replace('-', '_')}.{name(relation).replace('-', '_')}"


def everyone(user: str) -> str:
    """Return the team of all users of a type."""
    return f"everyone-{name(user.split(':', maxsplit=1)[0])}"


@attrs.frozen
class Tuple:
    """A tuple, which may be valid only until an instant."""

    user: str
    relation: str
    object: str
    until: dt.datetime | None = None

    @property
    def kind(self) -> str:
        return self.object.split(":")[0]


@attrs.frozen
class This:
    """The tuples of the relation itself."""

    types: frozenset[str]


@attrs.frozen
class Computed:
    """Another relation of the same object."""

    relation: str


@attrs.frozen
class Along:
    """A relation of the objects that a tuple leads to."""

    relation: str
    tupleset: str


@attrs.frozen
class Joined:
    """Relations combined with "or", "and" or "but not"."""

    word: str
    parts: tuple[Any, ...]


def parse(text: str) -> Any:
    tokens = _TOKEN.findall(text)
    tree, rest = _expression(tokens)
    assert not rest, text
    return tree


def _expression(tokens: list[str]) -> tuple[Any, list[str]]:
    first, tokens = _operand(tokens)
    parts, word = [first], ""
    while tokens and tokens[0] != ")":
        said = "but not" if tokens[0] == "but" else tokens[0]
        tokens = tokens[2 if said == "but not" else 1 :]
        assert said in ("or", "and", "but not")
        assert word in ("", said), "a model has to use parentheses"
        word = said
        part, tokens = _operand(tokens)
        parts.append(part)
    return (Joined(word, tuple(parts)) if word else first), tokens


def _operand(tokens: list[str]) -> tuple[Any, list[str]]:
    token, tokens = tokens[0], tokens[1:]
    if token == "(":
        tree, tokens = _expression(tokens)
        assert tokens[0] == ")"
        return tree, tokens[1:]
    if token.startswith("["):
        return This(frozenset(one.strip() for one in token[1:-1].split(","))), tokens
    if tokens and tokens[0] == "from":
        return Along(token, tokens[1]), tokens[2:]
    return Computed(token), tokens


@attrs.frozen
class Sources:
    """The tuples that give a relation of an object, and the tuples that exclude users from it."""

    gives: frozenset[tuple[str, str]] = frozenset()
    excludes: frozenset[tuple[str, str]] = frozenset()


@attrs.define
class Model:
    """The relations of each type, and the conditions, which can only limit the time."""

    relations: dict[tuple[str, str], Any]
    timed: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Model:
        timed = frozenset(_TIMED.findall(text))
        if set(re.findall(r"^\s*condition (\w+)", text, re.MULTILINE)) - timed:
            raise NotExpressibleError("conditions on the request")
        relations: dict[tuple[str, str], Any] = {}
        here = ""
        for line in text.splitlines():
            words = re.sub(r"(^|\s)#.*", "", line)
            if found := re.match(r"\s*type (\S+)", words):
                here = found[1]
            elif found := re.match(r"\s*define (\S+)\s*:\s*(.+)", words):
                relations[here, found[1]] = parse(found[2].strip())
        return cls(relations, timed)

    def takes(self, one: Tuple) -> bool:
        """Return whether a tuple has a type that its relation accepts."""
        shape = one.user if one.user.endswith(":*") else re.sub(r":[^#]*", "", one.user)
        return any(
            shape == kind.split(" with ")[0]
            for this in _leaves(self.relations.get((one.kind, one.relation)))
            for kind in this.types
        )

    def sources(
        self,
        thing: str,
        relation: str,
        tuples: Iterable[Tuple],
        seen: frozenset[tuple[str, str]] = frozenset(),
    ) -> Sources:
        if (thing, relation) in seen:
            return Sources()
        tree = self.relations.get((thing.split(":", maxsplit=1)[0], relation))
        if tree is None:
            return Sources()
        return self._of(tree, thing, relation, tuples, seen | {(thing, relation)})

    def _of(self, tree: Any, thing: str, relation: str, tuples: Any, seen: Any) -> Sources:
        if isinstance(tree, This):
            return Sources(frozenset({(thing, relation)}))
        if isinstance(tree, Computed):
            return self.sources(thing, tree.relation, tuples, seen)
        if isinstance(tree, Along):
            around = [
                self.sources(one.user, tree.relation, tuples, seen)
                for one in tuples
                if one.object == thing and one.relation == tree.tupleset and "#" not in one.user
            ]
            return _united(around)
        parts = [self._of(part, thing, relation, tuples, seen) for part in tree.parts]
        if tree.word == "or":
            return _united(parts)
        if tree.word == "and":
            raise NotExpressibleError("both of two relations at once")
        if any(part.excludes for part in parts):
            raise NotExpressibleError("an exclusion within another")
        excluded = frozenset[tuple[str, str]]().union(*(part.gives for part in parts[1:]))
        return Sources(parts[0].gives, excluded)


def _united(parts: list[Sources]) -> Sources:
    giving = [part for part in parts if part.gives]
    if len(giving) > 1 and any(part.excludes for part in giving):
        # In OpenFGA, another branch of the union may still give a relation that one branch
        # excludes. A forbid would apply to both branches.
        raise NotExpressibleError("an exclusion within another")
    return Sources(
        frozenset[tuple[str, str]]().union(*(part.gives for part in giving)),
        frozenset[tuple[str, str]]().union(*(part.excludes for part in giving)),
    )


def _leaves(tree: Any) -> Iterator[This]:
    if isinstance(tree, This):
        yield tree
    for part in tree.parts if isinstance(tree, Joined) else ():
        yield from _leaves(part)


def access_of(model: Model, tuples: Iterable[Tuple], people: set[str], things: set[str]) -> Access:
    """Return an `Access` that expresses a model and its tuples."""
    counting = [one for one in tuples if model.takes(one)]
    things = {*things, *(one.object for one in counting)}
    rules: dict[tuple[str, str, str, bool], list[Tuple]] = {}
    tags: dict[str, set[str]] = {thing: set() for thing in things}
    for thing in sorted(things):
        kind = thing.split(":")[0]
        for relation in [one for of, one in model.relations if of == kind]:
            found = model.sources(thing, relation, counting)
            for sources, excludes in ((found.gives, False), (found.excludes, True)):
                for around, base in sources:
                    # Each relation of each type needs its own tag, because others may be reached
                    # through other objects.
                    key = f"{around} {base}", kind, relation, excludes
                    rules[key] = [
                        one for one in counting if f"{one.object} {one.relation}" == key[0]
                    ]
                    tags[thing].add(_tag(key))
    grants, forbids = [], []
    for key, counted in rules.items():
        for one in counted:
            rule = {
                "to": _principal(one.user),
                "permissions": [permission(key[1], key[2])],
                "on": {"profile_tag": _tag(key)},
                "end": None if one.until is None else one.until.replace(tzinfo=None),
            }
            if key[3]:
                forbids.append(Forbid(**rule))
            else:
                grants.append(Grant(**rule))
    try:
        return Access.of(
            members=sorted(name(one) for one in people),
            profiles=[
                Profile(
                    id=name(thing),
                    workspace="things",
                    network="x",
                    tags=sorted(tags[thing]),
                )
                for thing in sorted(things)
            ],
            teams=_teams(model, counting, people),
            custom_permissions=sorted({permission(*key) for key in model.relations}),
            grants=grants,
            forbids=forbids,
        )
    except InvalidValueError as error:
        if "in a cycle" not in str(error):
            raise
        raise NotExpressibleError("sets of users that contain each other in a cycle") from error


def _tag(key: tuple[str, str, str, bool]) -> str:
    return name(" ".join(map(str, key)))


def _principal(user: str) -> str:
    if user.endswith(":*"):
        return f"team:{everyone(user)}"
    return f"team:{name(user)}" if "#" in user else f"member:{name(user)}"


def _teams(model: Model, tuples: list[Tuple], people: set[str]) -> list[Team]:
    """Return a team for each set of users that a tuple names, and for all users of a type."""
    found: dict[str, Team] = {}
    waiting = {one.user for one in tuples if "#" in one.user}
    while waiting:
        user = waiting.pop()
        thing, relation = user.split("#")
        sources = model.sources(thing, relation, tuples)
        if sources.excludes:
            raise NotExpressibleError("an exclusion within another")
        own = {one.user for one in tuples if (one.object, one.relation) in sources.gives}
        if any(one.until for one in tuples if (one.object, one.relation) in sources.gives):
            raise NotExpressibleError("a set of users that a user leaves at a time")
        found[name(user)] = Team(
            id=name(user),
            members=sorted(name(one) for one in own if "#" not in one and not one.endswith(":*")),
            includes=sorted(
                [name(one) for one in own if "#" in one]
                + [everyone(one) for one in own if one.endswith(":*")]
            ),
        )
        waiting |= {one for one in own if "#" in one and name(one) not in found}
    kinds = {one.split(":")[0] for one in (*people, *(one.user for one in tuples))}
    whole = [
        Team(
            id=everyone(kind),
            members=sorted(name(one) for one in people if one.split(":")[0] == kind),
        )
        for kind in sorted(kinds)
    ]
    return [*whole, *found.values()]
