"""The templates that ship with the library."""

from __future__ import annotations

import datetime as dt
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.organization import Organization
from socialcollab.organization.document.templates import template_names

SPRING = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize("name", [name for name in template_names() if name != "northwind"])
def test_template(name: str) -> None:
    """Each template loads, meets its expectations, and has a lead with all permissions."""
    made = Organization.template(name, id="acme")
    assert made.id == "acme"
    assert made.expect
    assert made.check(SPRING) == ()
    assert made.access.allows(made.workspaces[0].lead, "erase", "*", at=SPRING)


def test_northwind() -> None:
    """The template of the tutorial meets its expectations, and its id may be replaced."""
    northwind = Organization.template("northwind")
    assert northwind.id == "northwind"
    assert northwind.check(SPRING) == ()
    assert Organization.template("northwind", id="southwind").id == "southwind"


def test_parameters() -> None:
    """Missing and unknown parameters, and unknown templates, are errors with a suggestion."""
    with pytest.raises(InvalidValueError, match="requires `id`"):
        Organization.template("client_signs_off")
    with pytest.raises(InvalidValueError, match="did you mean `client`"):
        Organization.template("client_signs_off", id="a", clients="b")
    with pytest.raises(NotFoundError, match="did you mean `co_publishing`"):
        Organization.template("copublishing", id="a")
    with pytest.raises(ExceptionGroup):
        Organization.template("by_network", id='a"\n[x]')


def test_rotating() -> None:
    """In a rotation, one member can publish each week, and all members can draft."""
    made = Organization.template("rotating", id="acme")
    members = ("first", "second", "third")
    weeks = [SPRING + dt.timedelta(weeks=number) for number in range(3)]
    publishers = [
        [one for one in members if made.access.allows(one, "publish", "brand-mastodon", at=week)]
        for week in weeks
    ]
    assert sorted(publishers) == [["first"], ["second"], ["third"]]
    assert all(made.access.allows(one, "draft", "brand-mastodon", at=SPRING) for one in members)


def test_ladder() -> None:
    """Each level of the ladder allows more than the level below."""
    made = Organization.template("ladder", id="acme")
    levels = [
        set(made.access.permissions_of(member, "brand-facebook", at=SPRING))
        for member in ("outside", "reader", "writer", "publisher", "approver")
    ]
    assert not levels[0]
    assert all(lower < higher for lower, higher in pairwise(levels))


def test_departments() -> None:
    """Departments draft, and the social team publishes."""
    made = Organization.template("departments", id="acme")
    for profile in ("brand-linkedin", "brand-x"):
        assert made.access.members("publish", profile, at=SPRING) == ("editor", "lead")
        assert set(made.access.members("draft", profile, at=SPRING)) == {
            *("ads", "editor", "lead", "pr", "seo", "support")
        }
    assert made.access.members("ads.boost", "brand-x", at=SPRING) == ("ads", "lead")


def test_by_function() -> None:
    """Each function has the permissions for its own work, but not those of other functions."""
    made = Organization.template("by_function", id="acme")
    works = {"writer": "submit", "community": "hold", "editor": "publish"}
    for member, work in works.items():
        assert {member, "lead"} <= set(made.access.members(work, "brand-linkedin", at=SPRING))
        others = (
            set(works.values()) - {work} - ({"submit", "hold"} if member == "editor" else set())
        )
        assert not others & set(made.access.permissions_of(member, "brand-linkedin", at=SPRING))


def test_listed_templates() -> None:
    """The listed parameters of each template are those that `Organization.template` accepts."""
    for template in Organization.templates():
        assert template.description
        values = {parameter.name: parameter.default or "acme" for parameter in template.parameters}
        organization = Organization.template(template.name, **values)
        assert organization.id == values["id"]
        # Every default value is listed, so leaving the values out changes nothing.
        required = {
            parameter.name: "acme" for parameter in template.parameters if not parameter.default
        }
        assert organization == Organization.template(template.name, **required)


@pytest.mark.parametrize("name", template_names())
def test_template_files(name: str, tmp_path: Path) -> None:
    """The files of a template load as the same organization and keep the comments."""
    files = Organization.template_files(name, id="acme")
    for file, data in files.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(data)
    assert Organization.template(name, id="acme") == Organization.load(tmp_path / "agency.toml")
    text = files["agency.toml"].decode()
    assert text.startswith("# ")
    assert "[template]" not in text
    assert "{" not in text.replace("{ ", "")


@pytest.mark.parametrize("lead", ['e"va', "e\\va", "e\nva", "é🌷", "{first}", "\x00"])
def test_template_files_with_odd_names(lead: str) -> None:
    """A value that is not an id never changes another part of the document."""
    files = Organization.template_files("by_network", id="acme", lead=lead)
    assert tomllib.loads(files["agency.toml"].decode())["workspaces"][0]["lead"] == lead


def test_template_files_with_wrong_parameters() -> None:
    """Unknown names are rejected with a suggestion."""
    with pytest.raises(NotFoundError, match="did you mean `by_network`"):
        Organization.template_files("by_networks", id="acme")
    with pytest.raises(InvalidValueError, match="did you mean `first`"):
        Organization.template_files("by_network", id="acme", fisrt="ana")
