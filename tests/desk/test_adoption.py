"""Adoption of documents: the content of proposals, and the permissions to adopt them."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from tests.desk.agency import DOCUMENT, refusal_code

from socialcollab.desk import Desk
from socialcollab.errors import (
    DocumentMismatchError,
    InvalidValueError,
    NotAllowedError,
    NotFoundError,
    StaleError,
)
from socialcollab.organization import Organization

REASON = "spring clean"


def drafted(member, *, profiles=("tulip-x",), at="2026-04-07 09:30"):
    return member.draft("De lente is er", profiles=profiles, planned_at=at)


def edited(*changes: tuple[str, str]) -> Organization:
    """Return the first document with some of its text replaced."""
    text = DOCUMENT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return Organization.loads(text)


def with_lines(agency, lines: str) -> Organization:
    """Return the active document with lines added at its end."""
    return Organization.loads(agency.desk.as_of().organization.to_toml() + lines)


GRANT_TOM = """
[[grants]]
to = "member:tom"
role = "writer"
on = { workspace = "tulip" }
"""


def test_proposal_changes_nothing(agency) -> None:
    """A proposal lists the changed rules and permissions, and changes nothing itself."""
    before = agency.desk.as_of().digest
    proposal = agency.desk.propose(with_lines(agency, GRANT_TOM))
    assert ["added grants[7]"] == [str(change) for change in proposal.changes]
    assert {("gains", "tom", ("grants[7]",))} == {
        (change.kind, change.member, change.rules) for change in proposal.permission_changes.changes
    }
    assert str(proposal).splitlines()[1].startswith("+ tom: ")
    assert "gains" in proposal._repr_html_()
    assert () == proposal.orphans
    assert before == agency.desk.as_of().digest


def test_adopted_document_applies_to_other_desks(agency) -> None:
    """An adopted document immediately applies to other desks that are open on the same store."""
    (eva,) = agency.acting("eva")
    other = agency.second_desk()
    assert not other.organization.access.allows("tom", "draft", "tulip-x", at=agency.now)
    eva.adopt(agency.desk.propose(with_lines(agency, GRANT_TOM)), reason=REASON)
    assert other.organization.access.allows("tom", "draft", "tulip-x", at=agency.now)
    assert other.acting_as("tom").draft("Hoi", profiles=["tulip-x"]).author == "tom"
    assert agency.desk.audit().clean


def test_events_carry_digest(agency) -> None:
    """Every event contains the digest of the document that was active when it was decided."""
    (eva,) = agency.acting("eva")
    first = agency.desk.as_of().digest
    ana = agency.desk.acting_as("ana")
    first_post = ana.draft("a", profiles=["tulip-x"])
    eva.adopt(agency.desk.propose(with_lines(agency, GRANT_TOM)), reason=REASON)
    second_post = ana.draft("b", profiles=["tulip-x"])
    assert [first] == [entry.digest for entry in agency.desk.history(first_post)]
    assert [agency.desk.as_of().digest] == [
        entry.digest for entry in agency.desk.history(second_post)
    ]
    assert first != agency.desk.as_of().digest


def test_as_of(agency) -> None:
    """`as_of` returns the document that was active at an instant, and who adopted it and why."""
    (eva,) = agency.acting("eva")
    start = agency.now
    agency.now += dt.timedelta(days=2)
    eva.adopt(agency.desk.propose(with_lines(agency, GRANT_TOM)), reason=REASON)
    agency.now += dt.timedelta(days=2)
    before, after = agency.desk.as_of(start), agency.desk.as_of()
    assert not before.access.allows("tom", "draft", "tulip-x", at=start)
    assert after.access.allows("tom", "draft", "tulip-x", at=agency.now)
    assert ("member:eva", REASON) == (after.by, after.reason)
    assert start + dt.timedelta(days=2) == after.since
    with pytest.raises(NotFoundError, match="had not been created"):
        agency.desk.as_of(start - dt.timedelta(days=1))


def test_open_with_other_document(agency) -> None:
    """Opening a desk with a document that is not active raises an error that lists the differences."""
    other = with_lines(agency, GRANT_TOM)
    with pytest.raises(DocumentMismatchError, match=r"added grants\[7\]") as caught:
        Desk.open(agency.store, organization=other, **agency.options)
    assert (other.digest, agency.desk.as_of().digest) == (
        caught.value.given,
        caught.value.active,
    )
    with Desk.open(agency.store, organization=agency.organization, **agency.options) as same:
        assert "northwind" == same.id


def test_names_do_not_change_digest(agency) -> None:
    """Changed names and comments can be adopted, but do not change the document's digest."""
    renamed = edited(('id = "ana"', 'id = "ana"\nname = "Ana Prado"  # of the team'))
    Desk.open(agency.store, organization=renamed, **agency.options).close()
    proposal = agency.desk.propose(renamed)
    assert ["changed members ana (name)"] == [str(change) for change in proposal.changes]
    agency.desk.acting_as("eva").adopt(proposal, reason=REASON)
    assert "Ana Prado" == agency.desk.organization.members_by_id["ana"].name


