"""The differences between two organizations, and the permissions required for each difference."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, Literal, TypeAlias

import attrs

from socialcollab.organization.document.writer import section_values
from socialcollab.organization.organization import Organization

_Values: TypeAlias = Mapping[str, Any]

_SINGLE = ("settings", "permissions", "style")
_BY_ID = (
    "workspaces",
    "profiles",
    "members",
    "teams",
    "campaigns",
    "roles",
    "rotations",
    "approvals",
    "routing",
    "response_targets",
    "saved_replies",
)
# Entries without an id are compared by their values.
_BY_VALUE = ("grants", "forbids", "slot_plans", "blackouts", "expect")

# Of the entries that match, the first one applies, so their order is compared as well.
_ORDERED = ("routing", "response_targets")

_POLICY_SECTIONS = frozenset(
    {
        "approvals",
        "slot_plans",
        "blackouts",
        "campaigns",
        "routing",
        "response_targets",
        "saved_replies",
    }
)
_POLICY_PERMISSIONS = frozenset({"manage_policies", "manage_style"})
_EVERYWHERE = ("*",)


@attrs.frozen(kw_only=True)
class Change:
    """
    An entry of the document that was added, removed or changed.

    Attributes:
        kind: "added", "removed" or "changed".
        section: The section, such as "grants"; "files" for a named file.
        name: The id, or the place if the entry has no id, such as "grants[2]".
        keys: The keys that differ, sorted; empty unless the entry was changed.
        before: The previous values; empty if the entry was added.
        after: The new values; empty if the entry was removed.
        required_permissions: The permissions that a member needs in order to make the change,
            sorted.
        resources: The workspaces on which the member needs these permissions, or ``*``.
    """

    kind: Literal["added", "removed", "changed"]
    section: str
    name: str
    keys: tuple[str, ...] = ()
    before: _Values = attrs.field(factory=dict, repr=False, hash=False)
    after: _Values = attrs.field(factory=dict, repr=False, hash=False)
    required_permissions: tuple[str, ...] = ()
    resources: tuple[str, ...] = _EVERYWHERE

    def __str__(self) -> str:
        named = self.name == self.section or self.name.startswith(f"{self.section}[")
        entry = self.name if named else f"{self.section} {self.name}"
        keys = f" ({', '.join(self.keys)})" if self.keys else ""
        return f"{self.kind} {entry}{keys}"

    @property
    def details(self) -> tuple[str, ...]:
        """
        The values that differ, one per line: ``late: expire -> hold``.

        Steps and other entries with an id are compared individually. A removed entry has no
        details.
        """
        if self.kind == "removed":
            return ()
        keys = self.keys or tuple(self.after)
        return tuple(
            line
            for key in keys
            if key != "id"
            for line in _details(
                key, self.before.get(key), self.after.get(key), added=self.kind == "added"
            )
        )


def changes_between(before: Organization, after: Organization) -> tuple[Change, ...]:
    """
    Return the entries that differ between two organizations, in the order of the document.

    Names, contacts and reasons are also compared, although they are not part of the digest.
    """
    sides = before, after
    changes: list[Change] = []
    old: _Values | None
    new: _Values | None
    for section in _SINGLE:
        old, new = (section_values(getattr(side, section)) for side in sides)
        if old != new:
            changes.append(_change(section, section, old, new))
    for section in _BY_ID:
        entries = [{entry.id: entry for entry in getattr(side, section)} for side in sides]
        for name in sorted({*entries[0], *entries[1]}):
            old, new = (section_values(by_id[name]) if name in by_id else None for by_id in entries)
            if old != new:
                resources = {
                    resource
                    for by_id, side in zip(entries, sides, strict=True)
                    if name in by_id
                    for resource in resources_of(section, by_id[name], side)
                }
                changes.append(_change(section, name, old, new, resources))
        if section in _ORDERED:
            orders = [
                [name for name in by_id if name in entries[0] and name in entries[1]]
                for by_id in entries
            ]
            if orders[0] != orders[1]:
                old, new = ({"order": order} for order in orders)
                changes.append(_change(section, section, old, new))
    for section in _BY_VALUE:
        old_list, new_list = (
            [(section_values(entry), entry) for entry in getattr(side, section)] for side in sides
        )
        for number, old, entry in _only_in(old_list, new_list):
            resources = {*_selected(entry, before)}
            changes.append(_change(section, f"{section}[{number}]", old, None, resources))
        for number, new, entry in _only_in(new_list, old_list):
            resources = {*_selected(entry, after)}
            changes.append(_change(section, f"{section}[{number}]", None, new, resources))
    for name in sorted({*before.files, *after.files}):
        if before.files.get(name) != after.files.get(name):
            old, new = (_file_values(side.files.get(name)) for side in sides)
            changes.append(_change("files", name, old, new))
    return tuple(changes)


def policy_changes(before: Organization, after: Organization) -> tuple[Change, ...]:
    """
    Return the changes that concern policies: approvals, times, blackouts, style and defaults.

    They are the changes that require `manage_policies` or `manage_style`. `compare` in
    `socialcollab.permissions` returns who gains and who loses permissions.
    """
    return tuple(
        change
        for change in changes_between(before, after)
        if not _POLICY_PERMISSIONS.isdisjoint(change.required_permissions)
    )


def _details(key: str, before: Any, after: Any, *, added: bool = False) -> Iterator[str]:
    # A list of steps is compared by their ids. Their order has no effect, because `after`
    # determines when a step opens.
    if _have_ids(before or after) and _have_ids(after or before):
        old, new = ({entry["id"]: entry for entry in side or ()} for side in (before, after))
        for name in dict.fromkeys((*old, *new)):
            if name not in new:
                yield f"{key} {name}: removed"
            elif name not in old:
                yield f"{key} {name}: added with {_brief(new[name], without='id')}"
            else:
                changed = [one for one in {**old[name], **new[name]} if one != "id"]
                for one in changed:
                    for line in _details(one, old[name].get(one), new[name].get(one)):
                        yield f"{key} {name}: {line}"
    elif added:
        yield f"{key}: {_brief(after)}"
    elif before != after:
        old_value, new_value = (
            "default" if value is None else _brief(value) for value in (before, after)
        )
        yield f"{key}: {old_value} -> {new_value}"


def _have_ids(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(entry, Mapping) and "id" in entry for entry in value)
    )


def _brief(value: Any, *, without: str = "") -> str:
    """Return a document value on one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {_nested(one)}" for key, one in value.items() if key != without)
    if isinstance(value, list):
        return ", ".join(map(_nested, value)) or "-"
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(str(value).split())


