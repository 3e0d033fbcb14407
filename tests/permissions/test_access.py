"""The answers of `Access`, their reasons and lists, compared with a naive evaluator."""

from __future__ import annotations

import datetime as dt
import random
import re
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory import Member, Profile, Team, Workspace
from socialcollab.errors import InvalidValueError, NaiveDatetimeError
from socialcollab.permissions import (
    COMMAND_PERMISSIONS,
    PERMISSIONS,
    Access,
    CustomPermissions,
    Forbid,
    Grant,
    Role,
)
from socialcollab.testing.strategies import grants, small_organizations

NOW = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)
X = Profile(id="tulip-x", workspace="tulip", network="x", tags=["care"])
MASTODON = Profile(id="tulip-mastodon", workspace="tulip", network="mastodon")
DIKE = Profile(id="dike-x", workspace="dike", network="x")
TULIP = Workspace(id="tulip", lead="eva", default_approval="none", timezone="Europe/Amsterdam")
ROLES = [
    Role(id="owner", permissions=["*"]),
    Role(id="writer", permissions=["view", "draft"]),
    Role(id="publisher", includes=["writer"], permissions=["publish"]),
]
MOMENTS = st.integers(min_value=0, max_value=24 * 22).map(
    lambda hours: dt.datetime(2026, 3, 19, tzinfo=dt.UTC) + dt.timedelta(hours=hours)
)


def local(*parts: int) -> dt.datetime:
    return dt.datetime(*parts)  # noqa: DTZ001  a local time


def access(*lines: Grant | Forbid, members=("ana", "ben", "eva"), **more) -> Access:
    return Access.of(
        members=members,
        profiles=[X, MASTODON, DIKE],
        roles=more.pop("roles", ROLES),
        grants=[line for line in lines if isinstance(line, Grant)],
        forbids=[line for line in lines if isinstance(line, Forbid)],
        workspaces=more.pop("workspaces", [TULIP]),
        **more,
    )


@st.composite
def questions(draw):
    organization = draw(small_organizations())
    member = draw(st.sampled_from([*(one.id for one in organization.members), "zoe"]))
    permission = draw(st.sampled_from(("approve", "draft", "publish", "view", "hold", "ads.boost")))
    return (
        organization,
        member,
        permission,
        draw(st.sampled_from(organization.resources)),
        draw(MOMENTS),
    )


def test_default_deny() -> None:
    """Nothing is allowed without a rule."""
    empty = access()
    for permission in PERMISSIONS:
        verdict = empty.check("ana", permission, "tulip-x", at=NOW)
        assert not verdict
        assert verdict.reasons == ()
        assert "no rule allows it" in verdict.explain()
        assert "niets" in verdict.explain("nl") or verdict.explain("nl") != verdict.explain()


@given(organization=small_organizations(), moments=st.lists(MOMENTS, min_size=1, max_size=2))
def test_agrees_with_naive_evaluator(naive, organization, moments) -> None:
    """Every answer equals that of the naive evaluator, for all members and resources at several instants."""
    asked = organization.access()
    for at in moments:
        for member in ("ana", "ben", "zoe"):
            for permission in ("approve", "publish", "hold", "ads.boost"):
                for resource in organization.resources:
                    expected = naive.may(organization, member, permission, resource, at)
                    assert expected == asked.allows(member, permission, resource, at=at)
                    assert expected == bool(asked.check(member, permission, resource, at=at))


@given(questions(), st.randoms(use_true_random=False))
def test_order_never_matters(question, shuffled: random.Random) -> None:
    """Every permutation of all lists gives the same answer, with the same reasons and remedies."""
    organization, member, permission, resource, at = question
    mixed = attrs.evolve(
        organization,
        **{
            name: tuple(shuffled.sample(values, len(values)))
            for name, values in attrs.asdict(organization, recurse=False).items()
            if isinstance(values, tuple)
        },
    )
    expected = organization.access().check(member, permission, resource, at=at)
    assert expected == mixed.access().check(member, permission, resource, at=at)


@given(questions(), grants())
def test_grant_never_takes(question, more: Grant) -> None:
    """An additional grant never removes a permission."""
    organization, member, permission, resource, at = question
    richer = attrs.evolve(organization, grants=(*organization.grants, more))
    if organization.access().allows(member, permission, resource, at=at):
        assert richer.access().allows(member, permission, resource, at=at)


