"""Commands on who may do what: by a document, before it is anywhere in force."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from socialcollab.cli.given import as_of, instant, is_desk, load, load_named, open_desk, zone_of
from socialcollab.cli.out import FINE, FOUND, Out
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.organization import Organization
from socialcollab.permissions import Shift
from socialcollab.time import local_time


def add_commands(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands to the parser; *command* adds one."""
    who = command("who", _who, "list who may do something somewhere")
    _source(who)
    who.add_argument("permission", help="such as publish")
    who.add_argument("resource", help="a profile, a workspace, or * for everywhere")
    _at(who)

    can = command("can", _can, "say whether somebody may do something somewhere, and why")
    _source(can)
    can.add_argument("member", help="a member's id")
    can.add_argument("permission", help="such as publish")
    can.add_argument("resource", help="a profile, a workspace, or * for everywhere")
    can.add_argument("--language", default="en", choices=("en", "nl"), help="of the reasons")
    _at(can)

    permissions = command("permissions", _permissions, "show who may do what, members by profiles")
    _source(permissions)
    permissions.add_argument(
        "--workspace", action="append", default=[], help="this workspace alone; may be repeated"
    )
    permissions.add_argument(
        "--member", help="this member's own page: what, why, and whom to ask for more"
    )
    permissions.add_argument("--html", help="write a page to this file")
    permissions.add_argument("--language", default="en", choices=("en", "nl"), help="of the page")
    _at(permissions)

    coverage = command("coverage", _coverage, "say what nobody could do if people were away")
    _source(coverage)
    away = coverage.add_mutually_exclusive_group()
    away.add_argument("--absent", type=int, default=1, help="how many are away; default 1")
    away.add_argument(
        "--without", action="append", default=[], help="this member instead; may be repeated"
    )
    _from_until(coverage)

    rotations = command("rotations", _rotations, "say who is on duty when, and when nobody is")
    _source(rotations)
    rotations.add_argument("--rotation", help="this rotation alone")
    _from_until(rotations)
    offboarding = command(
        "offboarding",
        _offboarding,
        "show what hangs on somebody who leaves, and who could take over",
    )
    _source(offboarding)
    offboarding.add_argument("member", help="a member's id")
    offboarding.add_argument("--language", default="en", choices=("en", "nl"), help="of the answer")

    compare = command(
        "compare", _compare, "say who gains and who loses what from one document to another"
    )
    compare.add_argument("before", help="the document as it is")
    compare.add_argument("after", help="the document as it is to be")
    compare.add_argument("--all", action="store_true", help="rights that are over by now, too")
    _at(compare)


