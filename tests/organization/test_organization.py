"""The document of the design, the ways to make an organization, and what it answers."""

from __future__ import annotations

import datetime as dt
import sys
from itertools import pairwise
from pathlib import Path

import attrs
import pytest

import socialcollab.organization
from socialcollab.content import Post, PostContent
from socialcollab.directory import Member, Profile, Team
from socialcollab.errors import InvalidValueError, MissingExtraError, NotFoundError
from socialcollab.identifiers import PostId, WorkspaceId
from socialcollab.organization import Organization
from socialcollab.organization.document.files import template_names
from socialcollab.permissions import Grant

NORTHWIND = Path(socialcollab.organization.__file__).parent / "templates" / "northwind"
SPRING = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def northwind() -> Organization:
    return Organization.load(NORTHWIND / "agency.toml")


def without_holidays(text: str) -> str:
    return text.replace(', "holidays-nl.ics"', "").replace('"holidays-nl.ics",', "")


def test_the_shipped_document_loads_and_its_expectations_hold(northwind: Organization) -> None:
    assert northwind.id == "northwind"
    assert northwind.check(SPRING) == ()
    assert Organization.template("northwind") == northwind
    assert Organization.template("northwind", id="southwind").id == "southwind"


def test_its_style_guides_load_and_lint(northwind: Organization) -> None:
    content = PostContent(text="Goedkoop naar Rome", targets=("tulip-x",))
    found = northwind.lint(content, workspace="tulip", at=SPRING)
    assert [finding.code for finding in found] == ["SG102"]
    assert northwind.findings_matter


def test_its_holidays_come_from_dates_and_files(northwind: Organization) -> None:
    hours = northwind.hours["tulip"]
    assert [
        hours.opens_on(dt.date(2026, month, day)) for month, day in [(4, 7), (4, 27), (5, 14)]
    ] == [True, False, False]
    assert sorted(northwind.files) == ["holidays-nl.ics", "style/house.toml", "style/tulip.toml"]


def test_written_and_read_again_it_is_the_same(northwind: Organization) -> None:
    again = Organization.loads(northwind.to_toml(), files=northwind.files)
    assert again == northwind
    assert again.digest == northwind.digest
    assert again.to_toml() == northwind.to_toml()
    assert Organization.from_dict(northwind.to_dict(), files=northwind.files) == northwind


def test_zones_and_languages_are_inherited(northwind: Organization) -> None:
    assert northwind.zone_of("tulip") == "Europe/Amsterdam"
    assert northwind.language_of("tulip") == "nl"
    assert dict(northwind.zones) == {"tulip": "Europe/Amsterdam"}


def test_names_that_lead_nowhere_suggest_the_nearest(northwind: Organization) -> None:
    with pytest.raises(NotFoundError, match="did you mean `tulip-x`"):
        northwind.profile("tulip-y")
    with pytest.raises(NotFoundError, match="did you mean `tulip`"):
        northwind.zone_of("tulp")
    assert northwind.did_you_mean("member", "anna") == "did you mean `ana`?"
    assert northwind.did_you_mean("member", "zzz") == ""


def test_places_name_the_file(northwind: Organization) -> None:
    assert [grant.place for grant in northwind.grants] == [
        "grants[0]",
        "grants[1]",
        "clients/tulip.toml: grants[0]",
        "clients/tulip.toml: grants[1]",
    ]
    verdict = northwind.access.check("ana", "publish", "tulip-mastodon", at=SPRING)
    assert "clients/tulip.toml: forbids[0]" in verdict.explain()


def test_facts_have_the_inherited_language(northwind: Organization) -> None:
    content = PostContent(text="Hallo", tags=["offer"], campaign="spring", targets=["tulip-x"])
    post = Post(
        id=PostId("p"),
        workspace=WorkspaceId("tulip"),
        state="draft",
        content=content,
        revisions=(),
    )
    facts = northwind.attributes_of(post)
    assert (facts.language, facts.campaign, facts.kind) == ("nl", "spring", "post")
    assert facts.post_tag == {"offer"}
    assert facts.author_role == frozenset()


