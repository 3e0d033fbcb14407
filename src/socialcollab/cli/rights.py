"""Commands on who may do what: by a document, before it is anywhere in force."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from socialcollab.cli.given import in_force, instant, is_desk, load, load_named, open_desk, zone_of
from socialcollab.cli.out import FINE, FOUND, Out
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.organization import Organization
from socialcollab.permissions import Turn
from socialcollab.time import local_time

__all__ = ["add_commands"]


def add_commands(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands to the parser; *command* adds one."""
    who = command("who", _who, "list who may do something somewhere")
    _source(who)
    who.add_argument("permission", help="such as publish")
    who.add_argument("where", help="a profile, a workspace, or * for everywhere")
    _at(who)

    can = command("can", _can, "say whether somebody may do something somewhere, and why")
    _source(can)
    can.add_argument("member", help="a member's id")
    can.add_argument("permission", help="such as publish")
    can.add_argument("where", help="a profile, a workspace, or * for everywhere")
    can.add_argument("--language", default="en", choices=("en", "nl"), help="of the reasons")
    _at(can)

    rights = command("rights", _rights, "show who may do what, members by profiles")
    _source(rights)
    rights.add_argument(
        "--workspace", action="append", default=[], help="this workspace alone; may be repeated"
    )
    rights.add_argument(
        "--member", help="this member's own page: what, why, and whom to ask for more"
    )
    rights.add_argument("--html", help="write a page to this file")
    rights.add_argument("--language", default="en", choices=("en", "nl"), help="of the page")
    _at(rights)

    coverage = command("coverage", _coverage, "say what nobody could do if people were away")
    _source(coverage)
    away = coverage.add_mutually_exclusive_group()
    away.add_argument("--absent", type=int, default=1, help="how many are away; default 1")
    away.add_argument(
        "--without", action="append", default=[], help="this member instead; may be repeated"
    )
    _from_until(coverage)

    duties = command("duties", _duties, "say who is on duty when, and when nobody is")
    _source(duties)
    duties.add_argument("--duty", help="this duty alone")
    _from_until(duties)
    departure = command(
        "departure", _departure, "show what hangs on somebody who leaves, and who could take over"
    )
    _source(departure)
    departure.add_argument("member", help="a member's id")
    departure.add_argument("--language", default="en", choices=("en", "nl"), help="of the answer")

    compare = command(
        "compare", _compare, "say who gains and who loses what from one document to another"
    )
    compare.add_argument("before", help="the document as it is")
    compare.add_argument("after", help="the document as it is to be")
    compare.add_argument("--all", action="store_true", help="rights that are over by now, too")
    _at(compare)


