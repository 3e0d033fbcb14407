"""Warnings about a valid document: rules without effect, and shared accounts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator

import attrs

from socialcollab.directory import PROFILE_KEYS, Profile, Selector
from socialcollab.identifiers import MemberId, ProfileId, nearest
from socialcollab.organization.offboarding import references_to
from socialcollab.organization.organization import Organization
from socialcollab.time import as_utc

# Members may be added to an empty team later, and an expectation about a member who has left is
# not a mistake.
_NEVER_DANGLING = frozenset({"teams", "expect", "absences", "temporary_grants", "swaps"})
_SECTIONS_WITH_SELECTOR = (
    "grants",
    "forbids",
    "rotations",
    "approvals",
    "slot_plans",
    "blackouts",
    "routing",
    "response_targets",
    "saved_replies",
)
_MOST_LISTED = 5


@attrs.frozen(kw_only=True)
class DanglingRule:
    """
    A list or key of the document that names only members who have left.

    Attributes:
        place: The place, such as ``grants[3].to``.
        members: The members, sorted.
    """

    place: str
    members: tuple[MemberId, ...]

    def __str__(self) -> str:
        names = ", ".join(f"`{member}`" for member in self.members)
        return f"{self.place} names only members who have left: {names}"


def dangling_rules(organization: Organization, at: dt.datetime) -> tuple[DanglingRule, ...]:
    """
    Return the lists and keys that name only members who have left by an instant, sorted by place.

    Teams and expectations are not reported.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    scope = organization.access.bindings.scope
    found: dict[str, list[tuple[MemberId, int]]] = {}
    for member in sorted(scope.leaving):
        if scope.has_left(member, as_utc(at)):
            for reference in references_to(organization, member).references:
                if reference.section not in _NEVER_DANGLING:
                    place = re.sub(r"\[\d+\]$", "", reference.place)
                    found.setdefault(place, []).append((MemberId(member), reference.others))
    return tuple(
        DanglingRule(place=place, members=tuple(member for member, _ in named))
        for place, named in sorted(found.items())
        if named[0][1] < len(named)
    )


@attrs.frozen(kw_only=True)
class UnmatchedRule:
    """
    A rule whose `on` matches no profile and covers no workspace.

    Attributes:
        place: The place of the selector, such as ``grants[3].on``.
        on: The selector.
        suggestion: A change that would make the selector match, or an empty string.
    """

    place: str
    on: Selector
    suggestion: str = ""

    def __str__(self) -> str:
        text = f"{self.place} matches no profile: {self.on}"
        return f"{text}; {self.suggestion}" if self.suggestion else text


def rules_matching_nothing(organization: Organization) -> tuple[UnmatchedRule, ...]:
    """
    Return the rules that match nothing, in the order of the document.

    Such a rule has no effect. It is not a fault, because all names in it exist, and a profile that
    is added later may match it.
    """
    unmatched = []
    for section in _SECTIONS_WITH_SELECTOR:
        for number, rule in enumerate(getattr(organization, section)):
            on = Selector.of(rule.on)
            if on.of_workspace or any(on.matches_profile(one) for one in organization.profiles):
                continue
            place = getattr(rule, "place", "") or f"{section}[{number}]"
            suggestion = next(_suggestions(on, organization.profiles), "")
            unmatched.append(UnmatchedRule(place=f"{place}.on", on=on, suggestion=suggestion))
    return tuple(unmatched)


def _suggestions(on: Selector, profiles: Iterable[Profile]) -> Iterator[str]:
    """Yield suggestions for each key: values that would match if the other keys stay unchanged."""
    if on.excluding is not None and any(
        attrs.evolve(on, excluding=None).matches_profile(profile) for profile in profiles
    ):
        yield f"its `excluding` excludes all profiles that it matches: {on.excluding}"
    # The most specific key is most likely to be wrong.
    for key in ("network", "profile_tag", "profile", "workspace"):
        words: tuple[str, ...] = getattr(on, key)
        others = [other for other in PROFILE_KEYS if other != key and getattr(on, other)]
        if not words or not others:
            continue
        known = sorted(
            {
                value
                for profile in profiles
                if _matches_keys(on, profile, others)
                for value in _values(profile, key)
            }
        )
        if not known:
            continue
        near = nearest(words[0], known)
        if near:
            yield f"did you mean {key} `{near}`?"
        else:
            listed = ", ".join(known[:_MOST_LISTED])
            more = ", ..." if len(known) > _MOST_LISTED else ""
            given = ", ".join(f"{other} {'/'.join(getattr(on, other))}" for other in others)
            yield f"with {given}, use {key} {listed}{more}"


def _matches_keys(on: Selector, profile: Profile, keys: Iterable[str]) -> bool:
    return not (on.excluding is not None and on.excluding.matches_profile(profile)) and all(
        "*" in getattr(on, key) or not set(getattr(on, key)).isdisjoint(_values(profile, key))
        for key in keys
    )


def _values(profile: Profile, key: str) -> tuple[str, ...]:
    if key == "profile_tag":
        return tuple(profile.tags)
    return (profile.id,) if key == "profile" else (getattr(profile, key),)


@attrs.frozen(kw_only=True)
class SharedAccount:
    """
    A network account that is represented by several profiles.

    Attributes:
        network: The network.
        handle: The handle as spelled in the first of the profiles.
        profiles: The profiles, in the order of the document.
    """

    network: str
    handle: str
    profiles: tuple[ProfileId, ...]

    def __str__(self) -> str:
        names = ", ".join(f"`{profile}`" for profile in self.profiles)
        return (
            f"profiles {names} represent the same account, {self.handle} on {self.network}:"
            " a rule for one of them does not apply to the others"
        )


def shared_accounts(organization: Organization) -> tuple[SharedAccount, ...]:
    """
    Return the accounts represented by more than one profile, in the order of the document.

    This may be intended, for example if two clients publish through the same account. However, a
    member for whom an action is forbidden on one profile may still be allowed to do it on the
    other, and the limits and the calendar of one profile do not take posts on the other into
    account.
    """
    by_account: dict[tuple[str, str, str], list[Profile]] = {}
    for profile in organization.profiles:
        if profile.handle:
            # The same account can be spelled in several ways: `@Tulip` or `tulip`, with or without
            # a trailing slash.
            server = profile.server.casefold().partition("://")[2].rstrip("/")
            handle = profile.handle.strip().removeprefix("@").casefold()
            by_account.setdefault((profile.network, server, handle), []).append(profile)
    return tuple(
        SharedAccount(
            network=profiles[0].network,
            handle=profiles[0].handle,
            profiles=tuple(ProfileId(profile.id) for profile in profiles),
        )
        for profiles in by_account.values()
        if len(profiles) > 1
    )
