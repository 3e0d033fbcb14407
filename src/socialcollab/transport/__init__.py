"""How requests leave: flows, drivers, adapters, and the ports they ask through."""

from socialcollab.transport.adapter import (
    Absent,
    Adapter,
    Amending,
    AsyncNetwork,
    AsyncTransport,
    CannotTell,
    Found,
    Network,
    Outgoing,
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
    Reply,
    Request,
    Wait,
    advance,
    ask,
)
from socialcollab.transport.http import HttpTransport
from socialcollab.transport.own_thread import OwnThread
from socialcollab.transport.ports import Clock, Media
from socialcollab.transport.retry import RetryPolicy
from socialcollab.transport.retry_after import http_date, retry_after_s
from socialcollab.transport.threaded import ThreadedTransport

__all__ = [
    "Absent",
    "Adapter",
    "Amending",
    "AsyncDriver",
    "AsyncHttpTransport",
    "AsyncNetwork",
    "AsyncTransport",
    "CannotTell",
    "Checkpoint",
    "Clock",
    "Created",
    "Done",
    "Driver",
    "Flow",
    "Found",
    "HttpTransport",
    "Media",
    "MediaPart",
    "Network",
    "Op",
    "Outgoing",
    "OwnThread",
    "Prepared",
    "Published",
    "Reply",
    "Request",
    "RetryPolicy",
    "ThreadedTransport",
    "Transport",
    "Wait",
    "advance",
    "ask",
    "http_date",
    "retry_after_s",
]