@given(questions(), grants().filter(lambda grant: grant.permissions))
def test_forbid_never_gives(question, line: Grant) -> None:
    """An additional forbid never gives a permission."""
    organization, member, permission, resource, at = question
    forbid = Forbid(
        to=line.to, permissions=line.permissions, on=line.on, start=line.start, end=line.end
    )
    poorer = attrs.evolve(organization, forbids=(*organization.forbids, forbid))
    if not organization.access().allows(member, permission, resource, at=at):
        assert not poorer.access().allows(member, permission, resource, at=at)


def named_by(organization, reason, resource, at):
    """Return the rule, absence, or rotation and swap that a reason names."""
    if reason.code == "delegate_of":
        away = next(
            one
            for one in organization.absences
            if (one.delegate, one.member, one.end.isoformat())
            == (reason["member"], reason["absent"], reason["until"])
        )
        return [away]
    if reason.code.startswith("shift."):
        rotation = next(one for one in organization.rotations if one.id == reason["rotation"])
        if reason.code in {"shift.on_duty", "shift.open_ended"}:
            return [rotation]
        zone = organization.access().rotation_binding(rotation.id).zone_of(resource)
        swaps = [
            one
            for one in organization.swaps
            if (one.rotation, one.member) == (rotation.id, reason["member"])
            and one.span(zone)[0] <= at < one.span(zone)[1]
        ]
        return [rotation, max(swaps, key=lambda one: one.rank)]
    (line,) = (one for one in organization.grants if one.place == reason["rule"])
    return [line]


def reduced(organization, facts):
    """Return the organization with only these rules and runtime state, and without forbids."""
    return attrs.evolve(
        organization,
        forbids=(),
        grants=tuple(one for one in organization.grants if any(one is fact for fact in facts)),
        rotations=tuple(
            one for one in organization.rotations if any(one is fact for fact in facts)
        ),
        absences=tuple(one for one in organization.absences if any(one is fact for fact in facts)),
        swaps=tuple(one for one in organization.swaps if any(one is fact for fact in facts)),
    )


@given(questions())
def test_reasons_of_yes(question) -> None:
    """The reasons for a yes are sufficient, and each of them is necessary."""
    organization, member, permission, resource, at = question
    verdict = organization.access().check(member, permission, resource, at=at)
    if not verdict:
        return
    facts = [
        fact for reason in verdict.reasons for fact in named_by(organization, reason, resource, at)
    ]
    assert reduced(organization, facts).access().allows(member, permission, resource, at=at)
    for one in facts:
        others = [other for other in facts if other is not one]
        less = reduced(organization, others).access()
        assert not less.allows(member, permission, resource, at=at)
    assert verdict.remedies == ()


@given(questions())
def test_reasons_of_no(naive, question) -> None:
    """The reasons for a no are all matching forbids."""
    organization, member, permission, resource, at = question
    verdict = organization.access().check(member, permission, resource, at=at)
    if verdict or (
        verdict.reasons and verdict.reasons[0].code in ("not_a_member", "suspended", "left")
    ):
        return
    matching = {
        line.place
        for line in organization.forbids
        if naive.applies(organization, line, member, permission, resource, at)
    }
    assert matching == {reason["rule"] for reason in verdict.reasons}
    assert {reason.code for reason in verdict.reasons} <= {"forbid", "forbid.why"}


@given(small_organizations(), MOMENTS)
def test_lists(naive, organization, at) -> None:
    """Lists of members, permissions and profiles are complete and sorted."""
    asked = organization.access()
    people = sorted(one.id for one in organization.members)
    for resource in organization.resources:
        assert asked.members("publish", resource, at=at) == tuple(
            one for one in people if naive.may(organization, one, "publish", resource, at)
        )
        assert asked.permissions_of("ana", resource, at=at) == tuple(
            one
            for one in organization.permissions
            if naive.may(organization, "ana", one, resource, at)
        )
    assert asked.profiles("ana", "draft", at=at) == tuple(
        profile
        for profile in sorted(one.id for one in organization.profiles)
        if naive.may(organization, "ana", "draft", profile, at)
    )
    assert asked.member_ids == tuple(people)


