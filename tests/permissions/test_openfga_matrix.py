"""OpenFGA's test matrix, as far as grants, forbids and teams can express it."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.permissions.relation_models import (
    Model,
    NotExpressibleError,
    Tuple,
    access_of,
    name,
    permission,
)

NOW = dt.datetime(2026, 4, 7, tzinfo=dt.UTC)
NOT_EXPRESSED = {
    "conditions on the request": 12,
    "both of two relations at once": 10,
    "an exclusion within another": 4,
    "sets of users that contain each other in a cycle": 3,
    "no question, but an invalid request": 9,
}


def answers(case: dict) -> Iterator[tuple[bool, bool, object]]:
    """Yield the expected and the actual answer for each question of a case."""
    tuples: list[Tuple] = []
    model: Model | None = None
    for stage in case["stages"]:
        if stage.get("model"):
            model = Model.of(stage["model"])
        said = stage.get("tuples") or []
        if any(one.get("condition") for one in said):
            raise NotExpressibleError("conditions on the request")
        tuples += [Tuple(one["user"], one["relation"], one["object"]) for one in said]
        assert model is not None
        for one in stage.get("checkAssertions") or []:
            if one.get("context"):
                raise NotExpressibleError("conditions on the request")
            if "expectation" in one and one.get("tuple"):
                more = [
                    Tuple(more["user"], more["relation"], more["object"])
                    for more in one.get("contextualTuples") or []
                ]
                yield bool(one["expectation"]), answer(model, [*tuples, *more], one["tuple"]), one
        for one in stage.get("listObjectsAssertions") or []:
            if one.get("context"):
                raise NotExpressibleError("conditions on the request")
            if "expectation" in one:
                more = [
                    Tuple(more["user"], more["relation"], more["object"])
                    for more in one.get("contextualTuples") or []
                ]
                found = listing(model, [*tuples, *more], one["request"])
                yield sorted(map(name, one["expectation"] or [])), found, one


def people_in(tuples: list[Tuple], asked: str) -> set[str]:
    if "#" in asked or asked.endswith(":*"):
        raise NotExpressibleError("questions about a set of users")
    named = {one.user for one in tuples if "#" not in one.user and not one.user.endswith(":*")}
    return named | {asked}


def answer(model: Model, tuples: list[Tuple], what: dict) -> bool:
    kind = what["object"].split(":")[0]
    if (kind, what["relation"]) not in model.relations:
        raise NotExpressibleError("questions about a relation that does not exist")
    access = access_of(model, tuples, people_in(tuples, what["user"]), {what["object"]})
    return access.allows(
        name(what["user"]), permission(kind, what["relation"]), name(what["object"]), at=NOW
    )


def listing(model: Model, tuples: list[Tuple], what: dict) -> list[str]:
    kind = what["type"]
    if (kind, what["relation"]) not in model.relations:
        raise NotExpressibleError("questions about a relation that does not exist")
    access = access_of(model, tuples, people_in(tuples, what["user"]), set())
    found = access.profiles(name(what["user"]), permission(kind, what["relation"]), at=NOW)
    of_kind = {name(one.object) for one in tuples if one.kind == kind}
    return sorted(one for one in found if one in of_kind)


@pytest.fixture
def cases(shared_data: Callable[[str], Path]) -> list[dict]:
    path = shared_data("authz-openfga-core") / "cases.jsonl"
    return [json.loads(one) for one in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.integration
def test_cases(cases) -> None:
    """Every case that can be expressed has the same answers."""
    not_expressed: Counter[str] = Counter()
    expressed = asked = 0
    for case in cases:
        try:
            found = list(answers(case))
        except NotExpressibleError as why:
            not_expressed[str(why)] += 1
            continue
        if not found:
            not_expressed["no question, but an invalid request"] += 1
            continue
        expressed += 1
        asked += len(found)
        for expected, answer, question in found:
            assert expected == answer, (case["id"], question)
    assert NOT_EXPRESSED == not_expressed
    assert (43, 246) == (expressed, asked)
