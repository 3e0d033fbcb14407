"""Rules change while work is under way: proposed, guarded, in force for everybody at once."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from tests.desk.agency import DOCUMENT

from socialcollab.desk import Desk
from socialcollab.errors import (
    DocumentMismatchError,
    InvalidValueError,
    NotAllowedError,
    NotFoundError,
    StaleError,
)
from socialcollab.organization import Organization

WHY = "spring clean"


def drafted(who, *, profiles=("tulip-x",), at="2026-04-07 09:30"):
    return who.draft("De lente is er", profiles=profiles, planned_at=at)


def edited(agency, *changes: tuple[str, str]) -> Organization:
    """Return the first organization with some of its text replaced."""
    text = DOCUMENT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return Organization.loads(text)


def with_lines(agency, lines: str) -> Organization:
    return Organization.loads(agency.desk.as_of().organization.to_toml() + lines)


GRANT_TOM = """
[[grants]]
to = "member:tom"
role = "writer"
on = { workspace = "tulip" }
"""


def test_a_proposal_names_every_line_and_changes_nothing(agency) -> None:
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


def test_what_is_adopted_holds_for_every_desk_at_once(agency) -> None:
    (eva,) = agency.acting("eva")
    other = agency.second_desk()
    assert not other.organization.access.allows("tom", "draft", "tulip-x", at=agency.now)
    eva.adopt(agency.desk.propose(with_lines(agency, GRANT_TOM)), reason=WHY)
    assert other.organization.access.allows("tom", "draft", "tulip-x", at=agency.now)
    assert other.acting_as("tom").draft("Hoi", profiles=["tulip-x"]).author == "tom"
    assert agency.desk.audit().clean


def test_every_event_carries_the_digest_that_was_in_force(agency) -> None:
    (eva,) = agency.acting("eva")
    first = agency.desk.as_of().digest
    ana = agency.desk.acting_as("ana")
    early = ana.draft("a", profiles=["tulip-x"])
    eva.adopt(agency.desk.propose(with_lines(agency, GRANT_TOM)), reason=WHY)
    late = ana.draft("b", profiles=["tulip-x"])
    assert [first] == [entry.digest for entry in agency.desk.history(early)]
    assert [agency.desk.as_of().digest] == [entry.digest for entry in agency.desk.history(late)]
    assert first != agency.desk.as_of().digest


def test_what_was_in_force_can_be_asked_for_at_any_instant(agency) -> None:
    (eva,) = agency.acting("eva")
    start = agency.now
    agency.now += dt.timedelta(days=2)
    eva.adopt(agency.desk.propose(with_lines(agency, GRANT_TOM)), reason=WHY)
    agency.now += dt.timedelta(days=2)
    before, after = agency.desk.as_of(start), agency.desk.as_of()
    assert not before.access.allows("tom", "draft", "tulip-x", at=start)
    assert after.access.allows("tom", "draft", "tulip-x", at=agency.now)
    assert ("member:eva", WHY) == (after.by, after.reason)
    assert start + dt.timedelta(days=2) == after.since
    with pytest.raises(NotFoundError, match="had not been created"):
        agency.desk.as_of(start - dt.timedelta(days=1))


def test_a_desk_opened_with_another_document_says_what_differs(agency) -> None:
    given = with_lines(agency, GRANT_TOM)
    with pytest.raises(DocumentMismatchError, match=r"added grants\[7\]") as caught:
        Desk.open(agency.store, organization=given, **agency.options)
    assert (given.digest, agency.desk.as_of().digest) == (
        caught.value.given,
        caught.value.active,
    )
    with Desk.open(agency.store, organization=agency.organization, **agency.options) as same:
        assert "northwind" == same.id


def test_names_and_comments_are_no_other_document(agency) -> None:
    renamed = edited(agency, ('id = "ana"', 'id = "ana"\nname = "Ana Prado"  # of the team'))
    Desk.open(agency.store, organization=renamed, **agency.options).close()
    proposal = agency.desk.propose(renamed)
    assert ["changed members ana (name)"] == [str(change) for change in proposal.changes]
    agency.desk.acting_as("eva").adopt(proposal, reason=WHY)
    assert "Ana Prado" == agency.desk.organization.members_by_id["ana"].name


def test_only_one_of_two_proposals_on_one_document_is_adopted(agency) -> None:
    (eva,) = agency.acting("eva")
    first = agency.desk.propose(with_lines(agency, GRANT_TOM))
    second = agency.desk.propose(edited(agency, ('late = "hold"', 'late = "publish"')))
    eva.adopt(first, reason=WHY)
    with pytest.raises(StaleError, match=r"eva.*added grants\[7\]"):
        eva.adopt(second, reason=WHY)
    with pytest.raises(StaleError):
        eva.adopt(first, reason=WHY)
    with pytest.raises(InvalidValueError, match="not differ from the active"):
        eva.adopt(agency.desk.propose(agency.desk.organization), reason=WHY)


@pytest.mark.parametrize("who", ["ana", "ben", "tom", "noor", "dirk"])
def test_who_may_not_manage_access_adopts_no_grant(agency, who: str) -> None:
    proposal = agency.desk.propose(with_lines(agency, GRANT_TOM))
    with pytest.raises(NotAllowedError, match="manage_access"):
        agency.desk.acting_as(who).adopt(proposal, reason=WHY)


MANAGER = """
[roles.manager]
permissions = ["view", "manage_access", "manage_policies"]
[[grants]]
to = "member:tom"
role = "manager"
on = { workspace = "dike" }
"""


def test_a_manager_of_one_workspace_gives_nothing_elsewhere_and_no_more_than_they_hold(
    agency,
) -> None:
    eva, tom = agency.acting("eva", "tom")
    eva.adopt(agency.desk.propose(with_lines(agency, MANAGER)), reason=WHY)
    inside = (
        '\n[[grants]]\nto = "member:ben"\npermissions = ["draft"]\non = { workspace = "dike" }\n'
    )
    tom.adopt(agency.desk.propose(with_lines(agency, inside)), reason=WHY)
    assert agency.desk.organization.access.allows("ben", "draft", "dike-x", at=agency.now)
    more = inside.replace('"draft"', '"take_down"')
    with pytest.raises(NotAllowedError, match="`tom` cannot grant `ben` `take_down` on `dike"):
        tom.adopt(agency.desk.propose(with_lines(agency, more)), reason=WHY)
    elsewhere = inside.replace('"dike"', '"tulip"')
    with pytest.raises(NotAllowedError, match="needs `manage_access` on `tulip`"):
        tom.adopt(agency.desk.propose(with_lines(agency, elsewhere)), reason=WHY)


def test_a_place_in_a_rotation_is_given_like_a_grant(
    agency,
) -> None:
    """Whoever may not approve on the dike's profile lets nobody approve there by turns."""
    eva, dirk = agency.acting("eva", "dirk")
    managing = MANAGER.replace("member:tom", "member:dirk")
    eva.adopt(agency.desk.propose(with_lines(agency, managing)), reason=WHY)
    rotation = (
        '\n[[rotations]]\nid = "desk"\nrole = "{role}"\non = {{ workspace = "dike" }}\n'
        'members = ["ben"]\nstart = 2026-04-06\nevery = "day 09:00"\n'
    )
    with pytest.raises(NotAllowedError, match="`dirk` cannot grant `ben` `approve` on `dike"):
        dirk.adopt(
            agency.desk.propose(with_lines(agency, rotation.format(role="editor"))), reason=WHY
        )
    dirk.adopt(
        agency.desk.propose(with_lines(agency, rotation.format(role="publisher"))), reason=WHY
    )
    agency.now = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)
    assert agency.desk.organization.access.allows("ben", "publish", "dike-x", at=agency.now)


