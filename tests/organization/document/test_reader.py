"""Faults of the sections of a document."""

from __future__ import annotations

import pytest
from tests.organization.document.examples import faults_of, with_changes

from socialcollab.organization import Organization

FAULTS = {
    "unknown role `publsher` at grants[0].role; did you mean `publisher`?": (
        'to = "team:social"\nrole = "publisher"',
        'to = "team:social"\nrole = "publsher"',
    ),
    "unknown key `permisions` at roles.editor.permisions; did you mean `permissions`?": (
        'permissions = ["approve"]',
        'permisions = ["approve"]',
    ),
    "`default_approval` is missing at workspaces[0].default_approval;"
    ' set it to the id of a policy, or to "none"': ('default_approval = "editorial"\n', ""),
    "unknown network `mastodn` at profiles[0].network; did you mean `mastodon`?": (
        'network = "x"',
        'network = "mastodn"',
    ),
    "unknown member `evva` at teams[0].members[1]; did you mean `eva`?": (
        'members = ["ana", "eva"]\n\n[roles',
        'members = ["ana", "evva"]\n\n[roles',
    ),
    "`4 busines hours` is not a duration at approvals[0].steps[0].within; write a number from 1"
    " and a unit, such as `45 minutes`, `4 business hours`, `1 business day` or `2 days`": (
        '"4 business hours"',
        '"4 busines hours"',
    ),
    "unknown step `edti` at approvals[1].steps[0].after[0]; did you mean `edit`?": (
        'after = ["edit"]\nreviewers = "member:ana"',
        'after = ["edti"]\nreviewers = "member:ana"',
    ),
    "`50000` is not a whole number from 1 to 1000 at slot_plans[0].max_per_day": (
        "max_per_day = 5",
        "max_per_day = 50000",
    ),
    "unknown profile tag `car` at blackouts[0].on.profile_tag; did you mean `care`?": (
        'profile_tag = "care"',
        'profile_tag = "car"',
    ),
    "unknown profile `tulip` at slot_plans[0].on;"
    ' `tulip` is a workspace; write { workspace = "tulip" }': (
        'on = "tulip-x"\nslots',
        'on = "tulip"\nslots',
    ),
    "unknown workspace `tulip-x` at rotations[0].on.workspace;"
    ' `tulip-x` is a profile; write { profile = "tulip-x" }': (
        'role = "publisher"\non = { workspace = "tulip" }\nmembers',
        'role = "publisher"\non = { workspace = "tulip-x" }\nmembers',
    ),
    "`boss` is not one of staff, client, guest at members[0].kind": (
        'id = "ana"\n',
        'id = "ana"\nkind = "boss"\n',
    ),
    "there is no time zone `Europe/Amsterdm` at organization.timezone;"
    " did you mean `Europe/Amsterdam`?": ("Europe/Amsterdam", "Europe/Amsterdm"),
    "a grant ends at `2025-01-01`, which is not after its start `2026-01-01` at grants[1].end;"
    " expected an end after the start": ("end = 2027-01-01", "end = 2025-01-01"),
}


def test_no_faults() -> None:
    """The example without changes has no faults."""
    assert Organization.loads(with_changes()).id == "acme"


@pytest.mark.parametrize("message", FAULTS)
def test_single_fault(message: str) -> None:
    """Each individual fault results in one message."""
    assert faults_of(with_changes(FAULTS[message])) == [message]


def test_twelve_faults() -> None:
    """Twelve faults in one document result in twelve messages."""
    assert sorted(faults_of(with_changes(*FAULTS.values()))) == sorted(FAULTS)