def test_forbid_beats_grants() -> None:
    """A forbid overrides every grant, and its reason is shown."""
    asked = access(
        Grant(to="member:ana", role="owner", on={"workspace": "*"}),
        Grant(to="member:ana", permissions=["publish"], on="tulip-mastodon"),
        Forbid(
            to="member:ana",
            permissions=["publish"],
            on={"workspace": "tulip", "network": "mastodon"},
            reason="training first",
        ),
    )
    verdict = asked.check("ana", "publish", "tulip-mastodon", at=NOW)
    assert not verdict
    assert "training first" in verdict.explain()
    assert [remedy.code for remedy in verdict.remedies] == ["end_forbid"]
    assert asked.allows("ana", "publish", "tulip-x", at=NOW)


def test_no_wait_for_forbidden_grant() -> None:
    """Waiting for a grant is not a remedy if a forbid will then apply."""
    asked = access(
        Grant(to="member:ana", permissions=["publish"], on="tulip-x", start=dt.date(2026, 5, 1)),
        Forbid(to="member:ana", permissions=["publish"], on="tulip-x", start=dt.date(2026, 4, 20)),
    )
    codes = [remedy.code for remedy in asked.check("ana", "publish", "tulip-x", at=NOW).remedies]
    assert "wait" not in codes


def test_role_includes() -> None:
    """A role has the permissions of the roles it includes."""
    asked = access(Grant(to="member:ana", role="publisher", on={"workspace": "tulip"}))
    assert asked.permissions_of("ana", "tulip-x", at=NOW) == ("draft", "publish", "view")
    assert asked.has_role("ana", "writer", "tulip-x", at=NOW)
    assert not asked.has_role("ana", "owner", "tulip-x", at=NOW)


def test_cycle_of_roles() -> None:
    """Roles that include each other in a cycle are refused, and the message shows the cycle."""
    roles = [
        Role(id="a", includes=["b"]),
        Role(id="b", includes=["c"]),
        Role(id="c", includes=["b"]),
    ]
    with pytest.raises(InvalidValueError, match="b > c > b"):
        access(roles=roles)


def test_star_includes_custom_permissions() -> None:
    """A star in a role includes custom permissions."""
    asked = access(
        Grant(to="member:eva", role="owner", on={"workspace": "*"}),
        custom_permissions=["ads.boost"],
    )
    assert asked.allows("eva", "ads.boost", "*", at=NOW)


def test_bounds_in_workspace_zone() -> None:
    """The start of a grant is inclusive and its end is exclusive, both in the workspace's zone."""
    asked = access(
        Grant(
            to="member:ana",
            permissions=["draft"],
            on={"workspace": "tulip"},
            start=dt.date(2026, 1, 1),
            end=dt.date(2026, 7, 1),
        )
    )
    second = dt.timedelta(seconds=1)
    start = dt.datetime(2025, 12, 31, 23, tzinfo=dt.UTC)
    end = dt.datetime(2026, 6, 30, 22, tzinfo=dt.UTC)
    for at, expected in (
        (start - second, False),
        (start, True),
        (end - second, True),
        (end, False),
    ):
        assert expected == asked.allows("ana", "draft", "tulip-x", at=at)
        assert expected == bool(asked.check("ana", "draft", "tulip", at=at))


@pytest.mark.parametrize(
    ("bound", "instant"),
    [
        # In Amsterdam, 02:30 is skipped on 29 March and repeated on 25 October.
        (local(2026, 3, 29, 2, 30), dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC)),
        (local(2026, 10, 25, 2, 30), dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)),
        (dt.date(2026, 3, 29), dt.datetime(2026, 3, 28, 23, tzinfo=dt.UTC)),
        (dt.date(2026, 10, 26), dt.datetime(2026, 10, 25, 23, tzinfo=dt.UTC)),
    ],
)
def test_bounds_at_clock_changes(bound, instant) -> None:
    """Skipped and repeated local bounds have one defined instant."""
    asked = access(Grant(to="member:ana", permissions=["draft"], on="tulip-x", start=bound))
    assert not asked.allows("ana", "draft", "tulip-x", at=instant - dt.timedelta(seconds=1))
    assert asked.allows("ana", "draft", "tulip-x", at=instant)