def test_what_begins_later_is_given_too(agency) -> None:
    """A grant that starts next year is refused like one that starts today."""
    eva, tom = agency.acting("eva", "tom")
    eva.adopt(agency.desk.propose(with_lines(agency, MANAGER)), reason=WHY)
    later = (
        '\n[[grants]]\nto = "member:tom"\npermissions = ["erase"]\non = { workspace = "dike" }\n'
        "start = 2027-01-01\n"
    )
    with pytest.raises(NotAllowedError, match="erase"):
        tom.adopt(agency.desk.propose(with_lines(agency, later)), reason=WHY)


def test_whoever_holds_something_for_a_while_gives_it_no_longer(agency) -> None:
    eva, ben = agency.acting("eva", "ben")
    standing_in = """
[[grants]]
to = "member:ben"
role = "owner"
on = { workspace = "*" }
end = 2026-04-10
"""
    eva.adopt(agency.desk.propose(with_lines(agency, standing_in)), reason=WHY)
    text = agency.desk.organization.to_toml()
    assert 1 == text.count("end = 2026-04-10")
    for longer in ("", "end = 2026-04-11"):
        staying = Organization.loads(text.replace("end = 2026-04-10", longer))
        with pytest.raises(NotAllowedError, match=r"`ben` cannot grant .* beyond what `ben` has"):
            ben.adopt(agency.desk.propose(staying), reason=WHY)
    brief = GRANT_TOM + "end = 2026-04-09\n"
    ben.adopt(agency.desk.propose(with_lines(agency, brief)), reason=WHY)
    assert agency.desk.organization.access.allows("tom", "draft", "tulip-x", at=agency.now)


