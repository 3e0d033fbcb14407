"""How the documentation is built."""

from __future__ import annotations

from importlib.metadata import version as installed

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
