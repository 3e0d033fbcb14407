"""Judge something by the laws of a kit, outside pytest."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import pytest


def judge(
    kit: type[Any], call: Callable[[Callable[..., Any]], None], *, only: Collection[str]
) -> dict[str, str]:
    """
    Judge by every law of *kit*, or by those of the promises *only*.

    Args:
        kit: The class with the laws.

        call: Calls a law with what it judges, made for it alone.

        only: The promises to judge by, or none for all.

    Returns:
        For each promise that is broken, what the first broken law says.
    """
    laws = kit()
    broken: dict[str, str] = {}
    for name in sorted(dir(laws)):
        law = getattr(laws, name)
        number = getattr(law, "promise", None)
        if number is None or (only and number not in only):
            continue
        try:
            call(law)
        except pytest.skip.Exception:
            continue
        except Exception as error:  # noqa: BLE001  # any failure breaks the law
            broken.setdefault(number, f"{name}: {error!r}")
        except pytest.fail.Exception as error:
            broken.setdefault(number, f"{name}: {error!r}")
    return broken
