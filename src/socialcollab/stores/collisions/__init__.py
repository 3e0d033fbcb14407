"""Stores for presence and claims: in memory, and in an SQLite file that processes can share."""

from socialcollab.stores.collisions.memory import MemoryCollisions
from socialcollab.stores.collisions.protocols import CollisionStore
from socialcollab.stores.collisions.sqlite import SqliteCollisions

__all__ = ["CollisionStore", "MemoryCollisions", "SqliteCollisions"]
