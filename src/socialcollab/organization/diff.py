"""What differs between two organizations, line by line, and who may bring it about."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import attrs

from socialcollab.content import canonical_json
from socialcollab.organization.document.writer import section_values

if TYPE_CHECKING:
    from socialcollab.organization.organization import Organization

# Sections that are known by their id; others are known by all that they say.
_BY_ID = (
    "workspaces",
    "profiles",
    "members",
    "teams",
    "campaigns",
    "roles",
    "rotations",
    "approvals",
)
_BY_VALUE = ("grants", "forbids", "slot_plans", "blackouts", "expect")
_SINGLE = ("settings", "permissions", "style")

_POLICY_SECTIONS = frozenset({"approvals", "slot_plans", "blackouts", "campaigns"})
_EVERYWHERE = ("*",)


@attrs.frozen(kw_only=True)
class Change:
    """
    One line of a document that is added, removed or changed.

    Attributes:
        kind: "added", "removed" or "changed".

        section: Its section, such as "grants"; "files" for a file that is named.

        name: Its id, or where it stands in its list, such as "grants[2]".

        keys: Of a change, the keys that differ, sorted.

        before: What it said, as plain values; empty if it is added.

        after: What it is to say; empty if it is removed.

        needs: The permissions that whoever brings it about needs, sorted.

        places: Where: workspaces, or ``*``.
    """

    kind: Literal["added", "removed", "changed"]
    section: str
    name: str
    keys: tuple[str, ...] = ()
    before: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)
    after: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)
    needs: tuple[str, ...] = ()
    resources: tuple[str, ...] = _EVERYWHERE

    def __str__(self) -> str:
        said = f"{self.section} {self.name}" if self.name != self.section else self.section
        if self.name.startswith(f"{self.section}["):
            said = self.name
        keys = f" ({', '.join(self.keys)})" if self.keys else ""
        return f"{self.kind} {said}{keys}"


def changes_between(before: Organization, after: Organization) -> tuple[Change, ...]:
    """
    Return every line in which two organizations differ, in the order of the document.

    Names, contacts and reasons count, though the digest leaves them out.
    """
    found: list[Change] = []
    for section in _SINGLE:
        found += _single(section, getattr(before, section), getattr(after, section))
    for section in _BY_ID:
        found += _by_id(section, getattr(before, section), getattr(after, section), before, after)
    for section in _BY_VALUE:
        found += _by_value(
            section, getattr(before, section), getattr(after, section), before, after
        )
    found += _files(before.files, after.files)
    return tuple(found)


def _single(section: str, before: Any, after: Any) -> list[Change]:
    old = {} if before is None else section_values(before)
    new = {} if after is None else section_values(after)
    if old == new:
        return []
    kind: Literal["added", "removed", "changed"]
    kind = "added" if before is None else "removed" if after is None else "changed"
    return [_change(kind, section, section, old, new, _EVERYWHERE)]


def _by_id(
    section: str,
    before: Iterable[Any],
    after: Iterable[Any],
    old_organization: Organization,
    new_organization: Organization,
) -> list[Change]:
    old = {one.id: one for one in before}
    new = {one.id: one for one in after}
    found = []
    for name in sorted({*old, *new}):
        said = section_values(old[name]) if name in old else {}
        says = section_values(new[name]) if name in new else {}
        if said == says:
            continue
        kind: Literal["added", "removed", "changed"]
        kind = "added" if name not in old else "removed" if name not in new else "changed"
        places = {
            place
            for one, organization in ((old.get(name), old_organization),
                                      (new.get(name), new_organization))
            if one is not None
            for place in resources_of(section, one, organization)
        }  # fmt: skip
        found.append(_change(kind, section, name, said, says, _narrow(places)))
    return found


def _by_value(
    section: str,
    before: Iterable[Any],
    after: Iterable[Any],
    old_organization: Organization,
    new_organization: Organization,
) -> list[Change]:
    old = [(section_values(one), one) for one in before]
    new = [(section_values(one), one) for one in after]
    found = []
    for at, said, one in _only_in(old, new):
        places = _narrow(set(_selected(one, old_organization)))
        found.append(_change("removed", section, f"{section}[{at}]", said, {}, places))
    for at, says, one in _only_in(new, old):
        places = _narrow(set(_selected(one, new_organization)))
        found.append(_change("added", section, f"{section}[{at}]", {}, says, places))
    return found


def _only_in(
    these: list[tuple[dict[str, Any], Any]], those: list[tuple[dict[str, Any], Any]]
) -> Iterator[tuple[int, dict[str, Any], Any]]:
    """Yield what stands in *these* more often than in *those*, with its place."""
    left = Counter(_key(said) for said, _ in those)
    for at, (said, one) in enumerate(these):
        key = _key(said)
        if left[key]:
            left[key] -= 1
        else:
            yield at, said, one


def _key(said: Mapping[str, Any]) -> bytes:
    return canonical_json(_plain(said))


def _files(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[Change]:
    found = []
    for name in sorted({*before, *after}):
        if before.get(name) == after.get(name):
            continue
        kind: Literal["added", "removed", "changed"]
        kind = "added" if name not in before else "removed" if name not in after else "changed"
        old = {"sha256": hashlib.sha256(before[name]).hexdigest()} if name in before else {}
        new = {"sha256": hashlib.sha256(after[name]).hexdigest()} if name in after else {}
        found.append(_change(kind, "files", name, old, new, _EVERYWHERE))
    return found


def _change(  # noqa: PLR0917  in the order in which a change says them
    kind: Literal["added", "removed", "changed"],
    section: str,
    name: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    places: tuple[str, ...],
) -> Change:
    keys = (
        tuple(sorted(key for key in {*before, *after} if before.get(key) != after.get(key)))
        if kind == "changed"
        else ()
    )
    return Change(
        kind=kind,
        section=section,
        name=name,
        keys=keys,
        before=before,
        after=after,
        needs=_needs(section, kind, keys),
        resources=places,
    )


def _needs(section: str, kind: str, keys: tuple[str, ...]) -> tuple[str, ...]:
    if section in _POLICY_SECTIONS:
        return ("manage_policies",)
    if section in ("style", "files"):
        # A file is a style guide, or holidays, on which deadlines rest.
        return ("manage_style",) if section == "style" else ("manage_policies", "manage_style")
    if section == "settings":
        return ("manage_access", "manage_policies")
    if section == "workspaces":
        if kind == "changed" and "lead" not in keys:
            return ("manage_policies",)
        return ("manage_access", "manage_policies")
    if section == "profiles" and (
        kind == "removed" or {"network", "tags", "workspace"} & set(keys)
    ):
        # Policies are about profiles by these; what is gone may come back with others.
        return ("manage_access", "manage_policies")
    return ("manage_access",)


def resources_of(section: str, one: Any, organization: Organization) -> tuple[str, ...]:
    """Return the workspaces that a section speaks of alone, or ``*``."""
    if section == "workspaces":
        return (one.id,)
    if section in ("profiles", "campaigns"):
        return (one.workspace,)
    if section == "members" and one.kind == "client" and one.of:
        return (one.of,)
    if section == "approvals":
        return _resting_on(one, organization)
    if section == "rotations":
        return _selected(one, organization)
    return _EVERYWHERE


def _resting_on(policy: Any, organization: Organization) -> tuple[str, ...]:
    """Return where a policy counts: by itself, by those that extend it, and as a default."""
    found = {policy.id: policy}
    while more := {
        one.id: one
        for one in organization.approvals
        if one.extends in found and one.id not in found
    }:
        found |= more
    places = {place for one in found.values() for place in _selected(one, organization)}
    places |= {one.id for one in organization.workspaces if one.default_approval in found}
    return tuple(places)


def _selected(one: Any, organization: Organization) -> tuple[str, ...]:
    on: Any = getattr(one, "on", None)
    named = getattr(on, "workspace", ())
    if named and "*" not in named:
        return tuple(named)
    if on is not None and on.profile:
        found = {profile.workspace for profile in organization.profiles if profile.id in on.profile}
        if found:
            return tuple(sorted(found))
    return _EVERYWHERE


def _narrow(places: set[str]) -> tuple[str, ...]:
    return _EVERYWHERE if "*" in places or not places else tuple(sorted(places))


def _plain(value: Any) -> Any:
    """Return values whose canonical form tells them apart, dates as texts."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, str | int | bool):
        return value
    return str(value)
