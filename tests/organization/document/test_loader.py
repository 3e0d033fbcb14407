"""Invalid texts, limits, and included files of a document."""

from __future__ import annotations

import pytest
from tests.organization.document.examples import faults_of

from socialcollab.errors import FaultError
from socialcollab.organization import Organization


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[organization\n", "line 1, column 14"),
        ("a = 1\na = 2\n", "line 2, column 6"),
        ("x = " + "[" * 5000, ""),
        ("x = " + "9" * 5000, ""),
        (b"\n\xff = 1", "line 2"),
        ('x = "\0"', "line 1, column 6"),
        (".".join(["a"] * 500) + " = 1", "line 1, column 1"),
    ],
    ids=range(7),
)
def test_hostile_texts(text: str | bytes, place: str) -> None:
    """A text that is not a document results in one fault with its place."""
    with pytest.raises(ExceptionGroup) as caught:
        Organization.loads(text)
    (fault,) = caught.value.exceptions
    assert isinstance(fault, FaultError)
    assert fault.place == place


def test_recursive_document() -> None:
    """A document that contains itself is refused."""
    loop: dict[str, object] = {}
    loop["organization"] = loop
    with pytest.raises(ExceptionGroup, match="1 fault"):
        Organization.from_dict(loop)


def test_million_grants() -> None:
    """A million grants are quickly rejected with one message."""
    grant = {"to": "member:a", "role": "b", "on": "c"}
    with pytest.raises(ExceptionGroup) as caught:
        Organization.from_dict({"organization": {"id": "a"}, "grants": [grant] * 1_000_000})
    (fault,) = caught.value.exceptions
    assert "more than 100000 sections" in str(fault)


def test_too_many_bytes() -> None:
    """A document can have at most five million bytes."""
    assert ["5000001 bytes" in fault for fault in faults_of("#" * 5_000_001)] == [True]


def test_too_many_faults() -> None:
    """After a thousand faults, the rest of the document is not read."""
    faults = faults_of("[organization]\n" + "".join(f"k{n} = 1\n" for n in range(5000)))
    assert len(faults) == 1001
    assert "the rest of the document was not read" in faults[-1]


MAIN = '[organization]\nid = "a"\ntimezone = "UTC"\n[[members]]\nid = "m"\n'
INCLUDE = 'include = ["clients/*.toml"]\n'
WORKSPACE = '[[workspaces]]\nid = "w"\nlead = "m"\ndefault_approval = "none"\n'
GRANT = '[[grants]]\nto = "member:m"\npermissions = ["view"]\non = { workspace = "*" }\n'


@pytest.mark.parametrize(
    "text",
    [WORKSPACE, WORKSPACE + '[[members]]\nid = "n"\nof = "w"\n'],
    ids=["workspace", "client"],
)
def test_included_file(text: str) -> None:
    """An included file may define a workspace and its members."""
    made = Organization.loads(INCLUDE + MAIN, files={"clients/w.toml": text.encode()})
    assert [workspace.id for workspace in made.workspaces] == ["w"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (WORKSPACE + "[roles.x]\n", "cannot have a section `roles` at clients/w.toml: roles"),
        (WORKSPACE + 'include = ["x.toml"]\n', "clients/w.toml: workspaces[0].include"),
        ("include = []\n" + WORKSPACE, "cannot include other files at clients/w.toml: include"),
        (WORKSPACE + '[[teams]]\nid = "t"\n', "clients/w.toml: teams"),
        (WORKSPACE + '[[members]]\nid = "n"\n', "clients/w.toml: members[0].of"),
        (WORKSPACE + GRANT.replace('["view"]', '"view"'), "a list"),
        (
            WORKSPACE + GRANT,
            "reaches beyond the workspace of this file at clients/w.toml: grants[0].on",
        ),
        (WORKSPACE + WORKSPACE.replace('"w"', '"v"'), "defines 2 workspaces"),
        ("", "defines 0 workspaces"),
        (WORKSPACE + "x = [\n", "clients/w.toml: line 6, column 1"),
    ],
)
def test_faults_of_included_file(text: str, message: str) -> None:
    """An included file can only refer to the one workspace that it defines."""
    faults = faults_of(INCLUDE + MAIN, {"clients/w.toml": text.encode()})
    assert [message in fault for fault in faults] == [True]


@pytest.mark.parametrize("pattern", ["../x.toml", "/etc/passwd", "a//b", "c:\\x", "", "a/../b"])
def test_pattern_of_include(pattern: str) -> None:
    """Included files are in the folder of the document or in folders below it."""
    faults = faults_of(f"include = ['{pattern}']\n{MAIN}")
    assert ["include[0]" in fault for fault in faults] == [True]


def test_star_of_include() -> None:
    """A star in a pattern does not match a slash."""
    faults = faults_of(INCLUDE + MAIN, {"clients/a/w.toml": WORKSPACE.encode()})
    assert ["no file matches" in fault for fault in faults] == [True, False]
    assert "does not name the file `clients/a/w.toml`" in faults[1]
