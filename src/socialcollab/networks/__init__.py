"""Network adapters, and the building blocks for the adapters of other networks."""

from socialcollab.networks.bearer import BearerNetwork, Secrets
from socialcollab.networks.limits import check_limits, text_to_send
from socialcollab.networks.oauth import (
    Authorization,
    ConnectedAccount,
    OAuth,
    Renewal,
    run_oauth,
)
from socialcollab.networks.responses import error_for, object_of, states, text_in, unreadable
from socialcollab.networks.server import server_of
from socialcollab.networks.thread import found_part, id_of_part, next_part, publish_parts

__all__ = [
    "Authorization",
    "BearerNetwork",
    "ConnectedAccount",
    "OAuth",
    "Renewal",
    "Secrets",
    "check_limits",
    "error_for",
    "found_part",
    "id_of_part",
    "next_part",
    "object_of",
    "publish_parts",
    "run_oauth",
    "server_of",
    "states",
    "text_in",
    "text_to_send",
    "unreadable",
]
