"""Sample stores of OpenFGA: custom roles, a shared drive, expenses, support for a limited time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.permissions.relation_models import (
    Model,
    NotExpressibleError,
    Tuple,
    access_of,
    name,
    permission,
)

yaml = pytest.importorskip("yaml", reason="the stores are YAML files: install the `vale` extra")

NOW = dt.datetime(2026, 4, 7, tzinfo=dt.UTC)
ABOUT_A_SET = "a question about a set of users"
NOT_EXPRESSED = {
    "condition-data-types": "conditions on the request",
    "developer-portal": "both of two relations at once",
    "groups-resource-attributes": "conditions on the request",
    "ip-based-access": "conditions on the request",
    "role-assignments": "both of two relations at once",
}
ASKED = {
    "custom-roles": 11,
    "entitlements": 11,
    "expenses": 5,
    "gdrive": 8,
    "github": 9,
    "slack": 8,
    "superadmin": 13,
    ABOUT_A_SET: 2,
}


def tuples_of(said: list[dict[str, Any]] | None) -> list[Tuple]:
    return [
        Tuple(one["user"], one["relation"], one["object"], until=until(one.get("condition")))
        for one in said or []
    ]


def until(condition: dict[str, Any] | None) -> dt.datetime | None:
    """Return when a tuple with a limited time ends, or None."""
    if condition is None:
        return None
    given = condition["context"]
    amount, unit = int(given["grant_duration"][:-1]), given["grant_duration"][-1]
    span = dt.timedelta(**{{"h": "hours", "m": "minutes", "s": "seconds"}[unit]: amount})
    return instant(given["grant_time"]) + span


def instant(value: str | dt.datetime) -> dt.datetime:
    read = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)
    return read if read.tzinfo else read.replace(tzinfo=dt.UTC)


def when(context: dict[str, Any] | None) -> dt.datetime:
    """Return the instant that a question is about, the only context that is supported."""
    if set(context or {}) - {"current_time"}:
        raise NotExpressibleError("conditions on the request")
    return instant(context["current_time"]) if context else NOW


def answers(folder: Path) -> Iterator[tuple[object, object, object]]:
    """Yield the expected and the actual answer for each question of a store."""
    store = yaml.safe_load((folder / "store.fga.yaml").read_text(encoding="utf-8"))
    text = store.get("model") or (folder / store["model_file"]).read_text(encoding="utf-8")
    model = Model.of(text)
    for test in store["tests"]:
        tuples = [*tuples_of(store.get("tuples")), *tuples_of(test.get("tuples"))]
        people = {one.user for one in tuples if "#" not in one.user and ":*" not in one.user}
        people |= {one["user"] for key in ("check", "list_objects") for one in test.get(key) or []}
        people = {one for one in people if "#" not in one}
        asked = {one["object"] for one in test.get("check") or []}
        access = access_of(model, tuples, people, asked)
        kinds = {name(one): one.split(":")[0] for one in people}
        for one in test.get("check") or []:
            if "#" in one["user"]:
                yield ABOUT_A_SET, ABOUT_A_SET, one
                continue
            at, kind = when(one.get("context")), one["object"].split(":")[0]
            for relation, expected in one["assertions"].items():
                found = access.allows(
                    name(one["user"]), permission(kind, relation), name(one["object"]), at=at
                )
                yield expected, found, (one, relation)
        for one in test.get("list_objects") or []:
            if "#" in one["user"]:
                yield ABOUT_A_SET, ABOUT_A_SET, one
                continue
            at = when(one.get("context"))
            things = {name(here.object) for here in tuples if here.kind == one["type"]}
            for relation, expected in one["assertions"].items():
                what = permission(one["type"], relation)
                found = access.profiles(name(one["user"]), what, at=at)
                mine = sorted(place for place in found if place in things)
                yield sorted(map(name, expected or [])), mine, (one, relation)
        for one in test.get("list_users") or []:
            at, kind = when(one.get("context")), one["object"].split(":")[0]
            [wanted] = one["user_filter"]
            if "relation" in wanted:
                yield ABOUT_A_SET, ABOUT_A_SET, one
                continue
            for relation, expected in one["assertions"].items():
                found = access.members(permission(kind, relation), name(one["object"]), at=at)
                mine = sorted(who for who in found if kinds[who] == wanted["type"])
                named = {
                    name(who)
                    for user in expected["users"] or []
                    for who in (people_of(user, people) if user.endswith(":*") else {user})
                }
                yield sorted(named), mine, (one, relation)


def people_of(everyone: str, people: set[str]) -> set[str]:
    return {one for one in people if one.split(":")[0] == everyone.split(":", maxsplit=1)[0]}


def test_stores(
    shared_data: Callable[[str], Path],
) -> None:
    """Every store that can be expressed has the same answers."""
    not_expressed: dict[str, str] = {}
    asked: Counter[str] = Counter()
    for folder in sorted((shared_data("authz-openfga") / "stores").iterdir()):
        try:
            found = list(answers(folder))
        except NotExpressibleError as why:
            not_expressed[folder.name] = str(why)
            continue
        for expected, answer, question in found:
            assert expected == answer, (folder.name, question)
        asked[folder.name] = sum(answer != ABOUT_A_SET for _, answer, _ in found)
        asked[ABOUT_A_SET] += len(found) - asked[folder.name]
    assert not_expressed == NOT_EXPRESSED
    assert asked == ASKED
