"""The built-in networks."""

from __future__ import annotations

import attrs
import pytest

from socialcollab.directory import networks
from socialcollab.directory.network import CreateOnce, NetworkDescription
from socialcollab.directory.networks.lookup import NETWORKS, network
from socialcollab.errors import InvalidValueError


def test_the_six_networks_are_there_under_their_own_names() -> None:
    assert sorted(NETWORKS) == ["bluesky", "facebook", "instagram", "linkedin", "mastodon", "x"]
    assert all(name == each.name for name, each in NETWORKS.items())


def test_all_is_sorted_and_complete() -> None:
    assert sorted(networks.__all__) == networks.__all__
    assert all(hasattr(networks, name) for name in networks.__all__)


def test_an_unknown_network_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InvalidValueError, match="did you mean `mastodon`"):
        network("mastodont")


def test_an_unknown_network_like_no_other_is_refused_with_the_list() -> None:
    with pytest.raises(InvalidValueError, match="there are bluesky, facebook"):
        network("")


def test_a_description_is_its_own_description() -> None:
    mine = network("x").with_limits(text=25_000)
    assert mine is network(mine)


def test_a_server_may_have_its_own_limits_and_keeps_the_rest() -> None:
    mine = network("mastodon").with_limits(text=5000, images=8)
    assert (mine.text.at_most, mine.media.images, mine.text.url_weight) == (5000, 8, 23)
    assert network("mastodon").text.at_most == 500


@pytest.mark.parametrize("limits", [{"text": 0}, {"images": -1}, {"alt_text": 0}, {"text": True}])
def test_a_number_that_is_no_limit_is_refused(limits: dict[str, int]) -> None:
    with pytest.raises(InvalidValueError):
        network("x").with_limits(**limits)


def test_words_outside_their_list_are_refused_with_a_suggestion() -> None:
    with pytest.raises(InvalidValueError, match="did you mean `poll`"):
        attrs.evolve(network("x"), features={"pol"})
    with pytest.raises(InvalidValueError, match="did you mean `graphemes`"):
        attrs.evolve(network("x").text, unit="grapheme")


def test_a_description_cannot_be_changed_in_place() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        network("x").title = "Twitter"  # type: ignore[misc]


def test_a_repeat_is_harmless_only_where_the_network_says_how() -> None:
    keys = {name: each.create_once.key for name, each in NETWORKS.items()}
    assert keys == {
        "bluesky": "client_id",
        "facebook": "none",
        "instagram": "container",
        "linkedin": "none",
        "mastodon": "client_key",
        "x": "none",
    }
    assert not network("mastodon").create_once.honoured


def test_proof_does_not_come_before_the_fact() -> None:
    import datetime as dt

    with pytest.raises(InvalidValueError, match="lies in the past"):
        CreateOnce(key="none", conclusive_after=dt.timedelta(seconds=-1))


def test_descriptions_are_equal_by_value() -> None:
    assert network("x").with_limits(text=280) == network("x")
    assert isinstance(hash(network("x")), int)
    assert all(isinstance(each, NetworkDescription) for each in NETWORKS.values())