def test_second_proposal_is_stale(agency) -> None:
    """After a proposal has been adopted, other proposals based on the same document are stale."""
    (eva,) = agency.acting("eva")
    first = agency.desk.propose(with_lines(agency, GRANT_TOM))
    second = agency.desk.propose(edited(('late = "hold"', 'late = "publish"')))
    eva.adopt(first, reason=REASON)
    with pytest.raises(StaleError, match=r"eva.*added grants\[7\]"):
        eva.adopt(second, reason=REASON)
    with pytest.raises(StaleError):
        eva.adopt(first, reason=REASON)
    with pytest.raises(InvalidValueError, match="not differ from the active"):
        eva.adopt(agency.desk.propose(agency.desk.organization), reason=REASON)


@pytest.mark.parametrize("member", ["ana", "ben", "tom", "noor", "dirk"])
def test_grant_needs_manage_access(agency, member: str) -> None:
    """Only a member who manages access can adopt an added grant."""
    proposal = agency.desk.propose(with_lines(agency, GRANT_TOM))
    with pytest.raises(NotAllowedError, match="manage_access"):
        agency.desk.acting_as(member).adopt(proposal, reason=REASON)


MANAGER = """
[roles.manager]
permissions = ["view", "manage_access", "manage_policies"]
[[grants]]
to = "member:tom"
role = "manager"
on = { workspace = "dike" }
"""


def test_manager_of_one_workspace(
    agency,
) -> None:
    """A manager of one workspace can grant their own permissions there, but not elsewhere."""
    eva, tom = agency.acting("eva", "tom")
    eva.adopt(agency.desk.propose(with_lines(agency, MANAGER)), reason=REASON)
    inside = (
        '\n[[grants]]\nto = "member:ben"\npermissions = ["draft"]\non = { workspace = "dike" }\n'
    )
    tom.adopt(agency.desk.propose(with_lines(agency, inside)), reason=REASON)
    assert agency.desk.organization.access.allows("ben", "draft", "dike-x", at=agency.now)
    more = inside.replace('"draft"', '"take_down"')
    with pytest.raises(NotAllowedError, match="`tom` cannot grant `ben` `take_down` on `dike"):
        tom.adopt(agency.desk.propose(with_lines(agency, more)), reason=REASON)
    elsewhere = inside.replace('"dike"', '"tulip"')
    with pytest.raises(NotAllowedError, match="needs `manage_access` on `tulip`"):
        tom.adopt(agency.desk.propose(with_lines(agency, elsewhere)), reason=REASON)


def test_rotation_counts_as_grant(
    agency,
) -> None:
    """A rotation counts as a grant of its role, so its author needs the permissions of the role."""
    eva, dirk = agency.acting("eva", "dirk")
    managing = MANAGER.replace("member:tom", "member:dirk")
    eva.adopt(agency.desk.propose(with_lines(agency, managing)), reason=REASON)
    rotation = (
        '\n[[rotations]]\nid = "desk"\nrole = "{role}"\non = {{ workspace = "dike" }}\n'
        'members = ["ben"]\nstart = 2026-04-06\nevery = "day 09:00"\n'
    )
    with pytest.raises(NotAllowedError, match="`dirk` cannot grant `ben` `approve` on `dike"):
        dirk.adopt(
            agency.desk.propose(with_lines(agency, rotation.format(role="editor"))), reason=REASON
        )
    dirk.adopt(
        agency.desk.propose(with_lines(agency, rotation.format(role="publisher"))), reason=REASON
    )
    agency.now = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)
    assert agency.desk.organization.access.allows("ben", "publish", "dike-x", at=agency.now)


