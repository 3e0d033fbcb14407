"""Checks across a document's sections: references, cycles, included files, named files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from socialcollab.directory import NETWORKS, Selector, network_names
from socialcollab.document_fields import as_words
from socialcollab.errors import InvalidValueError
from socialcollab.organization.document.faults import Faults, printable
from socialcollab.organization.document.reader import Reader
from socialcollab.permissions import PERMISSIONS, find_cycle
from socialcollab.styleguide import StyleGuide
from socialcollab.time import read_holidays
from socialcollab.workflow import ApprovalPolicy, Policies

_KIND_NAMES = {"policy": "approval policy", "profile_tag": "profile tag"}


def check_references(reader: Reader, profile_tags: Iterable[str]) -> None:
    """Add a fault for each name that does not exist, and for each ambiguous name."""
    faults = reader.faults
    known: dict[str, tuple[str, ...]] = {kind: tuple(ids) for kind, ids in reader.ids.items()}
    networks = {each.name for each in reader.references if each.kind == "network"}
    # Finding the installed networks is slow, and most documents do not need them.
    known["network"] = tuple(NETWORKS) if networks <= NETWORKS.keys() else network_names()
    known["permission"] = (*PERMISSIONS, *known.get("permission", ()))
    known["profile_tag"] = tuple(dict.fromkeys(profile_tags))
    names = {kind: frozenset(ids) for kind, ids in known.items()}
    for reference in reader.references:
        kind = reference.kind
        if reference.name not in names.get(kind, ()) and reference.name not in reference.also:
            other = {"profile": "workspace", "workspace": "profile"}.get(kind, "")
            # Only a selector, whose place contains `on`, accepts both kinds.
            if reference.name in names.get(other, ()) and "].on" in reference.place:
                faults.add(
                    reference.place,
                    f"unknown {kind} `{reference.name}`",
                    f'`{reference.name}` is a {other}; write {{ {other} = "{reference.name}" }}',
                    reference.name,
                )
                continue
            faults.add_unknown(
                reference.place,
                _KIND_NAMES.get(kind, kind),
                reference.name,
                known.get(kind, ()),
                list_all=kind == "network",
            )
    for place, policy, step in reader.step_references:
        steps = _steps_of(reader, policy)
        if steps is not None and step not in steps:
            faults.add_unknown(place, "step", step, sorted(steps), list_all=True)
    workspaces = reader.ids.get("workspace", {})
    for profile, place in reader.ids.get("profile", {}).items():
        if profile in workspaces:
            # Permission questions refer to a profile or a workspace by id alone, so ids must
            # differ.
            faults.add(
                f"{place}.id",
                f"profile `{profile}` has the same id as a workspace",
                "choose another id for one of them",
                profile,
            )


def _steps_of(reader: Reader, policy: str) -> set[str] | None:
    """
    Return the ids of a policy's own and inherited steps.

    Args:
        reader: The reader that has read the document.
        policy: The place of the policy.

    Returns:
        The ids, or None if the policy extends an unknown policy.
    """
    places = reader.ids.get("policy", {})
    steps: set[str] = set()
    seen: set[str] = set()
    while policy not in seen:
        seen.add(policy)
        steps |= reader.steps.get(policy, set())
        if policy not in reader.extends:
            return steps
        parent = places.get(reader.extends[policy])
        if parent is None:
            return None
        policy = parent
    return None


def check_rules(values: Mapping[str, Any], places: Mapping[str, list[str]], faults: Faults) -> None:
    """
    Add a fault for each cycle of sections, and for invalid steps and rotations.

    Args:
        values: The sections that could be read, by field.
        places: The places of the sections in each list.
        faults: The collection to which faults are added.
    """
    for name, key, problem in (
        ("roles", "includes", "roles include each other in a cycle"),
        ("teams", "includes", "teams include each other in a cycle"),
        ("approvals", "extends", "policies extend each other in a cycle"),
    ):
        edges = {section.id: as_words(getattr(section, key)) for section in values[name]}
        place_of = dict(zip(edges, places[name], strict=True))
        for circle in _circles(edges):
            faults.add(f"{place_of[circle[0]]}.{key}", f"{problem}: {' > '.join(circle)}")
    _check_steps(values["approvals"], places["approvals"], faults)
    for rotation, place in zip(values["rotations"], places["rotations"], strict=True):
        for key, every in (("every", rotation.every), ("end", rotation.end)):
            if every is not None and every.rule is None:
                faults.add(
                    f"{place}.{key}",
                    f"a rotation cannot follow `{every}`, because business days differ by workspace",
                    "write a weekly time such as `friday 17:00`",
                )


def check_inbox(
    values: Mapping[str, Any],
    tables: Mapping[str, Any],
    places: Mapping[str, list[str]],
    faults: Faults,
) -> None:
    """
    Add a fault for each saved reply that a rule cannot send, and each target without its hours.

    Args:
        values: The sections that could be read, by field.
        tables: The sections that consist of one table, by field.
        places: The places of the sections in each list.
        faults: The collection to which faults are added.
    """
    replies = {reply.id: reply for reply in values["saved_replies"]}
    for rule, place in zip(values["routing"], places["routing"], strict=True):
        reply = replies.get(rule.saved_reply)
        if reply is None:
            continue
        here = f"{place}.saved_reply"
        if reply.ask:
            faults.add(
                here,
                f"saved reply `{reply.id}` cannot be sent automatically, because a member has to fill"
                f" in `{{{reply.ask[0]}}}`",
                "choose a saved reply without `ask`",
                reply.id,
            )
        for profile in values["profiles"]:
            if rule.on.matches_profile(profile) and not reply.on.matches_profile(profile):
                faults.add(
                    here,
                    f"saved reply `{reply.id}` is not for profile `{profile.id}`, to which the rule"
                    " applies",
                    f"extend the `on` of the reply, which is {reply.on}",
                    reply.id,
                )
                break
    settings = tables.get("settings")
    if getattr(settings, "business_hours", None) is not None:
        return
    with_hours = {one.id for one in values["workspaces"] if one.business_hours is not None}
    for target, place in zip(values["response_targets"], places["response_targets"], strict=True):
        if not target.counts_business_time or target.business_hours is not None:
            continue
        for profile in values["profiles"]:
            if target.on.matches_profile(profile) and profile.workspace not in with_hours:
                faults.add(
                    place,
                    f"the target counts business time, but workspace `{profile.workspace}` has no"
                    " business hours",
                    "add `business_hours` to the target, the workspace or [organization]",
                    target.id,
                )
                break


def _circles(edges: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, ...]]:
    """Yield a cycle, remove its last edge, and repeat until there are no more cycles."""
    remaining = {
        name: tuple(other for other in others if other in edges) for name, others in edges.items()
    }
    while circle := find_cycle(remaining):
        yield circle
        last = circle[-2]
        remaining[last] = tuple(other for other in remaining[last] if other != circle[-1])


def _check_steps(policies: Iterable[ApprovalPolicy], places: list[str], faults: Faults) -> None:
    by_id = {policy.id: policy for policy in policies}
    faulty = {fault.place for fault in faults.found}
    for policy, place in zip(by_id.values(), places, strict=True):
        chain = {policy.id: policy}
        parent = policy.extends
        while parent in by_id and parent not in chain:
            chain[parent] = by_id[parent]
            parent = by_id[parent].extends
        # A policy that extends itself or an unknown policy already has a fault.
        if parent or any(other == place or other.startswith(f"{place}.") for other in faulty):
            continue
        # The order of a parent's steps is removed. Otherwise, a fault in it would be reported not
        # only for the parent but also for every policy that extends it.
        chain = {
            name: link if name == policy.id else _without_order(link)
            for name, link in chain.items()
        }
        try:
            Policies(chain)
        except InvalidValueError as error:
            faults.add(place, str(error), "", error.value)


def _without_order(policy: ApprovalPolicy) -> ApprovalPolicy:
    return attrs.evolve(policy, steps=tuple(attrs.evolve(step, after=()) for step in policy.steps))


def check_included_file(
    name: str,
    table: Mapping[str, Any],
    sections: Mapping[str, list[tuple[Any, str]]],
    faults: Faults,
) -> None:
    """
    Add a fault for each section of an included file that applies outside its workspace.

    Args:
        name: The file's name.
        table: The file's table.
        sections: For each field, the file's sections that could be read, with their places.
        faults: The collection to which faults are added.
    """
    workspaces = table.get("workspaces")
    tables = workspaces if isinstance(workspaces, list | tuple) else ()
    if len(tables) != 1:
        faults.add(
            f"{name}: workspaces",
            f"the file defines {len(tables)} workspaces",
            "an included file must define exactly one workspace",
        )
        return
    own = tables[0].get("id") if isinstance(tables[0], Mapping) else None
    if not isinstance(own, str):
        return
    rule = f"an included file can only refer to its own workspace, `{printable(own)}`"
    for field, key in (("profiles", "workspace"), ("campaigns", "workspace"), ("members", "of")):
        for section, place in sections[field]:
            workspace = getattr(section, key)
            if workspace != own:
                problem = f"`{workspace}` is not the workspace of this file"
                faults.add(f"{place}.{key}", problem if workspace else f"`{key}` is missing", rule)
    profiles = {profile.id for profile, _ in sections["profiles"] if profile.workspace == own}
    for placed in sections.values():
        for section, place in placed:
            on = getattr(section, "on", None)
            if isinstance(on, Selector) and not _is_within(on, own, profiles):
                faults.add(f"{place}.on", f"`{on}` reaches beyond the workspace of this file", rule)


def _is_within(on: Selector, workspace: str, profiles: set[str]) -> bool:
    return set(on.workspace) == {workspace} or (
        bool(on.profile) and profiles.issuperset(on.profile)
    )


def check_files(
    reader: Reader, guides: Iterable[str], files: Mapping[str, bytes], included: Iterable[str]
) -> None:
    """
    Add a fault for each file that is missing, invalid, or not named in the document.

    Args:
        reader: The reader that has read the document.
        guides: The names of the style guides.
        files: The contents of the files.
        included: The names of the included files.
    """
    faults = reader.faults
    named = {*reader.file_places, *included}
    for name, place in reader.file_places.items():
        if name not in files:
            hint = faults.suggest(name, [other for other in files if other not in named])
            faults.add(place, f"the file `{printable(name)}` does not exist", hint, name)
        elif name.lower().endswith(".ics"):
            try:
                read_holidays(files[name])
            except InvalidValueError as error:
                faults.add(name, str(error))
    for name in sorted(set(files) - named):
        faults.add(
            "",
            f"the document does not name the file `{printable(name)}`",
            faults.suggest(name, named, otherwise="nothing"),
        )
    present = {name: files[name] for name in dict.fromkeys(guides) if name in files}
    if not present:
        return
    try:
        StyleGuide.stacked(present)
    except ExceptionGroup as group:
        for fault in group.exceptions:
            faults.add(
                getattr(fault, "place", ""),
                getattr(fault, "problem", str(fault)),
                getattr(fault, "suggestion", ""),
            )
