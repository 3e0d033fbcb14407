"""What is wrong with a document is said all at once, each with its place and a suggestion."""

from __future__ import annotations

import pytest

from socialcollab.errors import FaultError
from socialcollab.organization import Organization

GOOD = """
[organization]
id = "acme"
timezone = "Europe/Amsterdam"

[[workspaces]]
id = "tulip"
lead = "eva"
default_approval = "house"

[[profiles]]
id = "tulip-x"
workspace = "tulip"
network = "x"
tags = ["care"]

[[members]]
id = "ana"
[[members]]
id = "eva"

[[teams]]
id = "social"
members = ["ana", "eva"]

[roles.publisher]
permissions = ["view", "publish"]
[roles.editor]
includes = ["publisher"]
permissions = ["approve"]

[[grants]]
to = "team:social"
role = "publisher"
on = { workspace = "tulip" }
[[grants]]
to = "member:eva"
role = "editor"
on = { workspace = "*" }
start = 2026-01-01
end = 2027-01-01

[[rotations]]
id = "weekend"
role = "publisher"
on = { workspace = "tulip" }
members = ["ana", "eva"]
start = 2026-01-02
every = "friday 17:00"
end = "monday 09:00"

[[approvals]]
id = "house"
on = { workspace = "*" }
[[approvals.steps]]
id = "edit"
reviewers = ["role:editor"]
within = "4 business hours"
[[approvals.steps]]
id = "last"
after = ["edit"]
reviewers = "lead"

[[approvals]]
id = "extra"
on = { workspace = "tulip", post_tag = "offer" }
extends = "house"
[[approvals.steps]]
id = "client"
after = ["edit"]
reviewers = "member:ana"

[[slot_plans]]
on = "tulip-x"
slots = ["mon-fri 09:30"]
max_per_day = 5

[[blackouts]]
on = { profile_tag = "care" }
start = "2026-05-04 19:55"
end = "2026-05-04 20:05"
every = "year"

[[expect]]
member = "ana"
cannot = "approve"
on = "tulip-x"
"""

TWELVE = {
    "unknown role `publsher` at grants[0].role; did you mean `publisher`?": (
        'to = "team:social"\nrole = "publisher"',
        'to = "team:social"\nrole = "publsher"',
    ),
    "unknown key `permisions` at roles.editor.permisions; did you mean `permissions`?": (
        'permissions = ["approve"]',
        'permisions = ["approve"]',
    ),
    "`default_approval` is missing at workspaces[0].default_approval;"
    ' say a policy\'s id, or "none"': ('default_approval = "house"\n', ""),
    "unknown network `mastodn` at profiles[0].network; did you mean `mastodon`?": (
        'network = "x"',
        'network = "mastodn"',
    ),
    "unknown member `evva` at teams[0].members[1]; did you mean `eva`?": (
        'members = ["ana", "eva"]\n\n[roles',
        'members = ["ana", "evva"]\n\n[roles',
    ),
    "`4 busines hours` is not a duration; write a number from 1 and a unit, such as"
    " `45 minutes`, `4 business hours`, `1 business day` or `2 days`"
    " at approvals[0].steps[0].within": ('"4 business hours"', '"4 busines hours"'),
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
    "`boss` is not one of staff, client, guest at members[0].kind": (
        'id = "ana"\n',
        'id = "ana"\nkind = "boss"\n',
    ),
    "there is no time zone `Europe/Amsterdm`; did you mean `Europe/Amsterdam`?"
    " at organization.timezone": ("Europe/Amsterdam", "Europe/Amsterdm"),
    "a grant ends at `2025-01-01`, which is not after its start `2026-01-01` at grants[1].end;"
    " expected an end after the start": ("end = 2027-01-01", "end = 2025-01-01"),
}


def faults_of(text: str | bytes, files: dict[str, bytes] | None = None) -> list[str]:
    with pytest.raises(ExceptionGroup) as caught:
        Organization.loads(text, files=files)
    assert all(isinstance(one, FaultError) for one in caught.value.exceptions)
    return [str(one) for one in caught.value.exceptions]


def with_changes(*changes: tuple[str, str]) -> str:
    text = GOOD
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def test_the_good_document_has_no_fault() -> None:
    assert Organization.loads(GOOD).id == "acme"


@pytest.mark.parametrize("message", TWELVE)
def test_each_fault_alone_gives_one_message(message: str) -> None:
    assert faults_of(with_changes(TWELVE[message])) == [message]


def test_twelve_faults_give_twelve_messages() -> None:
    assert sorted(faults_of(with_changes(*TWELVE.values()))) == sorted(TWELVE)