def test_future_grant(agency) -> None:
    """A grant that starts next year is refused in the same way as a grant that starts today."""
    eva, tom = agency.acting("eva", "tom")
    eva.adopt(agency.desk.propose(with_lines(agency, MANAGER)), reason=REASON)
    later = (
        '\n[[grants]]\nto = "member:tom"\npermissions = ["erase"]\non = { workspace = "dike" }\n'
        "start = 2027-01-01\n"
    )
    with pytest.raises(NotAllowedError, match="erase"):
        tom.adopt(agency.desk.propose(with_lines(agency, later)), reason=REASON)


def test_grant_outlives_own(agency) -> None:
    """A member whose permissions end cannot grant them for longer."""
    eva, ben = agency.acting("eva", "ben")
    until_april = """
[[grants]]
to = "member:ben"
role = "owner"
on = { workspace = "*" }
end = 2026-04-10
"""
    eva.adopt(agency.desk.propose(with_lines(agency, until_april)), reason=REASON)
    text = agency.desk.organization.to_toml()
    assert 1 == text.count("end = 2026-04-10")
    for longer in ("", "end = 2026-04-11"):
        extended = Organization.loads(text.replace("end = 2026-04-10", longer))
        with pytest.raises(
            NotAllowedError, match=r"`ben` cannot grant .* exceeds the permissions of `ben`"
        ):
            ben.adopt(agency.desk.propose(extended), reason=REASON)
    brief = GRANT_TOM + "end = 2026-04-09\n"
    ben.adopt(agency.desk.propose(with_lines(agency, brief)), reason=REASON)
    assert agency.desk.organization.access.allows("tom", "draft", "tulip-x", at=agency.now)


@pytest.mark.parametrize("use", ["extended", "by default"])
def test_policy_used_elsewhere(agency, use: str) -> None:
    """Changing a policy requires `manage_policies` wherever it is extended or used by default."""
    eva, tom = agency.acting("eva", "tom")
    base = """
[[grants]]
to = "member:tom"
permissions = ["view", "manage_policies"]
on = { workspace = "dike" }
[[approvals]]
id = "legal"
on = { workspace = "dike" }
[[approvals.steps]]
id = "read"
reviewers = ["member:eva"]
"""
    text = agency.desk.organization.to_toml() + base
    if use == "extended":
        text += """
[[approvals]]
id = "abroad"
on = { workspace = "dike", post_tag = "abroad" }
extends = "legal"
[[approvals]]
id = "claims"
on = { workspace = "tulip", post_tag = "claim" }
extends = "abroad"
"""
    else:
        text = text.replace('default_approval = "editorial"', 'default_approval = "legal"')
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason=REASON)
    laxer = text.replace('reviewers = ["member:eva"]', 'reviewers = ["member:tom"]')
    proposal = agency.desk.propose(Organization.loads(laxer))
    assert [("dike", "tulip")] == [change.resources for change in proposal.changes]
    with pytest.raises(NotAllowedError, match="`tom` needs `manage_policies` on `tulip`"):
        tom.adopt(proposal, reason=REASON)
    eva.adopt(proposal, reason=REASON)


