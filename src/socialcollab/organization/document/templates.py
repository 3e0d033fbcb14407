"""The templates that are included in the library."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.identifiers import did_you_mean
from socialcollab.organization.document.loader import tables_of

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_DOCUMENT: Final = "agency.toml"
_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
# The [template] table, up to the next table.
_PARAMETERS: Final = re.compile(r"^\[template\]\n[^\[]*", re.MULTILINE)
# The id of the organization.
_ID: Final = re.compile(r'(^\[organization\]\nid = )"[^"]*"', re.MULTILINE)

# A parameter in the [template] table, with its default value and a comment that describes it.
_PARAMETER: Final = re.compile(r'^(\w+) = "(.*?)"(?:\s*# (.*))?$', re.MULTILINE)


@attrs.frozen(kw_only=True)
class TemplateParameter:
    """
    A parameter of a template.

    Attributes:
        name: The name, such as "lead".
        default: The value that is used by default; an empty string if the parameter is required.
        description: What the parameter stands for; may be empty.
    """

    name: str
    default: str
    description: str


@attrs.frozen(kw_only=True)
class Template:
    """
    A template for a document, with parameters such as names; included in the library.

    Attributes:
        name: The name, as in `Organization.template`.
        description: The kind of team that the template is for.
        parameters: The parameters, in the order of the document.
    """

    name: str
    description: str
    parameters: tuple[TemplateParameter, ...]


def read_templates() -> tuple[Template, ...]:
    """Return the templates, sorted by name."""
    templates: list[Template] = []
    for name in template_names():
        text = (_folder() / name / _DOCUMENT).read_text(encoding="utf-8")
        lead: list[str] = []
        for line in text.splitlines():
            if not line.startswith("# "):
                break
            lead.append(line.removeprefix("# "))
        _, _, table = text.partition("[template]\n")
        parameters = tuple(
            TemplateParameter(name=match[1], default=match[2], description=match[3] or "")
            for match in _PARAMETER.finditer(table.partition("\n[")[0])
        )
        if not parameters:
            # A template without a [template] table has only its id as a parameter.
            own = str(tables_of(text.encode())["organization"]["id"])
            parameters = (TemplateParameter(name="id", default=own, description=""),)
        templates.append(Template(name=name, description=" ".join(lead), parameters=parameters))
    return tuple(templates)


def _folder() -> Traversable:
    from importlib import resources  # noqa: PLC0415  slow to import

    return resources.files("socialcollab.organization") / "templates"


def template_names() -> tuple[str, ...]:
    """Return the names of the templates, sorted."""
    return tuple(
        sorted(
            template.name for template in _folder().iterdir() if (template / _DOCUMENT).is_file()
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

    The ``[template]`` table of a template contains the default value of each parameter, or an empty
    string if the parameter is required. ``{name}`` in a string or key of the document is replaced
    with the value of the parameter.

    Raises:
        NotFoundError: If the template does not exist.
        InvalidValueError: If a parameter is unknown, missing or not a string.
    """
    files = _files_of(name)
    table = dict(tables_of(files.pop(_DOCUMENT)))
    filled = _checked(name, table, params)
    table.pop("template", None)
    # A template without a [template] table has a fixed id, which is replaced here.
    table["organization"] = {**table["organization"], "id": filled["id"]}
    return _filled(table, filled), files


def template_files(name: str, params: Mapping[str, str]) -> dict[str, bytes]:
    """
    Return the files of a template with its parameters filled in, including its comments.

    Raises:
        NotFoundError: Same as in `fill_template`.
        InvalidValueError: Same as in `fill_template`.
    """
    files = _files_of(name)
    source = files[_DOCUMENT]
    filled = _checked(name, tables_of(source), params)
    text = _PARAMETERS.sub("\n", source.decode())
    text = _ID.sub(
        lambda match: match[1] + json.dumps(filled["id"], ensure_ascii=False), text, count=1
    )
    # The placeholders are in strings, for which JSON and TOML have the same escape sequences.
    escaped = {
        param: json.dumps(value, ensure_ascii=False)[1:-1] for param, value in filled.items()
    }
    return {**files, _DOCUMENT: _filled(text, escaped).encode()}


def _files_of(name: str) -> dict[str, bytes]:
    """Return the files of a template, by their names."""
    names = template_names()
    if name not in names:
        raise NotFoundError(
            "template",
            name,
            suggestion=did_you_mean(name, names, otherwise=f"use one of {', '.join(names)}"),
        )
    return _read_files(_folder() / name)


def _checked(name: str, table: Mapping[str, Any], params: Mapping[str, str]) -> dict[str, str]:
    """Return the values of all parameters, including the default values."""
    defaults: Mapping[str, str] = table.get("template", {"id": table["organization"]["id"]})
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
    return filled


def _filled(value: Any, params: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: params.get(match[1], match[0]), value)
    if isinstance(value, list):
        return [_filled(item, params) for item in value]
    if isinstance(value, dict):
        return {_filled(key, params): _filled(item, params) for key, item in value.items()}
    return value