@pytest.mark.parametrize("how", ["extended", "by default"])
def test_a_policy_that_others_rest_on_is_changed_by_whoever_may_change_it_there(
    agency, how: str
) -> None:
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
    if how == "extended":
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
        text = text.replace('default_approval = "house"', 'default_approval = "legal"')
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason=WHY)
    laxer = text.replace('reviewers = ["member:eva"]', 'reviewers = ["member:tom"]')
    proposal = agency.desk.propose(Organization.loads(laxer))
    assert [("dike", "tulip")] == [change.resources for change in proposal.changes]
    with pytest.raises(NotAllowedError, match="`tom` needs `manage_policies` on `tulip`"):
        tom.adopt(proposal, reason=WHY)
    eva.adopt(proposal, reason=WHY)


def test_nobody_frees_themselves_from_a_policy_that_they_may_not_change(agency) -> None:
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
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason=WHY)
    grant = '\n[[grants]]\nto = "member:tom"\nrole = "press"\non = { workspace = "dike" }\n'
    tried = {
        "a grant": text + grant,
        "a later grant": text + grant + "start = 2027-01-01\n",
        "a team": text.replace('members = ["dirk"]', 'members = ["dirk", "tom"]'),
        "a role": text.replace(
            "[roles.editor]\nincludes = [", '[roles.editor]\nincludes = ["trusted", '
        ),
    }
    for how, changed in tried.items():
        assert changed != text, how
        proposal = agency.desk.propose(Organization.loads(changed))
        with pytest.raises(NotAllowedError, match=r"needs `manage_policies` on `dike-x`.* exempts"):
            tom.adopt(proposal, reason=WHY)
    elsewhere = text + grant.replace('"dike"', '"tulip"')
    tom.adopt(agency.desk.propose(Organization.loads(elsewhere)), reason=WHY)
    eva.adopt(agency.desk.propose(Organization.loads(elsewhere + grant)), reason=WHY)


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


def test_nobody_is_freed_from_a_policy_by_losing_the_role_that_it_is_about(agency) -> None:
    eva, tom = agency.acting("eva", "tom")
    text = agency.desk.organization.to_toml() + TRAINEES
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason=WHY)
    grant = '[[grants]]\nto = "member:dirk"\nrole = "trainee"\non = { workspace = "dike" }\n'
    tried = {
        "no grant": text.replace(grant, ""),
        "an end": text.replace(grant, grant + "end = 2027-01-01\n"),
        "elsewhere": text.replace(grant, grant.replace('"dike"', '"tulip"')),
    }
    for how, changed in tried.items():
        assert changed != text, how
        proposal = agency.desk.propose(Organization.loads(changed))
        with pytest.raises(NotAllowedError, match=r"to take the role `trainee` from `dirk`"):
            tom.adopt(proposal, reason=WHY)
    # Whoever drafts no more has no posts to free.
    drafts = (
        '[[grants]]\nto = "member:dirk"\npermissions = ["draft"]\non = { workspace = "dike" }\n'
    )
    assert drafts in text
    gone = (
        text.replace(grant, "")
        .replace(drafts, "")
        .replace('to = "member:dirk"', 'to = "member:eva"')
    )
    tom.adopt(agency.desk.propose(Organization.loads(gone)), reason=WHY)
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason=WHY)
    eva.adopt(agency.desk.propose(Organization.loads(text.replace(grant, ""))), reason=WHY)


