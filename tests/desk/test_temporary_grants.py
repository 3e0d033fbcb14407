"""Rights given and taken back by command: nobody gives more than they hold, and all of it ends."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.desk.agency import DOCUMENT, START

from socialcollab.desk import Desk
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.organization import Organization
from socialcollab.permissions import TemporaryGrant
from socialcollab.stores import MemoryStore

TULIP = {"workspace": "tulip"}
# Ben manages the tulips for good, and Noor until June: neither may look at the dike.
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
    """The agency, in which others manage access too."""
    document = Organization.loads(DOCUMENT + MANAGERS)
    agency.desk.acting_as("eva").adopt(agency.desk.propose(document), reason="managers")
    return agency


def may(agency, who: str, what: str, where: str = "tulip-x") -> bool:
    return agency.desk.organization.access.allows(who, what, where, at=agency.now)


def test_what_is_given_holds_until_its_end_and_says_who_gave_it(managed) -> None:
    (ben,) = managed.acting("ben")
    assert not may(managed, "tom", "publish")
    gift = ben.grant("member:tom", role="publisher", on=TULIP, until="2026-04-10", reason="launch")
    assert ("ben", dt.date(2026, 4, 10), managed.now) == (gift.by, gift.until, gift.at)
    assert (gift,) == managed.desk.runtime_state().temporary_grants
    verdict = managed.desk.organization.access.check("tom", "publish", "tulip-x", at=managed.now)
    assert (
        "allowed: `ben` granted `tom` `publisher` on `tulip-x` until 2026-04-10: launch"
        == verdict.explain()
    )
    assert "`ben` heeft `tom` tot 2026-04-10" in verdict.explain("nl")
    # The first instant of the tenth in Amsterdam.
    managed.now = dt.datetime(2026, 4, 9, 22, tzinfo=dt.UTC)
    assert not may(managed, "tom", "publish")
    managed.now -= dt.timedelta(microseconds=1)
    assert may(managed, "tom", "publish")
    tom = managed.desk.acting_as("tom")
    assert "draft" == tom.draft("x", profiles=["tulip-x"]).state


def test_it_may_begin_later_and_end_at_a_local_time(managed) -> None:
    (ben,) = managed.acting("ben")
    ben.grant(
        ["member:tom"], permissions=["publish"], on="tulip-x", start="2026-04-02",
        until="2026-04-02 09:30", reason="launch",
    )  # fmt: skip
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


def test_could_she_publish_at_14_on_3_may_and_who_had_given_her_that(managed) -> None:
    """What has been taken back since, and what was given later, is told apart by the journal."""
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


def test_giving_takes_manage_access_there_and_all_that_is_given(managed) -> None:
    ana, ben, noor = managed.acting("ana", "ben", "noor")
    for who, more, code in (
        (ana, {"role": "writer"}, ""),  # nothing allows it
        (ben, {"role": "owner"}, "grant_exceeds_own"),
        (noor, {"role": "publisher"}, "grant_exceeds_own"),
        (noor, {"permissions": "publish", "until": "2026-06-02"}, "grant_exceeds_own"),
        (ben, {"permissions": "hold", "on": "tulip-mastodon"}, "grant_exceeds_own"),
    ):
        said = {"on": TULIP, "until": "2026-05-30", "reason": "launch", **more}
        with pytest.raises(NotAllowedError) as caught:
            who.grant("member:tom", **said)
        assert code == "".join({reason.code for reason in caught.value.verdict.reasons}), said
    assert "manage_access" not in managed.desk.organization.access.permissions_of(
        "ana", "tulip", at=managed.now
    )
    noor.grant("member:tom", permissions="publish", on=TULIP, until="2026-06-01", reason="launch")
    assert () == managed.desk.organization.access.profiles("tom", "hold", at=managed.now)[1:]


def test_what_was_given_can_be_given_on_but_for_no_longer(managed) -> None:
    ben, eva, noor = managed.acting("ben", "eva", "noor")
    eva.grant("member:noor", permissions="cancel", on=TULIP, until="2026-05-01", reason="stand-in")
    with pytest.raises(NotAllowedError, match="beyond what"):
        noor.grant("member:dirk", permissions="cancel", on=TULIP, until="2026-05-02", reason="x")
    gift = noor.grant("member:dirk", permissions="cancel", on=TULIP, until="2026-05-01", reason="x")
    del ben
    eva.revoke(gift)
    assert not may(managed, "dirk", "cancel")


def test_a_role_that_frees_posts_from_a_policy_takes_manage_policies(managed) -> None:
    (eva,) = managed.acting("eva")
    exempting = managed.desk.organization.to_toml().replace(
        'late = "hold"', 'late = "hold"\nexempt = ["role:publisher"]', 1
    )
    eva.adopt(managed.desk.propose(Organization.loads(exempting)), reason="co-publishing")
    with pytest.raises(NotAllowedError, match="a policy exempts the posts of that role"):
        managed.desk.acting_as("ben").grant(
            "member:tom", role="publisher", on=TULIP, until="2026-04-10", reason="launch"
        )
    eva.grant("member:tom", role="publisher", on=TULIP, until="2026-04-10", reason="launch")


def test_a_role_that_a_policy_is_about_is_not_taken_back_without_manage_policies(managed) -> None:
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
    given = eva.grant("member:ana", role="trainee", on=TULIP, until="2026-06-01", reason="new here")
    with pytest.raises(NotAllowedError, match="to take the role `trainee` from `ana`"):
        ben.revoke(given)
    eva.revoke(given)
    other = eva.grant("member:tom", role="trainee", on=TULIP, until="2026-06-01", reason="new here")
    ben.revoke(other)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"until": "2026-04-01"}, "is over"),
        ({"until": "2026-03-01 09:30"}, "is over"),
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
def test_what_cannot_be_given_is_refused_and_nothing_is_stored(managed, more, says) -> None:
    (ben,) = managed.acting("ben")
    said = {"to": "member:tom", "on": TULIP, "until": "2026-04-10", "reason": "launch",
            "permissions": "publish", **more}  # fmt: skip
    with pytest.raises((InvalidValueError, NotAllowedError, NotFoundError), match=says):
        ben.grant(**said)
    assert () == managed.desk.runtime_state().temporary_grants


def test_nobody_learns_of_places_that_they_may_not_view(managed) -> None:
    """A manager of the tulips who tries names is told of the dike what is said of nowhere."""
    ben, tom, eva = managed.acting("ben", "tom", "eva")
    for there, nowhere in (
        ("dike-x", "dyke-x"),
        ({"workspace": "dike"}, {"workspace": "dyke"}),
        ({"workspace": ["tulip", "dike"]}, {"workspace": ["tulip", "dyke"]}),
        ({"workspace": "tulip", "excluding": {"profile": "dike-x"}},
         {"workspace": "tulip", "excluding": {"profile": "dyke-x"}}),
    ):  # fmt: skip
        said = []
        for on in (there, nowhere):
            with pytest.raises(NotFoundError) as caught:
                ben.grant("member:ana", permissions="view", on=on, until="2026-05-01", reason="x")
            said.append(str(caught.value).replace("dyke", "dike"))
        assert said[0] == said[1]
    with pytest.raises(NotAllowedError, match="a resource that they cannot view"):
        ben.grant("member:ana", permissions="view", on={"workspace": "*"}, until="2026-05-01",
                 reason="x")  # fmt: skip
    gift = eva.grant("member:ana", permissions="view", on="dike-x", until="2026-05-01", reason="x")
    for stranger in (ben, managed.desk.acting_as("noor")):
        with pytest.raises(NotFoundError, match="no grant"):
            stranger.revoke(gift)
    with pytest.raises(NotAllowedError):
        tom.revoke(gift)  # he may look, and not manage


def test_whoever_gave_it_or_manages_access_there_takes_it_back(managed) -> None:
    ana, ben, eva, noor = managed.acting("ana", "ben", "eva", "noor")

    def given_by(who) -> TemporaryGrant:
        return who.grant("member:tom", permissions="publish", on="tulip-x", until="2026-05-01",
                        reason="launch")  # fmt: skip

    gifts = [given_by(noor) for _ in range(3)]
    with pytest.raises(NotAllowedError):
        ana.revoke(gifts[0])
    ben.revoke(gifts[0])
    eva.revoke(gifts[1].id)
    # Who manages no more takes back what they gave.
    left = Organization.loads(DOCUMENT)
    eva.adopt(managed.desk.propose(left), reason="no managers")
    noor.revoke(gifts[2])
    assert () == managed.desk.runtime_state().temporary_grants
    with pytest.raises(NotFoundError):
        noor.revoke(gifts[2])


def test_what_is_over_is_not_taken_back(managed) -> None:
    (ben,) = managed.acting("ben")
    gift = ben.grant("member:tom", role="writer", on=TULIP, until="2026-04-02", reason="launch")
    managed.now = dt.datetime(2026, 4, 3, tzinfo=dt.UTC)
    with pytest.raises(NotAllowedError, match="is over"):
        ben.revoke(gift)
    # After more than a year it is of no use to anything that is still to come.
    managed.now = dt.datetime(2027, 6, 1, tzinfo=dt.UTC)
    later = ben.grant("member:tom", role="writer", on=TULIP, until="2027-06-02", reason="launch")
    assert (later,) == managed.desk.runtime_state().temporary_grants


def test_a_suspended_member_takes_nothing_back(managed) -> None:
    ben, eva = managed.acting("ben", "eva")
    gift = ben.grant("member:tom", role="writer", on=TULIP, until="2026-05-02", reason="launch")
    rests = Organization.loads(
        (DOCUMENT + MANAGERS).replace('id = "ben"', 'id = "ben"\nsuspended = true', 1)
    )
    eva.adopt(managed.desk.propose(rests), reason="leave")
    with pytest.raises(NotAllowedError, match="suspended"):
        ben.revoke(gift)


def test_whoever_comes_to_be_asked_by_it_is_told_and_asked(managed) -> None:
    ana, ben, eva = managed.acting("ana", "ben", "eva")
    post = ana.submit(ana.draft("x", profiles=["tulip-x"], planned_at="2026-05-01 09:30"))
    (step,) = managed.desk.pending_steps(post)
    assert "tom" not in step.asked
    gift = eva.grant("member:tom", role="editor", on=TULIP, until="2026-05-02", reason="launch")
    managed.desk.run_due()
    (step,) = managed.desk.pending_steps(post)
    assert "tom" in step.asked
    kinds = [notification.kind for notification in managed.desk.acting_as("tom").notifications()]
    assert ["grant_added", "review_requested"] == kinds
    eva.revoke(gift)
    managed.desk.run_due()
    (step,) = managed.desk.pending_steps(post)
    assert "tom" not in step.asked
    assert "grant_revoked" == list(managed.desk.acting_as("tom").notifications())[-1].kind
    del ben


def test_a_proposal_lists_what_holds_by_command_and_what_it_would_orphan(managed) -> None:
    ben, eva = managed.acting("ben", "eva")
    gift = ben.grant(["member:tom", "member:noor"], role="publisher", on=TULIP, until="2026-05-01",
                    reason="launch")  # fmt: skip
    over = ben.grant("member:tom", role="writer", on=TULIP, until="2026-04-02", reason="x")
    managed.now = dt.datetime(2026, 4, 3, tzinfo=dt.UTC)
    assert {gift, over} == set(managed.desk.runtime_state().temporary_grants)
    same = managed.desk.propose(Organization.loads(DOCUMENT + MANAGERS))
    assert ((), (gift,)) == (same.changes, same.temporary_grants)
    assert f"temporary grant: grant {gift.id}" in str(same)
    text = DOCUMENT + MANAGERS
    for old, new in (('[[members]]\nid = "tom"\n', ""), ('lead = "tom"', 'lead = "eva"'),
                     ('[[grants]]\nto = "member:tom"\nrole = "editor"\non = { workspace = "dike" }\n', "")):  # fmt: skip
        assert old in text
        text = text.replace(old, new, 1)
    proposal = managed.desk.propose(Organization.loads(text))
    orphans = [orphan for orphan in proposal.orphans if orphan.kind == "grant"]
    assert [("grant", gift.id, "member:tom")] == [
        (orphan.kind, orphan.id, orphan.reason["name"]) for orphan in orphans
    ]
    eva.adopt(proposal, reason="tom left")
    # What is left of it holds, and who comes back has what was theirs.
    assert may(managed, "noor", "schedule")
    eva.adopt(managed.desk.propose(Organization.loads(DOCUMENT + MANAGERS)), reason="tom is back")
    assert may(managed, "tom", "schedule")


def test_a_role_that_is_gone_gives_nothing_and_one_that_grows_takes_what_it_gives(managed) -> None:
    """A given role grows with the document: whoever lets it grow has to hold what it gives."""
    ben, eva = managed.acting("ben", "eva")
    guest = DOCUMENT + MANAGERS + '[roles.extra]\npermissions = ["note"]\n'
    eva.adopt(managed.desk.propose(Organization.loads(guest)), reason="a role")
    ben.grant("member:tom", role="extra", on=TULIP, until="2026-05-01", reason="launch")
    wider = Organization.loads(guest.replace('["note"]', '["note", "erase"]'))
    proposal = managed.desk.propose(wider)
    assert ["tom"] == [change.member for change in proposal.permission_changes.changes]
    everywhere = DOCUMENT + MANAGERS
    with pytest.raises(NotAllowedError) as caught:
        managed.desk.acting_as("ben").adopt(proposal, reason="wider")
    assert "change_needs" == caught.value.verdict.reasons[0].code
    eva.adopt(proposal, reason="wider")
    assert may(managed, "tom", "erase")
    eva.adopt(managed.desk.propose(Organization.loads(everywhere)), reason="without it")
    assert not may(managed, "tom", "note")


def test_removal_lists_what_somebody_was_given(managed) -> None:
    ben = managed.desk.acting_as("ben")
    gift = ben.grant("member:tom", role="writer", on=TULIP, until="2026-05-02", reason="launch")
    reference = managed.desk.organization.references_to("tom").references[-1]
    assert ("temporary_grants", gift.id, True) == (
        reference.section,
        reference.name,
        reference.alone,
    )
    assert f"grant {gift.id}" == reference.place


def test_why_somebody_was_given_rights_is_erased_with_them(managed) -> None:
    ben, eva = managed.acting("ben", "eva")
    ben.grant("member:noor", permissions="cancel", on=TULIP, until="2026-05-02", reason="her baby")
    ben.grant("member:ana", permissions="cancel", on=TULIP, until="2026-05-02", reason="a launch")
    eva.erase(member="noor", reason="asked")
    assert ["[erased]", "a launch"] == [
        grant.grant.reason for grant in managed.desk.runtime_state().temporary_grants
    ]
    assert managed.desk.audit().clean
    assert "her baby" not in "".join(map(repr, managed.desk.feed()))


PEOPLE = ("ana", "ben", "noor")
ROLES = ("writer", "publisher", "manager", "editor")
PERMISSIONS = ("publish", "manage_access", "approve", "view", "hold")
PLACES = ("tulip-x", "tulip-mastodon", "tulip", "dike-x", "dike", "*")


@st.composite
def acts(draw: st.DrawFn) -> tuple:
    who, to = draw(st.sampled_from(PEOPLE)), draw(st.sampled_from(PEOPLE))
    kind = draw(st.sampled_from(("give", "give", "give", "away", "take_back")))
    where = draw(st.sampled_from(("tulip-x", "tulip", "tulip", "dike-x", "*")))
    on = where if "-" in where else {"workspace": where}
    what = draw(st.sampled_from([{"role": role} for role in ROLES]
                                + [{"permissions": one} for one in PERMISSIONS]))  # fmt: skip
    until = draw(st.sampled_from(("2026-04-03", "2026-05-20", "2026-07-01")))
    return kind, who, to, on, what, until


@given(st.lists(acts(), min_size=1, max_size=10), st.randoms(use_true_random=False))
def test_no_sequence_of_acts_gives_a_circle_of_people_what_none_of_them_held(
    sequence: list, chance: random.Random
) -> None:
    """They give, take back and let each other stand in, and never rise above where they began."""
    now = START
    desk = Desk.create(
        MemoryStore(Desk.PROJECTIONS), Organization.loads(DOCUMENT + MANAGERS), owner="eva",
        clock=lambda: now, real_clock=lambda: now,
    )  # fmt: skip
    instants = [START + dt.timedelta(days=days) for days in (0, 1, 3, 10, 45, 70)]
    permissions = sorted(desk.organization.access.roles.permission_names)

    def held(at: dt.datetime) -> set[tuple[str, str]]:
        access = desk.organization.access
        return {
            (permission, where)
            for permission in permissions
            for where in PLACES
            if any(access.allows(who, permission, where, at=at) for who in PEOPLE)
        }

    start = {at: held(at) for at in instants}
    for kind, who, to, on, what, until in sequence:
        acting = desk.acting_as(who)
        try:
            if kind == "give":
                acting.grant(f"member:{to}", on=on, until=until, reason="x", **what)
            elif kind == "away":
                acting.add_absence(
                    "2026-04-02", until, member=who, delegate=to if to != who else ""
                )
            elif desk.runtime_state().temporary_grants:
                acting.revoke(chance.choice(desk.runtime_state().temporary_grants))
        except (NotAllowedError, NotFoundError):
            continue
    for at in instants:
        assert held(at) <= start[at]
