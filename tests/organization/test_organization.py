"""The organization: loading, digests, inheritance, lookups, style guides and permissions."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest

from socialcollab.content import Post, PostContent
from socialcollab.directory import Member, Profile, Team
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.identifiers import PostId, WorkspaceId
from socialcollab.organization import Organization
from socialcollab.permissions import Grant
from socialcollab.workflow import account_pin

SPRING = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def northwind() -> Organization:
    return Organization.template("northwind")


def test_lint(northwind: Organization) -> None:
    """The style guides of the document find banned terms."""
    content = PostContent(text="Goedkoop naar Rome", targets=("tulip-x",))
    findings = northwind.lint(content, workspace="tulip", at=SPRING)
    assert [finding.code for finding in findings] == ["SG102"]
    assert northwind.policies.depend_on_findings


def test_holidays(northwind: Organization) -> None:
    """Holidays come from dates in the document and from calendar files."""
    hours = northwind.hours["tulip"]
    assert [
        hours.opens_on(dt.date(2026, month, day)) for month, day in [(4, 7), (4, 27), (5, 14)]
    ] == [True, False, False]
    assert sorted(northwind.files) == ["holidays-nl.ics", "style/house.toml", "style/tulip.toml"]


def test_round_trip(northwind: Organization) -> None:
    """An organization is the same after it is written and loaded."""
    again = Organization.loads(northwind.to_toml(), files=northwind.files)
    assert again == northwind
    assert again.digest == northwind.digest
    assert again.to_toml() == northwind.to_toml()
    assert Organization.from_dict(northwind.to_dict(), files=northwind.files) == northwind


def test_inherited_settings(northwind: Organization) -> None:
    """Workspaces inherit the zone of the organization and may set their own language."""
    assert northwind.zone_of("tulip") == "Europe/Amsterdam"
    assert northwind.language_of("tulip") == "nl"
    assert dict(northwind.zones) == {"tulip": "Europe/Amsterdam"}


def test_unknown_names(northwind: Organization) -> None:
    """An unknown name is an error that suggests the nearest one."""
    with pytest.raises(NotFoundError, match="did you mean `tulip-x`"):
        northwind.profile("tulip-y")
    with pytest.raises(NotFoundError, match="did you mean `tulip`"):
        northwind.zone_of("tulp")
    assert northwind.did_you_mean("member", "anna") == "did you mean `ana`?"
    assert northwind.did_you_mean("member", "zzz") == ""


def test_places_in_included_files(northwind: Organization) -> None:
    """The place of a rule in an included file starts with the name of the file."""
    assert [grant.place for grant in northwind.grants] == [
        "grants[0]",
        "grants[1]",
        "clients/tulip.toml: grants[0]",
        "clients/tulip.toml: grants[1]",
    ]
    verdict = northwind.access.check("ana", "publish", "tulip-mastodon", at=SPRING)
    assert "clients/tulip.toml: forbids[0]" in verdict.explain()


def test_attributes_of_post(northwind: Organization) -> None:
    """A post that does not set a language has the language of its workspace."""
    content = PostContent(text="Hallo", tags=["offer"], campaign="spring", targets=["tulip-x"])
    post = Post(
        id=PostId("p"),
        workspace=WorkspaceId("tulip"),
        state="draft",
        content=content,
        revisions=(),
    )
    attributes = northwind.attributes_of(post)
    assert (attributes.language, attributes.campaign, attributes.kind) == ("nl", "spring", "post")
    assert attributes.post_tag == {"offer"}
    assert attributes.author_role == frozenset()


def test_digest(northwind: Organization) -> None:
    """Comments, names, contacts and reasons are not part of the digest; values and files are."""
    text = northwind.to_toml()
    files = northwind.files

    def digest(changed: str, **more: bytes) -> str:
        return Organization.loads(changed, files={**files, **more}).digest

    assert digest("# a comment\n\n" + text) == northwind.digest
    assert digest(text.replace('name = "Ana Prado"', 'name = "A. Prado"')) == northwind.digest
    assert digest(text.replace("ana@northwind.example", "a@x.example")) == northwind.digest
    assert digest(text.replace("training first", "later")) == northwind.digest
    assert digest(text.replace("max_per_day = 5", "max_per_day = 6")) != northwind.digest
    house = files["style/house.toml"] + b"\n# a comment\n"
    assert digest(text, **{"style/house.toml": house}) != northwind.digest


def test_digest_of_included_files() -> None:
    """Comments in an included file are not part of the digest."""
    main = 'include = "w.toml"\n[organization]\nid = "a"\ntimezone = "UTC"\n[[members]]\nid = "m"\n'
    included = b'[[workspaces]]\nid = "w"\nlead = "m"\ndefault_approval = "none"\n'
    before = Organization.loads(main, files={"w.toml": included})
    after = Organization.loads(main, files={"w.toml": included + b"\n# a comment\n"})
    assert after.digest == before.digest


def test_pins(northwind: Organization) -> None:
    """The digest of a policy covers the steps that it inherits."""
    stricter = northwind.to_toml().replace('within = "4 business hours"', 'within = "5 hours"')
    changed = Organization.loads(stricter, files=northwind.files)
    policies = {"editorial", "client-signoff"}
    assert all(changed.pins[policy] != northwind.pins[policy] for policy in policies)
    accounts = {account_pin(profile.id) for profile in northwind.profiles}
    assert set(northwind.pins) == policies | accounts
    assert "x @tulipair" == northwind.pins[account_pin("tulip-x")]


def test_assemble() -> None:
    """A host application can add its users and groups to a document."""
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


def test_with_sections(northwind: Organization) -> None:
    """Added entries are checked together with the existing entries."""
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


def test_checks_of_constructor(northwind: Organization) -> None:
    """An organization created in Python must pass the checks of a document."""
    with pytest.raises(ExceptionGroup):
        attrs.evolve(northwind, members=())


def test_cached_loads(northwind: Organization) -> None:
    """Loading the same text with the same files returns the same object."""
    text, files = northwind.to_toml(), dict(northwind.files)
    made = Organization.loads(text, files=files)
    assert Organization.loads(text, files=dict(reversed(files.items()))) is made
    guide = "style/house.toml"
    other = Organization.loads(text, files={**files, guide: files[guide] + b"\n"})
    assert (other.digest, other.files[guide]) != (made.digest, made.files[guide])


MEMBERS = ("ana", *(f"m{number}" for number in range(20)))
STUDIO = """
[organization]
id = "studio"
timezone = "Europe/Amsterdam"

