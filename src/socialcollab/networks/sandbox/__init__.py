"""The staging network: it looks and refuses like the real ones, and its posts stay in a folder."""

from socialcollab.networks.sandbox.fault import FaultKind, InjectedFault
from socialcollab.networks.sandbox.network import Sandbox
from socialcollab.networks.sandbox.timeline import RateLimit, SandboxPost

__all__ = [
    "FaultKind",
    "InjectedFault",
    "RateLimit",
    "Sandbox",
    "SandboxPost",
]