def _permissions(given: argparse.Namespace, out: Out) -> int:
    organization, at = as_of(given.source, given.id, given.at)
    for name in given.workspace:
        if name not in organization.workspaces_by_id:
            raise NotFoundError(
                "workspace", name, suggestion=organization.did_you_mean("workspace", name)
            )
    if given.member:
        return _permissions_of_one(organization, given, out, at)
    if given.html:
        from socialcollab.pages import page, permissions_table, words

        labels = words(given.language)
        zone = str(organization.settings.timezone)
        text = page(
            labels["permissions.title"].format(name=organization.settings.name or organization.id),
            permissions_table(
                organization, at=at, language=given.language, workspaces=given.workspace
            ),
            language=given.language,
            lede=labels["permissions.lede"].format(
                at=f"{local_time(at, zone):%Y-%m-%d %H:%M} {zone}"
            ),
        )
        Path(given.html).write_text(text, encoding="utf-8")
    access = organization.access
    found = [
        (member.id, profile.id, access.permissions_of(member.id, profile.id, at=at))
        for member in organization.members
        for profile in organization.profiles
        if not given.workspace or profile.workspace in given.workspace
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


def _refuse_unknown(organization: Organization, member: str) -> None:
    if organization.access.member(member) is None:
        raise NotFoundError(
            "member", member, suggestion=organization.did_you_mean("member", member)
        )


def _permissions_of_one(
    organization: Organization, given: argparse.Namespace, out: Out, at: dt.datetime
) -> int:
    from socialcollab.permissions import effective_permissions

    _refuse_unknown(organization, given.member)
    found = effective_permissions(organization.access, given.member, at=at)
    around = organization.access.bindings.scope.workspace_of
    places = [
        one
        for one in found.resources
        if not given.workspace or around(one.resource) in given.workspace
    ]
    out.answer(
        [
            {
                "resource": one.resource,
                "ask": one.ask,
                "held": [
                    {
                        "permissions": list(held.permissions),
                        "reasons": [reason.text(given.language) for reason in held.reasons],
                    }
                    for held in one.held
                ],
            }
            for one in places
        ],
        attrs.evolve(found, resources=tuple(places)).text(given.language).splitlines(),
    )
    return FINE if places else FOUND


def _from_until(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--start", help="from this day, time or instant on (ISO 8601; default now)")
    end = parser.add_mutually_exclusive_group()
    end.add_argument("--end", help="until this day, time or instant")
    end.add_argument("--days", type=int, default=30, help="for so many days; default 30")


def _coverage(given: argparse.Namespace, out: Out) -> int:
    organization, start, end = _span(given)
    found = organization.coverage(
        start=start, end=end, absent=given.absent, without=given.without or None
    )
    out.answer(
        {
            "survives": found.survives,
            "losses": [
                {
                    "absent": list(one.absent),
                    "lost": list(one.lost),
                    "resources": list(one.resources),
                    "start": one.start.isoformat(),
                    "end": one.end.isoformat(),
                }
                for one in found.losses
            ],
        },
        # How many absences are survived is no answer about these people.
        [*str(found).splitlines(), *([] if given.without else [_survival(found.survives)])],
    )
    return FOUND if found.losses else FINE


def _span(given: argparse.Namespace) -> tuple[Organization, dt.datetime, dt.datetime]:
    organization, start = as_of(given.source, given.id, given.start)
    if given.end:
        end = instant(given.end, zone_of(organization))
        if end <= start:
            raise InvalidValueError(
                f"--end `{given.end}` is not after the start, `{given.start or 'now'}`;"
                " write a later day or time"
            )
        return organization, start, end
    if given.days < 1:
        raise InvalidValueError(f"--days `{given.days}` is no number of days from 1 on")
    return organization, start, start + dt.timedelta(days=given.days)


def _rotations(given: argparse.Namespace, out: Out) -> int:
    organization, start, end = _span(given)
    if given.rotation and given.rotation not in organization.rotations_by_id:
        raise NotFoundError(
            "rotation",
            given.rotation,
            suggestion=organization.did_you_mean("rotation", given.rotation),
        )
    wanted = [given.rotation] if given.rotation else list(organization.access.rotation_ids)
    shifts = [one for rotation in wanted for one in _shifts(organization, rotation, start, end)]
    found = [gap for gap in organization.gaps(start=start, end=end) if gap.rotation in wanted]
    out.answer(
        {
            "shifts": [
                {
                    "rotation": rotation,
                    "member": shift.member,
                    "resources": list(where),
                    "zone": zone,
                    "start": shift.start.isoformat(),
                    "end": shift.end.isoformat() if shift.end else None,
                }
                for rotation, zone, where, shift in shifts
            ],
            "gaps": [
                {
                    "rotation": gap.rotation,
                    "kind": gap.kind,
                    "member": gap.member or None,
                    "permissions": list(gap.permissions),
                    "resources": list(gap.resources),
                    "start": gap.start.isoformat(),
                    "end": gap.end.isoformat(),
                }
                for gap in found
            ],
        },
        [
            *(_shift_line(organization, *one) for one in shifts),
            *map(str, found),
            *([] if shifts or found else ["there is no duty"] if not wanted else []),
        ],
    )
    return FOUND if found else FINE


def _shifts(
    organization: Organization, rotation: str, start: dt.datetime, end: dt.datetime
) -> Iterator[tuple[str, str, tuple[str, ...], Shift]]:
    """Yield a duty's turns, once for each zone in which they fall, with its profiles there."""
    line = organization.access.rotation_binding(rotation)
    places: dict[str, list[str]] = {}
    for where in sorted(line.resources & organization.profiles_by_id.keys() or line.resources):
        places.setdefault(line.zone_of(where), []).append(where)
    for zone, where_all in sorted(places.items()):
        for shift in organization.access.shifts(rotation, where_all[0], start=start, end=end):
            yield rotation, zone, tuple(where_all), shift


def _shift_line(
    organization: Organization, rotation: str, zone: str, where: tuple[str, ...], shift: Shift
) -> str:
    first = local_time(shift.start, zone)
    until = "" if shift.end is None else f" until {local_time(shift.end, zone):%Y-%m-%d %H:%M}"
    return (
        f"{rotation:<20} {shift.member:<16} from {first:%Y-%m-%d %H:%M}{until} {zone}"
        f" on {', '.join(organization.access.bindings.scope.in_short(where))}"
    )


def _offboarding(given: argparse.Namespace, out: Out) -> int:
    from socialcollab.organization import offboarding_items

    if is_desk(given.source):
        with open_desk(given.source, given.id) as desk:
            things = desk.offboarding_plan(given.member).items
    else:
        things = offboarding_items(load(given.source), given.member, at=dt.datetime.now(dt.UTC))
    out.answer(
        [
            {
                "place": one.place,
                "section": one.section,
                "name": one.name,
                "needs_successor": one.needs_successor,
                "heir": one.successor,
                "consequence": one.consequence.text(given.language),
            }
            for one in things
        ],
        [f"{'! ' if one.needs_successor else ''}{one.text(given.language)}" for one in things]
        or [f"nothing hangs on {given.member}"],
    )
    return FOUND if any(one.needs_successor for one in things) else FINE


def _survival(count: int | None) -> str:
    if count is None:
        return "nobody may do anything"
    if count == 0:
        return "some permission is lost when the one person who has it is away"
    people = "one person" if count == 1 else f"{count} people"
    return f"every permission survives the absence of any {people}"


def _source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", help="the document, or the desk's SQLite file")
    parser.add_argument("--id", default="", help="the organization, if the file holds several")


def _at(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--at", help="at this time or instant (ISO 8601; default now)")


def _who(given: argparse.Namespace, out: Out) -> int:
    organization, at = as_of(given.source, given.id, given.at, given.resource)
    access = organization.access
    found = []
    # Asked first, so that a permission or a place that does not exist is said even of nobody.
    access.allows("", given.permission, given.resource, at=at)
    for member in access.members(given.permission, given.resource, at=at):
        verdict = access.check(member, given.permission, given.resource, at=at)
        back = next(
            (one.end for one in access.all_absences if one.member == member and one.covers(at)),
            None,
        )
        found.append((member, "; ".join(reason.text() for reason in verdict.reasons), back))
    out.answer(
        [
            {"member": member, "reasons": why, "away_until": back and back.isoformat()}
            for member, why, back in found
        ],
        [
            f"{member}: {why}" + (f" (away until {back})" if back else "")
            for member, why, back in found
        ]
        or [f"nobody may {given.permission} on {given.resource}"],
    )
    return FINE if found else FOUND


def _can(given: argparse.Namespace, out: Out) -> int:
    organization, at = as_of(given.source, given.id, given.at, given.resource)
    _refuse_unknown(organization, given.member)
    verdict = organization.access.check(given.member, given.permission, given.resource, at=at)
    out.answer(
        {
            "allowed": verdict.allowed,
            "reasons": [
                {"code": one.code, "text": one.text(given.language), **dict(one.params)}
                for one in verdict.reasons
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
                for one in verdict.remedies
            ],
            "nearly": [
                {"code": one.code, "text": one.text(given.language), **dict(one.params)}
                for one in verdict.near_misses
            ],
        },
        [verdict.explain(given.language)],
    )
    return FINE if verdict else FOUND


def _compare(given: argparse.Namespace, out: Out) -> int:
    from socialcollab.permissions import compare

    before, after = load_named(given.before), load_named(given.after)
    at = None if given.all else instant(given.at, zone_of(after))
    found = compare(before.access, after.access, at=at)
    out.answer(
        [
            {
                "kind": one.kind,
                "member": one.member,
                "granted": list(one.granted),
                "permissions": list(one.permissions),
                "places": list(one.resources),
                "resources": list(one.resources_in_short),
                "start": one.start.isoformat() if one.start else None,
                "end": one.end.isoformat() if one.end else None,
                "reasons": list(one.rules),
            }
            for one in found.changes
        ],
        str(found).splitlines(),
    )
    return FINE