ROTA = """
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
def test_nobody_is_freed_from_a_policy_by_a_turn_that_somebody_else_may_not_give(
    agency, old: str, new: str
) -> None:
    eva, tom = agency.acting("eva", "tom")
    text = DOCUMENT + ROTA
    assert old in text
    changed = text.replace(old, new, 1)
    # Whoever is suspended gets their turns back with the end of it.
    text = text.replace(old, new.replace("false", "true"), 1) if "suspended" in new else text
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason=WHY)
    proposal = agency.desk.propose(Organization.loads(changed))
    with pytest.raises(NotAllowedError, match=r"needs `manage_policies` on `dike-x`.* exempts"):
        tom.adopt(proposal, reason=WHY)
    eva.adopt(proposal, reason=WHY)


def test_whoever_takes_fewer_turns_is_freed_from_nothing(agency) -> None:
    eva, tom = agency.acting("eva", "tom")
    eva.adopt(agency.desk.propose(Organization.loads(DOCUMENT + ROTA)), reason=WHY)
    for old, new in (
        ("end = 2026-06-01", "end = 2026-05-15"),
        ('role = "press"\non = { workspace = "dike" }\nmembers', 'role = "plain"\n'
         'on = { workspace = "dike" }\nmembers'),
    ):  # fmt: skip
        text = DOCUMENT + ROTA
        assert old in text
        tom.adopt(agency.desk.propose(Organization.loads(text.replace(old, new, 1))), reason=WHY)
        eva.adopt(agency.desk.propose(Organization.loads(text)), reason=WHY)


def test_a_profile_that_was_removed_comes_back_where_it_was(agency) -> None:
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
    here, there = (with_lines(agency, lines.format(one)) for one in ("tulip", "dike"))
    for one in (here, without):
        eva.adopt(agency.desk.propose(one), reason=WHY)
    digest = agency.desk.as_of().digest
    with pytest.raises(InvalidValueError, match=r"`tulip-2` was in workspace `tulip`") as caught:
        eva.adopt(agency.desk.propose(there), reason=WHY)
    assert ("dike", "tulip") == (caught.value.value, caught.value.expected)
    assert digest == agency.desk.as_of().digest
    # By way of where it was, each step takes what it takes.
    for one in (here, there, without, there):
        eva.adopt(agency.desk.propose(one), reason=WHY)
    assert agency.desk.organization.profiles_by_id["tulip-2"].workspace == "dike"


def test_nobody_learns_where_a_profile_was_that_they_may_not_view(agency) -> None:
    eva, tom = agency.acting("eva", "tom")
    whole = """
[[grants]]
to = "member:tom"
permissions = ["*"]
on = { workspace = "dike" }
"""
    again = """
[[profiles]]
id = "again"
workspace = "{}"
network = "x"
"""
    here = with_lines(agency, whole + again.format("tulip"))
    gone = with_lines(agency, whole)
    there = with_lines(agency, whole + again.format("dike"))
    for one in (here, gone):
        eva.adopt(agency.desk.propose(one), reason=WHY)
    with pytest.raises(InvalidValueError, match="was in another workspace when") as caught:
        tom.adopt(agency.desk.propose(there), reason=WHY)
    assert "tulip" not in f"{caught.value} {caught.value.expected}"
    with pytest.raises(InvalidValueError, match="was in workspace `tulip` when"):
        eva.adopt(agency.desk.propose(there), reason=WHY)


def test_a_profile_leaves_no_policy_by_the_hand_of_who_may_change_none(agency) -> None:
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
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason=WHY)
    freed = agency.desk.propose(
        Organization.loads(text.replace('tags = ["care"]', 'tags = ["other"]'))
    )
    with pytest.raises(NotAllowedError, match="needs `manage_policies` on `dike`"):
        tom.adopt(freed, reason=WHY)
    renamed = agency.desk.propose(Organization.loads(text.replace("@dikez", "@zdike")))
    tom.adopt(renamed, reason=WHY)


def test_ending_a_forbid_gives_what_it_barred(agency) -> None:
    eva, ben = agency.acting("eva", "ben")
    manage = MANAGER.replace("member:tom", "member:ben").replace('"dike"', '"*"')
    eva.adopt(agency.desk.propose(with_lines(agency, manage)), reason=WHY)
    text = agency.desk.organization.to_toml()
    start = text.index("[[forbids]]")
    rest = text.index("[[", start + 5)
    freed = Organization.loads(text[:start] + text[rest:])
    with pytest.raises(
        NotAllowedError, match="`ben` cannot grant `ben` `hold` on `tulip-mastodon`"
    ):
        ben.adopt(agency.desk.propose(freed), reason=WHY)


def test_somebody_has_to_be_left_who_may_do_everything(agency) -> None:
    (eva,) = agency.acting("eva")
    ending = edited(agency, ('role = "owner"', 'role = "owner"\nend = 2027-01-01'))
    with pytest.raises(NotAllowedError, match="no member would have"):
        eva.adopt(agency.desk.propose(ending), reason=WHY)


def test_no_manager_of_one_workspace_locks_everybody_out_of_it(agency) -> None:
    eva, tom = agency.acting("eva", "tom")
    eva.adopt(agency.desk.propose(with_lines(agency, MANAGER)), reason=WHY)
    barring = """
