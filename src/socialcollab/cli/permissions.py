"""The commands about permissions in a document or a desk, such as who, can and coverage."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from socialcollab.cli.inputs import (
    add_source,
    as_of,
    check_known,
    instant,
    is_desk,
    load,
    load_named,
    open_desk,
    zone_of,
)
from socialcollab.cli.output import FOUND, OK, Output
from socialcollab.errors import InvalidValueError

if TYPE_CHECKING:
    from socialcollab.organization import Organization
    from socialcollab.permissions import Shift


def add_commands(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands to the parser; *command* is a function that adds one command."""
    who = command("who", _who, "list the members who have a permission on a resource")
    add_source(who)
    who.add_argument("permission", help="a permission, such as publish")
    who.add_argument("resource", help="a profile, a workspace, or * for all resources")
    _at(who)

    can = command("can", _can, "show whether a member has a permission on a resource, and why")
    add_source(can)
    can.add_argument("member", help="a member's id")
    can.add_argument("permission", help="a permission, such as publish")
    can.add_argument("resource", help="a profile, a workspace, or * for all resources")
    can.add_argument(
        "--language", default="en", choices=("en", "nl"), help="language of the reasons"
    )
    _at(can)

    permissions = command(
        "permissions", _permissions, "show every member's permissions on every profile"
    )
    add_source(permissions)
    permissions.add_argument(
        "--workspace", action="append", default=[], help="only this workspace; can be repeated"
    )
    permissions.add_argument(
        "--member", help="only this member, with the reasons and whom to ask for more"
    )
    permissions.add_argument("--html", help="write an HTML page to this file")
    permissions.add_argument(
        "--language", default="en", choices=("en", "nl"), help="language of the page"
    )
    _at(permissions)

    coverage = command(
        "coverage",
        _coverage,
        "show the permissions and approval steps that absences would leave without a member",
    )
    add_source(coverage)
    away = coverage.add_mutually_exclusive_group()
    away.add_argument(
        "--absent", type=int, default=1, help="the number of absent members (default 1)"
    )
    away.add_argument(
        "--without",
        action="append",
        default=[],
        help="assume that this member is absent instead; can be repeated",
    )
    _from_until(coverage)

    rotations = command(
        "rotations", _rotations, "show who is on duty, and the times when no one is on duty"
    )
    add_source(rotations)
    rotations.add_argument("--rotation", help="only this rotation")
    _from_until(rotations)
    offboarding = command(
        "offboarding",
        _offboarding,
        "show what depends on a member, and who could take over",
    )
    add_source(offboarding)
    offboarding.add_argument("member", help="a member's id")
    offboarding.add_argument(
        "--language", default="en", choices=("en", "nl"), help="language of the output"
    )

    compare = command(
        "compare", _compare, "show the permissions and policies that differ between two documents"
    )
    compare.add_argument("before", help="the current document, or the desk's SQLite file")
    compare.add_argument("after", help="the new document, or the desk's SQLite file")
    compare.add_argument("--id", default="", help="the organization, if a file contains several")
    compare.add_argument("--all", action="store_true", help="include permissions that have ended")
    _at(compare)


def _permissions(args: argparse.Namespace, output: Output) -> int:
    organization, at = as_of(args.source, args.id, args.at)
    for name in args.workspace:
        check_known(organization, "workspace", name)
    if args.member:
        if args.html:
            raise InvalidValueError("--html cannot be combined with --member; omit one of them")
        return _permissions_of_member(organization, args, output, at)
    if args.html:
        from socialcollab.pages import page, permissions_table, words
        from socialcollab.time import local_time

        labels = words(args.language)
        zone = str(organization.settings.timezone)
        text = page(
            labels["permissions.title"].format(name=organization.settings.name or organization.id),
            permissions_table(
                organization, at=at, language=args.language, workspaces=args.workspace
            ),
            language=args.language,
            lede=labels["permissions.lede"].format(
                at=f"{local_time(at, zone):%Y-%m-%d %H:%M} {zone}"
            ),
        )
        Path(args.html).write_text(text, encoding="utf-8")
        output.note(f"wrote {args.html}")
    access = organization.access
    cells = [
        (member.id, profile.id, access.permissions_of(member.id, profile.id, at=at))
        for member in organization.members
        for profile in organization.profiles
        if not args.workspace or profile.workspace in args.workspace
    ]
    output.result(
        [
            {"member": member, "profile": profile, "permissions": list(permissions)}
            for member, profile, permissions in cells
        ],
        [
            f"{member:<20} {profile:<22} {', '.join(permissions)}"
            for member, profile, permissions in cells
            if permissions
        ]
        or ["no member has any permission"],
    )
    return OK


