"""The built-in networks, and the networks of installed packages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from socialcollab.content import PostContent, limit_findings
from socialcollab.directory import NETWORKS, Profile, find_network, network, network_names
from socialcollab.directory import networks as module
from socialcollab.errors import InvalidValueError
from socialcollab.organization import Organization
from socialcollab.styleguide import StyleGuide

PILLAR = """
from socialcollab.directory import MediaLimits, NetworkDescription, TextLimits
class Pillar:
    description = NetworkDescription(
        name="pillar",
        title="Pillar",
        text=TextLimits(at_most=10, unit="characters"),
        media=MediaLimits(images=1),
    )
"""
DOCUMENT = """
[organization]
id = "tulip"
timezone = "Europe/Amsterdam"
[[workspaces]]
id = "tulip"
lead = "eva"
default_approval = "none"
[[members]]
id = "eva"
[[profiles]]
id = "tulip-pillar"
workspace = "tulip"
network = "pillar"
"""
GUIDE = '[[terms]]\nprefer = "Zon"\ninstead_of = ["zonnetje"]\nnetwork = "pillar"\n'


def test_names() -> None:
    """The six networks are listed under their own names."""
    assert sorted(NETWORKS) == [
        "bluesky",
        "facebook",
        "instagram",
        "linkedin",
        "mastodon",
        "threads",
        "x",
    ]
    assert all(name == each.name for name, each in NETWORKS.items())


def test_unknown_name_gets_suggestion() -> None:
    """An unknown name is an error that suggests the nearest one."""
    with pytest.raises(InvalidValueError, match="did you mean `mastodon`"):
        network("mastodont")


def test_unlike_name_gets_list() -> None:
    """An unknown name that is not similar to any other is an error that lists all networks."""
    with pytest.raises(InvalidValueError, match="there are bluesky, facebook"):
        network("")


def test_description_is_returned() -> None:
    """A description is returned unchanged."""
    mine = network("x").with_limits(text=25_000)
    assert mine is network(mine)


def test_create_once_keys() -> None:
    """Only the listed networks document a safe way to repeat a send."""
    keys = {name: each.create_once.key for name, each in NETWORKS.items()}
    assert keys == {
        "bluesky": "client_id",
        "facebook": "none",
        "instagram": "container",
        "linkedin": "none",
        "mastodon": "client_key",
        "threads": "container",
        "x": "none",
    }
    assert not network("mastodon").create_once.honoured


@pytest.fixture
def install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, str], None]]:
    """Return a function that installs a module with an entry point for the network `pillar`."""
    name = f"pillar_{tmp_path.name}"
    monkeypatch.syspath_prepend(str(tmp_path))
    caches = (module._entry_points, module._installed)

    def install(source: str, value: str) -> None:
        (tmp_path / f"{name}.py").write_text(source)
        info = tmp_path / "pillar-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pillar\nVersion: 1.0\n")
        point = f"[socialcollab.networks]\npillar = {name}:{value}\n"
        (info / "entry_points.txt").write_text(point)
        for cache in caches:
            cache.cache_clear()

    yield install
    for cache in caches:
        cache.cache_clear()


def test_installed_network(install: Callable[[str, str], None]) -> None:
    """An installed network is accepted wherever a built-in network is accepted."""
    install(PILLAR, "Pillar")
    assert {*NETWORKS, "pillar"} <= set(network_names())
    assert network("pillar").title == "Pillar"
    organization = Organization.loads(DOCUMENT)
    (profile,) = organization.profiles
    (finding,) = limit_findings(PostContent(text="De lente is er"), [profile])
    assert finding.message.startswith(
        "the text has 14 characters, as Pillar counts them; the limit is 10"
    )
    assert StyleGuide.loads(GUIDE)
    with pytest.raises(InvalidValueError, match="did you mean `pillar`"):
        network("pillr")


@pytest.mark.parametrize(
    ("source", "value", "problem"),
    [
        (
            "import a_missing_package",
            "Pillar",
            "cannot be imported: ModuleNotFoundError: No module named",
        ),
        ("raise KeyError('x')", "Pillar", "cannot be imported: KeyError: 'x'"),
        ("", "Pillar", "cannot be imported: .*has no attribute 'Pillar'"),
        ("class Pillar: description = 'a box'", "Pillar", "does not describe it"),
        (PILLAR.replace('"pillar"', '"mailbox"'), "Pillar", "does not describe it"),
    ],
)
def test_broken_network(
    install: Callable[[str, str], None], source: str, value: str, problem: str
) -> None:
    """A package that cannot be imported, or contains no description, is an error that names it."""
    install(source, value)
    with pytest.raises(InvalidValueError, match=f"network `pillar` is installed, but .*{problem}"):
        find_network("pillar")


def test_absent_network() -> None:
    """A network that is not installed is unknown, and the sandbox is not a network."""
    assert find_network("a-foreign-network") is None
    assert find_network("sandbox") is None
    profile = Profile(id="a", workspace="tulip", network="a-foreign-network")
    assert limit_findings(PostContent(text="De lente is er"), [profile]) == ()


def test_document_without_package() -> None:
    """A document that names a network whose package is absent is an error that tells you to install it."""
    with pytest.raises(ExceptionGroup) as raised:
        Organization.loads(DOCUMENT.replace('"pillar"', '"a-foreign-network"'))
    (fault,) = raised.value.exceptions
    assert str(fault).endswith("or install the package of the network")
