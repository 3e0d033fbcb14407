"""Lines of a document whose `on` matches no profile, with what would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import attrs

from socialcollab.directory import PROFILE_KEYS, Profile, Selector
from socialcollab.identifiers import nearest

if TYPE_CHECKING:
    from socialcollab.organization.organization import Organization

_SECTIONS = (
    "grants",
    "forbids",
    "rotations",
    "approvals",
    "slot_plans",
    "blackouts",
)
_MOST_LISTED = 5


@attrs.frozen(kw_only=True)
class UnmatchedRule:
    """
    A line whose `on` matches no profile, and is about no workspace as a whole.

    Attributes:
        place: Where it says so, such as ``grants[3].on``.

        on: What it says.

        suggestion: The nearest that would match something; empty if nothing is near.
    """

    place: str
    on: Selector
    suggestion: str = ""

    def __str__(self) -> str:
        said = f"{self.place} matches nothing: {self.on}"
        return f"{said}; {self.suggestion}" if self.suggestion else said


def rules_matching_nothing(organization: Organization) -> tuple[UnmatchedRule, ...]:
    """
    Return the lines that are about nothing, in the document's order.

    Every name in them exists, so that they are no fault: a network may come to
    have a profile. Until then such a line does nothing, in silence.
    """
    found = []
    for section in _SECTIONS:
        for number, line in enumerate(getattr(organization, section)):
            on = line.on if isinstance(line.on, Selector) else Selector.of(line.on)
            if on.of_workspace or any(on.matches_profile(one) for one in organization.profiles):
                continue
            place = getattr(line, "place", "") or f"{section}[{number}]"
            found.append(
                UnmatchedRule(
                    place=f"{place}.on",
                    on=on,
                    suggestion=next(_suggestions(on, organization.profiles), ""),
                )
            )
    return tuple(found)


def _suggestions(on: Selector, profiles: Iterable[Profile]) -> Iterator[str]:
    """Yield for each key what it would have to say, all others as they are."""
    if on.excluding is not None and any(
        attrs.evolve(on, excluding=None).matches_profile(one) for one in profiles
    ):
        yield f"it leaves out all that it matches: excluding {on.excluding}"
    # The key that is said most narrowly is the likeliest to be wrong.
    for key in ("network", "profile_tag", "profile", "workspace"):
        words: tuple[str, ...] = getattr(on, key)
        others = [other for other in PROFILE_KEYS if other != key and getattr(on, other)]
        if not words or not others:
            continue
        known = sorted(
            {value for one in profiles if _fits(on, one, others) for value in _values(one, key)}
        )
        if not known:
            continue
        near = nearest(words[0], known)
        if near:
            yield f"did you mean {key} `{near}`?"
        else:
            listed = ", ".join(known[:_MOST_LISTED]) + (
                ", ..." if len(known) > _MOST_LISTED else ""
            )
            said = ", ".join(f"{other} {'/'.join(getattr(on, other))}" for other in others)
            yield f"with {said} there is {key} {listed}"


def _fits(on: Selector, profile: Profile, keys: Iterable[str]) -> bool:
    return not (on.excluding is not None and on.excluding.matches_profile(profile)) and all(
        "*" in getattr(on, key) or not set(getattr(on, key)).isdisjoint(_values(profile, key))
        for key in keys
    )


def _values(profile: Profile, key: str) -> tuple[str, ...]:
    if key == "profile_tag":
        return tuple(profile.tags)
    return (profile.id,) if key == "profile" else (getattr(profile, key),)
