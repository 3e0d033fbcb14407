"""Another author's store, adapter and network satisfy the protocols."""

# ruff: noqa: ARG002  protocols name what these parts do not use

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from socialcollab.desk import Desk
from socialcollab.directory import NetworkDescription, Profile, network
from socialcollab.organization import Organization
from socialcollab.stores import (
    Anchor,
    AuditReport,
    BoundStore,
    Column,
    Event,
    MemoryStore,
    NewEvent,
    Progress,
    Projection,
    Reducer,
    ReindexReport,
    Row,
    Store,
)
from socialcollab.transport import (
    Adapter,
    Flow,
    Found,
    Inconclusive,
    Missing,
    Network,
    OutgoingPost,
    Prepared,
    Published,
    Request,
    Response,
    Transport,
    call,
)


class CountingStore:
    """A bound store of one's own that counts appends."""

    def __init__(self, inner: BoundStore) -> None:
        self._inner = inner
        self.appends = 0

    @property
    def organization(self) -> str:
        return self._inner.organization

    def append(
        self,
        events: Sequence[NewEvent],
        *,
        expected_versions: Mapping[str, int],
        rows: Sequence[Row] = (),
        snapshots: Mapping[str, bytes],
    ) -> tuple[Event, ...]:
        self.appends += 1
        return self._inner.append(
            events, expected_versions=expected_versions, rows=rows, snapshots=snapshots
        )

    def read(self, stream: str, *, after: int = 0) -> tuple[Event, ...]:
        return self._inner.read(stream, after=after)

    def snapshot(self, stream: str) -> tuple[int, bytes]:
        return self._inner.snapshot(stream)

    def snapshots(self, streams: Sequence[str]) -> dict[str, tuple[int, bytes]]:
        return self._inner.snapshots(streams)

    def read_all(self, *, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        return self._inner.read_all(after=after, limit=limit)

    def streams(self) -> tuple[str, ...]:
        return self._inner.streams()

    def query(
        self,
        projection: str,
        *,
        where: Mapping[str, Column | tuple[Column, ...]] | None = None,
        after: Row | None = None,
        limit: int = 100,
    ) -> tuple[Row, ...]:
        return self._inner.query(projection, where=where, after=after, limit=limit)

    def due(
        self, *, before: dt.datetime, now: dt.datetime, limit: int, worker: str, lease_s: float
    ) -> tuple[Row, ...]:
        return self._inner.due(before=before, now=now, limit=limit, worker=worker, lease_s=lease_s)

    def release(self, rows: Sequence[Row], *, worker: str) -> None:
        self._inner.release(rows, worker=worker)

    def reindex(self, reducer: Reducer, *, progress: Progress | None = None) -> ReindexReport:
        return self._inner.reindex(reducer, progress=progress)

    def audit(
        self,
        *,
        anchor: Anchor | None = None,
        reducer: Reducer | None = None,
        progress: Progress | None = None,
    ) -> AuditReport:
        return self._inner.audit(anchor=anchor, reducer=reducer, progress=progress)


class OwnStore:
    """A store of one's own."""

    def __init__(self) -> None:
        self._inner = MemoryStore()

    def for_organization(self, organization: str) -> BoundStore:
        return CountingStore(self._inner.for_organization(organization))

    def organizations(self) -> tuple[str, ...]:
        return self._inner.organizations()

    def ensure_projections(self, projections: Sequence[Projection]) -> None:
        self._inner.ensure_projections(projections)

    def compact(self) -> None:
        self._inner.compact()

    def close(self) -> None:
        self._inner.close()


class OwnAdapter:
    """An adapter of one's own: a conversation as a generator."""

    send_within_s = 20.0

    @property
    def description(self) -> NetworkDescription:
        return network("x")

    def prepare(self, outgoing: OutgoingPost, *, now: dt.datetime, entropy: bytes) -> Prepared:
        return Prepared(
            outgoing=outgoing, idempotency_keys={"key": entropy.hex(), "at": now.isoformat()}
        )

    def publish(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[Published]:
        reply = yield from call(self._request("POST"))
        return Published(network_id=str(reply.status))

    def find(
        self, prepared: Prepared, progress: Mapping[str, str]
    ) -> Flow[Found | Missing | Inconclusive]:
        reply = yield from call(self._request("GET"))
        if reply.status == 404:
            return Missing(conclusive_after=dt.timedelta(minutes=1))
        return Found(Published(network_id="1"))

    def take_down(self, network_id: str) -> Flow[None]:
        yield from call(self._request("DELETE"))

    def verify_credentials(self) -> Flow[str]:
        yield from call(self._request("GET"))
        return "@tulip"

    def _request(self, method: str) -> Request:
        return Request(method=method, url="https://network.example/posts")


class OwnTransport:
    """A transport of one's own."""

    def send(self, request: Request, *, timeout_s: float) -> Response:
        raise NotImplementedError

    def close(self) -> None:
        """Hold nothing."""


class OwnNetwork:
    """A network of one's own."""

    def adapter(self, profile: Profile) -> Adapter:
        return OwnAdapter()

    def transport(self, profile: Profile) -> Transport:
        return OwnTransport()

    def close(self) -> None:
        """Hold nothing."""


def a_desk_of_own_parts(organization: Organization) -> Desk:
    store: Store = OwnStore()
    reached: Network = OwnNetwork()
    return Desk.create(store, organization, owner="eva", networks={"*": reached})


class HalfAnAdapter:
    """What lacks a flow is no adapter."""

    send_within_s = 20.0


def what_is_no_adapter() -> None:
    half: Adapter = HalfAnAdapter()  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    print(half)
