"""Kits that judge stores and adapters, ours and anyone's; needs the `testing` extra."""

import pytest

# Laws are plain asserts; so their failures show both sides. It has to come before their import.
pytest.register_assert_rewrite(
    "socialcollab.testing.adapter_contract",
    "socialcollab.testing.async_store_contract",
    "socialcollab.testing.media_contract",
    "socialcollab.testing.store_laws",
)

from socialcollab.testing.adapter_contract import AdapterContract  # noqa: E402
from socialcollab.testing.async_store_contract import (  # noqa: E402
    AsyncStoreContract,
    broken_async_promises,
)
from socialcollab.testing.blocking_view import BlockingView  # noqa: E402
from socialcollab.testing.media_contract import (  # noqa: E402
    MediaContract,
    broken_media_promises,
)
from socialcollab.testing.store_contract import StoreContract, broken_promises  # noqa: E402

__all__ = [
    "AdapterContract",
    "AsyncStoreContract",
    "BlockingView",
    "MediaContract",
    "StoreContract",
    "broken_async_promises",
    "broken_media_promises",
    "broken_promises",
]