def _rights(given: argparse.Namespace, out: Out) -> int:
    organization, at = in_force(given.source, given.id, given.at)
    for name in given.workspace:
        if name not in organization.workspaces_by_id:
            raise NotFoundError(
                "workspace", name, suggestion=organization.did_you_mean("workspace", name)
            )
    if given.member:
        return _rights_of_one(organization, given, out, at)
    if given.html:
        from socialcollab.pages import page
        from socialcollab.pages.words import words

        said = words(given.language)
        zone = str(organization.settings.timezone)
        text = page(
            said["rights.title"].format(name=organization.settings.name or organization.id),
            organization.rights(at=at, language=given.language, workspaces=given.workspace),
            language=given.language,
            lede=said["rights.lede"].format(at=f"{local_time(at, zone):%Y-%m-%d %H:%M} {zone}"),
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


def _rights_of_one(
    organization: Organization, given: argparse.Namespace, out: Out, at: dt.datetime
) -> int:
    from socialcollab.permissions import rights_of

    _refuse_unknown(organization, given.member)
    found = rights_of(organization.access, given.member, at=at)
    around = organization.access.rulebook.scope.workspace_of
    places = [
        one for one in found.places if not given.workspace or around(one.where) in given.workspace
    ]
    out.answer(
        [
            {
                "where": one.where,
                "ask": one.ask,
                "held": [
                    {
                        "permissions": list(held.permissions),
                        "because": [reason.text(given.language) for reason in held.because],
                    }
                    for held in one.held
                ],
            }
            for one in places
        ],
        attrs.evolve(found, places=tuple(places)).text(given.language).splitlines(),
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
                    "what": list(one.what),
                    "where": list(one.where),
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
    organization, start = in_force(given.source, given.id, given.start)
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


def _duties(given: argparse.Namespace, out: Out) -> int:
    organization, start, end = _span(given)
    if given.duty and given.duty not in organization.duties_by_id:
        raise NotFoundError(
            "duty", given.duty, suggestion=organization.did_you_mean("duty", given.duty)
        )
    wanted = [given.duty] if given.duty else list(organization.access.duty_ids)
    turns = [one for duty in wanted for one in _turns(organization, duty, start, end)]
    found = [gap for gap in organization.gaps(start=start, end=end) if gap.duty in wanted]
    out.answer(
        {
            "turns": [
                {
                    "duty": duty,
                    "member": turn.member,
                    "where": list(where),
                    "zone": zone,
                    "start": turn.start.isoformat(),
                    "end": turn.end.isoformat() if turn.end else None,
                }
                for duty, zone, where, turn in turns
            ],
            "gaps": [
                {
                    "duty": gap.duty,
                    "kind": gap.kind,
                    "member": gap.member or None,
                    "permissions": list(gap.permissions),
                    "where": list(gap.where),
                    "start": gap.start.isoformat(),
                    "end": gap.end.isoformat(),
                }
                for gap in found
            ],
        },
        [
            *(_turn_line(organization, *one) for one in turns),
            *map(str, found),
            *([] if turns or found else ["there is no duty"] if not wanted else []),
        ],
    )
    return FOUND if found else FINE


def _turns(
    organization: Organization, duty: str, start: dt.datetime, end: dt.datetime
) -> Iterator[tuple[str, str, tuple[str, ...], Turn]]:
    """Yield a duty's turns, once for each zone in which they fall, with its profiles there."""
    line = organization.access.duty_line(duty)
    places: dict[str, list[str]] = {}
    for where in sorted(line.places & organization.profiles_by_id.keys() or line.places):
        places.setdefault(line.zone_of(where), []).append(where)
    for zone, where_all in sorted(places.items()):
        for turn in organization.access.turns(duty, where_all[0], start=start, end=end):
            yield duty, zone, tuple(where_all), turn


def _turn_line(
    organization: Organization, duty: str, zone: str, where: tuple[str, ...], turn: Turn
) -> str:
    first = local_time(turn.start, zone)
    until = "" if turn.end is None else f" until {local_time(turn.end, zone):%Y-%m-%d %H:%M}"
    return (
        f"{duty:<20} {turn.member:<16} from {first:%Y-%m-%d %H:%M}{until} {zone}"
        f" on {', '.join(organization.access.rulebook.scope.in_short(where))}"
    )


def _departure(given: argparse.Namespace, out: Out) -> int:
    from socialcollab.organization import departing

    if is_desk(given.source):
        with open_desk(given.source, given.id) as desk:
            things = desk.departure(given.member).things
    else:
        things = departing(load(given.source), given.member, at=dt.datetime.now(dt.UTC))
    out.answer(
        [
            {
                "place": one.place,
                "section": one.section,
                "name": one.name,
                "needs_heir": one.needs_heir,
                "heir": one.heir,
                "then": one.then.text(given.language),
            }
            for one in things
        ],
        [f"{'! ' if one.needs_heir else ''}{one.text(given.language)}" for one in things]
        or [f"nothing hangs on {given.member}"],
    )
    return FOUND if any(one.needs_heir for one in things) else FINE


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
    organization, at = in_force(given.source, given.id, given.at, given.where)
    access = organization.access
    found = []
    # Asked first, so that a permission or a place that does not exist is said even of nobody.
    access.allows("", given.permission, given.where, at=at)
    for member in access.members(given.permission, given.where, at=at):
        verdict = access.check(member, given.permission, given.where, at=at)
        back = next(
            (one.end for one in access.all_absences if one.member == member and one.covers(at)),
            None,
        )
        found.append((member, "; ".join(reason.text() for reason in verdict.because), back))
    out.answer(
        [
            {"member": member, "because": why, "away_until": back and back.isoformat()}
            for member, why, back in found
        ],
        [
            f"{member}: {why}" + (f" (away until {back})" if back else "")
            for member, why, back in found
        ]
        or [f"nobody may {given.permission} on {given.where}"],
    )
    return FINE if found else FOUND


def _can(given: argparse.Namespace, out: Out) -> int:
    organization, at = in_force(given.source, given.id, given.at, given.where)
    _refuse_unknown(organization, given.member)
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

    before, after = load_named(given.before), load_named(given.after)
    at = None if given.all else instant(given.at, zone_of(after))
    found = compare(before.access, after.access, at=at)
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