def test_exempting_role(agency) -> None:
    """A change that gives a member a role that a policy exempts needs `manage_policies`."""
    eva, tom = agency.acting("eva", "tom")
    text = (
        agency.desk.organization.to_toml()
        + """
[roles.trusted]
permissions = ["view"]
[roles.press]
includes = ["trusted"]
[[grants]]
to = "member:tom"
permissions = ["manage_access", "view"]
on = { workspace = "*" }
[[grants]]
to = "team:dikers"
role = "press"
on = { workspace = "dike" }
[[teams]]
id = "dikers"
members = ["dirk"]
[[approvals]]
id = "legal"
on = { workspace = "dike" }
exempt = ["role:trusted"]
[[approvals.steps]]
id = "read"
reviewers = ["member:eva"]
"""
    )
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason=REASON)
    grant = '\n[[grants]]\nto = "member:tom"\nrole = "press"\non = { workspace = "dike" }\n'
    attempts = {
        "a grant": text + grant,
        "a later grant": text + grant + "start = 2027-01-01\n",
        "a team": text.replace('members = ["dirk"]', 'members = ["dirk", "tom"]'),
        "a role": text.replace(
            "[roles.editor]\nincludes = [", '[roles.editor]\nincludes = ["trusted", '
        ),
    }
    for name, changed in attempts.items():
        assert changed != text, name
        proposal = agency.desk.propose(Organization.loads(changed))
        with pytest.raises(NotAllowedError, match=r"needs `manage_policies` on `dike-x`.* exempts"):
            tom.adopt(proposal, reason=REASON)
    elsewhere = text + grant.replace('"dike"', '"tulip"')
    tom.adopt(agency.desk.propose(Organization.loads(elsewhere)), reason=REASON)
    eva.adopt(agency.desk.propose(Organization.loads(elsewhere + grant)), reason=REASON)


TRAINEES = """
[roles.trainee]
permissions = ["view"]
[[grants]]
to = "member:tom"
permissions = ["manage_access", "view", "draft"]
on = { workspace = "*" }
[[grants]]
to = "member:dirk"
permissions = ["draft"]
on = { workspace = "dike" }
[[grants]]
to = "member:dirk"
role = "trainee"
on = { workspace = "dike" }
[[approvals]]
id = "coached"
on = { workspace = "dike", author_role = "trainee" }
[[approvals.steps]]
id = "coach"
reviewers = ["member:eva"]
"""


def test_losing_policy_role(agency) -> None:
    """Removing a role because of which a policy applies to an author requires `manage_policies`."""
    eva, tom = agency.acting("eva", "tom")
    text = agency.desk.organization.to_toml() + TRAINEES
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason=REASON)
    grant = '[[grants]]\nto = "member:dirk"\nrole = "trainee"\non = { workspace = "dike" }\n'
    attempts = {
        "no grant": text.replace(grant, ""),
        "an end": text.replace(grant, grant + "end = 2027-01-01\n"),
        "elsewhere": text.replace(grant, grant.replace('"dike"', '"tulip"')),
    }
    for name, changed in attempts.items():
        assert changed != text, name
        proposal = agency.desk.propose(Organization.loads(changed))
        with pytest.raises(NotAllowedError, match=r"to remove the role `trainee` from `dirk`"):
            tom.adopt(proposal, reason=REASON)
    # A member who can no longer draft has no posts to which the policy could apply.
    drafts = (
        '[[grants]]\nto = "member:dirk"\npermissions = ["draft"]\non = { workspace = "dike" }\n'
    )
    assert drafts in text
    without_author = (
        text.replace(grant, "")
        .replace(drafts, "")
        .replace('to = "member:dirk"', 'to = "member:eva"')
    )
    tom.adopt(agency.desk.propose(Organization.loads(without_author)), reason=REASON)
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason=REASON)
    eva.adopt(agency.desk.propose(Organization.loads(text.replace(grant, ""))), reason=REASON)


