"""All checks: ``nox`` runs them all, ``nox -s tests`` runs one."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = [
    "tests",
    "integration",
    "lint",
    "types",
    "docs",
    "examples",
    "embedding",
    "packages",
]

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
CALENDAR = ".[calendar]"


def groups(*names: str) -> list[str]:
    return list(nox.project.dependency_groups(PROJECT, *names))


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the unit suite, on every Python that is installed."""
    session.install(CALENDAR, *groups("tests"))
    session.run("pytest", *session.posargs)


@nox.session(python=HERE)
def integration(session: nox.Session) -> None:
    """Run the whole suite with real processes and whole weeks, and the desk's tests on every store."""
    session.install(CALENDAR, *groups("tests"))
    session.run("pytest", "--integration", *session.posargs)


@nox.session(python=HERE)
def lint(session: nox.Session) -> None:
    """Check style, format and the imports between packages."""
    session.install(CALENDAR, *groups("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", "--no-cache")


@nox.session(python=HERE)
def types(session: nox.Session) -> None:
    """Check all types with mypy, and the public API with a second type checker."""
    session.install(".[calendar,cli,images]", *groups("tests", "types", "embedding"))
    session.run("mypy")
    session.run("basedpyright")


@nox.session(python=HERE)
def docs(session: nox.Session) -> None:
    """Build the docs with warnings as errors, and run the code in them."""
    session.install(CALENDAR, *groups("docs", "tests"))
    session.run("sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "docs", "docs/_build")
    session.run("pytest", "docs", "README.md", "-q", "-p", "no:randomly")


@nox.session(python=HERE)
def examples(session: nox.Session) -> None:
    """Run every example as a user would, and test the package in examples/foreign_network."""
    session.install(f"{CALENDAR[:-1]},cli,images,testing]", "examples/foreign_network")
    with tempfile.TemporaryDirectory() as folder:
        for script in sorted(Path("examples").glob("*.py")):
            session.log(f"example: {script.name}")
            shutil.copy(script, folder)
            with session.chdir(folder):
                session.run("python", "-W", "error", script.name, silent=True)
        week = Path("examples/agency_week").resolve()
        if week.is_dir():
            session.run(
                "python", "-W", "error", str(week), "--out", str(Path(folder) / "week"), silent=True
            )
    session.run("pytest", "examples/foreign_network")


@nox.session(python=HERE)
def embedding(session: nox.Session) -> None:
    """Test the applications in examples/ that embed a desk."""
    session.install(CALENDAR, *groups("tests", "embedding"))
    session.run("pytest", "tests/embedding", "-n0", *session.posargs)


@nox.session(python=HERE)
def packages(session: nox.Session) -> None:
    """Build the wheel and the sdist, and install and try each."""
    session.install("build")
    with tempfile.TemporaryDirectory() as folder:
        session.run("python", "-m", "build", "--outdir", folder, silent=True)
        for package in sorted(Path(folder).iterdir()):
            session.install("--force-reinstall", "--no-deps", str(package))
            session.install(*PROJECT["project"]["dependencies"])
            with session.chdir(folder):
                session.run("python", "-c", TRY_PACKAGE)


TRY_PACKAGE = """
import importlib.resources as resources
import socialcollab
from socialcollab.organization import Organization
assert resources.files("socialcollab").joinpath("py.typed").is_file()
assert resources.files("socialcollab.organization").joinpath("schema.json").is_file()
print(Organization.template("client_signs_off", id="northwind").id, "from", socialcollab.__file__)
"""


@nox.session(python=HERE)
def write_async(session: nox.Session) -> None:
    """Generate the source of the async desk from the blocking one."""
    session.install(*groups("lint"))
    session.run("python", "tools/write_async.py")
    session.run("ruff", "format", "src/socialcollab/desk")


@nox.session(python=HERE)
def realdata(session: nox.Session) -> None:
    """Import and lint real posts and spreadsheets, and report the posts per second."""
    session.install(CALENDAR, *groups("tests"))
    session.run("pytest", "tests/realdata", "-q", "-s", "-n0", *session.posargs)


@nox.session(python=HERE)
def bench(session: nox.Session) -> None:
    """Measure hot paths as ratios to a named peer in the same run."""
    session.install(CALENDAR, *groups("tests", "bench"))
    for script in sorted(Path("bench").glob("*.py")):
        session.run("python", str(script))


@nox.session(python=HERE)
def mutants(session: nox.Session) -> None:
    """Change the code at random places and check that tests fail; ``-- --count 100``."""
    session.install("-e", CALENDAR, *groups("tests", "mutants"))
    session.run("python", "tools/mutants.py", *session.posargs)


@nox.session(python=HERE)
def soak(session: nox.Session) -> None:
    """Run the slow tests and all properties in full; ``-- --seconds 90`` runs a share of them."""
    session.install(CALENDAR, *groups("tests"))
    posargs = session.posargs or ["--seconds", "3600"]
    session.run("pytest", "-m", "slow or hypothesis", "-s", "-n0", *posargs)
