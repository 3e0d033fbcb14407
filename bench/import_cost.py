"""
Compare the time of ``import socialcollab`` with the time to import the libraries that it uses.

Each import runs in a new interpreter, in interleaved rounds; the time to start an interpreter is
subtracted. The modules are compiled beforehand, like those of an installed package. The last rows
are the commands ``--help`` and ``--version`` of the command line.

    python bench/import_cost.py
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 15
CASES = {
    "bare start": "pass",
    "socialcollab": "import socialcollab",
    "attrs": "import attrs",
    "httpx": "import httpx",
    "tenacity": "import tenacity",
    "all three": "import attrs, httpx, tenacity",
    "socialcollab.permissions": "import socialcollab.permissions",
    "socialcollab.scheduling": "import socialcollab.scheduling",
    "socialcollab.styleguide": "import socialcollab.styleguide",
    "socialcollab.workflow": "import socialcollab.workflow",
    "socialcollab.desk": "import socialcollab.desk",
    "--help": "from socialcollab.cli import main; main(['--help'])",
    "--version": "from socialcollab.cli import main; main(['--version'])",
}


def duration(statement: str, cache: str) -> float:
    """Return the time of a statement in a new interpreter that keeps bytecode in *cache*."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", statement], check=True, env=environment, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - start


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name in CASES}
    with tempfile.TemporaryDirectory() as cache:
        for statement in CASES.values():
            duration(statement, cache)
        for _ in range(ROUNDS):
            for name, statement in CASES.items():
                times[name].append(duration(statement, cache))
    bare = statistics.median(times["bare start"])
    three = statistics.median(times["all three"]) - bare
    print(f"{'import':<28}{'ms':>8}{'of all three':>15}")
    for name in CASES:
        if name == "bare start":
            continue
        cost = statistics.median(times[name]) - bare
        print(f"{name:<28}{cost * 1000:>8.1f}{cost / three:>15.3f}")


if __name__ == "__main__":
    main()