@pytest.mark.parametrize(
    ("old", "new", "texts"),
    [
        ("[organization]", "[organisation]", ["organisation", "organization"]),
        ('id = "ana"', 'id = "ana"\n[[members]]\nid = "eva"', ["twice"]),
        ('id = "ana"', 'id = "ana"\n[[members]]\nid = "Zoe"', ["is not an identifier"]),
        ('id = "ana"\n', 'id = "ana"\nkind = "client"\n', ["has no workspace"]),
        (
            'id = "ana"\n',
            'id = "ana"\nkind = "client"\nof = "tulp"\n',
            ["unknown workspace `tulp`"],
        ),
        (
            'id = "tulip-x"\nworkspace',
            'id = "tulip"\nworkspace',
            ["same id as a workspace", "tulip-x"],
        ),
        ('lead = "eva"', 'lead = "zoe"', ["unknown member `zoe`"]),
        ('includes = ["publisher"]', 'includes = ["editor"]', ["cycle: editor > editor"]),
        ('extends = "editorial"', 'extends = "extra"', ["cycle: extra > extra"]),
        ('id = "social"', 'id = "social"\nincludes = ["social"]', ["cycle: social > social"]),
        ('id = "social"', 'id = "social"\nincludes = ["soical"]', ["soical", "mean `social`"]),
        (
            'after = ["edit"]\nreviewers = "lead"',
            'after = ["last"]\nreviewers = "lead"',
            ["itself"],
        ),
        (
            "[[expect]]\n",
            '[playbooks]\nfallback = "lead"\n[[expect]]\n',
            ["section `playbooks` is not supported yet"],
        ),
        (
            'every = "friday 17:00"',
            'every = "first business day of the month 09:00"',
            ["a rotation cannot follow"],
        ),
        ("start = 2026-01-01\n", "start = 2026-01-01T00:00:00Z\n", ["UTC offset"]),
        ("start = 2026-01-02\n", "start = 2026-01-02T00:00:00\n", ["a date such as"]),
        ('reviewers = "member:ana"', 'reviewers = "ana"', ["did you mean `member:ana`"]),
        ('to = "team:social"', 'to = "role:editor"', ["`role:editor` is not allowed here"]),
        ('on = "tulip-x"\nslots', 'on = { kind = "post" }\nslots', ["`kind` is not allowed here"]),
        ('cannot = "approve"', "", ["either `can` or `cannot`"]),
        ('cannot = "approve"', 'cannot = "aprove"', ["unknown permission `aprove`"]),
        ('id = "client"', "id = 5", ["`5` is not a string"]),
        ('id = "client"', 'id = "chu\\u0000rn"', ["NUL"]),
    ],
)
def test_kinds_of_faults(old: str, new: str, texts: list[str]) -> None:
    """Each kind of fault has a separate message."""
    faults = faults_of(with_changes((old, new)))
    assert len(faults) <= len(texts) + 1
    for text in texts:
        assert any(text in fault for fault in faults), faults


FORBID = '[[forbids]]\nto = "member:ana"\npermissions = ["publish"]\non = "tulip-x"\n{reason}\n[[rotations]]\n'
REASONS = {
    "grants[0].reason": ('to = "team:social"\n', 'to = "team:social"\n{reason}\n'),
    "forbids[0].reason": ("[[rotations]]\n", FORBID),
    "blackouts[0].reason": ('every = "year"\n', 'every = "year"\n{reason}\n'),
    "approvals[0].reason": (
        'on = { workspace = "*" }\n[[',
        'on = { workspace = "*" }\n{reason}\n[[',
    ),
}


@pytest.mark.parametrize("place", REASONS)
def test_length_of_reason(place: str) -> None:
    """A reason can have at most 500 characters, regardless of the number of bytes."""
    old, new = REASONS[place]

    def with_reason(length: int) -> str:
        return with_changes((old, new.replace("{reason}", f'reason = "{"é" * length}"')))

    assert Organization.loads(with_reason(500)).id == "acme"
    assert faults_of(with_reason(501)) == [
        f"the text is 501 characters long; the limit is 500 at {place}"
    ]


