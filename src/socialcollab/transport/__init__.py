"""How requests leave: flows, drivers, and the ports they ask through."""

from socialcollab.transport.ports import Media

__all__ = ["Media"]