[[forbids]]
to = "member:eva"
permissions = ["manage_access"]
on = { workspace = "dike" }
"""
    barred = Organization.loads(DOCUMENT + MANAGER + "end = 2026-05-01" + barring)
    with pytest.raises(NotAllowedError, match="no member would have"):
        tom.adopt(agency.desk.propose(barred), reason=WHY)
    kept = Organization.loads(DOCUMENT + MANAGER + barring)
    tom.adopt(agency.desk.propose(kept), reason=WHY)


def test_whoever_is_kept_from_a_profile_does_not_come_back_to_it_by_removing_it(agency) -> None:
    eva, ben = agency.acting("eva", "ben")
    manage = """
[[grants]]
to = "member:ben"
permissions = ["manage_access", "manage_policies"]
on = { workspace = "tulip" }
"""
    text = DOCUMENT + manage
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason=WHY)
    start = text.index('[[profiles]]\nid = "tulip-mastodon"')
    gone = text[:start] + text[text.index("[[profiles]]", start + 1) :]
    gone = gone[: gone.index("[[forbids]]")] + gone[gone.index("[[approvals]]") :]
    proposal = agency.desk.propose(Organization.loads(gone))
    with pytest.raises(
        NotAllowedError, match="`ben` cannot grant `ben` `hold` on `tulip-mastodon`"
    ):
        ben.adopt(proposal, reason=WHY)
    eva.adopt(proposal, reason=WHY)


def test_what_a_profile_is_known_by_does_not_change_by_removing_it(agency) -> None:
    eva, tom = agency.acting("eva", "tom")
    managing = MANAGER.replace(', "manage_policies"', "")
    text = DOCUMENT + managing + """
