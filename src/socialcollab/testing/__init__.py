"""Test kits for stores, media and adapters. This package requires the `testing` extra."""

import pytest

# The laws are plain assert statements. Assertion rewriting shows the compared values. It must be
# registered before the modules are imported.
pytest.register_assert_rewrite(
    "socialcollab.testing.adapter_contract",
    "socialcollab.testing.async_store_contract",
    "socialcollab.testing.collision_contract",
    "socialcollab.testing.media_contract",
    "socialcollab.testing.reading_contract",
    "socialcollab.testing.store_laws",
    "socialcollab.testing.threads",
)

from socialcollab.testing.adapter_contract import AdapterContract  # noqa: E402
from socialcollab.testing.async_store_contract import (  # noqa: E402
    AsyncStoreContract,
    broken_async_promises,
)
from socialcollab.testing.blocking import BlockingStore  # noqa: E402
from socialcollab.testing.collision_contract import (  # noqa: E402
    CollisionContract,
    broken_collision_promises,
)
from socialcollab.testing.media_contract import (  # noqa: E402
    MediaContract,
    broken_media_promises,
)
from socialcollab.testing.reading_contract import ReadingContract  # noqa: E402
from socialcollab.testing.recording import (  # noqa: E402
    Exchange,
    RecordingTransport,
    ReplayTransport,
)
from socialcollab.testing.store_contract import StoreContract, broken_promises  # noqa: E402

__all__ = [
    "AdapterContract",
    "AsyncStoreContract",
    "BlockingStore",
    "CollisionContract",
    "Exchange",
    "MediaContract",
    "ReadingContract",
    "RecordingTransport",
    "ReplayTransport",
    "StoreContract",
    "broken_async_promises",
    "broken_collision_promises",
    "broken_media_promises",
    "broken_promises",
]