[[workspaces]]
id = "tulip"
lead = "ana"
default_approval = "none"

[[profiles]]
id = "tulip-x"
workspace = "tulip"
network = "x"
""" + "".join(f'[[members]]\nid = "{member}"\n' for member in MEMBERS)
GRANT = '[[grants]]\nto = "member:{}"\npermissions = ["{}"]\non = {{ workspace = "tulip" }}\n'
GRANTS = "".join(GRANT.format(member, "view") for member in MEMBERS[1:])


def test_reuse_compiled() -> None:
    """If one grant differs, only the permissions of its member are compiled again."""
    before = Organization.loads(STUDIO + GRANTS)
    rows = {member: before.access.bindings.row(member) for member in before.access.member_ids}
    changed = GRANTS.replace(GRANT.format("m3", "view"), GRANT.format("m3", "draft"))
    fresh = Organization.loads(STUDIO + changed)
    after = fresh.reuse_compiled(before)
    assert after == fresh
    assert after.access.bindings.rows == {name: row for name, row in rows.items() if name != "m3"}
    assert (
        fresh.access.permission_periods("m3")
        == after.access.permission_periods("m3")
        != before.access.permission_periods("m3")
    )


def test_reuse_compiled_with_other_members() -> None:
    """If members differ, all permissions are compiled again."""
    before = Organization.loads(STUDIO + GRANTS)
    assert before.access.member("zoe") is None
    after = attrs.evolve(
        before,
        members=(*before.members, Member(id="zoe", name="zoe")),
        grants=(Grant(to="member:zoe", permissions="view", on="tulip-x"),),
    ).reuse_compiled(before)
    assert after.access.profiles("zoe", "view", at=SPRING) == ("tulip-x",)
