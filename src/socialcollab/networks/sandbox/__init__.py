"""A staging network with the limits of the real networks. It keeps its posts in a local folder."""

from socialcollab.networks.sandbox.faults import FaultKind, InjectedFault
from socialcollab.networks.sandbox.network import Sandbox
from socialcollab.networks.sandbox.timeline import RateLimit, SandboxPost

__all__ = [
    "FaultKind",
    "InjectedFault",
    "RateLimit",
    "Sandbox",
    "SandboxPost",
]