def test_bound_with_offset() -> None:
    """A bound with a UTC offset is refused, because the offset would be dropped silently."""
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for line in (Grant, Forbid):
        with pytest.raises(InvalidValueError, match="UTC offset"):
            line(to="member:ana", permissions=["draft"], on="tulip-x", start=at)


def test_suspended_member() -> None:
    """A suspended member has no permissions and no roles."""
    asked = access(
        Grant(to="member:ana", role="owner", on={"workspace": "*"}),
        members=[Member(id="ana", suspended=True), "ben", "eva"],
    )
    verdict = asked.check("ana", "view", "tulip-x", at=NOW)
    assert not verdict
    assert "suspended" in verdict.explain()
    assert not asked.allows("ana", "view", "tulip-x", at=NOW)
    assert not asked.has_role("ana", "owner", "tulip-x", at=NOW)


def test_grant_to_team() -> None:
    """A grant to a team applies to its members, and the reason names the team."""
    asked = access(
        Grant(to="team:social", role="writer", on={"workspace": "tulip"}),
        teams=[Team(id="social", members=["ana"])],
    )
    verdict = asked.check("ana", "draft", "tulip-x", at=NOW)
    assert verdict
    assert "through team `social`" in verdict.explain()
    assert not asked.allows("ben", "draft", "tulip-x", at=NOW)
    codes = [one.code for one in asked.check("ben", "draft", "tulip-x", at=NOW).remedies]
    assert codes == ["join_team", "grant_permission"]


def test_unknown_member() -> None:
    """For an unknown member, the answer is no, and there is no error."""
    verdict = access().check("zoe", "view", "tulip-x", at=NOW)
    assert [reason.code for reason in verdict.reasons] == ["not_a_member"]
    assert not access().allows("zoe", "view", "tulip-x", at=NOW)


@pytest.mark.parametrize(
    ("on", "profile", "workspace", "everywhere"),
    [
        ({"workspace": "*"}, True, True, True),
        ({"workspace": "tulip"}, True, True, False),
        ({"workspace": "tulip", "network": "x"}, True, False, False),
        ({"workspace": "*", "excluding": {"network": "mastodon"}}, True, False, False),
        ("tulip-x", True, False, False),
        ({"profile_tag": "care"}, True, False, False),
        ({"workspace": "dike"}, False, False, False),
    ],
)
def test_resources_of_selectors(on, profile, workspace, everywhere) -> None:
    """A rule applies to a workspace itself, or to `*`, only if it selects all of it."""
    asked = access(Grant(to="member:ana", permissions=["view"], on=on))
    answers = [
        asked.allows("ana", "view", resource, at=NOW) for resource in ("tulip-x", "tulip", "*")
    ]
    assert [profile, workspace, everywhere] == answers


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: access().check("ana", "publsh", "tulip-x", at=NOW), "did you mean `publish`"),
        (lambda: access().allows("ana", "publsh", "tulip-x", at=NOW), "did you mean `publish`"),
        (lambda: access().allows("zoe", "view", "tulipx", at=NOW), "did you mean `tulip"),
        (lambda: access().check("ana", "view", "tulip-xx", at=NOW), "did you mean `tulip-x`"),
        (lambda: access(Grant(to="member:anna", role="writer", on="tulip-x")), "`ana`"),
        (
            lambda: access(
                Grant(to="team:sociale", role="writer", on="tulip-x"), teams={"social": []}
            ),
            "`social`",
        ),
        (lambda: access(Grant(to="member:ana", role="writr", on="tulip-x")), "`writer`"),
        (lambda: access(Grant(to="member:ana", permissions="aprove", on="tulip-x")), "`approve`"),
        (
            lambda: access(Grant(to="member:ana", role="writer", on={"workspace": "tulpi"})),
            "`tulip`",
        ),
        (lambda: access(Forbid(to="member:ana", permissions="*", on="tulipx")), "`tulip-x`"),
        (
            lambda: access(
                Forbid(
                    to="member:ana", permissions="*", on={"workspace": "*", "network": "mastodn"}
                )
            ),
            "`mastodon`",
        ),
        (
            lambda: access(
                Forbid(
                    to="member:ana",
                    permissions="*",
                    on={"workspace": "*", "excluding": {"profile": "tulipx"}},
                )
            ),
            "`tulip-x`",
        ),
        (lambda: access(teams={"social": ["anna"]}), "did you mean `ana`"),
        (lambda: access(members=["ana", "ana"]), "two members with the id `ana`"),
        (lambda: access(roles=[Role(id="a", includes=["wrter"]), Role(id="writer")]), "`writer`"),
        (lambda: access(roles={"a": ["drft"]}), "`draft`"),
        (
            lambda: access(
                workspaces=[Workspace(id="tulip-x", lead="eva", default_approval="none")]
            ),
            "would be ambiguous",
        ),
    ],
)
def test_unknown_names(make, message) -> None:
    """An unknown name raises one clear error with a suggestion."""
    with pytest.raises(InvalidValueError) as caught:
        make()
    text = str(caught.value)
    assert message in text
    assert not text.endswith(".")
    assert text[0] == "`" or not text[0].isupper()


