"""The commands ``init`` and ``check``."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from socialcollab.cli.inputs import instant, load, zone_of
from socialcollab.cli.output import FOUND, OK, Output, counted
from socialcollab.errors import InvalidValueError

if TYPE_CHECKING:
    from socialcollab.organization import Organization, Template


def init(args: argparse.Namespace, output: Output) -> int:
    """Write a document from a template, with the parameters from options or answers."""
    from socialcollab.organization import Organization

    path = Path(args.document)
    if path.exists():
        raise InvalidValueError(f"`{path}` already exists; choose another file", value=str(path))
    values = dict(_assignment(text, "--set") for text in args.set)
    name = args.template
    templates = {template.name: template for template in Organization.templates()}
    if name in templates:
        _check_complete(templates[name], values)
    if not name:
        for template in templates.values():
            output.note(f"{template.name:<18} {template.description}")
        name = _answer(output, "template", "")
        if name in templates:
            values = _answers(output, templates[name], values)
    organization = Organization.template(name, **values)
    files = Organization.template_files(name, **values)
    contents = {path: files.pop("agency.toml")}
    contents |= {path.parent / file: data for file, data in files.items()}
    for file, data in contents.items():
        if file.exists() and file.read_bytes() != data:
            raise InvalidValueError(f"`{file}` already exists; choose another folder")
    for file, data in contents.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    output.result(
        {"organization": organization.id, "files": [str(file) for file in contents]},
        [
            *(f"wrote {file}" for file in contents),
            f"edit it, and check it with `socialcollab check {path}`",
        ],
    )
    return OK


def _assignment(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InvalidValueError(f"{option} `{text}` is not of the form NAME=VALUE", value=text)
    return name.strip(), value.strip()


def _check_complete(template: Template, values: dict[str, str]) -> None:
    if not set(values) <= {parameter.name for parameter in template.parameters}:
        # `Organization.template` reports the unknown parameter, which may be a misspelt one.
        return
    for parameter in template.parameters:
        if not (parameter.default or parameter.name in values):
            raise InvalidValueError(
                f"template `{template.name}` requires `{parameter.name}`; pass --set"
                f" {parameter.name}=...",
                value=parameter.name,
            )


def _answers(output: Output, template: Template, values: dict[str, str]) -> dict[str, str]:
    """Ask for the value of each parameter that was not given."""
    asked = {
        parameter.name: _answer(
            output,
            f"{parameter.name} ({parameter.description})"
            if parameter.description
            else parameter.name,
            parameter.default,
        )
        for parameter in template.parameters
        if parameter.name not in values
    }
    return {**asked, **values}


def _answer(output: Output, question: str, default: str) -> str:
    """Ask until there is an answer; an empty answer means the default."""
    while True:
        output.err.write(f"{question} [{default}]: " if default else f"{question}: ")
        output.err.flush()
        line = sys.stdin.readline()
        if not line:
            output.err.write("\n")
            raise InvalidValueError(
                f"there is no answer to `{question}`; pass --template and --set instead"
            )
        answer = line.strip() or default
        if answer:
            return answer


def check(args: argparse.Namespace, output: Output) -> int:
    """Check a document and its expectations."""
    organization = load(args.document, args.id)
    at = instant(args.at, zone_of(organization))
    failed = organization.check(at)
    warnings = warnings_of(organization, at)
    conditional: dict[str, list[str]] = {}
    for key, condition in organization.policies.conditions:
        conditional.setdefault(str(key), []).append(str(condition))
    value = {
        "organization": organization.id,
        "digest": organization.digest,
        "failed": [str(expectation) for expectation in failed],
        "warnings": warnings,
        "conditions": conditional,
    }
    output.result(
        value,
        [
            *(f"expectation fails: {expectation}" for expectation in failed),
            *(f"warning: {warning}" for warning in warnings),
            *(
                f"step {key} applies only if {', or '.join(conditions)}"
                for key, conditions in conditional.items()
            ),
            f"{organization.id}: {counted(len(organization.workspaces), 'workspace')},"
            f" {counted(len(organization.profiles), 'profile')},"
            f" {counted(len(organization.members), 'member')},"
            f" {counted(len(organization.expect), 'expectation')}, {len(failed)} failing",
        ],
    )
    return FOUND if failed else OK


def warnings_of(organization: Organization, at: dt.datetime) -> list[str]:
    """Return the warnings about a document, as of an instant."""
    from socialcollab.organization import (
        dangling_rules,
        routing_findings,
        rules_matching_nothing,
        shared_accounts,
        step_warnings,
    )
    from socialcollab.styleguide import wrong_examples

    return [
        *(
            str(warning)
            for warning in (
                *rules_matching_nothing(organization),
                *dangling_rules(organization, at),
                *shared_accounts(organization),
                *step_warnings(organization, at),
            )
        ),
        *(
            finding.text()
            for finding in routing_findings(organization, at)
            # A rule that matches no profile is already reported, with a suggestion.
            if finding.keys != ("on",)
        ),
        *map(str, wrong_examples(organization.guide)),
    ]
