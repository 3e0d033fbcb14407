"""
Hypothesis strategies for the values of this library, for use in your tests.

They draw from a small set of names, so that the generated values refer to each other. For example,
a grant is likely to refer to a team that has members. All values are plain and immutable.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cache

import attrs
from hypothesis import strategies as st

from socialcollab.content import Image, LinkCard, Poll, PostContent, Variant, media_digest
from socialcollab.directory import Member, Profile, Team, Workspace
from socialcollab.permissions import (
    PERMISSIONS,
    Absence,
    Access,
    Forbid,
    Grant,
    ListedShift,
    Role,
    Rotation,
    ShiftSwap,
)
from socialcollab.time import WallTime

_MEMBERS = ("ana", "ben", "eva", "noor")
_TEAMS = ("care", "social")  # the second team may include the first
_WORKSPACES = (("tulip", "Europe/Amsterdam"), ("dike", "America/New_York"))
_NETWORKS = ("mastodon", "x")
_TAGS = ("care", "news")
_PERMISSIONS = ("approve", "draft", "manage_access", "publish", "view")
_ROLES = ("writer", "publisher", "editor")
_EPOCH = dt.datetime(2026, 1, 1)  # noqa: DTZ001  local bounds
_MARCH = dt.datetime(2026, 3, 18)  # noqa: DTZ001  days around a change of clocks


@attrs.frozen(kw_only=True)
class SmallOrganization:
    """
    An organization as plain values, in the form that `Access.of` accepts.

    Attributes:
        members: Its members.
        profiles: Its profiles.
        teams: Its teams.
        workspaces: Its workspaces, each with a time zone.
        roles: Its roles.
        grants: Its grants, each with its location in the document.
        forbids: Its forbids, each with its location in the document.
        custom_permissions: Its custom permissions.
        rotations: Its rotations.
        absences: Absences of members, with their delegates.
        swaps: Shift swaps.
        timezone: The time zone to use if there is no workspace.
    """

    members: tuple[Member, ...]
    profiles: tuple[Profile, ...]
    teams: tuple[Team, ...]
    workspaces: tuple[Workspace, ...]
    roles: tuple[Role, ...]
    grants: tuple[Grant, ...]
    forbids: tuple[Forbid, ...]
    custom_permissions: tuple[str, ...] = ("ads.boost",)
    rotations: tuple[Rotation, ...] = ()
    absences: tuple[Absence, ...] = ()
    swaps: tuple[ShiftSwap, ...] = ()
    timezone: str = "UTC"

    def access(self) -> Access:
        """Return the `Access` of the organization."""
        return Access.of(
            members=self.members,
            profiles=self.profiles,
            teams=self.teams,
            workspaces=self.workspaces,
            roles=self.roles,
            grants=self.grants,
            forbids=self.forbids,
            custom_permissions=self.custom_permissions,
            rotations=self.rotations,
            absences=self.absences,
            swaps=self.swaps,
            timezone=self.timezone,
        )

    @property
    def resources(self) -> tuple[str, ...]:
        """Every resource that a permission can be checked for."""
        return (
            *(profile.id for profile in self.profiles),
            *(workspace.id for workspace in self.workspaces),
            "*",
        )

    @property
    def permissions(self) -> tuple[str, ...]:
        """Every permission that can be checked, sorted."""
        return tuple(sorted({*PERMISSIONS, *self.custom_permissions}))


def ids() -> st.SearchStrategy[str]:
    """Generate identifiers for members, profiles and other parts of a document."""
    return st.from_regex(r"[a-z0-9][a-z0-9._-]{0,63}", fullmatch=True)


def texts(*, max_size: int = 60) -> st.SearchStrategy[str]:
    """Generate realistic texts, with emoji, combining marks and line breaks."""
    typical = st.sampled_from(
        (
            "De lente is er",
            "🌷",
            "👩‍👩‍👧‍👦",
            "e\u0301",
            "\n\n",
            "https://tulip.example/",
            "@noor",
            "#tulips",
            "¿",
            "春",
        )
    )
    free = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=max_size)
    return st.one_of(st.lists(typical, max_size=6).map(" ".join), free)


def instants(
    *, start: dt.datetime | None = None, days: int = 365
) -> st.SearchStrategy[dt.datetime]:
    """Generate UTC instants in whole minutes, within *days* after *start*; by default, in 2026."""
    first = start or _EPOCH.replace(tzinfo=dt.UTC)
    minutes = st.integers(min_value=0, max_value=days * 24 * 60)
    return minutes.map(lambda passed: first + dt.timedelta(minutes=passed))


def wall_times(*, zone: str = "Europe/Amsterdam") -> st.SearchStrategy[WallTime]:
    """Generate wall times in *zone* in 2026 that clock changes neither skip nor repeat."""
    return instants().map(lambda at: WallTime.of(at, zone))


def members() -> st.SearchStrategy[Member]:
    """Generate members of any kind. Every client belongs to a workspace."""
    return st.builds(
        lambda name, kind, suspended: Member(
            id=name,
            name=name.title(),
            kind=kind,
            of="tulip" if kind == "client" else "",
            suspended=suspended,
        ),
        ids(),
        st.sampled_from(("staff", "client", "guest")),
        st.booleans(),
    )


def profiles(*, workspace: str | None = None) -> st.SearchStrategy[Profile]:
    """Generate profiles on any network, in *workspace* or in any workspace."""
    return st.builds(
        Profile,
        id=ids(),
        workspace=ids() if workspace is None else st.just(workspace),
        network=st.sampled_from(("bluesky", "facebook", "instagram", "linkedin", "mastodon", "x")),
        tags=st.frozensets(st.sampled_from(_TAGS)),
    )


def contents(
    *, targets: Sequence[str] = ("tulip-mastodon", "tulip-x"), zone: str = "Europe/Amsterdam"
) -> st.SearchStrategy[PostContent]:
    """Generate the contents of posts, with variants and times for some of *targets*."""
    images = st.builds(
        lambda data, alt: Image(digest=media_digest(data), alt=alt, size_bytes=len(data)),
        st.binary(max_size=4),
        texts(),
    )

    def build(chosen: tuple[str, ...]) -> st.SearchStrategy[PostContent]:
        some = st.sampled_from(chosen) if chosen else st.nothing()
        parts = texts(max_size=10).filter(str.strip)
        cards = st.builds(
            LinkCard, url=st.just("https://tulip.example"), title=parts, image=st.none() | images
        )
        polls = st.lists(parts, min_size=2, max_size=4)
        return st.builds(
            PostContent,
            text=texts(),
            thread=st.lists(parts, max_size=2),
            targets=st.just(chosen),
            variants=st.dictionaries(some, texts() | st.lists(parts, min_size=1), max_size=2)
            | st.lists(
                st.builds(Variant, some, media=st.lists(images, max_size=1)),
                max_size=2,
                unique_by=lambda variant: variant.profile,
            ),
            media=st.lists(images, max_size=2),
            links=st.lists(st.just("https://tulip.example/lente"), max_size=1),
            language=st.sampled_from(("", "en", "nl")),
            labels=st.lists(st.sampled_from(("sensitive", "spoiler"))),
            poll=st.none() | polls.map(lambda options: Poll(options=tuple(options))),
            planned_at=st.none() | wall_times(zone=zone),
            times=st.dictionaries(some, wall_times(zone=zone), max_size=2),
            format=st.sampled_from(("post", "story")),
            first_comment=texts(max_size=10),
            card=st.none() | cards,
            visibility=st.sampled_from(("public", "followers")),
            paid_partnership=st.booleans(),
            campaign=st.sampled_from(("", "spring")),
            tags=st.lists(st.sampled_from(("campaign", "offer"))),
        )

    return st.lists(st.sampled_from(tuple(targets)), unique=True).map(tuple).flatmap(build)


@cache
def _selectors() -> st.SearchStrategy[dict[str, object]]:
    workspace = st.sampled_from(("*", *(name for name, _ in _WORKSPACES)))
    network = st.sampled_from(_NETWORKS)
    whole: dict[str, st.SearchStrategy[object]] = {"workspace": workspace}
    keys: dict[str, st.SearchStrategy[object]] = {
        "network": network,
        "profile_tag": st.sampled_from(_TAGS),
        "excluding": st.fixed_dictionaries({"network": network}),
    }
    profile = st.sampled_from([f"{name}-{net}" for name, _ in _WORKSPACES for net in _NETWORKS])
    return st.one_of(
        st.fixed_dictionaries(whole, optional=keys),
        st.fixed_dictionaries({"profile": profile}),
        st.fixed_dictionaries({"profile_tag": st.sampled_from(_TAGS)}),
    )


@cache
def _bounds() -> st.SearchStrategy[tuple[dt.date | None, dt.date | None]]:
    hours = st.none() | st.integers(min_value=0, max_value=24 * 20)

    def bounds(first: int | None, last: int | None) -> tuple[dt.date | None, dt.date | None]:
        if first is not None and last is not None:
            first, last = min(first, last), max(first, last) + 1
        return _local(first), _local(last)

    return st.builds(bounds, hours, hours)


def _local(hours: int | None) -> dt.date | None:
    if hours is None:
        return None
    # These times are around the night of 29 March, when clocks in Amsterdam are set forward.
    at = dt.datetime(2026, 3, 20) + dt.timedelta(hours=hours)  # noqa: DTZ001  a local bound
    return at if at.hour else at.date()


@cache
def _principals() -> st.SearchStrategy[list[str]]:
    known = [*(f"member:{name}" for name in _MEMBERS), *(f"team:{name}" for name in _TEAMS)]
    return st.lists(st.sampled_from(known), min_size=1, max_size=2, unique=True)


def grants() -> st.SearchStrategy[Grant]:
    """Generate grants of roles or permissions in a small organization, some with a time limit."""
    return _grants()


@cache
def _grants() -> st.SearchStrategy[Grant]:
    return st.builds(
        lambda to, role, permissions, on, bounds: Grant(
            to=to,
            role=role,
            permissions=() if role else permissions,
            on=on,
            start=bounds[0],
            end=bounds[1],
        ),
        _principals(),
        st.sampled_from(("", *_ROLES)),
        st.lists(st.sampled_from((*_PERMISSIONS, "ads.boost", "*")), min_size=1, max_size=2),
        _selectors(),
        _bounds(),
    )


@cache
def _forbids() -> st.SearchStrategy[Forbid]:
    return st.builds(
        lambda to, permissions, on, bounds: Forbid(
            to=to, permissions=permissions, on=on, start=bounds[0], end=bounds[1]
        ),
        _principals(),
        st.lists(st.sampled_from((*_PERMISSIONS, "*")), min_size=1, max_size=2),
        _selectors(),
        _bounds(),
    )


@cache
def _rotations() -> st.SearchStrategy[Rotation]:
    return _rule_rotations() | _listed_rotations()


@cache
def _listed_rotations() -> st.SearchStrategy[Rotation]:
    # There are up to three shifts a day, which begin at different times. Some begin in the hour
    # that the clock change skips.
    marks = st.lists(st.integers(0, 44), min_size=1, max_size=5, unique=True)
    return st.builds(
        lambda number, role, on, marks, members, lasts, zone: Rotation(
            id=f"rotation-{number}",
            role=role,
            on=on,
            shifts=[
                ListedShift(
                    member=member,
                    start=_MARCH + dt.timedelta(days=mark // 3, minutes=150 + 30 * (mark % 3)),
                    end=(
                        _MARCH
                        + dt.timedelta(days=mark // 3, minutes=150 + 30 * (mark % 3) + lasting)
                        if lasting
                        else None
                    ),
                )
                for mark, member, lasting in zip(marks, members, lasts, strict=False)
            ],
            timezone=zone,
        ),
        st.integers(0, 999_999),
        st.sampled_from(_ROLES),
        _selectors(),
        marks,
        st.lists(st.sampled_from(_MEMBERS), min_size=5, max_size=5),
        st.lists(st.sampled_from((0, 0, 30)), min_size=5, max_size=5),
        st.sampled_from(("", "", "Asia/Tokyo")),
    )


@cache
def _rule_rotations() -> st.SearchStrategy[Rotation]:
    return st.builds(
        lambda number, role, on, members, start, every, end: Rotation(
            id=f"rotation-{number}",
            role=role,
            on=on,
            members=members,
            start=dt.date(2026, 3, 18) + dt.timedelta(days=start),
            every=every,
            end=end,
        ),
        st.integers(0, 999_999),
        st.sampled_from(_ROLES),
        _selectors(),
        st.lists(st.sampled_from(_MEMBERS), min_size=1, max_size=3, unique=True),
        st.integers(0, 9),
        st.sampled_from(("friday 17:00", "day 09:00", "sunday 02:30", "mon-fri 08:00")),
        st.none() | st.sampled_from(("monday 09:00", "day 18:00")),
    )


@cache
def _absences() -> st.SearchStrategy[Absence]:
    pairs = st.sampled_from([(a, b) for a in _MEMBERS for b in ("", *_MEMBERS) if a != b])
    return st.builds(
        lambda number, pair, start, days, zone, permissions: Absence(
            id=f"absence-{number}",
            member=pair[0],
            delegate=pair[1],
            start=dt.date(2026, 3, 18) + dt.timedelta(days=start),
            end=dt.date(2026, 3, 18) + dt.timedelta(days=start + days),
            zone=zone,
            permissions=permissions,
        ),
        st.integers(0, 999_999),
        pairs,
        st.integers(0, 14),
        st.integers(1, 14),
        st.sampled_from(("UTC", "Europe/Amsterdam", "America/New_York")),
        st.just(()) | st.lists(st.sampled_from(_PERMISSIONS), max_size=2).map(tuple),
    )


def _swaps(rotations: Sequence[Rotation]) -> st.SearchStrategy[tuple[ShiftSwap, ...]]:
    if not rotations:
        return st.just(())
    return st.lists(
        st.builds(
            lambda rotation, member, start, hours, order: (rotation, member, start, hours, order),
            st.sampled_from([rotation.id for rotation in rotations]),
            st.sampled_from(_MEMBERS),
            st.integers(0, 300),
            st.integers(1, 120),
            st.integers(0, 2),
        ),
        max_size=3,
    ).map(
        lambda drawn: tuple(
            ShiftSwap(
                id=f"swap-{number}",
                rotation=rotation,
                member=member,
                start=_MARCH + dt.timedelta(hours=start),
                end=_MARCH + dt.timedelta(hours=start + hours),
                order=order,
            )
            for number, (rotation, member, start, hours, order) in enumerate(drawn)
        )
    )


# This strategy is created only once, because Hypothesis validates each new strategy, which is slow.
_SOME_MEMBERS = st.lists(st.sampled_from(_MEMBERS), unique=True)
_SOME_PERMISSIONS = st.lists(st.sampled_from((*_PERMISSIONS, "ads.boost")), max_size=2).map(tuple)
_SOME_TAGS = st.frozensets(st.sampled_from(_TAGS))
_SOME_GRANTS = st.lists(_grants(), max_size=5)
_SOME_FORBIDS = st.lists(_forbids(), max_size=3)
_SOME_ROTATIONS = st.lists(_rotations(), max_size=2, unique_by=lambda rotation: rotation.id)
_SOME_ABSENCES = st.lists(_absences(), max_size=2, unique_by=lambda absence: absence.id)
_PUBLISHER_INCLUDES = st.sampled_from(((), ("writer",)))
_SOCIAL_INCLUDES = st.sampled_from(((), ("care",)))
_EDITOR_INCLUDES = st.sampled_from(((), ("writer",), ("publisher",)))
_EDITOR_PERMISSIONS = st.just(("*",)) | _SOME_PERMISSIONS
_TENTHS = st.integers(0, 9)
_LEFT = st.sampled_from((None,) * 5 + tuple(dt.date(2026, 3, day) for day in (20, 28, 29, 31)))
_ZONES = st.sampled_from(("UTC", "Europe/Lisbon"))


@st.composite
def small_organizations(draw: st.DrawFn) -> SmallOrganization:
    """
    Generate organizations with four members, two teams, two workspaces and four profiles.

    Some have rule-based or listed rotations with swapped shifts, and absences with delegates. The
    workspaces are in two time zones. The roles form a chain in which each role includes the next.
    Most time limits are close to a clock change.
    """
    roles = (
        Role(id="writer", permissions=draw(_SOME_PERMISSIONS)),
        Role(
            id="publisher",
            includes=draw(_PUBLISHER_INCLUDES),
            permissions=draw(_SOME_PERMISSIONS),
        ),
        Role(
            id="editor",
            includes=draw(_EDITOR_INCLUDES),
            permissions=draw(_EDITOR_PERMISSIONS),
        ),
    )
    rotations = tuple(draw(_SOME_ROTATIONS))
    return SmallOrganization(
        members=tuple(
            Member(id=name, suspended=draw(_TENTHS) == 0, left=draw(_LEFT)) for name in _MEMBERS
        ),
        profiles=tuple(
            Profile(id=f"{name}-{network}", workspace=name, network=network, tags=draw(_SOME_TAGS))
            for name, _ in _WORKSPACES
            for network in _NETWORKS
        ),
        teams=(
            Team(id="care", members=draw(_SOME_MEMBERS)),
            Team(id="social", members=draw(_SOME_MEMBERS), includes=draw(_SOCIAL_INCLUDES)),
        ),
        workspaces=tuple(
            Workspace(id=name, timezone=zone, lead="eva", default_approval="none")
            for name, zone in _WORKSPACES
        ),
        roles=roles,
        grants=tuple(
            attrs.evolve(grant, place=f"grants[{number}]")
            for number, grant in enumerate(draw(_SOME_GRANTS))
        ),
        forbids=tuple(
            attrs.evolve(forbid, place=f"forbids[{number}]")
            for number, forbid in enumerate(draw(_SOME_FORBIDS))
        ),
        rotations=rotations,
        swaps=draw(_swaps(rotations)),
        absences=tuple(draw(_SOME_ABSENCES)),
        timezone=draw(_ZONES),
    )
