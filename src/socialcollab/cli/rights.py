"""Commands on who may do what: by a document, before it is anywhere in force."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable
from pathlib import Path

from socialcollab.cli.given import instant, load
from socialcollab.cli.out import FINE, FOUND, Out
from socialcollab.errors import NotFoundError

__all__ = ["add_commands"]


def add_commands(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands to the parser; *command* adds one."""
    who = command("who", _who, "list who may do something somewhere")
    who.add_argument("document", help="the document, such as agency.toml")
    who.add_argument("permission", help="such as publish")
    who.add_argument("where", help="a profile, a workspace, or * for everywhere")
    _at(who)

    can = command("can", _can, "say whether somebody may do something somewhere, and why")
    can.add_argument("document", help="the document, such as agency.toml")
    can.add_argument("member", help="a member's id")
    can.add_argument("permission", help="such as publish")
    can.add_argument("where", help="a profile, a workspace, or * for everywhere")
    can.add_argument("--language", default="en", choices=("en", "nl"), help="of the reasons")
    _at(can)

    rights = command("rights", _rights, "show who may do what, members by profiles")
    rights.add_argument("document", help="the document, such as agency.toml")
    rights.add_argument("--html", help="write a page to this file")
    rights.add_argument("--language", default="en", choices=("en", "nl"), help="of the page")
    _at(rights)

    coverage = command("coverage", _coverage, "say what nobody could do if people were away")
    coverage.add_argument("document", help="the document, such as agency.toml")
    coverage.add_argument("--absent", type=int, default=1, help="how many are away; default 1")
    coverage.add_argument(
        "--without", action="append", default=[], help="this member instead; may be repeated"
    )
    coverage.add_argument("--start", help="from this instant on (ISO 8601; default now)")
    coverage.add_argument("--end", help="until this instant")
    coverage.add_argument("--days", type=int, default=30, help="for so many days; default 30")

    compare = command(
        "compare", _compare, "say who gains and who loses what from one document to another"
    )
    compare.add_argument("before", help="the document as it is")
    compare.add_argument("after", help="the document as it is to be")
    compare.add_argument("--all", action="store_true", help="rights that are over by now, too")
    _at(compare)


def _rights(given: argparse.Namespace, out: Out) -> int:
    at = instant(given.at)
    organization = load(given.document)
    if given.html:
        from socialcollab.pages import page
        from socialcollab.pages.words import words
        from socialcollab.time import local_time

        said = words(given.language)
        zone = str(organization.settings.timezone)
        text = page(
            said["rights.title"].format(name=organization.settings.name or organization.id),
            organization.rights(at=at, language=given.language),
            language=given.language,
            lede=said["rights.lede"].format(at=f"{local_time(at, zone):%Y-%m-%d %H:%M} {zone}"),
        )
        Path(given.html).write_text(text, encoding="utf-8")
    access = organization.access
    found = [
        (member.id, profile.id, access.permissions_of(member.id, profile.id, at=at))
        for member in organization.members
        for profile in organization.profiles
    ]
    out.answer(
        [
            {"member": member, "profile": profile, "permissions": list(may)}
            for member, profile, may in found
        ],
        [f"{member:<20} {profile:<22} {', '.join(may)}" for member, profile, may in found if may]
        or ["nobody may do anything"],
    )
    return FINE


def _coverage(given: argparse.Namespace, out: Out) -> int:
    start = instant(given.start)
    end = instant(given.end) if given.end else start + dt.timedelta(days=given.days)
    found = load(given.document).coverage(
        start=start, end=end, absent=given.absent, without=given.without or None
    )
    out.answer(
        {
            "survives": found.survives,
            "losses": [
                {
                    "absent": list(one.absent),
                    "what": list(one.what),
                    "where": list(one.where),
                    "start": one.start.isoformat(),
                    "end": one.end.isoformat(),
                }
                for one in found.losses
            ],
        },
        [*str(found).splitlines(), _survival(found.survives)],
    )
    return FOUND if found.losses else FINE


def _survival(count: int | None) -> str:
    if count is None:
        return "nobody may do anything"
    if count == 0:
        return "some permission is lost when the one person who has it is away"
    people = "one person" if count == 1 else f"{count} people"
    return f"every permission survives the absence of any {people}"


def _at(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--at", help="at this instant (ISO 8601; default now)")


def _who(given: argparse.Namespace, out: Out) -> int:
    at = instant(given.at)
    access = load(given.document).access
    found = []
    # Asked first, so that a permission or a place that does not exist is said even of nobody.
    access.allows("", given.permission, given.where, at=at)
    for member in access.members(given.permission, given.where, at=at):
        verdict = access.check(member, given.permission, given.where, at=at)
        found.append((member, "; ".join(reason.text() for reason in verdict.because)))
    out.answer(
        [{"member": member, "because": why} for member, why in found],
        [f"{member}: {why}" for member, why in found]
        or [f"nobody may {given.permission} on {given.where}"],
    )
    return FINE if found else FOUND


def _can(given: argparse.Namespace, out: Out) -> int:
    at = instant(given.at)
    organization = load(given.document)
    if organization.access.member(given.member) is None:
        raise NotFoundError(
            "member", given.member, suggestion=organization.did_you_mean("member", given.member)
        )
    verdict = organization.access.check(given.member, given.permission, given.where, at=at)
    out.answer(
        {
            "allowed": verdict.allowed,
            "because": [
                {"code": one.code, "text": one.text(given.language), **dict(one.params)}
                for one in verdict.because
            ],
            "missing": [
                {
                    "code": one.code,
                    "text": one.text(given.language),
                    "by": list(one.by),
                    "ask": one.ask,
                    "also": [{"code": other.code, **dict(other.params)} for other in one.also],
                    **dict(one.params),
                }
                for one in verdict.missing
            ],
            "nearly": [
                {"code": one.code, "text": one.text(given.language), **dict(one.params)}
                for one in verdict.nearly
            ],
        },
        [verdict.explain(given.language)],
    )
    return FINE if verdict else FOUND


def _compare(given: argparse.Namespace, out: Out) -> int:
    from socialcollab.permissions import compare

    at = None if given.all else instant(given.at)
    found = compare(load(given.before).access, load(given.after).access, at=at)
    out.answer(
        [
            {
                "kind": one.kind,
                "member": one.member,
                "gives": list(one.gives),
                "permissions": list(one.permissions),
                "places": list(one.places),
                "where": list(one.where),
                "start": one.start.isoformat() if one.start else None,
                "end": one.end.isoformat() if one.end else None,
                "because": list(one.because),
            }
            for one in found.changes
        ],
        str(found).splitlines(),
    )
    return FINE
