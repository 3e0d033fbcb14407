"""Sphinx configuration for the documentation."""

from __future__ import annotations

from importlib.metadata import version as installed
from typing import Any

from sphinx.application import Sphinx

project = "socialcollab"
author = "The socialcollab team"
project_copyright = "2026, the socialcollab team"
release = installed("socialcollab")
version = release

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nitpicky = False
suppress_warnings = ["ref.python"]

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_class_signature = "mixed"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = ["Source"]
default_role = "code"

html_theme = "furo"
html_title = "socialcollab"
html_static_path = ["_static"]


def show_examples_as_written(*said: Any) -> None:
    """Show the Example and Instead sections of style rules as literal blocks."""
    _, _, _, obj, _, lines = said  # the arguments of `autodoc-process-docstring`
    if "styleguide" not in getattr(obj, "__module__", ""):
        return
    shown = []
    for line in lines:
        if line.strip() in ("Example:", "Instead:"):
            indent = line[: len(line) - len(line.lstrip())]
            shown += [f"{indent}{line.strip()[:-1]}::", ""]
        else:
            shown.append(line)
    lines[:] = shown


def setup(app: Sphinx) -> None:
    # Run before napoleon, which would treat Example as a section of prose.
    app.connect("autodoc-process-docstring", show_examples_as_written, priority=400)