ROTATIONS = """
[roles.trusted]
permissions = ["view"]
[roles.press]
includes = ["trusted"]
[roles.plain]
permissions = ["view"]
[[grants]]
to = "member:tom"
permissions = ["manage_access", "view"]
on = { workspace = "*" }
[[approvals]]
id = "legal"
on = { workspace = "dike" }
exempt = ["role:trusted"]
[[approvals.steps]]
id = "read"
reviewers = ["member:eva"]
[[rotations]]
id = "desk"
role = "press"
on = { workspace = "dike" }
members = ["dirk", "ben"]
start = 2026-01-02
every = "friday 17:00"
[[rotations]]
id = "listed"
role = "press"
on = { workspace = "dike" }
shifts = [{ member = "dirk", start = 2026-05-01, end = 2026-06-01 }]
[[rotations]]
id = "plain"
role = "plain"
on = { workspace = "dike" }
members = ["dirk", "tom"]
start = 2026-01-02
every = "friday 17:00"
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('["dirk", "ben"]', '["dirk", "ben", "tom"]'),
        ('["dirk", "ben"]', '["ben", "dirk"]'),
        ('2026-01-02\nevery = "friday 17:00"\n[[', '2025-01-03\nevery = "friday 17:00"\n[['),
        ('every = "friday 17:00"\n[[', 'every = "monday 17:00"\n[['),
        ('[{ member = "dirk"', '[{ member = "tom"'),
        ("end = 2026-06-01", "end = 2026-07-01"),
        ("shifts = [{", 'shifts = [{ member = "ana", start = 2027-01-01 }, {'),
        ('[roles.plain]\n', '[roles.plain]\nincludes = ["trusted"]\n'),
        ('role = "plain"\n', 'role = "press"\n'),
        ('id = "dirk"\nkind', 'id = "dirk"\nsuspended = false\nkind'),
    ],
)  # fmt: skip
@pytest.mark.integration
def test_exempting_shift(agency, old: str, new: str) -> None:
    """A change that gives a member shifts with an exempted role needs `manage_policies`."""
    eva, tom = agency.acting("eva", "tom")
    text = DOCUMENT + ROTATIONS
    assert old in text
    changed = text.replace(old, new, 1)
    # A suspended member has their shifts again when the suspension ends.
    text = text.replace(old, new.replace("false", "true"), 1) if "suspended" in new else text
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason=REASON)
    proposal = agency.desk.propose(Organization.loads(changed))
    with pytest.raises(NotAllowedError, match=r"needs `manage_policies` on `dike-x`.* exempts"):
        tom.adopt(proposal, reason=REASON)
    eva.adopt(proposal, reason=REASON)


def test_fewer_shifts(agency) -> None:
    """A change that only removes shifts exempts no member and needs no `manage_policies`."""
    eva, tom = agency.acting("eva", "tom")
    eva.adopt(agency.desk.propose(Organization.loads(DOCUMENT + ROTATIONS)), reason=REASON)
    for old, new in (
        ("end = 2026-06-01", "end = 2026-05-15"),
        ('role = "press"\non = { workspace = "dike" }\nmembers', 'role = "plain"\n'
         'on = { workspace = "dike" }\nmembers'),
    ):  # fmt: skip
        text = DOCUMENT + ROTATIONS
        assert old in text
        tom.adopt(agency.desk.propose(Organization.loads(text.replace(old, new, 1))), reason=REASON)
        eva.adopt(agency.desk.propose(Organization.loads(text)), reason=REASON)


def test_removed_profile_returns_to_its_workspace(agency) -> None:
    """A removed profile can only be added again in the workspace that it was in."""
    [eva] = agency.acting("eva")
    lines = """
[[profiles]]
id = "tulip-2"
workspace = "{}"
network = "mastodon"
handle = "two"
server = "https://social.example"
"""
    without = agency.desk.as_of().organization
    in_tulip, in_dike = (with_lines(agency, lines.format(name)) for name in ("tulip", "dike"))
    for document in (in_tulip, without):
        eva.adopt(agency.desk.propose(document), reason=REASON)
    digest = agency.desk.as_of().digest
    with pytest.raises(InvalidValueError, match=r"`tulip-2` was in workspace `tulip`") as caught:
        eva.adopt(agency.desk.propose(in_dike), reason=REASON)
    assert ("dike", "tulip") == (caught.value.value, caught.value.expected)
    assert digest == agency.desk.as_of().digest
    # It can be added in its former workspace, and then moved by a change that names both.
    for document in (in_tulip, in_dike, without, in_dike):
        eva.adopt(agency.desk.propose(document), reason=REASON)
    assert agency.desk.organization.profiles_by_id["tulip-2"].workspace == "dike"


def test_former_workspace_is_hidden(agency) -> None:
    """The error about a profile's former workspace names it only to members who may view it."""
    eva, tom = agency.acting("eva", "tom")
    owner_of_dike = """
[[grants]]
to = "member:tom"
permissions = ["*"]
on = { workspace = "dike" }
"""
    profile = """
[[profiles]]
id = "again"
workspace = "{}"
network = "x"
"""
    in_tulip = with_lines(agency, owner_of_dike + profile.format("tulip"))
    without = with_lines(agency, owner_of_dike)
    in_dike = with_lines(agency, owner_of_dike + profile.format("dike"))
    for document in (in_tulip, without):
        eva.adopt(agency.desk.propose(document), reason=REASON)
    with pytest.raises(InvalidValueError, match="was in another workspace when") as caught:
        tom.adopt(agency.desk.propose(in_dike), reason=REASON)
    assert "tulip" not in f"{caught.value} {caught.value.expected}"
    with pytest.raises(InvalidValueError, match="was in workspace `tulip` when"):
        eva.adopt(agency.desk.propose(in_dike), reason=REASON)


