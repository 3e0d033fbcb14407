"""Processes that share budgets send no request that the network would refuse."""

from __future__ import annotations

import datetime as dt

import httpx
import pytest
from tests.networks.accounts import ACCOUNTS
from tests.networks.desks import desk_of
from tests.networks.publishing import MEDIA, publish, verify

from socialcollab.content import Image
from socialcollab.errors import RateLimitedError
from socialcollab.transport import MemoryBudgets


class Stating(httpx.BaseTransport):
    """A server that states with each response how many requests are left for each operation."""

    def __init__(self, inner: httpx.BaseTransport, *, limit: int) -> None:
        self.inner = inner
        self.limit = limit
        self.counts: dict[str, int] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        operation = f"{request.method} {request.url.path}"
        self.counts[operation] = self.counts.get(operation, 0) + 1
        response = self.inner.handle_request(request)
        left = self.limit - self.counts[operation]
        response.headers["ratelimit-remaining"] = str(left)
        response.headers["ratelimit-reset"] = "600"
        return response


@pytest.mark.parametrize("name", sorted(ACCOUNTS))
def test_shared_budgets(name: str) -> None:
    """If one of two networks with the same budgets uses them up, the other sends nothing."""
    account, budgets = ACCOUNTS[name], MemoryBudgets()
    server = Stating(account.server(), limit=2)
    with (
        account.connect(server, budgets=budgets) as one,
        account.connect(server, budgets=budgets) as other,
    ):
        verify(one, account.profile)
        verify(one, account.profile)
        with pytest.raises(RateLimitedError) as raised:
            verify(other, account.profile)
    assert 590 < (raised.value.retry_after_s or 0) <= 600
    assert max(server.counts.values()) == 2


@pytest.mark.parametrize("name", sorted(ACCOUNTS))
def test_desk(name: str) -> None:
    """A post for which the budget is exhausted is deferred, and nothing is sent."""
    account, budgets = ACCOUNTS[name], MemoryBudgets()
    inner = account.server()
    server = Stating(inner, limit=1)
    now = dt.datetime.now(dt.UTC)
    with account.connect(server, budgets=budgets) as network:
        publish(network, account.outgoing(media=account.images[:1]))
        (before,) = [posted.text for posted in inner.posted]
        with desk_of(
            account.profile, network, media=MEDIA, clock=lambda: now, real_clock=lambda: now
        ) as desk:
            eva = desk.acting_as("eva")
            image = Image.from_bytes(account.files[0], alt="tulp")
            draft = eva.draft("Herfst", profiles=[account.profile.id], media=[image])
            post = eva.publish_now(draft)
            report = desk.run_due()
            (delivery,) = desk.deliveries(post)
    assert (delivery.state, delivery.problem) == ("waiting", "rate_limited")
    assert delivery.not_before is not None
    assert 590 < (delivery.not_before - now).total_seconds() <= 601
    assert [posted.text for posted in inner.posted] == [before]
    assert report.problems == ()
    assert set(server.counts.values()) == {1}


def throttles() -> dict[str, dict[str, str]]:
    """Return headers that ask the client to wait for ten minutes."""
    at = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=10)
    epoch = str(int(at.timestamp()))
    return {
        "delta": {"retry-after": "600"},
        "X": {"x-rate-limit-remaining": "0", "x-rate-limit-reset": epoch},
        "Mastodon": {"x-ratelimit-remaining": "0", "x-ratelimit-reset": at.isoformat()},
        "Bluesky": {"ratelimit-remaining": "0", "ratelimit-reset": epoch},
        "IETF": {"ratelimit": '"default";r=0;t=600'},
        "Meta": {"x-business-use-case-usage": '{"1":[{"estimated_time_to_regain_access":10}]}'},
    }


@pytest.mark.parametrize("name", sorted(ACCOUNTS))
@pytest.mark.parametrize("kind", sorted(throttles()))
def test_throttles(name: str, kind: str) -> None:
    """Whatever header a proxy or a network uses, the error says when to try again."""
    account, headers = ACCOUNTS[name], throttles()[kind]

    def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(429, json={"error": "slow down"}, headers=headers)

    with (
        account.connect(httpx.MockTransport(refuse)) as network,
        pytest.raises(RateLimitedError) as raised,
    ):
        verify(network, account.profile)
    assert 590 < (raised.value.retry_after_s or 0) <= 600
