"""What a kit can only judge if the store's author lends it a hand; laws that lack it are skipped."""

from __future__ import annotations

from socialcollab.stores import Store


class Powers:
    """Powers over the store under test, for laws that look behind its methods."""

    def bytes_kept(self, store: Store) -> bytes | None:
        """
        Return every byte that the store keeps now, in whatever order, or None if it cannot say.

        Files with their logs, one after the other; of a database, a dump that
        shows free pages too. Erased values are searched for in it.
        """
        _ = store
        return None

    def damage(self, store: Store, organization: str, stream: str, part: str) -> bool:
        """
        Damage what the store keeps of *stream*, past all its checks; return whether it could.

        Args:
            store: The store under test.

            organization: Whose stream it is.

            stream: Its name.

            part: ``event`` changes a value of its first event, ``personal`` one
                of its first personal values, ``lost`` removes a personal value
                without erasing it, ``snapshot`` changes a byte of its record,
                ``row`` changes a value of its rows in the projection, ``row lost``
                removes one there.
        """
        _ = store, organization, stream, part
        return False