def test_profile_tag_of_policy(agency) -> None:
    """Removing a tag because of which a policy applies to a profile requires `manage_policies`."""
    eva, tom = agency.acting("eva", "tom")
    text = (
        agency.desk.organization.to_toml()
        + """
[[profiles]]
id = "dike-y"
workspace = "dike"
network = "x"
handle = "@dikey"
tags = ["care", "other"]
[[profiles]]
id = "dike-z"
workspace = "dike"
network = "x"
handle = "@dikez"
tags = ["care"]
[[grants]]
to = "member:tom"
permissions = ["manage_access"]
on = { workspace = "dike" }
[[approvals]]
id = "careful"
on = { workspace = "dike", profile_tag = "care" }
[[approvals.steps]]
id = "read"
reviewers = ["member:eva"]
"""
    )
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason=REASON)
    without_tag = agency.desk.propose(
        Organization.loads(text.replace('tags = ["care"]', 'tags = ["other"]'))
    )
    with pytest.raises(NotAllowedError, match="needs `manage_policies` on `dike`"):
        tom.adopt(without_tag, reason=REASON)
    renamed = agency.desk.propose(Organization.loads(text.replace("@dikez", "@zdike")))
    tom.adopt(renamed, reason=REASON)


def test_removed_forbid_counts_as_grant(agency) -> None:
    """Removing a forbid counts as granting the permissions that it withheld."""
    eva, ben = agency.acting("eva", "ben")
    manage = MANAGER.replace("member:tom", "member:ben").replace('"dike"', '"*"')
    eva.adopt(agency.desk.propose(with_lines(agency, manage)), reason=REASON)
    text = agency.desk.organization.to_toml()
    start = text.index("[[forbids]]")
    rest = text.index("[[", start + 5)
    without_forbid = Organization.loads(text[:start] + text[rest:])
    with pytest.raises(
        NotAllowedError, match="`ben` cannot grant `ben` `hold` on `tulip-mastodon`"
    ):
        ben.adopt(agency.desk.propose(without_forbid), reason=REASON)


def test_last_owner(agency) -> None:
    """A document is refused if no member would permanently have every permission everywhere."""
    (eva,) = agency.acting("eva")
    ending = edited(('role = "owner"', 'role = "owner"\nend = 2027-01-01'))
    with pytest.raises(NotAllowedError, match="no member would have"):
        eva.adopt(agency.desk.propose(ending), reason=REASON)


def test_lockout_of_one_workspace(agency) -> None:
    """A document is refused if no member would manage access in one workspace."""
    eva, tom = agency.acting("eva", "tom")
    eva.adopt(agency.desk.propose(with_lines(agency, MANAGER)), reason=REASON)
    barring = """
[[forbids]]
to = "member:eva"
permissions = ["manage_access"]
on = { workspace = "dike" }
"""
    barred = Organization.loads(DOCUMENT + MANAGER + "end = 2026-05-01" + barring)
    with pytest.raises(NotAllowedError, match="no member would have"):
        tom.adopt(agency.desk.propose(barred), reason=REASON)
    lasting = Organization.loads(DOCUMENT + MANAGER + barring)
    tom.adopt(agency.desk.propose(lasting), reason=REASON)