def _permissions_of_member(
    organization: Organization, args: argparse.Namespace, output: Output, at: dt.datetime
) -> int:
    import attrs

    from socialcollab.permissions import effective_permissions

    check_known(organization, "member", args.member)
    effective = effective_permissions(organization.access, args.member, at=at)
    workspace_of = organization.access.bindings.scope.workspace_of
    entries = [
        entry
        for entry in effective.resources
        if not args.workspace or workspace_of(entry.resource) in args.workspace
    ]
    output.result(
        [
            {
                "resource": entry.resource,
                "ask": entry.ask,
                "held": [
                    {
                        "permissions": list(held.permissions),
                        "reasons": [reason.text(args.language) for reason in held.reasons],
                    }
                    for held in entry.held
                ],
            }
            for entry in entries
        ],
        attrs.evolve(effective, resources=tuple(entries)).text(args.language).splitlines(),
    )
    return OK if entries else FOUND


def _from_until(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--start", help="start at this day, time or instant (ISO 8601; default now)"
    )
    end = parser.add_mutually_exclusive_group()
    end.add_argument("--end", help="end before this day, time or instant")
    end.add_argument("--days", type=int, default=30, help="the number of days (default 30)")


def _coverage(args: argparse.Namespace, output: Output) -> int:
    organization, start, end = _span(args)
    for name in args.without:
        check_known(organization, "member", name)
    if args.absent < 1:
        raise InvalidValueError(f"--absent `{args.absent}` is too few; write 1 or more")
    coverage = organization.coverage(
        start=start, end=end, absent=args.absent, without=args.without or None
    )
    output.result(
        {
            "survives": coverage.survives,
            "losses": [
                {
                    "absent": list(loss.absent),
                    "permissions": list(loss.lost),
                    "resources": list(loss.resources),
                    "start": loss.start.isoformat(),
                    "end": loss.end.isoformat(),
                }
                for loss in coverage.losses
            ],
        },
        # With --without, the report covers the absence of specific members instead of a number of
        # absences.
        [*str(coverage).splitlines(), *([] if args.without else [_survival(coverage.survives)])],
    )
    return FOUND if coverage.losses else OK


def _span(args: argparse.Namespace) -> tuple[Organization, dt.datetime, dt.datetime]:
    organization, start = as_of(args.source, args.id, args.start)
    if args.end:
        end = instant(args.end, zone_of(organization))
        if end <= start:
            raise InvalidValueError(
                f"--end `{args.end}` is not after the start, `{args.start or 'now'}`;"
                " write a later day or time"
            )
        return organization, start, end
    if args.days < 1:
        raise InvalidValueError(f"--days `{args.days}` is too few; write 1 or more")
    return organization, start, start + dt.timedelta(days=args.days)


def _rotations(args: argparse.Namespace, output: Output) -> int:
    organization, start, end = _span(args)
    if args.rotation:
        check_known(organization, "rotation", args.rotation)
    wanted = [args.rotation] if args.rotation else list(organization.access.rotation_ids)
    shifts = [shift for rotation in wanted for shift in _shifts(organization, rotation, start, end)]
    gaps = [gap for gap in organization.gaps(start=start, end=end) if gap.rotation in wanted]
    output.result(
        {
            "shifts": [
                {
                    "rotation": rotation,
                    "member": shift.member,
                    "resources": list(resources),
                    "zone": zone,
                    "start": shift.start.isoformat(),
                    "end": shift.end.isoformat() if shift.end else None,
                }
                for rotation, zone, resources, shift in shifts
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
                for gap in gaps
            ],
        },
        [
            *(_shift_line(organization, *shift) for shift in shifts),
            *map(str, gaps),
            *(["there are no rotations"] if not wanted else []),
        ],
    )
    return FOUND if gaps else OK


def _shifts(
    organization: Organization, rotation: str, start: dt.datetime, end: dt.datetime
) -> Iterator[tuple[str, str, tuple[str, ...], Shift]]:
    """Yield a rotation's shifts for each time zone, with the profiles in that zone."""
    binding = organization.access.rotation_binding(rotation)
    profiles = binding.resources & organization.profiles_by_id.keys()
    by_zone: dict[str, list[str]] = {}
    for resource in sorted(profiles or binding.resources):
        by_zone.setdefault(binding.zone_of(resource), []).append(resource)
    for zone, resources in sorted(by_zone.items()):
        for shift in organization.access.shifts(rotation, resources[0], start=start, end=end):
            yield rotation, zone, tuple(resources), shift


def _shift_line(
    organization: Organization, rotation: str, zone: str, resources: tuple[str, ...], shift: Shift
) -> str:
    from socialcollab.time import local_time

    first = local_time(shift.start, zone)
    until = "" if shift.end is None else f" until {local_time(shift.end, zone):%Y-%m-%d %H:%M}"
    return (
        f"{rotation:<20} {shift.member:<16} from {first:%Y-%m-%d %H:%M}{until} {zone}"
        f" on {', '.join(organization.access.bindings.scope.in_short(resources))}"
    )


def _offboarding(args: argparse.Namespace, output: Output) -> int:
    from socialcollab.organization import offboarding_items

    if is_desk(args.source):
        with open_desk(args.source, args.id) as desk:
            check_known(desk.organization, "member", args.member)
            items = desk.offboarding_plan(args.member).items
    else:
        organization = load(args.source)
        check_known(organization, "member", args.member)
        items = offboarding_items(organization, args.member, at=dt.datetime.now(dt.UTC))
    output.result(
        [
            {
                "place": item.place,
                "section": item.section,
                "name": item.name,
                "needs_successor": item.needs_successor,
                "successor": item.successor,
                "consequence": item.consequence.text(args.language),
            }
            for item in items
        ],
        [f"{'! ' if item.needs_successor else ''}{item.text(args.language)}" for item in items]
        or [f"nothing depends on {args.member}"],
    )
    return FOUND if any(item.needs_successor for item in items) else OK


