"""Remedies, near misses, and their details that viewers can see."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Iterator
from itertools import chain, combinations

import attrs
import pytest
from tests.permissions import random_organizations

from socialcollab.directory import Member, Profile, Team, Workspace
from socialcollab.permissions import Absence, Access, Forbid, Grant, Rotation, compare, escalations
from socialcollab.verdicts import Remedy

X = Profile(id="tulip-x", workspace="tulip", network="x")
MASTODON = Profile(id="tulip-mastodon", workspace="tulip", network="mastodon")
DIKE = Profile(id="dike-x", workspace="dike", network="x")
TULIP = Workspace(id="tulip", lead="eva", default_approval="none")
NOW = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)
ROLES = {"writer": ["view", "draft"], "publisher": ["view", "draft", "publish"], "owner": ["*"]}
EVERYWHERE = {"workspace": "*"}
EVA = Grant(to="member:eva", role="owner", on=EVERYWHERE)


def access(*rules: Grant | Forbid, teams=(), members=("ana", "ben", "eva"), **more) -> Access:
    return Access.of(
        members=members,
        profiles=[X, MASTODON, DIKE],
        roles=ROLES,
        grants=[rule for rule in rules if isinstance(rule, Grant)],
        forbids=[rule for rule in rules if isinstance(rule, Forbid)],
        workspaces=[TULIP],
        teams=teams,
        **more,
    )


def parts(remedy: Remedy) -> tuple[Remedy, ...]:
    return (attrs.evolve(remedy, also=()), *remedy.also)


def selector_of(organization, resource: str) -> object:
    return (
        resource
        if resource in {one.id for one in organization.profiles}
        else {"workspace": resource}
    )


def applied(organization, remedy: Remedy):
    """Return the organization after all changes of a remedy."""
    for part in parts(remedy):
        if part.code == "end_forbid":
            organization = ending(organization, {part["rule"]})
        elif part.code == "join_team":
            organization = joining(organization, part["member"], part["team"])
        elif part.code in ("grant_role", "grant_permission"):
            granted = (
                {"role": part["role"]}
                if part.code == "grant_role"
                else {"permissions": part["permission"]}
            )
            on = selector_of(organization, part["resource"])
            grant = Grant(to=f"member:{part['member']}", on=on, place="new", **granted)
            organization = attrs.evolve(organization, grants=(*organization.grants, grant))
    return organization


def ending(organization, places):
    left = tuple(one for one in organization.forbids if one.place not in places)
    return attrs.evolve(organization, forbids=left)


def joining(organization, member: str, team: str):
    teams = tuple(
        attrs.evolve(one, members=(*one.members, member)) if one.id == team else one
        for one in organization.teams
    )
    return attrs.evolve(organization, teams=teams)


def subsets(values) -> Iterator[tuple]:
    return chain.from_iterable(combinations(values, size) for size in range(len(values) + 1))


def size(before: Access, after: Access, rules: int, at: dt.datetime) -> tuple[int, int]:
    """Return the number of changed rules and the number of permissions that members gain."""
    gained = {
        (one.member, permission, place)
        for one in compare(before, after, at=at).gains
        for permission in one.permissions
        for place in one.resources
    }
    return rules, len(gained)


def every_change(organization, kind: str, member: str, resource: str):
    """Yield every change of a kind, with the number of rules that it touches."""
    for ended in subsets([one.place for one in organization.forbids]):
        left = ending(organization, set(ended))
        if kind == "end_forbid":
            if ended:
                yield len(ended), left
        elif kind == "join_team":
            for team in organization.teams:
                yield len(ended) + 1, joining(left, member, team.id)
        else:
            gives = [{"role": one.id} for one in organization.roles]
            gives += [{"permissions": one} for one in ("approve", "draft", "publish", "view")]
            for what in gives:
                for on in (selector_of(organization, resource), {"workspace": "*"}):
                    grant = Grant(to=f"member:{member}", on=on, place="new", **what)
                    yield (
                        len(ended) + 1,
                        attrs.evolve(left, grants=(*left.grants, grant)),
                    )


def refused_questions(seed: int, count: int):
    """Yield random questions that are refused to active members."""
    rng = random.Random(seed)
    while count:
        organization = random_organizations.random_organization(rng)
        for _ in range(4):
            member = rng.choice(list(organization.members)).id
            known = next(one for one in organization.members if one.id == member)
            question = (
                member,
                rng.choice(("approve", "draft", "publish", "view")),
                rng.choice(organization.resources),
            )
            at = random_organizations.random_instant(rng)
            if rng.random() < 0.4 and organization.access().allows(*question, at=at):
                organization = forbidding(organization, member, question[1], rng)
            asked = organization.access()
            helped = not known.suspended and not asked.bindings.scope.has_left(member, at)
            if helped and not asked.allows(*question, at=at):
                yield organization, question, at
                count -= 1
                if not count:
                    return


def forbidding(organization, member: str, permission: str, rng: random.Random):
    """Return the organization with a forbid for a member who has the permission."""
    forbid = Forbid(
        to=f"member:{member}",
        permissions=rng.choice((permission, "*")),
        on={"workspace": "*"},
        place=f"forbids[{len(organization.forbids)}]",
    )
    return attrs.evolve(organization, forbids=(*organization.forbids, forbid))


def all_are_enough(naive, seed: int, count: int) -> set[str]:
    codes = set()
    for organization, question, at in refused_questions(seed, count):
        verdict = organization.access().check(*question, at=at)
        assert verdict.remedies
        for remedy in verdict.remedies:
            codes.add(remedy.code)
            assert remedy.text("en")
            assert remedy.text("nl")
            if remedy.code.startswith("wait"):
                assert naive.may(organization, *question, started(remedy))
                continue
            assert naive.may(applied(organization, remedy), *question, at)
            for part in parts(remedy):
                # No part can be left out.
                rest = [one for one in parts(remedy) if one != part]
                if rest:
                    less = attrs.evolve(rest[0], also=tuple(rest[1:]))
                    assert not naive.may(applied(organization, less), *question, at)
    return codes


def test_all_are_enough(naive) -> None:
    """Each remedy is sufficient, and each of its parts is necessary."""
    assert {"end_forbid", "join_team", "grant_permission"} <= all_are_enough(naive, 4, 60)


def started(remedy: Remedy) -> dt.datetime:
    return dt.datetime.fromisoformat(remedy["instant"])


def none_smaller_is_enough(seed: int, count: int) -> set[str]:
    """Compare each remedy with every change of its kind, and return the kinds that occur."""
    chosen = set()
    for organization, question, at in refused_questions(seed, count):
        before = organization.access()
        if before.allows(*question, at=at):
            continue
        verdict = before.check(*question, at=at)
        remedies = {one.code.split("_")[0]: one for one in verdict.remedies}
        for kind in ("end_forbid", "join_team", "grant"):
            smallest = None
            changes = sorted(
                every_change(organization, kind, question[0], question[2]), key=lambda one: one[0]
            )
            for rules, changed in changes:
                if smallest is not None and rules > smallest[0][0]:
                    break
                after = changed.access()
                if after.allows(*question, at=at):
                    found = size(before, after, rules, at), changed
                    smallest = min(smallest or found, found, key=lambda one: one[0])
            remedy = remedies.get(kind.split("_")[0])
            if remedy is None:
                # There is no such change, or ending its forbids alone is enough.
                if smallest is not None:
                    part = attrs.evolve(organization, forbids=smallest[1].forbids)
                    assert part.access().allows(*question, at=at), (kind, question)
                continue
            chosen.add(kind)
            after = applied(organization, remedy).access()
            assert smallest is not None
            assert smallest[0] == size(before, after, len(parts(remedy)), at), (kind, remedy)
    return chosen


@pytest.mark.integration
def test_smallest_of_its_kind() -> None:
    """No smaller change of the same kind is enough."""
    assert none_smaller_is_enough(101, 20) == {"end_forbid", "join_team", "grant"}
    # Here, ending a forbid on the absent member is enough for the delegate.
    assert none_smaller_is_enough(5053, 20)


def no_until_the_wait_is_over(seed: int, count: int) -> None:
    half_hour = dt.timedelta(minutes=30)
    for organization, question, at in refused_questions(seed, count):
        asked = organization.access()
        wait = next(
            (one for one in asked.check(*question, at=at).remedies if one.code[:4] == "wait"), None
        )
        until = at + dt.timedelta(days=45) if wait is None else started(wait)
        # Everything here starts and ends on the half hour.
        now = at.replace(minute=0) + half_hour * (1 + at.minute // 30)
        while now < until:
            assert not asked.allows(*question, at=now), (question, at, now, wait)
            now += half_hour
        assert wait is None or asked.allows(*question, at=until)


def test_wait_is_shortest() -> None:
    """The answer remains no until the end of a wait."""
    no_until_the_wait_is_over(200, 15)


def exactly_those_who_could(seed: int, count: int) -> int:
    """Compare `by` with the members who could adopt the change, and return their number."""
    named = 0
    for organization, question, at in refused_questions(seed, count):
        grants = (
            *organization.grants,
            Grant(to="member:m0", permissions="*", on={"workspace": "*"}, place="all"),
            Grant(to="member:m1", permissions="manage_access", on={"workspace": "*"}, place="some"),
        )
        organization = attrs.evolve(organization, grants=grants)  # noqa: PLW2901
        before = organization.access()
        if before.allows(*question, at=at):
            continue
        for remedy in before.check(*question, at=at).remedies:
            if remedy.code.startswith("wait"):
                assert remedy.by == ()
                continue
            after = applied(organization, remedy).access()
            changed = {one.source for one in (*before.bindings.forbids, *after.bindings.grants)}
            changed -= {one.source for one in (*after.bindings.forbids, *before.bindings.grants)}
            places = set()
            for rule in changed:
                scope = before.bindings.scope
                places |= set(
                    scope.resources_of(rule.on)
                    if isinstance(rule, Grant)
                    else scope.managed_at(rule.on)
                )
            if remedy.code == "join_team":
                places.add("*")
            could = tuple(
                one
                for one in before.member_ids
                if all(before.allows(one, "manage_access", place, at=at) for place in places)
                and not escalations(one, before, after, at=at)
            )
            assert remedy.by == could, (remedy, question)
            assert (remedy.ask in could) if could else remedy.ask == ""
            named += len(could)
    return named


def test_by() -> None:
    """A remedy names exactly the members who could make the change."""
    assert exactly_those_who_could(300, 40)
    # Here, a delegation that has ended must not count as a gain.
    assert exactly_those_who_could(1834981723, 10)


@pytest.mark.slow
def test_remedies_for_long(naive, seconds: float, capsys: pytest.CaptureFixture[str]) -> None:
    """Many refusals have correct remedies; a failure prints the seed that replays it."""
    first, number = time.time_ns() % 2**31, 0
    end = time.monotonic() + seconds / 2  # two slow tests of this package share the available time
    while number == 0 or time.monotonic() < end:
        seed = first + number
        try:
            all_are_enough(naive, seed, 20)
            none_smaller_is_enough(seed, 20)
            no_until_the_wait_is_over(seed, 10)
            exactly_those_who_could(seed, 10)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}") from error
        number += 1
    with capsys.disabled():
        print(f"\n{60 * number} refusals and their remedies from seed {first} on")


def test_smallest_grant() -> None:
    """The smallest grant gives only the permission in question."""
    asked = access(EVA, Grant(to="member:ben", role="writer", on="tulip-x"))
    (remedy,) = asked.check("ana", "publish", "tulip-x", at=NOW).remedies
    assert (remedy.code, remedy["permission"]) == ("grant_permission", "publish")
    # If the member can already draft, the role adds nothing else.
    (remedy,) = asked.check("ben", "publish", "tulip-x", at=NOW).remedies
    assert (remedy.code, remedy["role"]) == ("grant_role", "publisher")


def test_join_team_with_forbid() -> None:
    """Joining a team with a forbid includes ending the forbid."""
    asked = access(
        EVA,
        Grant(to="team:social", permissions=["publish"], on="tulip-x"),
        Forbid(to="team:social", permissions=["publish"], on={"workspace": "tulip"}),
        teams={"social": ["ben"]},
    )
    verdict = asked.check("ana", "publish", "tulip-x", at=NOW)
    join, grant = verdict.remedies
    assert [one.code for one in parts(join)] == ["join_team", "end_forbid"]
    assert [one.code for one in parts(grant)] == ["grant_permission"]
    assert "add `ana` to team `social` and end the forbid forbids[0]" in join.text()
    assert join.by == ("eva",)
    assert join.ask == "eva"


@pytest.mark.parametrize(
    ("team", "codes"),
    [
        (["ben"], {"grant_permission"}),
        ([], {"grant_permission"}),
        (["ben", "noor"], {"grant_permission"}),
        (["noor"], {"join_team", "grant_permission"}),
    ],
)
def test_clients_join_no_staff(team, codes) -> None:
    """A remedy never adds a client to a team with staff, or to a team that may become one."""
    asked = access(
        EVA,
        Grant(to="team:social", permissions=["publish"], on="tulip-x"),
        Grant(to="member:noor", permissions=["view"], on="tulip-x"),
        teams={"social": team},
        members=[
            *(Member(id=name) for name in ("ana", "ben", "eva")),
            Member(id="noor", kind="client", of="tulip"),
            Member(id="wim", kind="client", of="tulip"),
        ],
    )
    verdict = asked.check("wim", "publish", "tulip-x", at=NOW)
    assert codes == {remedy.code for remedy in verdict.remedies}


def test_join_included_team() -> None:
    """An included team is preferred if it gives fewer permissions."""
    asked = access(
        EVA,
        Grant(to="team:all", permissions=["publish"], on="tulip-x"),
        Grant(to="team:all", permissions=["draft"], on=EVERYWHERE),
        Forbid(to="team:trainees", permissions=["draft"], on=EVERYWHERE),
        teams=[Team(id="all", members=["ben"], includes=["trainees"]), Team(id="trainees")],
    )
    join, _ = asked.check("ana", "publish", "tulip-x", at=NOW).remedies
    assert join["team"] == "trainees", "they gain less"


def test_end_all_forbids() -> None:
    """All forbids that match are ended together."""
    asked = access(
        EVA,
        Grant(to="member:ana", role="publisher", on=EVERYWHERE),
        Forbid(to="member:ana", permissions=["publish"], on="tulip-x"),
        Forbid(to="member:ana", permissions=["*"], on={"workspace": "tulip"}, end=dt.date(2026, 5, 1)),
        Forbid(to="member:ana", permissions=["publish"], on="tulip-x", end=dt.date(2026, 4, 9)),
    )  # fmt: skip
    verdict = asked.check("ana", "publish", "tulip-x", at=NOW)
    assert len(verdict.reasons) == 3
    (end,) = verdict.remedies
    assert {one["rule"] for one in parts(end)} == {"forbids[0]", "forbids[1]", "forbids[2]"}


def test_end_forbid_on_absent_member() -> None:
    """Ending the forbid on the absent member is a remedy for the delegate."""
    absence = Absence(
        id="a",
        member="ben",
        delegate="ana",
        start=dt.date(2026, 4, 6),
        end=dt.date(2026, 4, 10),
        zone="UTC",
    )
    asked = access(
        EVA,
        Grant(to="member:ben", role="publisher", on="tulip-x"),
        Forbid(to="member:ben", permissions=["publish"], on="tulip-x"),
        absences=[absence],
    )
    end, grant = asked.check("ana", "publish", "tulip-x", at=NOW).remedies
    assert (end.code, end["rule"]) == ("end_forbid", "forbids[0]")
    assert grant.code == "grant_permission"


def test_waits() -> None:
    """The remedy to wait names the rule, shift or absence that starts or ends."""

    def waits(*lines, **more) -> list[tuple[str, str]]:
        verdict = access(EVA, *lines, **more).check("ana", "publish", "tulip-x", at=NOW)
        return [(one.code, one["start"]) for one in verdict.remedies if one.code[:4] == "wait"]

    held = Grant(to="member:ana", role="publisher", on="tulip-x")
    later = attrs.evolve(held, start=dt.date(2026, 4, 20))
    forbid = Forbid(to="member:ana", permissions="publish", on="tulip-x", end=dt.date(2026, 4, 20))
    rotation = Rotation(
        id="care",
        role="publisher",
        on="tulip-x",
        members=("ben", "ana"),
        start=dt.date(2026, 4, 6),
        every="monday 09:00",
        end="tuesday 09:00",
    )
    absence = Absence(
        id="a",
        member="ben",
        delegate="ana",
        start=dt.date(2026, 4, 9),
        end=dt.date(2026, 4, 11),
        zone="UTC",
    )
    assert waits(later) == [("wait", "2026-04-20 00:00 UTC")]
    assert waits(held, forbid) == [("wait_for_forbid_end", "2026-04-20 00:00 UTC")]
    assert waits(rotations=[rotation]) == [("wait_for_shift", "2026-04-13 09:00 UTC")]
    # A forbid covers the shift of 13 April, and the next shift is on the 27th.
    assert waits(forbid, rotations=[rotation]) == [("wait_for_shift", "2026-04-27 09:00 UTC")]
    grant_to_ben = attrs.evolve(held, to="member:ben")
    assert waits(grant_to_ben, absences=[absence]) == [("wait_for_absence", "2026-04-09 00:00 UTC")]
    # Ben's shift starts during his absence.
    absence = attrs.evolve(absence, start=dt.date(2026, 4, 18), end=dt.date(2026, 4, 22))
    never = Forbid(to="member:ana", permissions="publish", on="tulip-x", start=dt.date(2026, 4, 21))
    only_ben = attrs.evolve(rotation, members=("ben",))
    assert waits(never, absences=[absence], rotations=[only_ben]) == [
        ("wait_for_shift", "2026-04-20 09:00 UTC")
    ]


def test_near_misses() -> None:
    """Near misses describe rules that almost allow the action."""

    def near(*lines, authors=(), **more) -> list[str]:
        asked = access(EVA, *lines, **more)
        verdict = asked.check("ana", "publish", "tulip-x", at=NOW, authors=authors)
        assert all(one.text("nl") for one in verdict.near_misses)
        return [one.text() for one in verdict.near_misses]

    held = Grant(to="member:ana", role="publisher", on="tulip-x")
    assert near() == []
    assert near(held, Forbid(to="member:ana", permissions="publish", on="tulip-x")) == []
    assert near(attrs.evolve(held, end=dt.date(2026, 4, 1))) == [
        "grants[1] granted `ana` `publish` on `tulip-x` until 2026-04-01 00:00 UTC"
    ]
    assert near(attrs.evolve(held, on="dike-x")) == [
        "grants[1] grants `ana` `publish` on `dike-x`, but not on `tulip-x`"
    ]
    assert near(attrs.evolve(held, role="writer")) == [
        "grants[1] grants `ana` `writer` on `tulip-x`, but not `publish`"
    ]
    absence = Absence(
        id="a",
        member="ben",
        delegate="ana",
        start=dt.date(2026, 4, 6),
        end=dt.date(2026, 4, 10),
        zone="UTC",
        permissions=("draft",),
    )
    grant_to_ben = attrs.evolve(held, to="member:ben")
    assert (
        "is the delegate of `ben`, but not for `publish`"
        in near(grant_to_ben, absences=[absence])[0]
    )
    absence = attrs.evolve(absence, permissions=())
    (said,) = near(grant_to_ben, absences=[absence], authors=["ben"])
    assert "but one of the two wrote the post" in said


def test_for_viewer() -> None:
    """Answers for a viewer do not contain resources and members that are hidden from them."""
    asked = access(
        Grant(to="member:eva", role="owner", on={"workspace": "dike"}),
        Grant(to="member:ana", permissions=["view"], on="tulip-x"),
        Grant(to="member:ana", permissions=["publish"], on="dike-x"),
        Grant(to="member:ben", role="owner", on={"workspace": "tulip"}),
        Grant(to="team:hidden", permissions=["publish"], on="tulip-x"),
        teams={"hidden": ["eva"]},
    )
    whole = asked.check("ana", "publish", "tulip-x", at=NOW)
    assert {one.code for one in whole.remedies} == {"join_team", "grant_permission"}
    assert "near_miss.elsewhere" in {one.code for one in whole.near_misses}
    seen = whole.for_viewer("ana")
    assert not seen
    assert [one.code for one in seen.remedies] == ["grant_permission"]
    assert [one.by for one in seen.remedies] == [("ben",)]
    assert "dike" not in seen.explain()
    assert "eva" not in seen.explain()
    assert "hidden" not in seen.explain()
    # A viewer who cannot view the resource learns only the answer and the member.
    for viewer in ("eva", "nobody"):
        said = whole.for_viewer(viewer)
        assert (said.remedies, said.near_misses) == ((), ())
        assert [one.code for one in said.reasons] == ["not_visible_to"]
        assert "tulip" not in said.explain()
    (reason,) = asked.check("ana", "publish", "dike-x", at=NOW).for_viewer("ben").reasons or (None,)
    assert reason is None
    # The answer that one viewer sees can be reduced further for another.
    assert seen.for_viewer("ben").remedies == seen.remedies
    assert seen.for_viewer("eva").remedies == ()


def test_by_for_delegate() -> None:
    """Only a member with the permissions that the delegate gains can end a forbid on the delegate."""
    absence = Absence(
        id="a", member="ben", delegate="ana", start=NOW.date() - dt.timedelta(days=1),
        end=NOW.date() + dt.timedelta(days=9),
    )  # fmt: skip
    asked = access(
        EVA,
        Grant(to="member:ana", permissions=["manage_access"], on={"workspace": "*"}),
        Grant(to="member:ben", permissions=["publish"], on={"workspace": "tulip"}),
        Forbid(to="member:ana", permissions=["publish"], on={"workspace": "tulip"}),
    ).with_state([absence])
    (remedy,) = asked.check("ana", "publish", "tulip-x", at=NOW).remedies
    assert ("end_forbid", ("eva",)) == (remedy.code, remedy.by)


def test_giver_is_shown_to_those_who_know_them() -> None:
    """The giver of a temporary grant is shown only to viewers who know them."""
    given = Grant(to="member:ana", permissions=["publish"], on="tulip-x", by="eva",
                  end=dt.date(2026, 5, 1))  # fmt: skip
    asked = access(Grant(to="member:ana", permissions=["view"], on="tulip-x"), given)
    verdict = asked.check("ana", "publish", "tulip-x", at=NOW)
    assert [one.code for one in verdict.reasons] == ["temporary_grant.member"]
    assert verdict.for_viewer("ana").reasons == ()
    known = access(EVA, Grant(to="member:ana", permissions=["view"], on="tulip-x"), given)
    verdict = known.check("ana", "publish", "tulip-x", at=NOW)
    assert verdict.for_viewer("ana").reasons == verdict.reasons


def all_are_enough_together(naive, seed: int, count: int) -> set[str]:
    codes = set()
    for organization, (member, permission, _), at in refused_questions(seed, count):
        resources = [profile.id for profile in organization.profiles][:3]
        verdict = organization.access().check_all(member, permission, resources, at=at)
        for remedy in verdict.remedies:
            codes.add(remedy.code)
            waits = remedy.code.startswith("wait")
            after = organization if waits else applied(organization, remedy)
            then = started(remedy) if waits else at
            assert all(naive.may(after, member, permission, one, then) for one in resources)
    return codes


def test_enough_for_all_resources(naive) -> None:
    """Each remedy of `check_all` is sufficient on all the resources."""
    assert {"end_forbid", "join_team", "grant_permission"} <= all_are_enough_together(naive, 4, 80)


def test_one_remedy_for_two_profiles() -> None:
    """A member who lacks a permission on two profiles needs a grant on both of them."""
    asked = access(EVA)
    verdict = asked.check_all("ana", "publish", ["tulip-x", "tulip-mastodon"], at=NOW)
    (grant,) = verdict.remedies
    assert ["tulip-x", "tulip-mastodon"] == [one["resource"] for one in parts(grant)]
    assert ("eva",) == grant.by
    assert "eva" in grant.text()
    assert asked.check_all("eva", "publish", ["tulip-x", "dike-x"], at=NOW)


def test_no_remedy_through_hidden_resource() -> None:
    """A viewer learns nothing about other resources if one of them is hidden from them."""
    asked = access(EVA, Grant(to="member:ana", role="writer", on="tulip-x"))
    verdict = asked.check_all("ana", "publish", ["tulip-x", "dike-x"], at=NOW)
    seen = verdict.for_viewer("ana")
    assert ["not_visible"] == [reason.code for reason in seen.reasons]
    assert seen.remedies == ()