def test_the_digest_is_of_what_is_said_and_not_of_how(northwind: Organization) -> None:
    text = northwind.to_toml()
    files = northwind.files

    def digest(changed: str, **more: bytes) -> str:
        return Organization.loads(changed, files={**files, **more}).digest

    assert digest("# a remark\n\n" + text) == northwind.digest
    assert digest(text.replace('name = "Ana Prado"', 'name = "A. Prado"')) == northwind.digest
    assert digest(text.replace("ana@northwind.example", "a@x.example")) == northwind.digest
    assert digest(text.replace("training first", "later")) == northwind.digest
    assert digest(text.replace("max_per_day = 5", "max_per_day = 6")) != northwind.digest
    house = files["style/house.toml"] + b"\n# a remark\n"
    assert digest(text, **{"style/house.toml": house}) != northwind.digest


def test_a_comment_in_an_included_file_does_not_change_the_digest(tmp_path: Path) -> None:
    files = {
        path.relative_to(NORTHWIND).as_posix(): path.read_bytes()
        for path in NORTHWIND.rglob("*")
        if path.is_file()
    }
    main = files.pop("agency.toml")
    before = Organization.loads(main, files=files)
    files["clients/tulip.toml"] += b"\n# a remark\n"
    assert Organization.loads(main, files=files).digest == before.digest


def test_pins_follow_what_a_policy_inherits(northwind: Organization) -> None:
    stricter = northwind.to_toml().replace('within = "4 business hours"', 'within = "5 hours"')
    changed = Organization.loads(stricter, files=northwind.files)
    assert all(changed.pins[policy] != northwind.pins[policy] for policy in northwind.pins)
    assert set(northwind.pins) == {"house", "client-signoff"}


def test_expectations_that_fail_say_where_and_why(northwind: Organization) -> None:
    text = northwind.to_toml().replace(
        'cannot = "publish", on = "tulip-mastodon"', 'can = "publish", on = "tulip-mastodon"'
    )
    (failed,) = Organization.loads(text, files=northwind.files).check(SPRING)
    assert failed.resource == "tulip-mastodon"
    assert str(failed).startswith(
        "expect[0]: expected that `ana` can publish on tulip-mastodon at 2026-04-07 07:30 UTC,"
    )
    assert "training first" in str(failed)


def test_an_expectation_of_nothing_fails() -> None:
    document = {
        "organization": {"id": "a", "timezone": "UTC"},
        "workspaces": [{"id": "w", "lead": "m", "default_approval": "none"}],
        "profiles": [{"id": "p", "workspace": "w", "network": "x"}],
        "members": [{"id": "m"}],
        "expect": [
            {"member": "m", "cannot": "view", "on": {"workspace": "w", "network": "mastodon"}}
        ],
    }
    (failed,) = Organization.from_dict(document).check(SPRING)
    assert failed.resource == ""
    assert "takes in none" in str(failed)


def test_a_host_brings_its_own_people() -> None:
    document = """
    [organization]
    id = "host"
    timezone = "UTC"
    [[workspaces]]
    id = "w"
    lead = "u1"
    default_approval = "none"
    [roles.owner]
    permissions = ["*"]
    """
    made = Organization.assemble(
        document,
        members=[Member(id="u1", name="One"), Member(id="u2")],
        teams=[Team(id="all", members=["u1", "u2"])],
        grants=[Grant(to="team:all", role="owner", on={"workspace": "*"})],
    )
    assert made.access.allows("u2", "erase", "*", at=SPRING)
    with pytest.raises(ExceptionGroup, match="2 faults"):
        Organization.assemble(document, teams=[Team(id="all", members=["u2"])])


