"""Set-ups that ship with the library, to begin from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.identifiers import did_you_mean
from socialcollab.organization.document.document import tables_of
from socialcollab.organization.document.files import read_template_files, template_names

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")


def fill_template(name: str, params: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """
    Return a template's document with its parameters filled in, and its other files.

    A template's table ``[template]`` holds the default of each parameter, or
    an empty text where one has to be given; ``{name}`` stands for it in any
    text and key of the document.

    Raises:
        NotFoundError: If there is no such template.

        InvalidValueError: If a parameter is unknown, missing or no text.
    """
    names = template_names()
    if name not in names:
        raise NotFoundError(
            "template",
            name,
            suggestion=did_you_mean(name, names, otherwise=f"there are {', '.join(names)}"),
        )
    files = read_template_files(name)
    table = dict(tables_of(files.pop("agency.toml")))
    defaults: Mapping[str, str] = table.pop("template", {"id": table["organization"]["id"]})
    for param, value in params.items():
        if param not in defaults:
            hint = did_you_mean(param, defaults, otherwise=f"it has {', '.join(defaults)}")
            raise InvalidValueError(
                f"template `{name}` has no parameter `{param}`; {hint}", value=param, expected=hint
            )
        if not isinstance(value, str):
            raise InvalidValueError(
                f"parameter `{param}` is {type(value).__name__}, not a text", value=value
            )
    filled = {**defaults, **params}
    missing = [param for param, value in filled.items() if not value]
    if missing:
        raise InvalidValueError(
            f"template `{name}` needs {', '.join(f'`{param}`' for param in missing)}",
            value=missing[0],
            expected=f"{missing[0]} = a text",
        )
    if "id" in params:
        table["organization"] = {**table["organization"], "id": params["id"]}
    return _filled(table, filled), files


def _filled(value: Any, params: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: params.get(found[1], found[0]), value)
    if isinstance(value, list):
        return [_filled(one, params) for one in value]
    if isinstance(value, dict):
        return {_filled(key, params): _filled(one, params) for key, one in value.items()}
    return value