def test_removing_forbidden_profile(agency) -> None:
    """Removing a profile and its forbid requires the permissions that the forbid withholds."""
    eva, ben = agency.acting("eva", "ben")
    manage = """
[[grants]]
to = "member:ben"
permissions = ["manage_access", "manage_policies"]
on = { workspace = "tulip" }
"""
    text = DOCUMENT + manage
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason=REASON)
    start = text.index('[[profiles]]\nid = "tulip-mastodon"')
    without = text[:start] + text[text.index("[[profiles]]", start + 1) :]
    without = without[: without.index("[[forbids]]")] + without[without.index("[[approvals]]") :]
    proposal = agency.desk.propose(Organization.loads(without))
    with pytest.raises(
        NotAllowedError, match="`ben` cannot grant `ben` `hold` on `tulip-mastodon`"
    ):
        ben.adopt(proposal, reason=REASON)
    eva.adopt(proposal, reason=REASON)


def test_removing_tagged_profile(agency) -> None:
    """Removing a profile with tags requires `manage_policies`: it could return without tags."""
    eva, tom = agency.acting("eva", "tom")
    managing = MANAGER.replace(', "manage_policies"', "")
    text = DOCUMENT + managing + """
[[profiles]]
id = "dike-y"
workspace = "dike"
network = "x"
tags = ["care"]
"""  # fmt: skip
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason=REASON)
    proposal = agency.desk.propose(Organization.loads(DOCUMENT + managing))
    with pytest.raises(NotAllowedError, match="needs `manage_policies` on `dike`"):
        tom.adopt(proposal, reason=REASON)
    eva.adopt(proposal, reason=REASON)


def test_reason_required(agency) -> None:
    """An adoption without a reason is refused."""
    with pytest.raises(InvalidValueError, match="needs a reason"):
        agency.desk.acting_as("eva").adopt(
            agency.desk.propose(with_lines(agency, GRANT_TOM)), reason=" "
        )


def test_other_organization(agency) -> None:
    """A document of another organization can be neither proposed nor adopted."""
    other = Organization.loads(agency.organization.to_toml().replace("northwind", "southwind", 1))
    with pytest.raises(InvalidValueError, match="southwind"):
        agency.desk.propose(other)
    swapped = attrs.evolve(agency.desk.propose(with_lines(agency, GRANT_TOM)), organization=other)
    with pytest.raises(InvalidValueError, match="southwind"):
        agency.desk.acting_as("eva").adopt(swapped, reason=REASON)


def test_stale_error_hides_changes(agency) -> None:
    """The error about a stale proposal lists only the changes that the member may view."""
    eva, noor = agency.acting("eva", "noor")
    old = agency.desk.propose(with_lines(agency, GRANT_TOM))
    campaign = '\n[[campaigns]]\nid = "{0}-merger"\nworkspace = "{0}"\n'
    both = with_lines(agency, campaign.format("dike") + campaign.format("tulip"))
    eva.adopt(agency.desk.propose(both), reason=REASON)
    with pytest.raises(StaleError) as refused:
        noor.adopt(old, reason=REASON)
    assert ("added campaigns tulip-merger",) == refused.value.changed
    assert "dike" not in str(refused.value)
    with pytest.raises(StaleError, match="dike-merger"):
        eva.adopt(old, reason=REASON)


def test_orphans(agency) -> None:
    """A proposal lists the posts, deliveries and absences that refer to removed entries."""
    ana, ben, tom = agency.acting("ana", "ben", "tom")
    post = ben.approve(ana.submit(drafted(ana)))
    open_post = ana.submit(ana.draft("x", profiles=["tulip-x"], planned_at="2026-04-03 10:00"))
    toms_post = tom.draft("y", profiles=["dike-x"])
    tom.add_absence("2026-05-01", "2026-05-10")
    text = agency.organization.to_toml()
    start = text.index('id = "tulip-x"') - len("[[profiles]]\n")
    text = text[:start] + text[text.index("[[", start + 3) :]
    text = text.replace('[[slot_plans]]\non = "tulip-x"', '[[slot_plans]]\non = "tulip-mastodon"')
    text = text.replace('"tom"', '"tam"').replace("member:tom", "member:tam")
    proposal = agency.desk.propose(Organization.loads(text))
    assert {
        ("delivery", str(agency.desk.deliveries(post)[0].id)),
        ("post", post.id),
        ("post", open_post.id),
        ("post", toms_post.id),
    } <= {(orphan.kind, orphan.id) for orphan in proposal.orphans}
    assert "absence" in {orphan.kind for orphan in proposal.orphans}
    assert all(str(orphan) for orphan in proposal.orphans)