def _survival(count: int | None) -> str:
    if count is None:
        return "no member has any permission"
    if count == 0:
        return "a permission or an approval step depends on a single member"
    members = "one member" if count == 1 else f"{count} members"
    return f"every permission and approval step survives the absence of any {members}"


def _at(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--at", help="evaluate permissions as of this time or instant (ISO 8601; default now)"
    )


def _who(args: argparse.Namespace, output: Output) -> int:
    organization, at = as_of(args.source, args.id, args.at, args.resource)
    access = organization.access
    # `members` accepts any name. This call raises an error if the permission or the resource does
    # not exist.
    access.allows("", args.permission, args.resource, at=at)
    holders = []
    for member in access.members(args.permission, args.resource, at=at):
        verdict = access.check(member, args.permission, args.resource, at=at)
        reasons = "; ".join(reason.text() for reason in verdict.reasons)
        absences = (
            absence.end
            for absence in access.all_absences
            if absence.member == member and absence.covers(at)
        )
        holders.append((member, reasons, next(absences, None)))
    steps = _steps(organization, args.resource, at) if args.permission == "approve" else None
    output.result(
        [
            {
                "member": member,
                "reasons": reasons,
                "absent_until": end and end.isoformat(),
                **({} if steps is None else {"steps": steps.get(member, [])}),
            }
            for member, reasons, end in holders
        ],
        [
            f"{member}: {reasons}"
            + (f" (absent until {end})" if end else "")
            + ("" if steps is None else f"; {_can_decide(steps.get(member, []))}")
            for member, reasons, end in holders
        ]
        or [f"no member has `{args.permission}` on {args.resource}"],
    )
    return OK if holders else FOUND


def _steps(organization: Organization, resource: str, at: dt.datetime) -> dict[str, list[str]]:
    """Return the approval steps on a resource on which each member can decide."""
    from socialcollab.organization import step_reviewers

    steps: dict[str, set[str]] = {}
    for profile in organization.profiles:
        if resource in ("*", profile.workspace, profile.id):
            for step, members in step_reviewers(organization, profile.id, at).items():
                for member in members:
                    steps.setdefault(member, set()).add(step)
    return {member: sorted(names) for member, names in steps.items()}


def _can_decide(steps: list[str]) -> str:
    if not steps:
        return "not a reviewer of any approval step"
    return f"can decide on {', '.join(f'step `{step}`' for step in steps)}"


def _can(args: argparse.Namespace, output: Output) -> int:
    organization, at = as_of(args.source, args.id, args.at, args.resource)
    check_known(organization, "member", args.member)
    verdict = organization.access.check(args.member, args.permission, args.resource, at=at)
    language = args.language
    output.result(
        {
            "allowed": verdict.allowed,
            "reasons": [
                {"code": reason.code, "text": reason.text(language), **dict(reason.params)}
                for reason in verdict.reasons
            ],
            "remedies": [
                {
                    "code": remedy.code,
                    "text": remedy.text(language),
                    "by": list(remedy.by),
                    "ask": remedy.ask,
                    "also": [{"code": other.code, **dict(other.params)} for other in remedy.also],
                    **dict(remedy.params),
                }
                for remedy in verdict.remedies
            ],
            "near_misses": [
                {"code": reason.code, "text": reason.text(language), **dict(reason.params)}
                for reason in verdict.near_misses
            ],
        },
        [verdict.explain(language)],
    )
    return OK if verdict else FOUND


def _compare(args: argparse.Namespace, output: Output) -> int:
    from socialcollab.organization import policy_changes
    from socialcollab.permissions import compare

    before, after = load_named(args.before, args.id), load_named(args.after, args.id)
    at = None if args.all else instant(args.at, zone_of(after))
    comparison = compare(before.access, after.access, at=at)
    policies = policy_changes(before, after)
    output.result(
        {
            "permissions": [
                {
                    "kind": change.kind,
                    "member": change.member,
                    "granted": list(change.granted),
                    "permissions": list(change.permissions),
                    "places": list(change.resources),
                    "resources": list(change.resources_in_short),
                    "start": change.start.isoformat() if change.start else None,
                    "end": change.end.isoformat() if change.end else None,
                    "rules": list(change.rules),
                }
                for change in comparison.changes
            ],
            "policies": [
                {
                    "kind": change.kind,
                    "section": change.section,
                    "name": change.name,
                    "resources": list(change.resources),
                    "details": list(change.details),
                }
                for change in policies
            ],
        },
        [
            *str(comparison).splitlines(),
            *(line for change in policies for line in (str(change), *_indented(change.details))),
            *([] if policies else ["no policy changes"]),
        ],
    )
    return OK


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)
