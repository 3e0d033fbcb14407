"""Run the same effects in a blocking program and in an async program."""

import asyncio
from collections.abc import Callable
from typing import Any

from socialcollab.effects import Effects, arun, call, run


def greeting(read_name: Callable[[], Any]) -> Effects[str]:
    """Read a name, and return a greeting."""
    name = yield from call(read_name)
    return f"good morning, {name}"


async def read_name_later() -> str:
    await asyncio.sleep(0)
    return "ben"


print(run(greeting(lambda: "ana")))
print(asyncio.run(arun(greeting(read_name_later))))