def _nested(value: Any) -> str:
    """Return a value inside another value, in brackets if it has several parts."""
    if isinstance(value, Mapping):
        return f"{{{_brief(value)}}}"
    if isinstance(value, list) and len(value) != 1:
        return f"[{_brief(value)}]"
    return _brief(value)


def _file_values(data: bytes | None) -> _Values | None:
    return None if data is None else {"sha256": hashlib.sha256(data).hexdigest()}


def _only_in(
    entries: Sequence[tuple[_Values, Any]], others: Sequence[tuple[_Values, Any]]
) -> Iterator[tuple[int, _Values, Any]]:
    """Yield the number, values and object of each entry that occurs less often in *others*."""
    counts = Counter(repr(values) for values, _ in others)
    for number, (values, entry) in enumerate(entries):
        key = repr(values)
        if counts[key]:
            counts[key] -= 1
        else:
            yield number, values, entry


def _change(
    section: str,
    name: str,
    before: _Values | None,
    after: _Values | None,
    resources: Set[str] = frozenset(),
) -> Change:
    """Return the change of one entry; *before* or *after* is None if it was added or removed."""
    kind: Literal["added", "removed", "changed"] = "changed"
    keys: tuple[str, ...] = ()
    if before is None:
        kind = "added"
    elif after is None:
        kind = "removed"
    else:
        keys = tuple(sorted(key for key in {*before, *after} if before.get(key) != after.get(key)))
    return Change(
        kind=kind,
        section=section,
        name=name,
        keys=keys,
        before=before or {},
        after=after or {},
        required_permissions=_required_permissions(section, kind, keys),
        resources=_EVERYWHERE if "*" in resources or not resources else tuple(sorted(resources)),
    )


def _required_permissions(section: str, kind: str, keys: tuple[str, ...]) -> tuple[str, ...]:
    if section in _POLICY_SECTIONS:
        return ("manage_policies",)
    if section == "style":
        return ("manage_style",)
    if section == "files":
        # A file is either a style guide or a holiday calendar, which affects deadlines.
        return ("manage_policies", "manage_style")
    if section == "settings":
        return ("manage_access", "manage_policies")
    if section == "workspaces":
        if kind == "changed" and "lead" not in keys:
            return ("manage_policies",)
        return ("manage_access", "manage_policies")
    if section == "profiles" and (
        kind == "removed" or {"network", "tags", "workspace"} & set(keys)
    ):
        # Policies select profiles by these keys. If removing a profile did not need the same
        # permissions, a profile could be removed and added again with other values to evade its
        # policies.
        return ("manage_access", "manage_policies")
    return ("manage_access",)


def resources_of(section: str, entry: Any, organization: Organization) -> tuple[str, ...]:
    """Return the workspaces to which an entry of the document applies, or ``*``."""
    if section == "workspaces":
        return (entry.id,)
    if section in ("profiles", "campaigns"):
        return (entry.workspace,)
    if section == "members" and entry.kind == "client" and entry.of:
        return (entry.of,)
    if section == "approvals":
        return _resources_of_policy(entry, organization)
    if section in ("rotations", "routing", "response_targets", "saved_replies"):
        return _selected(entry, organization)
    return _EVERYWHERE


def _resources_of_policy(policy: Any, organization: Organization) -> tuple[str, ...]:
    """Return the workspaces to which a policy, or a policy that extends it, applies."""
    policies = {policy.id: policy}
    while extending := {
        other.id: other
        for other in organization.approvals
        if other.extends in policies and other.id not in policies
    }:
        policies |= extending
    resources = {
        resource for other in policies.values() for resource in _selected(other, organization)
    }
    resources |= {
        workspace.id
        for workspace in organization.workspaces
        if workspace.default_approval in policies
    }
    return tuple(resources)


def _selected(entry: Any, organization: Organization) -> tuple[str, ...]:
    """Return the workspaces that the selector of an entry names, or ``*``."""
    on: Any = getattr(entry, "on", None)
    if on is not None and on.workspace and "*" not in on.workspace:
        return tuple(on.workspace)
    if on is None or not on.profile:
        return _EVERYWHERE
    workspaces = {
        profile.workspace for profile in organization.profiles if profile.id in on.profile
    }
    return tuple(sorted(workspaces)) or _EVERYWHERE