def test_naive_instants() -> None:
    """A naive instant is an error regardless of the answer."""
    asked = access(Grant(to="member:ana", role="writer", on="tulip-x"))
    for member in ("ana", "ben", "zoe"):
        for ask in (asked.check, asked.allows):
            with pytest.raises(NaiveDatetimeError):
                ask(member, "draft", "tulip-x", at=NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Grant(to=[], role="writer", on="tulip-x"),
        lambda: Grant(to="member:ana", on="tulip-x"),
        lambda: Grant(to="member:ana", role="writer", permissions=["view"], on="tulip-x"),
        lambda: Grant(to="role:writer", role="writer", on="tulip-x"),
        lambda: Grant(to="lead", role="writer", on="tulip-x"),
        lambda: Grant(to="member:ana", role="writer", on={}),
        lambda: Grant(to="member:ana", role="writer", on={"network": "x"}),
        lambda: Grant(
            to="member:ana",
            role="writer",
            on="a",
            start=dt.date(2026, 1, 2),
            end=dt.date(2026, 1, 2),
        ),
        lambda: Forbid(to="member:ana", permissions=[], on="tulip-x"),
        lambda: CustomPermissions(custom={"boost": "no dot"}),
        lambda: CustomPermissions(custom={"view": "taken"}),
    ],
)
def test_invalid_rules(make) -> None:
    """Invalid rules are rejected when they are created."""
    with pytest.raises(InvalidValueError):
        make()


def test_table_in_docs() -> None:
    """The code and the reference page have the same table of permissions and commands."""
    page = Path(__file__).parents[2] / "docs" / "reference" / "permissions.md"
    rows = {}
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("| `") and line.count("|") == 4:
            name, text, commands = (cell.strip() for cell in line.strip("|").split("|"))
            rows[name.strip("`")] = (text, set(re.findall(r"`(\w+)`", commands)))
    expected = {
        name: (text, {one for one, needed in COMMAND_PERMISSIONS.items() if needed == name})
        for name, text in PERMISSIONS.items()
    }
    assert rows == expected


def test_command_permissions_exist() -> None:
    """Every command needs a permission that exists."""
    assert set(COMMAND_PERMISSIONS.values()) <= set(PERMISSIONS)


def test_batches() -> None:
    """Batches are answered in order, and an error names the question."""
    asked = access(Grant(to="member:ana", role="writer", on="tulip-x"))
    questions = [("ana", "draft", "tulip-x"), ("ben", "draft", "tulip-x"), ("zoe", "view", "*")]
    assert asked.allows_batch(questions, at=NOW) == (True, False, False)
    assert asked.check_batch(questions, at=NOW) == tuple(
        asked.check(*one, at=NOW) for one in questions
    )
    assert asked.allows_batch([], at=NOW) == ()
    for ask in (asked.allows_batch, asked.check_batch):
        with pytest.raises(InvalidValueError, match=r"question 1: `draf` is not a permission"):
            ask([*questions[:1], ("ana", "draf", "tulip-x")], at=NOW)
        with pytest.raises(InvalidValueError, match="question 0 is 'ana'"):
            ask(["ana"], at=NOW)
        with pytest.raises(NaiveDatetimeError):
            ask([], at=NOW.replace(tzinfo=None))