def test_sections_are_added_and_checked(northwind: Organization) -> None:
    more = northwind.with_sections(
        members=[Member(id="zoe")],
        profiles=[Profile(id="tulip-fb", workspace="tulip", network="facebook")],
    )
    assert more.profile("tulip-fb").network == "facebook"
    assert more.digest != northwind.digest
    with pytest.raises(ExceptionGroup, match="1 fault"):
        northwind.with_sections(members=[Member(id="ana")])
    with pytest.raises(ExceptionGroup, match="1 fault"):
        northwind.with_sections(profiles=[Profile(id="p", workspace="tulp", network="x")])
    with pytest.raises(InvalidValueError, match="did you mean `members`"):
        northwind.with_sections(member=[])


def test_what_is_made_by_hand_is_checked_too(northwind: Organization) -> None:
    with pytest.raises(ExceptionGroup):
        attrs.evolve(northwind, members=())


TEMPLATES = [name for name in template_names() if name != "northwind"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_template_loads_and_its_expectations_hold(name: str) -> None:
    made = Organization.template(name, id="acme")
    assert made.id == "acme"
    assert made.expect
    assert made.check(SPRING) == ()
    owner = made.workspaces[0].lead
    assert made.access.allows(owner, "erase", "*", at=SPRING)


def test_a_template_says_what_it_needs() -> None:
    with pytest.raises(InvalidValueError, match="needs `id`"):
        Organization.template("client_signs_off")
    with pytest.raises(InvalidValueError, match="did you mean `client`"):
        Organization.template("client_signs_off", id="a", clients="b")
    with pytest.raises(NotFoundError, match="did you mean `co_publishing`"):
        Organization.template("copublishing", id="a")
    with pytest.raises(ExceptionGroup):
        Organization.template("by_network", id='a"\n[x]')


def test_a_text_that_was_just_read_with_the_same_files_is_not_read_again(
    northwind: Organization,
) -> None:
    text, files = northwind.to_toml(), dict(northwind.files)
    made = Organization.loads(text, files=files)
    assert Organization.loads(text, files=dict(reversed(files.items()))) is made
    guide = "style/house.toml"
    other = Organization.loads(text, files={**files, guide: files[guide] + b"\n"})
    assert (other.digest, other.files[guide]) != (made.digest, made.files[guide])


def test_a_calendar_needs_its_extra(
    northwind: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "icalendar", None)
    unread = f"# A text that was not read before.\n{northwind.to_toml()}"
    with pytest.raises(MissingExtraError, match=r"socialcollab\[calendar\]"):
        Organization.loads(unread, files=northwind.files)
    text = without_holidays(northwind.to_toml())
    files = {name: data for name, data in northwind.files.items() if name != "holidays-nl.ics"}
    assert Organization.loads(text, files=files).id == "northwind"


def test_files_are_found_beside_the_document_and_missing_ones_are_named(tmp_path: Path) -> None:
    path = tmp_path / "agency.toml"
    path.write_bytes((NORTHWIND / "agency.toml").read_bytes())
    with pytest.raises(ExceptionGroup) as caught:
        Organization.load(path)
    said = [str(one) for one in caught.value.exceptions]
    assert any("no file matches `clients/*.toml` at include[0]" in one for one in said)
    assert any("the file `style/house.toml` is not here at style.guides[0]" in one for one in said)
    assert any(
        "`holidays-nl.ics` is not here at organization.business_hours" in one for one in said
    )


def faults(main: str, **files: str) -> list[str]:
    head = '[organization]\nid = "a"\ntimezone = "UTC"\n[[members]]\nid = "m"\n'
    named = {name.replace("__", "/") + ".toml": text.encode() for name, text in files.items()}
    try:
        Organization.loads(main + head, files=named)
    except ExceptionGroup as group:
        return [str(one) for one in group.exceptions]
    return []


OWN = '[[workspaces]]\nid = "w"\nlead = "m"\ndefault_approval = "none"\n'
INCLUDE = 'include = ["clients/*.toml"]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OWN, ""),
        (OWN + "[roles.x]\n", "clients/w.toml: roles"),
        (OWN + 'include = ["x.toml"]\n', "clients/w.toml: workspaces[0].include"),
        ("include = []\n" + OWN, "includes no others at clients/w.toml: include"),
        (OWN + '[[teams]]\nid = "t"\n', "clients/w.toml: teams"),
        (OWN + '[[members]]\nid = "n"\n', "clients/w.toml: members[0].of"),
        (OWN + '[[members]]\nid = "n"\nof = "w"\n', ""),
        (
            OWN + '[[grants]]\nto = "member:m"\npermissions = "view"\non = { workspace = "*" }\n',
            "`permissions` or list",
        ),
        (
            OWN + '[[grants]]\nto = "member:m"\npermissions = ["view"]\non = { workspace = "*" }\n',
            "reaches beyond this file's workspace at clients/w.toml: grants[0].on",
        ),
        (OWN + OWN.replace('"w"', '"v"'), "defines 2 workspaces"),
        ("", "defines 0 workspaces"),
        (OWN + "x = [\n", "clients/w.toml: line 6, column 1"),
    ],
)
def test_an_included_file_speaks_of_its_workspace_alone(text: str, said: str) -> None:
    found = faults(INCLUDE, clients__w=text)
    if said == "`permissions` or list":
        assert ["a list" in one for one in found] == [True]
    elif said:
        assert len(found) == 1
        assert said in found[0]
    else:
        assert found == []


