"""Hooks that a kit can override to give the laws direct access to the stored data."""

from __future__ import annotations

from socialcollab.stores import Store


class InspectionHooks:
    """Hooks of a kit. A law that needs a hook is skipped unless the kit overrides the hook."""

    def bytes_kept(self, store: Store) -> bytes | None:
        """
        Return all bytes that the store currently contains, in any order, or None.

        For files, return the contents of the files and their logs. For a database, return a dump
        that includes free pages. Laws search these bytes for erased values.
        """
        _ = store
        return None

    def damage(self, store: Store, organization: str, stream: str, part: str) -> bool:
        """
        Damage the stored data of *stream*, bypassing all checks. Return whether this is possible.

        Args:
            store: The store under test.
            organization: The organization of the stream.
            stream: The stream's name.
            part: The data to damage. ``event`` changes a value of the first event, ``personal``
                changes a personal value of that event, ``lost`` removes a personal value without a
                tombstone, ``snapshot`` changes a byte of the snapshot, ``row`` changes a value of
                the stream's row in the ``posts`` projection, and ``row lost`` removes that row.
        """
        _ = store, organization, stream, part
        return False
