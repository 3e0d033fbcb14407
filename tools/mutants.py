"""
Change the code at random places, one at a time, and check whether a test fails.

Run ``nox -s mutants -- --count 100``. The tool works on a copy of the checkout and prints every
change that no test detects, with its place. Add a test for each of them, or document why none is
needed. Changes that cannot affect behaviour are skipped: annotations, which are never evaluated,
and names in ``__all__``.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# For each package, the tests that should detect a change, with the most effective ones first.
TESTS = {
    "permissions": ["tests/permissions", "tests/workflow", "tests/desk/test_adoption.py"],
    "workflow": ["tests/workflow", "tests/model", "tests/desk"],
    "stores": ["tests/stores"],
    "desk": ["tests/model", "tests/desk"],
}


@cache
def inert(path: Path) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return the spans of a file in which a change has no effect."""
    spans = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            parts.append(node.returns)
        elif isinstance(node, ast.arg | ast.AnnAssign):
            parts.append(node.annotation)
        elif isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets
        ):
            parts.append(node.value)
        elif isinstance(node, ast.Assert):
            parts.append(node)  # asserts only inform type checkers
        spans += [
            ((part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset))
            for part in parts
            if part is not None
        ]
    return spans


def matters(root: Path, module: str, row: int, column: int) -> bool:
    return not any(start <= (row, column) < end for start, end in inert(root / module))


def sample(root: Path, session: Path, count: int, rng: random.Random) -> int:
    """Keep *count* mutations of a session, chosen at random, and delete the others."""
    base = sqlite3.connect(session)
    rows = base.execute(
        "SELECT job_id, module_path, start_pos_row, start_pos_col FROM mutation_specs"
        " ORDER BY module_path, start_pos_row, start_pos_col, operator_name, occurrence"
    ).fetchall()
    effective = [job for job, module, row, column in rows if matters(root, module, row, column)]
    kept = set(rng.sample(effective, min(count, len(effective))))
    for table in ("mutation_specs", "work_items"):
        for (job,) in base.execute(f"SELECT job_id FROM {table}").fetchall():
            if job not in kept:
                base.execute(f"DELETE FROM {table} WHERE job_id = ?", (job,))
    base.commit()
    base.close()
    return len(kept)


def copied(folder: Path) -> Path:
    """Copy the files that git tracks, as they are in the working tree."""
    names = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    for name in names:
        if (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    return folder


def run(package: str, count: int, rng: random.Random) -> tuple[int, list[str]]:
    with tempfile.TemporaryDirectory() as name:
        folder = copied(Path(name) / "checkout")
        shared = os.environ.get("SOCIALCOLLAB_SHARED") or str(ROOT.parent / "shared")
        environment = {
            **os.environ,
            "PYTHONPATH": str(folder / "src"),
            "SOCIALCOLLAB_SHARED": shared,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = (
            f"{sys.executable} -m pytest -x -q -p no:randomly -p no:cacheprovider"
            f" -n0 {' '.join(TESTS[package])}"
        )
        config = folder / "mutants.toml"
        config.write_text(
            "[cosmic-ray]\n"
            f'module-path = "src/socialcollab/{package}"\n'
            "timeout = 150.0\nexcluded-modules = []\n"
            f'test-command = "{command}"\n'
            '[cosmic-ray.distributor]\nname = "local"\n'
        )
        session = folder / "session.sqlite"
        ray = [sys.executable, "-m", "cosmic_ray.cli"]
        subprocess.run([*ray, "init", config, session], cwd=folder, env=environment, check=True)
        planned = sample(folder, session, count, rng)
        subprocess.run([*ray, "exec", config, session], cwd=folder, env=environment, check=True)
        dumped = subprocess.run(
            [*ray, "dump", session], cwd=folder, env=environment, check=True,
            capture_output=True, text=True,
        ).stdout  # fmt: skip
        survivors = []
        for line in dumped.splitlines():
            work, result = json.loads(line)
            if result is None or result["test_outcome"] == "survived":
                mutation = work["mutations"][0]
                place = f"{mutation['module_path']}:{mutation['start_pos'][0]}"
                diff = (result or {}).get("diff") or "not run"
                survivors.append(f"{place} {mutation['operator_name']}\n{diff}")
        return planned, survivors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--packages", nargs="*", default=list(TESTS))
    options = parser.parse_args()
    rng = random.Random(options.seed)
    print(f"seed {options.seed}", flush=True)
    total, undetected = 0, 0
    for package in options.packages:
        planned, survivors = run(package, options.count // len(options.packages), rng)
        total, undetected = total + planned, undetected + len(survivors)
        print(f"{package}: {planned} changes, {planned - len(survivors)} detected", flush=True)
        for survivor in survivors:
            print(survivor, flush=True)
    print(f"{total} changes, {total - undetected} detected")


if __name__ == "__main__":
    main()