@pytest.mark.parametrize("pattern", ["../x.toml", "/etc/passwd", "a//b", "c:\\x", "", "a/../b"])
def test_includes_stay_beside_the_document(pattern: str) -> None:
    found = faults(f"include = ['{pattern}']\n")
    assert len(found) == 1
    assert "include[0]" in found[0]


def test_a_star_does_not_reach_into_folders() -> None:
    found = faults('include = ["clients/*.toml"]\n', clients__a__w=OWN)
    assert ["no file matches" in one for one in found] == [True, False]
    assert "nothing names it" in found[1]


def test_in_a_rotation_one_a_week_publishes_and_everybody_writes() -> None:
    made = Organization.template("rotating", id="acme")
    weeks = [SPRING + dt.timedelta(weeks=number) for number in range(3)]
    publishing = [
        [who for who in ("first", "second", "third") if made.access.allows(
            who, "publish", "brand-mastodon", at=week)]
        for week in weeks
    ]  # fmt: skip
    assert {("first",), ("second",), ("third",)} == {tuple(who) for who in publishing}
    assert all(
        made.access.allows(who, "draft", "brand-mastodon", at=SPRING)
        for who in ("first", "second", "third")
    )


def test_each_rung_of_the_ladder_allows_more_than_the_one_below() -> None:
    made = Organization.template("ladder", id="acme")
    rungs = [
        set(made.access.permissions_of(who, "brand-facebook", at=SPRING))
        for who in ("outside", "reader", "writer", "publisher", "approver")
    ]
    assert not rungs[0]
    assert all(lower < higher for lower, higher in pairwise(rungs))


def test_departments_draft_and_the_social_team_publishes() -> None:
    made = Organization.template("departments", id="acme")
    for profile in ("brand-linkedin", "brand-x"):
        assert ("editor", "lead") == made.access.members("publish", profile, at=SPRING)
        assert {"ads", "editor", "lead", "pr", "seo", "support"} == set(
            made.access.members("draft", profile, at=SPRING)
        )
    assert ("ads", "lead") == made.access.members("ads.boost", "brand-x", at=SPRING)


def test_split_by_function_everybody_does_their_own() -> None:
    made = Organization.template("by_function", id="acme")
    does = {"writer": "submit", "community": "hold", "editor": "publish"}
    for who, what in does.items():
        assert {who, "lead"} <= set(made.access.members(what, "brand-linkedin", at=SPRING))
        others = set(does.values()) - {what} - ({"submit", "hold"} if who == "editor" else set())
        assert not others & set(made.access.permissions_of(who, "brand-linkedin", at=SPRING))
