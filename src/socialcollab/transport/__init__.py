"""How requests leave: flows, drivers, adapters, and the ports they ask through."""

from socialcollab.transport.adapter import (
    Adapter,
    Amending,
    AsyncNetwork,
    AsyncTransport,
    Found,
    Inconclusive,
    Missing,
    Network,
    OutgoingPost,
    Prepared,
    Published,
    Transport,
)
from socialcollab.transport.async_driver import AsyncDriver
from socialcollab.transport.async_http import AsyncHttpTransport
from socialcollab.transport.driver import Driver
from socialcollab.transport.flow import (
    Checkpoint,
    Created,
    Done,
    Flow,
    MediaPart,
    Op,
    Request,
    Response,
    Wait,
    advance,
    call,
)
from socialcollab.transport.http import HttpTransport
from socialcollab.transport.own_thread import OwnThread
from socialcollab.transport.ports import Clock, Media
from socialcollab.transport.retry import RetryPolicy
from socialcollab.transport.retry_after import http_date, retry_after_s
from socialcollab.transport.threaded import ThreadedTransport

__all__ = [
    "Adapter",
    "Amending",
    "AsyncDriver",
    "AsyncHttpTransport",
    "AsyncNetwork",
    "AsyncTransport",
    "Checkpoint",
    "Clock",
    "Created",
    "Done",
    "Driver",
    "Flow",
    "Found",
    "HttpTransport",
    "Inconclusive",
    "Media",
    "MediaPart",
    "Missing",
    "Network",
    "Op",
    "OutgoingPost",
    "OwnThread",
    "Prepared",
    "Published",
    "Request",
    "Response",
    "RetryPolicy",
    "ThreadedTransport",
    "Transport",
    "Wait",
    "advance",
    "call",
    "http_date",
    "retry_after_s",
]