[[profiles]]
id = "dike-y"
workspace = "dike"
network = "x"
tags = ["care"]
"""  # fmt: skip
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason=WHY)
    proposal = agency.desk.propose(Organization.loads(DOCUMENT + managing))
    with pytest.raises(NotAllowedError, match="needs `manage_policies` on `dike`"):
        tom.adopt(proposal, reason=WHY)
    eva.adopt(proposal, reason=WHY)


def test_an_adoption_says_why(agency) -> None:
    with pytest.raises(InvalidValueError, match="needs a reason"):
        agency.desk.acting_as("eva").adopt(
            agency.desk.propose(with_lines(agency, GRANT_TOM)), reason=" "
        )


def test_a_document_of_another_organization_is_no_proposal(agency) -> None:
    other = Organization.loads(agency.organization.to_toml().replace("northwind", "southwind", 1))
    with pytest.raises(InvalidValueError, match="southwind"):
        agency.desk.propose(other)
    swapped = attrs.evolve(agency.desk.propose(with_lines(agency, GRANT_TOM)), organization=other)
    with pytest.raises(InvalidValueError, match="southwind"):
        agency.desk.acting_as("eva").adopt(swapped, reason=WHY)


def test_a_stale_proposal_tells_nobody_of_what_they_may_not_view(agency) -> None:
    eva, noor = agency.acting("eva", "noor")
    old = agency.desk.propose(with_lines(agency, GRANT_TOM))
    campaign = '\n[[campaigns]]\nid = "{0}-merger"\nworkspace = "{0}"\n'
    both = with_lines(agency, campaign.format("dike") + campaign.format("tulip"))
    eva.adopt(agency.desk.propose(both), reason=WHY)
    with pytest.raises(StaleError) as refused:
        noor.adopt(old, reason=WHY)
    assert ("added campaigns tulip-merger",) == refused.value.changed
    assert "dike" not in str(refused.value)
    with pytest.raises(StaleError, match="dike-merger"):
        eva.adopt(old, reason=WHY)


def test_a_proposal_lists_what_it_would_orphan(agency) -> None:
    ana, ben, tom = agency.acting("ana", "ben", "tom")
    post = ben.approve(ana.submit(drafted(ana)))
    open_post = ana.submit(ana.draft("x", profiles=["tulip-x"], planned_at="2026-04-03 10:00"))
    theirs = tom.draft("y", profiles=["dike-x"])
    tom.add_absence("2026-05-01", "2026-05-10")
    text = agency.organization.to_toml()
    for gone in ("tulip-x",):
        start = text.index(f'id = "{gone}"') - len("[[profiles]]\n")
        text = text[:start] + text[text.index("[[", start + 3) :]
    text = text.replace('[[slot_plans]]\non = "tulip-x"', '[[slot_plans]]\non = "tulip-mastodon"')
    text = text.replace('"tom"', '"tam"').replace("member:tom", "member:tam")
    proposal = agency.desk.propose(Organization.loads(text))
    assert {
        ("delivery", str(agency.desk.deliveries(post)[0].id)),
        ("post", post.id),
        ("post", open_post.id),
        ("post", theirs.id),
    } <= {(orphan.kind, orphan.id) for orphan in proposal.orphans}
    assert "absence" in {orphan.kind for orphan in proposal.orphans}
    assert all(str(orphan) for orphan in proposal.orphans)


def test_a_step_that_would_ask_nobody_is_an_orphan(agency) -> None:
    (ana,) = agency.acting("ana")
    post = ana.submit(drafted(ana))
    alone = edited(
        agency,
        ('to = ["member:ben", "member:eva"]', 'to = "member:ana"'),
    )
    proposal = agency.desk.propose(alone)
    assert [("post", post.id)] == [(orphan.kind, orphan.id) for orphan in proposal.orphans]
    assert "house/edit" in str(proposal.orphans[0])


def test_votes_that_rest_on_another_wording_are_asked_for_again(agency) -> None:
    """An adoption while a request is open: the vote is refused, and the way on is named."""
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    post = ana.submit(drafted(ana))
    stricter = edited(
        agency, ('reviewers = ["role:editor"]', 'reviewers = ["role:editor"]\nquorum = 2')
    )
    proposal = agency.desk.propose(stricter)
    assert (post.id,) == proposal.asked_again
    eva.adopt(proposal, reason=WHY)
    with pytest.raises(NotAllowedError, match="changed since it was applied") as refused:
        ben.approve(post)
    assert ["resubmit"] == [remedy.code for remedy in refused.value.verdict.remedies]
    again = ana.submit(ana.withdraw(post))
    assert "in_review" == ben.approve(again).state
    assert "approved" == eva.approve(again).state


def test_an_approved_post_whose_policy_changed_does_not_leave_unseen(agency) -> None:
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    post = ben.approve(ana.submit(drafted(ana)))
    stricter = edited(
        agency, ('reviewers = ["role:editor"]', 'reviewers = ["role:editor"]\nquorum = 2')
    )
    eva.adopt(agency.desk.propose(stricter), reason=WHY)
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


def test_a_desk_follows_what_another_process_adopts_while_it_acts(agency) -> None:
    """What was decided under the old rules is decided anew."""
    (eva,) = agency.acting("eva")
    other = agency.second_desk()
    post = other.acting_as("ana").submit(drafted(other.acting_as("ana")))
    noboby = edited(agency, ('to = ["member:ben", "member:eva"]', 'to = "member:eva"'))
    eva.adopt(agency.desk.propose(noboby), reason=WHY)
    with pytest.raises(NotFoundError):
        other.acting_as("ben").approve(post)
