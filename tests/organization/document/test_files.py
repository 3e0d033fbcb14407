"""The files of a document on a disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.organization.document.examples import VALID, faults_of

import socialcollab.organization
from socialcollab.organization import Organization

NORTHWIND = Path(socialcollab.organization.__file__).parent / "templates" / "northwind"


def test_files_beside_document() -> None:
    """Included and named files are found in the document's folder."""
    assert Organization.load(NORTHWIND / "agency.toml") == Organization.template("northwind")


def link_to(tmp_path: Path, name: str) -> Path:
    """Return a copy of the document in which *name* is a symbolic link to a file elsewhere."""
    shutil.copytree(NORTHWIND, tmp_path / "agency")
    file = tmp_path / "agency" / name
    elsewhere = tmp_path / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    return tmp_path / "agency" / "agency.toml"


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("style/house.toml", "style.guides[0]"),
        ("holidays-nl.ics", "organization.business_hours"),
        ("clients/tulip.toml", "include"),
    ],
)
def test_links_out_of_folder(name: str, place: str, tmp_path: Path) -> None:
    """A symbolic link to a file outside the folder of the document is a fault."""
    path = link_to(tmp_path, name)
    with pytest.raises(ExceptionGroup) as caught:
        Organization.load(path)
    [fault] = map(str, caught.value.exceptions)
    assert f"`{name}` leads to a file outside the folder of the document at {place}" in fault
    assert "replace the symbolic link with a copy" in fault


def test_linked_folder(tmp_path: Path) -> None:
    """A link to a folder outside the folder of the document is also a fault."""
    shutil.copytree(NORTHWIND, tmp_path / "agency")
    (tmp_path / "agency" / "style").rename(tmp_path / "style")
    (tmp_path / "agency" / "style").symlink_to(tmp_path / "style")
    with pytest.raises(ExceptionGroup) as caught:
        Organization.load(tmp_path / "agency" / "agency.toml")
    assert "`style/house.toml` leads to a file outside" in str(caught.value.exceptions[0])


def test_links_within_folder(tmp_path: Path) -> None:
    """Links within the folder, and a link to the folder itself, are followed."""
    shutil.copytree(NORTHWIND, tmp_path / "agency")
    guide = tmp_path / "agency" / "style" / "house.toml"
    guide.rename(guide.with_name("other.toml"))
    guide.symlink_to("other.toml")
    (tmp_path / "link").symlink_to(tmp_path / "agency")
    assert Organization.load(tmp_path / "link" / "agency.toml").id == "northwind"


def test_missing_files(tmp_path: Path) -> None:
    """Missing files are reported with the places that refer to them."""
    path = tmp_path / "agency.toml"
    path.write_bytes((NORTHWIND / "agency.toml").read_bytes())
    with pytest.raises(ExceptionGroup) as caught:
        Organization.load(path)
    faults = "\n".join(map(str, caught.value.exceptions))
    assert "no file matches `clients/*.toml` at include[0]" in faults
    assert "the file `style/house.toml` does not exist at style.guides[0]" in faults
    assert "`holidays-nl.ics` does not exist at organization.business_hours" in faults


def test_forbidden_sections_of_included_file() -> None:
    """A section that an included file cannot contain is the only fault, even if it is used."""
    client = """
[[workspaces]]
id = "dike"
lead = "eva"
default_approval = "editorial"
[[members]]
id = "noor"
kind = "client"
of = "dike"
[[teams]]
id = "dike-client"
members = ["noor"]
[roles.client]
permissions = ["view", "approve", "ads.boost"]
[permissions.custom]
"ads.boost" = "Boost a post"
[[grants]]
to = "team:dike-client"
role = "client"
on = { workspace = "dike" }
[[approvals]]
id = "dike"
on = { workspace = "dike" }
[[approvals.steps]]
id = "client"
reviewers = ["team:dike-client", "role:client"]
[style]
guides = ["guide.toml"]
"""
    files = {"clients/dike.toml": client.encode(), "guide.toml": b""}
    main = f'include = ["clients/*.toml"]\n{VALID}'
    assert faults_of(main, files) == [
        f"an included file cannot have a section `{name}` at clients/dike.toml: {name};"
        " move it to the main document"
        for name in ("teams", "roles", "permissions", "style")
    ]
