"""Temporary grants: commands that grant and revoke permissions of the grantor."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.desk.agency import DOCUMENT, START

from socialcollab.desk import Desk
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.organization import Organization, references_to
from socialcollab.permissions import TemporaryGrant
from socialcollab.stores import MemoryStore

TULIP = {"workspace": "tulip"}
# Ben manages access in `tulip`, and Noor does so until June; neither can view `dike`.
MANAGERS = """
[roles.manager]
permissions = ["view", "manage_access"]
[[grants]]
to = "member:ben"
role = "manager"
on = { workspace = "tulip" }
[[grants]]
to = "member:noor"
permissions = ["view", "manage_access", "publish"]
on = { workspace = "tulip" }
end = 2026-06-01
"""


@pytest.fixture
def managed(agency):
    """Return the agency after Ben and Noor have been made managers of access."""
    agency.adopt(DOCUMENT + MANAGERS, reason="managers")
    return agency


def may(agency, member: str, permission: str, resource: str = "tulip-x") -> bool:
    return agency.desk.organization.access.allows(member, permission, resource, at=agency.now)


def test_grant_until_end(managed) -> None:
    """A grant applies until its end, and verdicts name its grantor and its reason."""
    (ben,) = managed.acting("ben")
    assert not may(managed, "tom", "publish")
    grant = ben.grant("member:tom", role="publisher", on=TULIP, until="2026-04-10", reason="launch")
    assert ("ben", dt.date(2026, 4, 10), managed.now) == (grant.by, grant.until, grant.at)
    assert (grant,) == managed.desk.runtime_state().temporary_grants
    verdict = managed.desk.organization.access.check("tom", "publish", "tulip-x", at=managed.now)
    assert (
        "allowed: `ben` granted `tom` `publisher` on `tulip-x` until 2026-04-10: launch"
        == verdict.explain()
    )
    assert "`ben` heeft `tom` tot 2026-04-10" in verdict.explain("nl")
    # This is the first instant of the tenth in Amsterdam.
    managed.now = dt.datetime(2026, 4, 9, 22, tzinfo=dt.UTC)
    assert not may(managed, "tom", "publish")
    managed.now -= dt.timedelta(microseconds=1)
    assert may(managed, "tom", "publish")
    tom = managed.desk.acting_as("tom")
    assert "draft" == tom.draft("x", profiles=["tulip-x"]).state


def test_start_and_local_end(managed) -> None:
    """A grant can start later and end at a local time."""
    (ben,) = managed.acting("ben")
    ben.grant(
        ["member:tom"],
        permissions=["publish"],
        on="tulip-x",
        start="2026-04-02",
        until="2026-04-02 09:30",
        reason="launch",
    )
    assert not may(managed, "tom", "publish")
    managed.now = dt.datetime(2026, 4, 2, 7, 29, tzinfo=dt.UTC)
    assert may(managed, "tom", "publish")
    assert not may(managed, "tom", "publish", "tulip-mastodon")
    managed.now += dt.timedelta(minutes=1)
    assert not may(managed, "tom", "publish")
    assert managed.desk.audit().clean
    before = managed.desk.runtime_state()
    managed.desk.reindex()
    assert before == managed.desk.runtime_state()


def test_grants_as_of(managed) -> None:
    """
    `as_of` returns the grants of any past instant, even if they have been revoked since.
    """
    ben, eva = managed.acting("ben", "eva")
    managed.now = dt.datetime(2026, 5, 1, 9, tzinfo=dt.UTC)
    first = ben.grant("member:tom", role="publisher", on=TULIP, until="2026-06-01", reason="launch")
    managed.now = dt.datetime(2026, 5, 3, 15, tzinfo=dt.UTC)
    ben.revoke(first)
    managed.now = dt.datetime(2026, 5, 20, 9, tzinfo=dt.UTC)
    eva.grant("member:tom", role="publisher", on=TULIP, until="2026-05-21", reason="again")

    def answer(*when: int) -> str:
        at = dt.datetime(2026, *when, tzinfo=dt.UTC)
        return managed.desk.as_of(at).access.check("tom", "publish", "tulip-x", at=at).explain()

    assert "`publisher` on `tulip-x` until 2026-06-01: launch" in answer(
        5, 3, 12
    )  # 14:00 in Amsterdam
    assert answer(5, 3, 15).startswith("refused")
    assert answer(5, 1, 8).startswith("refused")
    assert "`publisher` on `tulip-x` until 2026-05-21: again" in answer(5, 20, 9)


def test_grant_needs_own_permissions(managed) -> None:
    """A grantor needs `manage_access` on all resources and all permissions of the grant."""
    ana, ben, noor = managed.acting("ana", "ben", "noor")
    for member, values, code in (
        (ana, {"role": "writer"}, ""),  # no rule allows it
        (ben, {"role": "owner"}, "grant_exceeds_own"),
        (noor, {"role": "publisher"}, "grant_exceeds_own"),
        (noor, {"permissions": "publish", "until": "2026-06-02"}, "grant_exceeds_own"),
        (ben, {"permissions": "hold", "on": "tulip-mastodon"}, "grant_exceeds_own"),
    ):
        arguments = {"on": TULIP, "until": "2026-05-30", "reason": "launch", **values}
        with pytest.raises(NotAllowedError) as caught:
            member.grant("member:tom", **arguments)
        assert code == "".join({reason.code for reason in caught.value.verdict.reasons}), arguments
    assert "manage_access" not in managed.desk.organization.access.permissions_of(
        "ana", "tulip", at=managed.now
    )
    noor.grant("member:tom", permissions="publish", on=TULIP, until="2026-06-01", reason="launch")
    assert () == managed.desk.organization.access.profiles("tom", "hold", at=managed.now)[1:]


def test_grant_from_temporary_grant(managed) -> None:
    """Permissions from a temporary grant can be granted further, but not for longer."""
    eva, noor = managed.acting("eva", "noor")
    eva.grant("member:noor", permissions="cancel", on=TULIP, until="2026-05-01", reason="absence")
    with pytest.raises(NotAllowedError, match="exceeds the permissions"):
        noor.grant("member:dirk", permissions="cancel", on=TULIP, until="2026-05-02", reason="x")
    grant = noor.grant(
        "member:dirk", permissions="cancel", on=TULIP, until="2026-05-01", reason="x"
    )
    eva.revoke(grant)
    assert not may(managed, "dirk", "cancel")


def test_exempting_role(managed) -> None:
    """Granting a role that a policy exempts needs `manage_policies`."""
    (eva,) = managed.acting("eva")
    exempting = managed.desk.organization.to_toml().replace(
        'late = "hold"', 'late = "hold"\nexempt = ["role:publisher"]', 1
    )
    eva.adopt(managed.desk.propose(Organization.loads(exempting)), reason="co-publishing")
    with pytest.raises(NotAllowedError, match="a policy exempts posts by members with that role"):
        managed.desk.acting_as("ben").grant(
            "member:tom", role="publisher", on=TULIP, until="2026-04-10", reason="launch"
        )
    eva.grant("member:tom", role="publisher", on=TULIP, until="2026-04-10", reason="launch")


def test_revoke_policy_role(managed) -> None:
    """Revoking a role because of which a policy applies to a member requires `manage_policies`."""
    eva, ben = managed.acting("eva", "ben")
    coached = (
        managed.desk.organization.to_toml()
        + """
