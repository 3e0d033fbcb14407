"""What one section says of another: references, circles, and what has to be there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from socialcollab.directory import NETWORKS
from socialcollab.errors import InvalidValueError
from socialcollab.organization.document.faults import Faults, shown
from socialcollab.organization.document.reader import Reader
from socialcollab.permissions import PERMISSIONS, Rotation, find_cycle
from socialcollab.time import read_holidays
from socialcollab.workflow import ApprovalPolicy, Policies

_SAID = {"policy": "approval policy", "profile_tag": "profile tag"}


def check_names(reader: Reader, profile_tags: Iterable[str]) -> None:
    """Note references that lead nowhere, and names that mean two things."""
    faults = reader.faults
    known: dict[str, tuple[str, ...]] = {kind: tuple(ids) for kind, ids in reader.ids.items()}
    known["network"] = tuple(NETWORKS)
    known["permission"] = (*PERMISSIONS, *known.get("permission", ()))
    known["profile_tag"] = tuple(dict.fromkeys(profile_tags))
    names = {kind: frozenset(ids) for kind, ids in known.items()}
    for reference in reader.references:
        kind = reference.kind
        if reference.name not in names.get(kind, ()) and reference.name not in reference.also:
            faults.unknown(
                reference.place,
                _SAID.get(kind, kind),
                reference.name,
                known.get(kind, ()),
                few=kind == "network",
            )
    for place, policy, step in reader.step_references:
        steps = _steps_of(reader, policy)
        if steps is not None and step not in steps:
            faults.unknown(place, "step", step, sorted(steps), few=True)
    workspaces = reader.ids.get("workspace", {})
    for profile, place in reader.ids.get("profile", {}).items():
        if profile in workspaces:
            faults.add(
                f"{place}.id",
                f"`{profile}` is the id of a workspace too, so that a question about it has two"
                " meanings",
                "choose another id for one of them",
                profile,
            )


def _steps_of(reader: Reader, policy: str) -> set[str] | None:
    """Return the steps of the policy at a place, inherited ones too; None if that is not known."""
    places = reader.ids.get("policy", {})
    found: set[str] = set()
    seen: set[str] = set()
    while policy not in seen:
        seen.add(policy)
        found |= reader.steps.get(policy, set())
        if policy not in reader.extends:
            return found
        parent = places.get(reader.extends[policy])
        if parent is None:
            return None
        policy = parent
    return None


def check_rules(values: Mapping[str, Any], places: Mapping[str, list[str]], faults: Faults) -> None:
    """Note circles, rules that cannot be followed, and sections that others call for."""
    roles = {role.id: role for role in values["roles"]}
    role_places = dict(zip(roles, places["roles"], strict=True))
    for circle in _circles({role.id: role.includes for role in roles.values()}):
        faults.add(
            f"{role_places[circle[0]]}.includes",
            f"roles include each other in a circle: {' > '.join(circle)}",
        )
    teams = {team.id: team for team in values["teams"]}
    team_places = dict(zip(teams, places["teams"], strict=True))
    for circle in _circles({team.id: team.includes for team in teams.values()}):
        faults.add(
            f"{team_places[circle[0]]}.includes",
            f"teams include each other in a circle: {' > '.join(circle)}",
        )
    policies: dict[str, ApprovalPolicy] = {policy.id: policy for policy in values["approvals"]}
    policy_places = dict(zip(policies, places["approvals"], strict=True))
    circular: set[str] = set()
    for circle in _circles(
        {policy.id: (policy.extends,) if policy.extends else () for policy in policies.values()}
    ):
        circular.update(circle)
        faults.add(
            f"{policy_places[circle[0]]}.extends",
            f"policies extend each other in a circle: {' > '.join(circle)}",
        )
    _check_steps(policies, policy_places, faults)
    rotation: Rotation
    for rotation, place in zip(values["rotations"], places["rotations"], strict=True):
        for key, every in (("every", rotation.every), ("end", rotation.end)):
            if every is not None and every.rule is None:
                faults.add(
                    f"{place}.{key}",
                    f"a duty cannot turn on `{every}`: business days differ",
                    "write a weekly time such as `friday 17:00`",
                )


def _circles(edges: Mapping[str, Iterable[str]]) -> Iterable[tuple[str, ...]]:
    """Yield every circle that remains once the earlier ones are cut."""
    left = {
        name: tuple(other for other in others if other in edges) for name, others in edges.items()
    }
    while circle := find_cycle(left):
        yield circle
        left[circle[-2]] = tuple(other for other in left[circle[-2]] if other != circle[-1])


def _check_steps(
    policies: Mapping[str, ApprovalPolicy], places: Mapping[str, str], faults: Faults
) -> None:
    noted = {fault.place for fault in faults.found}
    for policy in policies.values():
        chain = {policy.id: policy}
        parent = policy.extends
        while parent in policies and parent not in chain:
            chain[parent] = policies[parent]
            parent = policies[parent].extends
        if parent:
            continue  # it extends what is not there, or itself: noted already
        place = places[policy.id]
        if any(one == place or one.startswith(f"{place}.") for one in noted):
            continue
        # Of the parents only what they are called counts: their own faults are noted there.
        bare = {
            name: one if name == policy.id else _without_order(one) for name, one in chain.items()
        }
        try:
            Policies(bare)
        except InvalidValueError as error:
            faults.add(place, str(error), "", error.value)


def _without_order(policy: ApprovalPolicy) -> ApprovalPolicy:
    return attrs.evolve(policy, steps=tuple(attrs.evolve(step, after=()) for step in policy.steps))


def check_files(
    reader: Reader, guides: Iterable[str], files: Mapping[str, bytes], *, known: Iterable[str]
) -> None:
    """
    Note files that are named and absent, absent from what is named, or cannot be read.

    Raises:
        MissingExtraError: If a calendar is named and the `calendar` extra is not installed.
    """
    faults = reader.faults
    named = {*reader.named, *known}
    for name, place in reader.named.items():
        if name not in files:
            hint = faults.hint(name, [one for one in files if one not in named])
            faults.add(place, f"the file `{shown(name)}` is not here", hint, name)
        elif name.lower().endswith(".ics"):
            try:
                read_holidays(files[name])
            except InvalidValueError as error:
                faults.add(name, str(error))
    for name in sorted(set(files) - named):
        faults.add(
            "",
            f"the file `{shown(name)}` is given, but nothing names it",
            faults.hint(name, named, listing=False),
        )
    present = {name: files[name] for name in dict.fromkeys(guides) if name in files}
    if present:
        _check_guides(present, faults)


def _check_guides(present: Mapping[str, bytes], faults: Faults) -> None:
    from socialcollab.styleguide import StyleGuide  # noqa: PLC0415  only where guides are named

    try:
        StyleGuide.stacked(present)
    except ExceptionGroup as group:
        for fault in group.exceptions:
            faults.add(
                getattr(fault, "place", ""),
                getattr(fault, "problem", str(fault)),
                getattr(fault, "suggestion", ""),
            )