@pytest.mark.parametrize(
    ("character", "shown"),
    [
        (r"\n", "a line break"),
        (r"\r", "a line break"),
        (r"\u0085", "a line break"),
        (r"\u2028", "a line break"),
        (r"\t", "the control character U+0009"),
        (r"\u001b", "the control character U+001B"),
        (r"\u007f", "the control character U+007F"),
        (r"\u009b", "the control character U+009B"),
        (r"\u202e", "the control character U+202E"),
        (r"\u2066", "the control character U+2066"),
    ],
)
@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('id = "acme"\n', 'id = "acme"\nname = "{}"\n', "organization.name"),
        ('id = "tulip"\n', 'id = "tulip"\nname = "{}"\n', "workspaces[0].name"),
        ('id = "tulip"\n', 'id = "tulip"\ndomains = ["{}"]\n', "workspaces[0].domains[0]"),
        ('network = "x"\n', 'network = "x"\nhandle = "{}"\n', "profiles[0].handle"),
        ('network = "x"\n', 'network = "x"\nserver = "{}"\n', "profiles[0].server"),
        ('tags = ["care"]', 'tags = ["{}"]', "profiles[0].tags[0]"),
        ('id = "ana"\n', 'id = "ana"\nname = "{}"\n', "members[0].name"),
        ('id = "ana"\n', 'id = "ana"\ncontact = {{ email = "{}" }}\n', "members[0].contact.email"),
        ('id = "social"\n', 'id = "social"\nname = "{}"\n', "teams[0].name"),
    ],
)
@pytest.mark.integration
def test_control_characters_in_names(
    old: str, new: str, place: str, character: str, shown: str
) -> None:
    """Line breaks, control characters and changes of direction are faults in names and addresses."""
    document = with_changes((old, new.format(f"abc{character}d")))
    faults = faults_of(document)
    assert f"character 4 of the text is {shown} at {place}; remove it" in faults, faults


def test_names_of_other_scripts() -> None:
    """Names of any script may contain the joiners and marks that their scripts need."""
    for name in ("\u0634\u200c\u0645", "\u05e9\u200f", "\U0001f469\u200d\U0001f4bb", "a\u00a0b"):
        document = with_changes(('id = "tulip"\n', f'id = "tulip"\nname = "{name}"\n'))
        assert Organization.loads(document).workspaces[0].name == name


@pytest.mark.parametrize("place", REASONS)
def test_lines_of_reason(place: str) -> None:
    """A reason may have several lines, but no other control characters."""
    old, new = REASONS[place]
    for value, is_valid in ((r"a\n\tb\r\n", True), (r"a\u001b[31m", False)):
        document = with_changes((old, new.replace("{reason}", f'reason = "{value}"')))
        if is_valid:
            assert Organization.loads(document).id == "acme"
        else:
            expected = f"character 2 of the text is the control character U+001B at {place}"
            assert faults_of(document) == [f"{expected}; remove it"]


def test_semicolon_in_value() -> None:
    """A message is not split within the value that it quotes."""
    (fault,) = faults_of(with_changes(('"4 business hours"', '"4; hours"')))
    assert fault.startswith("`4; hours` is not a duration; write ")
    assert fault.endswith("at approvals[0].steps[0].within")


def test_misspelt_key() -> None:
    """A misspelt key is one fault, without an additional fault for the missing key."""
    assert faults_of(with_changes(('lead = "eva"', 'laed = "eva"'))) == [
        "unknown key `laed` at workspaces[0].laed; did you mean `lead`?"
    ]


def test_faults_of_one_section() -> None:
    """A fault does not hide others in the same section."""
    changed = with_changes(
        ('to = "team:social"\nrole = "publisher"', 'to = "team:socal"\nrole = "publsher"\nx = 1')
    )
    assert len(faults_of(changed)) == 3


@pytest.mark.parametrize(
    "value",
    [10**5000, -(10**400), 1.5, float("nan"), None, b"x", {}, [[]], "\ud800", {1: 2}, object()],
    ids=range(11),
)
@pytest.mark.parametrize(
    "key", ["organization", "workspaces", "roles", "inbox", "permissions", "x"]
)
def test_hostile_values(key: str, value: object) -> None:
    """Invalid values of any type and size are reported as faults."""
    with pytest.raises(ExceptionGroup):
        Organization.from_dict({"organization": {"id": "a"}, key: value})
    with pytest.raises(ExceptionGroup):
        Organization.from_dict({key: [{"id": value}]})