[roles.trainee]
permissions = ["view"]
[[approvals]]
id = "coached"
on = { workspace = "tulip", author_role = "trainee" }
[[approvals.steps]]
id = "coach"
reviewers = ["member:eva"]
"""
    )
    eva.adopt(managed.desk.propose(Organization.loads(coached)), reason="coaching")
    to_author = eva.grant(
        "member:ana", role="trainee", on=TULIP, until="2026-06-01", reason="new here"
    )
    with pytest.raises(NotAllowedError, match="to remove the role `trainee` from `ana`"):
        ben.revoke(to_author)
    eva.revoke(to_author)
    other = eva.grant("member:tom", role="trainee", on=TULIP, until="2026-06-01", reason="new here")
    ben.revoke(other)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"until": "2026-04-01"}, "has ended"),
        ({"until": "2026-03-01 09:30"}, "has ended"),
        ({"start": "2026-04-09", "until": "2026-04-09"}, "not after its start"),
        ({"until": "2037-01-01"}, "ten years"),
        ({"until": dt.datetime(2026, 4, 9, tzinfo=dt.UTC)}, "UTC offset"),
        ({"reason": " "}, "needs a reason"),
        ({"role": "writer"}, "either a role or permissions"),
        ({"permissions": ()}, "either a role or permissions"),
        ({"permissions": "publsh"}, "did you mean `publish`"),
        ({"permissions": (), "role": "pubisher"}, "did you mean `publisher`"),
        ({"to": "member:tm"}, "did you mean `tom`"),
        ({"to": "team:nobody"}, "no team `nobody`"),
        ({"to": "role:editor"}, "members and teams"),
        ({"to": []}, "names no member or team"),
        ({"on": "tulip-xx"}, "did you mean `tulip-x`"),
        ({"on": {"workspace": "tuliip"}}, "did you mean `tulip`"),
        ({"on": {"workspace": "tulip", "network": "mastodn"}}, "did you mean `mastodon`"),
        ({"on": {"workspace": "tulip", "profile_tag": "care"}}, "no profile matches"),
        ({"on": {"workspace": "tulip", "post_tag": "offer"}}, "cannot depend on `post_tag`"),
        ({"until": "soon"}, "soon"),
    ],
)
def test_invalid_grant(managed, values, message) -> None:
    """A grant with an invalid time, member, permission or resource is refused and not stored."""
    (ben,) = managed.acting("ben")
    arguments = {
        "to": "member:tom",
        "on": TULIP,
        "until": "2026-04-10",
        "reason": "launch",
        "permissions": "publish",
        **values,
    }
    with pytest.raises((InvalidValueError, NotAllowedError, NotFoundError), match=message):
        ben.grant(**arguments)
    assert () == managed.desk.runtime_state().temporary_grants


def test_hidden_resources(managed) -> None:
    """Errors about hidden resources are the same as errors about unknown resources."""
    ben, tom, eva = managed.acting("ben", "tom", "eva")
    for hidden, unknown in (
        ("dike-x", "dyke-x"),
        ({"workspace": "dike"}, {"workspace": "dyke"}),
        ({"workspace": ["tulip", "dike"]}, {"workspace": ["tulip", "dyke"]}),
        (
            {"workspace": "tulip", "excluding": {"profile": "dike-x"}},
            {"workspace": "tulip", "excluding": {"profile": "dyke-x"}},
        ),
    ):
        messages = []
        for on in (hidden, unknown):
            with pytest.raises(NotFoundError) as caught:
                ben.grant("member:ana", permissions="view", on=on, until="2026-05-01", reason="x")
            messages.append(str(caught.value).replace("dyke", "dike"))
        assert messages[0] == messages[1]
    with pytest.raises(NotAllowedError, match="a resource that they cannot view"):
        ben.grant(
            "member:ana", permissions="view", on={"workspace": "*"}, until="2026-05-01", reason="x"
        )
    grant = eva.grant("member:ana", permissions="view", on="dike-x", until="2026-05-01", reason="x")
    for stranger in (ben, managed.desk.acting_as("noor")):
        with pytest.raises(NotFoundError, match="no grant"):
            stranger.revoke(grant)
    with pytest.raises(NotAllowedError):
        tom.revoke(grant)  # who can view the profile but not manage access


def test_revoke(managed) -> None:
    """The grantor and members who manage access to the resources can revoke a grant."""
    ana, ben, eva, noor = managed.acting("ana", "ben", "eva", "noor")

    def grant_by(member) -> TemporaryGrant:
        return member.grant(
            "member:tom", permissions="publish", on="tulip-x", until="2026-05-01", reason="launch"
        )

    grants = [grant_by(noor) for _ in range(3)]
    with pytest.raises(NotAllowedError):
        ana.revoke(grants[0])
    ben.revoke(grants[0])
    eva.revoke(grants[1].id)
    # A member who no longer manages access can still revoke grants that they made.
    without_managers = Organization.loads(DOCUMENT)
    eva.adopt(managed.desk.propose(without_managers), reason="no managers")
    noor.revoke(grants[2])
    assert () == managed.desk.runtime_state().temporary_grants
    with pytest.raises(NotFoundError):
        noor.revoke(grants[2])


def test_revoke_expired_grant(managed) -> None:
    """A grant that is over cannot be revoked, and is deleted after a year."""
    (ben,) = managed.acting("ben")
    grant = ben.grant("member:tom", role="writer", on=TULIP, until="2026-04-02", reason="launch")
    managed.now = dt.datetime(2026, 4, 3, tzinfo=dt.UTC)
    with pytest.raises(NotAllowedError, match="has ended"):
        ben.revoke(grant)
    # A grant that ended more than a year ago is removed from the runtime state.
    managed.now = dt.datetime(2027, 6, 1, tzinfo=dt.UTC)
    later = ben.grant("member:tom", role="writer", on=TULIP, until="2027-06-02", reason="launch")
    assert (later,) == managed.desk.runtime_state().temporary_grants


def test_suspended_grantor(managed) -> None:
    """A suspended member cannot revoke grants that they made."""
    ben, eva = managed.acting("ben", "eva")
    grant = ben.grant("member:tom", role="writer", on=TULIP, until="2026-05-02", reason="launch")
    suspended = Organization.loads(
        (DOCUMENT + MANAGERS).replace('id = "ben"', 'id = "ben"\nsuspended = true', 1)
    )
    eva.adopt(managed.desk.propose(suspended), reason="leave")
    with pytest.raises(NotAllowedError, match="suspended"):
        ben.revoke(grant)


def test_grant_makes_reviewer(managed) -> None:
    """A member whom a grant makes a reviewer is notified and can decide until it is revoked."""
    ana, eva = managed.acting("ana", "eva")
    post = ana.submit(ana.draft("x", profiles=["tulip-x"], planned_at="2026-05-01 09:30"))
    (step,) = managed.desk.pending_steps(post)
    assert "tom" not in step.reviewers
    grant = eva.grant("member:tom", role="editor", on=TULIP, until="2026-05-02", reason="launch")
    managed.desk.run_due()
    (step,) = managed.desk.pending_steps(post)
    assert "tom" in step.reviewers
    kinds = [notification.kind for notification in managed.desk.acting_as("tom").notifications()]
    assert ["grant_added", "review_requested"] == kinds
    eva.revoke(grant)
    managed.desk.run_due()
    (step,) = managed.desk.pending_steps(post)
    assert "tom" not in step.reviewers
    assert "grant_revoked" == list(managed.desk.acting_as("tom").notifications())[-1].kind


def test_proposal_lists_grants(managed) -> None:
    """A proposal lists the active temporary grants, and the grants that it would orphan."""
    ben, eva = managed.acting("ben", "eva")
    grant = ben.grant(
        ["member:tom", "member:noor"],
        role="publisher",
        on=TULIP,
        until="2026-05-01",
        reason="launch",
    )
    over = ben.grant("member:tom", role="writer", on=TULIP, until="2026-04-02", reason="x")
    managed.now = dt.datetime(2026, 4, 3, tzinfo=dt.UTC)
    assert {grant, over} == set(managed.desk.runtime_state().temporary_grants)
    same = managed.desk.propose(Organization.loads(DOCUMENT + MANAGERS))
    assert ((), (grant,)) == (same.changes, same.temporary_grants)
    assert f"temporary grant: grant {grant.id}" in str(same)
    text = DOCUMENT + MANAGERS
    for old, new in (
        ('[[members]]\nid = "tom"\n', ""),
        ('lead = "tom"', 'lead = "eva"'),
        ('[[grants]]\nto = "member:tom"\nrole = "editor"\non = { workspace = "dike" }\n', ""),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    proposal = managed.desk.propose(Organization.loads(text))
    orphans = [orphan for orphan in proposal.orphans if orphan.kind == "grant"]
    assert [("grant", grant.id, "member:tom")] == [
        (orphan.kind, orphan.id, orphan.reason["name"]) for orphan in orphans
    ]
    eva.adopt(proposal, reason="tom left")
    # The grant still applies to Noor, and again to Tom when he is back in the document.
    assert may(managed, "noor", "schedule")
    eva.adopt(managed.desk.propose(Organization.loads(DOCUMENT + MANAGERS)), reason="tom is back")
    assert may(managed, "tom", "schedule")


def test_changed_role(managed) -> None:
    """
    Extending a granted role requires the added permissions; removing the role ends the grant.
    """
    ben, eva = managed.acting("ben", "eva")
    with_role = DOCUMENT + MANAGERS + '[roles.extra]\npermissions = ["note"]\n'
    eva.adopt(managed.desk.propose(Organization.loads(with_role)), reason="a role")
    ben.grant("member:tom", role="extra", on=TULIP, until="2026-05-01", reason="launch")
    wider = Organization.loads(with_role.replace('["note"]', '["note", "erase"]'))
    proposal = managed.desk.propose(wider)
    assert ["tom"] == [change.member for change in proposal.permission_changes.changes]
    with pytest.raises(NotAllowedError) as caught:
        managed.desk.acting_as("ben").adopt(proposal, reason="wider")
    assert "change_needs" == caught.value.verdict.reasons[0].code
    eva.adopt(proposal, reason="wider")
    assert may(managed, "tom", "erase")
    eva.adopt(managed.desk.propose(Organization.loads(DOCUMENT + MANAGERS)), reason="without it")
    assert not may(managed, "tom", "note")


def test_references(managed) -> None:
    """`references_to` lists the temporary grants of a member."""
    ben = managed.desk.acting_as("ben")
    grant = ben.grant("member:tom", role="writer", on=TULIP, until="2026-05-02", reason="launch")
    reference = references_to(managed.desk.organization, "tom").references[-1]
    assert ("temporary_grants", grant.id, True) == (
        reference.section,
        reference.name,
        reference.is_only_member,
    )
    assert f"grant {grant.id}" == reference.place


def test_erased_reason(managed) -> None:
    """Erasing a member erases only the reasons of grants to that member."""
    ben, eva = managed.acting("ben", "eva")
    ben.grant("member:noor", permissions="cancel", on=TULIP, until="2026-05-02", reason="her baby")
    ben.grant("member:ana", permissions="cancel", on=TULIP, until="2026-05-02", reason="a launch")
    eva.erase(member="noor", reason="asked")
    assert ["[erased]", "a launch"] == [
        grant.grant.reason for grant in managed.desk.runtime_state().temporary_grants
    ]
    assert managed.desk.audit().clean
    assert "her baby" not in "".join(map(repr, managed.desk.feed()))


MEMBERS = ("ana", "ben", "noor")
ROLES = ("writer", "publisher", "manager", "editor")
PERMISSIONS = ("publish", "manage_access", "approve", "view", "hold")
RESOURCES = ("tulip-x", "tulip-mastodon", "tulip", "dike-x", "dike", "*")


@st.composite
def steps(draw: st.DrawFn) -> tuple:
    member, to = draw(st.sampled_from(MEMBERS)), draw(st.sampled_from(MEMBERS))
    kind = draw(st.sampled_from(("grant", "grant", "grant", "absence", "revoke")))
    resource = draw(st.sampled_from(("tulip-x", "tulip", "tulip", "dike-x", "*")))
    on = resource if "-" in resource else {"workspace": resource}
    granted = draw(
        st.sampled_from(
            [{"role": role} for role in ROLES] + [{"permissions": name} for name in PERMISSIONS]
        )
    )
    until = draw(st.sampled_from(("2026-04-03", "2026-05-20", "2026-07-01")))
    return kind, member, to, on, granted, until


@pytest.mark.integration
@given(st.lists(steps(), min_size=1, max_size=10), st.randoms(use_true_random=False))
def test_no_escalation(sequence: list, chance: random.Random) -> None:
    """Grants, revocations and delegations never give a group a permission that none of them had."""
    now = START
    desk = Desk.create(
        MemoryStore(Desk.PROJECTIONS),
        Organization.loads(DOCUMENT + MANAGERS),
        owner="eva",
        clock=lambda: now,
        real_clock=lambda: now,
    )
    instants = [START + dt.timedelta(days=days) for days in (0, 1, 3, 10, 45, 70)]
    permissions = sorted(desk.organization.access.roles.permission_names)

    def permissions_at(at: dt.datetime) -> set[tuple[str, str]]:
        access = desk.organization.access
        return {
            (permission, resource)
            for permission in permissions
            for resource in RESOURCES
            if any(access.allows(member, permission, resource, at=at) for member in MEMBERS)
        }

    before = {at: permissions_at(at) for at in instants}
    for kind, member, to, on, granted, until in sequence:
        acting = desk.acting_as(member)
        try:
            if kind == "grant":
                acting.grant(f"member:{to}", on=on, until=until, reason="x", **granted)
            elif kind == "absence":
                acting.add_absence(
                    "2026-04-02", until, member=member, delegate=to if to != member else ""
                )
            elif desk.runtime_state().temporary_grants:
                acting.revoke(chance.choice(desk.runtime_state().temporary_grants))
        except (NotAllowedError, NotFoundError):
            continue
    for at in instants:
        assert permissions_at(at) <= before[at]
