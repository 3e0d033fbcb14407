"""Hooks that a kit overrides so that laws can look behind the methods of a store."""

from __future__ import annotations

from socialcollab.stores import Store


class InspectionHooks:
    """Hooks of a kit; a law that needs one is skipped until the kit overrides it."""

    def bytes_kept(self, store: Store) -> bytes | None:
        """
        Return every byte that the store keeps now, in any order, or None.

        For files these are their contents and those of their logs, one after the other; for a
        database, a dump that includes free pages. Laws search them for erased values.
        """
        _ = store
        return None

    def damage(self, store: Store, organization: str, stream: str, part: str) -> bool:
        """
        Damage what the store keeps of *stream*, without its checks; return whether that is possible.

        Args:
            store: The store under test.
            organization: The organization of the stream.
            stream: The name of the stream.
            part: ``event`` changes a value of its first event, ``personal`` changes a personal
                value of that event, ``lost`` removes one without erasing it, ``snapshot`` changes
                a byte of its snapshot, ``row`` changes a value of its row in the projection
                ``posts``, and ``row lost`` removes that row.
        """
        _ = store, organization, stream, part
        return False
