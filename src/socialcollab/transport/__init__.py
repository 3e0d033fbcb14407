"""Flows and the drivers that run them, adapters, HTTP transports, retries and media ports."""

from socialcollab.transport.adapter import (
    Adapter,
    AmendingAdapter,
    AsyncNetwork,
    AsyncTransport,
    DescribesProfiles,
    Found,
    Inconclusive,
    Missing,
    Network,
    OutgoingPost,
    Prepared,
    Published,
    Transport,
)
from socialcollab.transport.credentials import (
    Credentials,
    MemoryCredentials,
    RenewedTokens,
    Token,
)
from socialcollab.transport.driver import AsyncDriver, Driver
from socialcollab.transport.exchange import Exchange, OnExchange
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
from socialcollab.transport.http import AsyncHttpTransport, HttpTransport
from socialcollab.transport.interpreter import FlowInterpreter, SendWindow
from socialcollab.transport.ports import Clock, Media, system_clock
from socialcollab.transport.rate_limits import (
    BudgetedTransport,
    Budgets,
    MemoryBudgets,
    RateLimit,
    http_date,
    read_rate_limit,
    retry_after_s,
)
from socialcollab.transport.retry import RetryPolicy
from socialcollab.transport.threads import DedicatedThread, ThreadedTransport

__all__ = [
    "Adapter",
    "AmendingAdapter",
    "AsyncDriver",
    "AsyncHttpTransport",
    "AsyncNetwork",
    "AsyncTransport",
    "BudgetedTransport",
    "Budgets",
    "Checkpoint",
    "Clock",
    "Created",
    "Credentials",
    "DedicatedThread",
    "DescribesProfiles",
    "Done",
    "Driver",
    "Exchange",
    "Flow",
    "FlowInterpreter",
    "Found",
    "HttpTransport",
    "Inconclusive",
    "Media",
    "MediaPart",
    "MemoryBudgets",
    "MemoryCredentials",
    "Missing",
    "Network",
    "OnExchange",
    "Op",
    "OutgoingPost",
    "Prepared",
    "Published",
    "RateLimit",
    "RenewedTokens",
    "Request",
    "Response",
    "RetryPolicy",
    "SendWindow",
    "ThreadedTransport",
    "Token",
    "Transport",
    "Wait",
    "advance",
    "call",
    "http_date",
    "read_rate_limit",
    "retry_after_s",
    "system_clock",
]
