"""The templates that are included in the library."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final

from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.identifiers import did_you_mean
from socialcollab.organization.document.loader import tables_of

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")


def _folder() -> Traversable:
    return resources.files("socialcollab.organization") / "templates"


def template_names() -> tuple[str, ...]:
    """Return the names of the templates, sorted."""
    return tuple(
        sorted(
            template.name
            for template in _folder().iterdir()
            if (template / "agency.toml").is_file()
        )
    )


def _read_files(folder: Traversable, lead: str = "") -> dict[str, bytes]:
    """Return the contents of all files below *folder*, by their names relative to it."""
    files: dict[str, bytes] = {}
    for entry in folder.iterdir():
        if entry.is_dir():
            files |= _read_files(entry, f"{lead}{entry.name}/")
        else:
            files[f"{lead}{entry.name}"] = entry.read_bytes()
    return files


def fill_template(name: str, params: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """
    Return the document of a template with its parameters filled in, and its other files.

    The table ``[template]`` of a template contains the default value of each parameter, or an
    empty string if the parameter is required. ``{name}`` in a string or key of the document is
    replaced with the value of the parameter.

    Raises:
        NotFoundError: If there is no such template.
        InvalidValueError: If a parameter is unknown, missing or not a string.
    """
    names = template_names()
    if name not in names:
        raise NotFoundError(
            "template",
            name,
            suggestion=did_you_mean(name, names, otherwise=f"use one of {', '.join(names)}"),
        )
    files = _read_files(_folder() / name)
    table = dict(tables_of(files.pop("agency.toml")))
    defaults: Mapping[str, str] = table.pop("template", {"id": table["organization"]["id"]})
    for param, value in params.items():
        if param not in defaults:
            hint = did_you_mean(param, defaults, otherwise=f"use one of {', '.join(defaults)}")
            raise InvalidValueError(
                f"template `{name}` has no parameter `{param}`; {hint}", value=param, expected=hint
            )
        if not isinstance(value, str):
            raise InvalidValueError(
                f"parameter `{param}` must be a string, not {type(value).__name__}", value=value
            )
    filled = {**defaults, **params}
    missing = [param for param, value in filled.items() if not value]
    if missing:
        raise InvalidValueError(
            f"template `{name}` requires {', '.join(f'`{param}`' for param in missing)}",
            value=missing[0],
            expected=f"{missing[0]}=...",
        )
    # A template without a table [template] has a fixed id, which is replaced here.
    table["organization"] = {**table["organization"], "id": filled["id"]}
    return _filled(table, filled), files


def _filled(value: Any, params: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: params.get(match[1], match[0]), value)
    if isinstance(value, list):
        return [_filled(item, params) for item in value]
    if isinstance(value, dict):
        return {_filled(key, params): _filled(item, params) for key, item in value.items()}
    return value
