"""The files of a document on a disk."""

from __future__ import annotations

from pathlib import Path

import pytest

import socialcollab.organization
from socialcollab.organization import Organization

NORTHWIND = Path(socialcollab.organization.__file__).parent / "templates" / "northwind"


def test_files_beside_document() -> None:
    """Included and named files are found in the document's folder."""
    assert Organization.load(NORTHWIND / "agency.toml") == Organization.template("northwind")


def test_missing_files(tmp_path: Path) -> None:
    """Missing files are reported with the places that name them."""
    path = tmp_path / "agency.toml"
    path.write_bytes((NORTHWIND / "agency.toml").read_bytes())
    with pytest.raises(ExceptionGroup) as caught:
        Organization.load(path)
    faults = "\n".join(map(str, caught.value.exceptions))
    assert "no file matches `clients/*.toml` at include[0]" in faults
    assert "the file `style/house.toml` does not exist at style.guides[0]" in faults
    assert "`holidays-nl.ics` does not exist at organization.business_hours" in faults