def test_step_without_reviewers_is_orphan(agency) -> None:
    """A post in review is an orphan if one of its steps would have no reviewers."""
    (ana,) = agency.acting("ana")
    post = ana.submit(drafted(ana))
    without_editors = edited(
        ('to = ["member:ben", "member:eva"]', 'to = "member:ana"'),
    )
    proposal = agency.desk.propose(without_editors)
    assert [("post", post.id)] == [(orphan.kind, orphan.id) for orphan in proposal.orphans]
    assert "editorial/edit" in str(proposal.orphans[0])


def test_changed_policy_needs_resubmission(agency) -> None:
    """After a change of its policy, a post in review has to be submitted again."""
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    post = ana.submit(drafted(ana))
    stricter = edited(('reviewers = ["role:editor"]', 'reviewers = ["role:editor"]\nquorum = 2'))
    proposal = agency.desk.propose(stricter)
    assert (post.id,) == proposal.asked_again
    eva.adopt(proposal, reason=REASON)
    with pytest.raises(NotAllowedError, match="changed since it was applied") as refused:
        ben.approve(post)
    assert ["resubmit"] == [remedy.code for remedy in refused.value.verdict.remedies]
    again = ana.submit(ana.withdraw(post))
    assert "in_review" == ben.approve(again).state
    assert "approved" == eva.approve(again).state


def test_changed_policy_stops_approved_post(agency) -> None:
    """An approved post whose policy has become stricter is not sent until it is approved again."""
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    post = ben.approve(ana.submit(drafted(ana)))
    stricter = edited(('reviewers = ["role:editor"]', 'reviewers = ["role:editor"]\nquorum = 2'))
    eva.adopt(agency.desk.propose(stricter), reason=REASON)
    agency.now = agency.desk.deliveries(post)[0].at.instant
    agency.desk.run_due()
    assert {"missed"} == {delivery.state.value for delivery in agency.desk.deliveries(post)}
    assert () == agency.sandbox.posts("tulip-x")
    again = ana.withdraw(agency.desk.post(post.id))
    assert "draft" == again.state
    agency.now += dt.timedelta(minutes=1)
    again = ana.submit(ana.reschedule(again, agency.now + dt.timedelta(days=1)))
    ben.approve(again)
    assert "approved" == eva.approve(again).state


def test_adoption_by_other_process(agency) -> None:
    """A desk uses a document that another process has adopted in the meantime."""
    (eva,) = agency.acting("eva")
    other = agency.second_desk()
    post = other.acting_as("ana").submit(drafted(other.acting_as("ana")))
    only_eva = edited(('to = ["member:ben", "member:eva"]', 'to = "member:eva"'))
    eva.adopt(agency.desk.propose(only_eva), reason=REASON)
    with pytest.raises(NotFoundError):
        other.acting_as("ben").approve(post)


def test_account_of_approved_post(agency) -> None:
    """An approved post is not published to a different account than the approved account."""
    post, other = agency.approved_post(), agency.approved_post("twee", profiles=["tulip-x"])
    ignored = agency.approved_post("drie")
    agency.adopt(DOCUMENT.replace('handle = "@tulip"', 'handle = "@other"', 1))
    agency.desk.run_due()
    assert ["ana", "eva", "ana", "eva"] == [to for _, to in agency.notified("policy_changed")]
    ana, ben = agency.acting("ana", "ben")
    assert "account_changed" == refusal_code(lambda: ben.schedule(post))
    post = ana.submit(ana.withdraw(post))
    assert "in_review" == post.state
    ben.approve(post)
    agency.run_due()
    assert ["missed"] == [delivery.state for delivery in agency.desk.deliveries(ignored)]
    assert "published" == agency.desk.summary(post) == agency.desk.summary(other)