MORE = [
    ("[organization]", "[organisation]", ["organisation", "organization"]),
    ('id = "ana"', 'id = "ana"\n[[members]]\nid = "eva"', ["twice"]),
    ('id = "ana"', 'id = "ana"\n[[members]]\nid = "Zoe"', ["is not an identifier"]),
    ('id = "ana"\n', 'id = "ana"\nkind = "client"\n', ["has no workspace"]),
    ('id = "ana"\n', 'id = "ana"\nkind = "client"\nof = "tulp"\n', ["unknown workspace `tulp`"]),
    ('id = "tulip-x"\nworkspace', 'id = "tulip"\nworkspace', ["workspace too", "tulip-x"]),
    ('lead = "eva"', 'lead = "zoe"', ["unknown member `zoe`"]),
    ('includes = ["publisher"]', 'includes = ["editor"]', ["circle: editor > editor"]),
    ('extends = "house"', 'extends = "extra"', ["circle: extra > extra"]),
    ('id = "social"', 'id = "social"\nincludes = ["social"]', ["circle: social > social"]),
    ('id = "social"', 'id = "social"\nincludes = ["soical"]', ["soical", "did you mean `social`"]),
    ('after = ["edit"]\nreviewers = "lead"', 'after = ["last"]\nreviewers = "lead"', ["itself"]),
    (
        "[[expect]]\n",
        '[inbox]\nfallback = "lead"\n[[expect]]\n',
        ["section `inbox` is not supported yet"],
    ),
    ('every = "friday 17:00"', 'every = "first business day of the month 09:00"', ["rotation"]),
    ("start = 2026-01-01\n", "start = 2026-01-01T00:00:00Z\n", ["UTC offset"]),
    ("start = 2026-01-02\n", "start = 2026-01-02T00:00:00\n", ["a date such as"]),
    ('reviewers = "member:ana"', 'reviewers = "ana"', ["did you mean `member:ana`"]),
    ('to = "team:social"', 'to = "role:editor"', ["`role:editor` cannot stand here"]),
    ('on = "tulip-x"\nslots', 'on = { kind = "post" }\nslots', ["no place here"]),
    ('cannot = "approve"', "", ["either `can` or `cannot`"]),
    ('cannot = "approve"', 'cannot = "aprove"', ["unknown permission `aprove`"]),
    ('id = "client"', "id = 5", ["`5` is not a text"]),
    ('id = "client"', 'id = "chu\\u0000rn"', ["NUL"]),
]


@pytest.mark.parametrize(("old", "new", "said"), MORE)
def test_every_kind_of_fault_is_said(old: str, new: str, said: list[str]) -> None:
    found = faults_of(with_changes((old, new)))
    assert len(found) <= len(said) + 1
    for word in said:
        assert any(word in one for one in found), found


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
def test_a_reason_has_at_most_five_hundred_characters(place: str) -> None:
    old, new = REASONS[place]

    def with_reason(length: int) -> str:
        # Characters are counted, whatever they take in bytes.
        return with_changes((old, new.replace("{reason}", f'reason = "{"é" * length}"')))

    assert Organization.loads(with_reason(500)).id == "acme"
    assert faults_of(with_reason(501)) == [
        f"the text is 501 characters long, more than 500 at {place}"
    ]


def test_a_misspelt_key_is_one_fault_and_not_a_missing_one_besides() -> None:
    assert faults_of(with_changes(('lead = "eva"', 'laed = "eva"'))) == [
        "unknown key `laed` at workspaces[0].laed; did you mean `lead`?"
    ]


def test_a_fault_hides_no_other_in_the_same_section() -> None:
    changed = with_changes(
        ('to = "team:social"\nrole = "publisher"', 'to = "team:socal"\nrole = "publsher"\nx = 1')
    )
    assert len(faults_of(changed)) == 3


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[organization\n", "line 1, column 14"),
        ("a = 1\na = 2\n", "line 2, column 6"),
        ("x = " + "[" * 5000, ""),
        ("x = " + "9" * 5000, ""),
        (b"\n\xff = 1", "line 2"),
        ('x = "\0"', "line 1, column 6"),
        (".".join(["a"] * 500) + " = 1", ""),
    ],
    ids=range(7),
)
def test_hostile_text_is_one_fault_with_its_place(text: str | bytes, place: str) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        Organization.loads(text)
    (fault,) = caught.value.exceptions
    assert isinstance(fault, FaultError)
    assert fault.place == place


@pytest.mark.parametrize(
    "value",
    [10**5000, -(10**400), 1.5, float("nan"), None, b"x", {}, [[]], "\ud800", {1: 2}, object()],
    ids=range(11),
)
@pytest.mark.parametrize(
    "key", ["organization", "workspaces", "roles", "inbox", "permissions", "x"]
)
def test_hostile_values_are_faults(key: str, value: object) -> None:
    with pytest.raises(ExceptionGroup):
        Organization.from_dict({"organization": {"id": "a"}, key: value})
    with pytest.raises(ExceptionGroup):
        Organization.from_dict({key: [{"id": value}]})


def test_a_document_that_holds_itself_is_refused() -> None:
    loop: dict[str, object] = {}
    loop["organization"] = loop
    with pytest.raises(ExceptionGroup, match="1 fault"):
        Organization.from_dict(loop)


def test_a_million_grants_are_refused_at_once_with_one_message() -> None:
    grant = {"to": "member:a", "role": "b", "on": "c"}
    with pytest.raises(ExceptionGroup) as caught:
        Organization.from_dict({"organization": {"id": "a"}, "grants": [grant] * 1_000_000})
    (fault,) = caught.value.exceptions
    assert "more than 100000 sections" in str(fault)


def test_five_megabytes_are_the_limit() -> None:
    assert ["5000001 bytes" in one for one in faults_of("#" * 5_000_001)] == [True]


def test_after_a_thousand_faults_the_rest_is_not_read() -> None:
    found = faults_of("[organization]\n" + "".join(f"k{n} = 1\n" for n in range(5000)))
    assert len(found) == 1001
    assert "the rest was not read" in found[-1]
