"""Who may do what, where and when; every answer with its reasons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, TypeVar

from socialcollab.directory import Member, Party, Profile, Team, Workspace
from socialcollab.identifiers import MemberId, ProfileId
from socialcollab.permissions.absence import Absence
from socialcollab.permissions.advice import AccessAdvice
from socialcollab.permissions.duty import Duty
from socialcollab.permissions.duty_line import read_duty
from socialcollab.permissions.gaining import ungivable
from socialcollab.permissions.grant import Forbid, Grant
from socialcollab.permissions.line import read_line
from socialcollab.permissions.many import each
from socialcollab.permissions.question import Question
from socialcollab.permissions.rights import ordered
from socialcollab.permissions.role import Role, Roles
from socialcollab.permissions.rulebook import Rulebook
from socialcollab.permissions.scope import EVERYWHERE, Scope, Span, by_id
from socialcollab.permissions.stand_ins import StandIns
from socialcollab.permissions.swap import Swap
from socialcollab.permissions.turn_answers import TurnAnswers
from socialcollab.time import as_utc
from socialcollab.verdicts import Reason, Verdict

__all__ = ["Access"]

_UTC: Final = dt.UTC
_MOST_KEPT: Final = 10_000
_Key = TypeVar("_Key")
_Answer = TypeVar("_Answer")


class Access(TurnAnswers):
    """
    The answers to "who may?", from plain values.

    Everything is checked when it is made, so that asking cannot fail but for
    a name that does not exist. The order of lines never matters; a forbid
    beats any grant; what nothing allows is refused.

    Whoever is on duty, by the document or by a swap, holds the duty's role for
    that turn. Whoever stands in for
    somebody absent may do meanwhile what that person's own grants and duties
    allow, as far as the absence names it, unless a forbid binds either of the
    two; what one has as a delegate is not passed on.

    A question's *where* is a profile, a workspace or ``*``. A line speaks of a
    workspace as a whole if it names the workspace and no profile keys beside
    it, and of ``*`` if it names every workspace in that way.
    """

    def __init__(self, *, rulebook: Rulebook, absences: Iterable[Absence] = ()) -> None:
        super().__init__(rulebook, StandIns(rulebook, absences))
        self._scope = rulebook.scope
        # At hand, for the question that is asked most.
        self._rows = rulebook.rows
        self._bits = rulebook.table.bits
        self._kinds = rulebook.table.kinds
        # Whose row does not say all.
        self._waiting = rulebook.waiting | self._stand_ins.people
        # What carries the latest yeses, where it does not depend on the instant.
        self._settled: dict[tuple[str, str, str], Reason] = {}
        self._profiles: dict[
            tuple[str, str], tuple[tuple[ProfileId, ...], tuple[ProfileId, ...]]
        ] = {}

    @classmethod
    def of(
        cls,
        *,
        members: Iterable[Member | str],
        profiles: Iterable[Profile],
        roles: Iterable[Role] | Mapping[str, Iterable[str]] = (),
        grants: Iterable[Grant] = (),
        forbids: Iterable[Forbid] = (),
        duties: Iterable[Duty] = (),
        absences: Iterable[Absence] = (),
        swaps: Iterable[Swap] = (),
        teams: Iterable[Team] | Mapping[str, Iterable[str]] = (),
        workspaces: Iterable[Workspace] = (),
        custom_permissions: Iterable[str] = (),
        timezone: str = "UTC",
    ) -> Access:
        """
        Make one from plain values, without a document.

        >>> from socialcollab.directory import Profile
        >>> from socialcollab.permissions import Grant
        >>> access = Access.of(
        ...     members=["ana"],
        ...     profiles=[Profile(id="tulip-x", workspace="tulip", network="x")],
        ...     roles={"writer": ["view", "draft"]},
        ...     grants=[Grant(to="member:ana", role="writer", on={"workspace": "tulip"})],
        ... )
        >>> now = dt.datetime(2026, 4, 7, tzinfo=dt.UTC)
        >>> bool(access.check("ana", "draft", "tulip-x", at=now))
        True
        >>> bool(access.check("ana", "publish", "tulip-x", at=now))
        False

        Raises:
            InvalidValueError: If something names what does not exist.
        """
        if isinstance(roles, Mapping):
            roles = [Role(id=name, permissions=tuple(said)) for name, said in roles.items()]
        if isinstance(teams, Mapping):
            teams = [Team(id=name, members=who) for name, who in teams.items()]
        scope = Scope(
            members=[Member(id=who) if isinstance(who, str) else who for who in members],
            profiles=profiles,
            teams=teams,
            workspaces=workspaces,
            roles=Roles(by_id("role", roles), frozenset(custom_permissions)),
            timezone=timezone,
        )
        rulebook = Rulebook(
            scope=scope,
            grants=(read_line(grant, n, scope) for n, grant in enumerate(grants)),
            forbids=(read_line(forbid, n, scope) for n, forbid in enumerate(forbids)),
            duties=(read_duty(duty, n, scope) for n, duty in enumerate(duties)),
        )
        return cls(rulebook=rulebook.under(swaps), absences=absences)

    def under(self, absences: Iterable[Absence] = (), *, swaps: Iterable[Swap] = ()) -> Access:
        """
        Return the same with these absences and swaps and no others.

        An absence of, or a delegate, whom nobody knows is passed over, and so
        is a swap of a duty, or to a member, that nobody knows.
        """
        return Access(rulebook=self._rulebook.under(swaps), absences=absences)

    def adding(self, *grants: Grant) -> Access:
        """
        Return the same with these grants beside its own.

        Raises:
            InvalidValueError: If one names what does not exist.
        """
        return Access(
            rulebook=self._rulebook.adding(*grants), absences=self._stand_ins.all_absences
        )

    def replacing(self, *, grants: Iterable[Grant], forbids: Iterable[Forbid] = ()) -> Access:
        """
        Return the same with these grants and forbids, and no others of either.

        What reads as before stays worked out: a change of one line among
        thousands costs what that line touches.

        Raises:
            InvalidValueError: If one names what does not exist.
        """
        rulebook = self._rulebook.replacing(grants=grants, forbids=forbids)
        return Access(rulebook=rulebook, absences=self._stand_ins.all_absences)

    @property
    def rulebook(self) -> Rulebook:
        """What the lines give and bar, whoever is away."""
        return self._rulebook

    @property
    def roles(self) -> Roles:
        """The roles, with what each includes worked out."""
        return self._scope.roles

    def allows(
        self,
        member: str,
        permission: str,
        where: str,
        *,
        at: dt.datetime,
        authors: Collection[str] = (),
    ) -> bool:
        """
        Tell whether *member* may, without the reasons: the hot path.

        Args:
            member: A member's id; one who is none may nothing.

            permission: A permission's name.

            where: A profile, a workspace, or ``*``.

            at: The instant.

            authors: Who wrote what the question is about, if anybody: none of
                them stands in for others there, nor do others for them.

        Raises:
            InvalidValueError: As `check` does.

            NaiveDatetimeError: If *at* has no UTC offset.
        """
        # Written out, with no call that can be spared: two keys of one row nearly always tell.
        row = self._rows.get(member)
        bit = self._bits.get(permission)
        if row is not None and bit is not None:
            if at.tzinfo is not _UTC:
                as_utc(at)
            if where in row and row[where] & bit:
                return True
            kind = self._kinds.get(where)
            if kind is not None:
                if kind in row and row[kind] & bit:
                    return True
                if member not in self._waiting:
                    return False
        return self._allows(member, permission, where, as_utc(at), authors)

    def _allows(
        self, member: str, permission: str, where: str, at: dt.datetime, authors: Collection[str]
    ) -> bool:
        self._scope.check_question(permission, where)
        if self._rulebook.allows(member, permission, where, at):
            return True
        return any(
            self._stand_ins.carrying(member, permission, where, at, authors)
        ) and not self._rulebook.rights(member).bars(permission, where, at)

    def check(
        self,
        member: str,
        permission: str,
        where: str,
        *,
        at: dt.datetime,
        authors: Collection[str] = (),
    ) -> Verdict:
        """
        Answer "may *member*, there and then?" with what decides it.

        Args:
            member: A member's id; one who is none is refused, not an error.

            permission: A permission's name.

            where: A profile, a workspace, or ``*``.

            at: The instant.

            authors: As in `allows`.

        Returns:
            Of a yes, one line or duty that carries it, with the absence in
            which it does so for another; of a no, every forbid that
            matches; `missing` names the smallest change of each kind that
            would make it a yes, and `nearly` what almost carries one.

        Raises:
            InvalidValueError: If the permission or the place does not exist.

            NaiveDatetimeError: If *at* has no UTC offset.
        """
        at = as_utc(at)
        advice = AccessAdvice(self, member, permission, where, at, authors)
        settled = self._settled.get((member, permission, where))
        if settled is None:
            self._scope.check_question(permission, where)
            settled = self._settle(member, permission, where)
        if settled is not None:
            return Verdict.yes(settled, advice=advice)
        if member not in self._scope.members:
            return Verdict.no(Reason.of("not_a_member", member=member), advice=advice)
        resting = self.barred_altogether(member, at=at)
        if resting is not None:
            return Verdict.no(resting, advice=advice)
        carrying = self._carrying(member, permission, where, at=at, authors=authors)
        barring = self._rulebook.barring(member, permission, where, at=at)
        if carrying and not barring:
            return Verdict.yes(*carrying, advice=advice)
        because = tuple(
            Reason.of(
                "forbid.why" if line.source.reason else "forbid",
                member=member,
                permission=permission,
                where=where,
                line=line.place,
                **({"reason": line.source.reason} if line.source.reason else {}),
            )
            for line in barring
        )
        return Verdict.no(*because, advice=advice)

    def _settle(self, member: str, permission: str, where: str) -> Reason | None:
        """
        Return what carries a yes, for whom nothing depends on the instant, and keep it.

        None of a no, and of those under a forbid: these take more.
        """
        rights = self._rulebook.rights(member)
        if rights.forbids or member in self._waiting:
            return None
        lines = [
            line
            for line in rights.grants
            if permission in line.permissions and where in line.places
        ]
        if not lines:
            return None
        reason = ordered(lines)[0].reason(member, where)
        _keep(self._settled, (member, permission, where), reason)
        return reason

    def allows_each(
        self, questions: Iterable[tuple[str, str, str]], *, at: dt.datetime
    ) -> tuple[bool, ...]:
        """
        Answer many questions about one instant, in their order.

        Args:
            questions: For each a member, a permission and a place, as in `allows`.

            at: The instant.

        Raises:
            InvalidValueError: If a permission or a place does not exist; it
                says which question.

            NaiveDatetimeError: If *at* has no UTC offset.
        """
        at = as_utc(at)
        return tuple(each(self.allows, questions, at=at))

    def check_each(
        self, questions: Iterable[tuple[str, str, str]], *, at: dt.datetime
    ) -> tuple[Verdict, ...]:
        """
        Answer many questions about one instant with what decides each, in their order.

        Args:
            questions: For each a member, a permission and a place, as in `check`.

            at: The instant.

        Raises:
            InvalidValueError: If a permission or a place does not exist; it
                says which question.

            NaiveDatetimeError: If *at* has no UTC offset.
        """
        at = as_utc(at)
        return tuple(each(self.check, questions, at=at))

    def _carrying(
        self,
        member: str,
        permission: str,
        where: str,
        *,
        at: dt.datetime,
        authors: Collection[str],
    ) -> tuple[Reason, ...]:
        """Return what carries a yes, as little as does: a grant, else a turn, else a standing in."""
        own = self._rulebook.carrying(member, permission, where, at=at)
        if own is not None:
            return (own,)
        for one in self._stand_ins.carrying(member, permission, where, at, authors):
            theirs = self._rulebook.carrying(one.member, permission, where, at=at)
            if theirs is not None:
                return (_standing_in(one), theirs)
        return ()

    def barred_altogether(self, member: str, *, at: dt.datetime) -> Reason | None:
        """Return why none of a member's rights count then: suspended, or gone for good; or None."""
        known = self._scope.members.get(member)
        if known is not None and known.suspended:
            return Reason.of("suspended", member=member)
        if known is not None and self._scope.has_left(member, as_utc(at)):
            return Reason.of("left", member=member, left=known.left)
        return None

    def delegates(
        self, member: str, permission: str, where: str, *, at: dt.datetime
    ) -> tuple[MemberId, ...]:
        """
        Return who may in the place of *member* then, because *member* is away, sorted.

        Raises:
            InvalidValueError: As `check` does.

            NaiveDatetimeError: If *at* has no UTC offset.
        """
        at = as_utc(at)
        self._scope.check_question(permission, where)
        return self._stand_ins.delegates(member, permission, where, at)

    def could_stand_in(self, question: Question) -> Iterator[Absence]:
        """Yield the absences, past and to come too, in which the asker stands in with what is asked."""
        return self._stand_ins.could(question)

    @property
    def all_absences(self) -> tuple[Absence, ...]:
        """The absences of members, whether or not somebody stands in."""
        return self._stand_ins.all_absences

    @property
    def absences(self) -> tuple[Absence, ...]:
        """The absences in which somebody known stands in for somebody known."""
        return self._stand_ins.absences

    def can_give(self, giver: str, grant: Grant, *, at: dt.datetime) -> Verdict:
        """
        Tell whether *giver* may give that, on their own word.

        Nobody gives more than they hold themselves by grants, there and for as
        long; what they have on duty or in the place of another is not theirs to
        give. And it takes `manage_access` wherever the grant holds.

        Args:
            giver: A member's id.

            grant: What would be given.

            at: The instant.

        Raises:
            InvalidValueError: If the grant names what does not exist.

            NaiveDatetimeError: If *at* has no UTC offset.
        """
        at = as_utc(at)
        after = self.adding(grant)
        line = after.rulebook.grants[-1]
        for where in self._scope.places:
            may = self._rulebook.allows(giver, "manage_access", where, at)
            if line.speaks_of(where) and not may:
                return Verdict.no(Reason.of("gives_unmanaged", giver=giver, where=where))
        more = ungivable(giver, self, after, at=at)
        if not more:
            return Verdict.yes(Reason.of("holds_what_it_gives", giver=giver))
        return Verdict.no(*(gain.refused(giver) for gain in more))

    def profiles(self, member: str, permission: str, *, at: dt.datetime) -> tuple[ProfileId, ...]:
        """
        Return every profile where *member* may, sorted.

        Raises:
            InvalidValueError: If there is no such permission.

            NaiveDatetimeError: If *at* has no UTC offset.
        """
        at = as_utc(at)
        listed = self._profiles.get((member, permission))
        if listed is None:
            listed = self._list_profiles(member, permission)
            _keep(self._profiles, (member, permission), listed)
        always, at_times = listed
        if not at_times:
            return always
        now = [one for one in at_times if self._allows(member, permission, one, at, ())]
        return tuple(sorted((*always, *now))) if now else always

    def _list_profiles(
        self, member: str, permission: str
    ) -> tuple[tuple[ProfileId, ...], tuple[ProfileId, ...]]:
        """Return the profiles where *member* always may, and those where the instant may decide."""
        self._scope.check_question(permission, EVERYWHERE)
        profiles = self._scope.profiles
        row = self._rulebook.row(member)
        always = self._rulebook.table.places(row, permission) & profiles.keys()
        at_times: set[str] = set()
        if member in self._waiting:
            absent = self._stand_ins.stood_in_for(member, permission)
            for name in (member, *absent):
                at_times |= self._rulebook.rights(name).places_ever(permission)
        return (
            tuple(ProfileId(one) for one in sorted(always)),
            tuple(ProfileId(one) for one in sorted((at_times - always) & profiles.keys())),
        )

    def members(self, permission: str, where: str, *, at: dt.datetime) -> tuple[MemberId, ...]:
        """Return everyone who may, sorted."""
        self._scope.check_question(permission, where)
        at = as_utc(at)
        able = self._rulebook.members_with(permission, where)
        # Nobody else comes by it but in the place of one of them.
        candidates = able | {one.delegate for one in self._stand_ins.absences if one.member in able}
        return tuple(
            MemberId(member)
            for member in sorted(candidates)
            if self.allows(member, permission, where, at=at)
        )

    def permissions_of(self, member: str, where: str, *, at: dt.datetime) -> tuple[str, ...]:
        """Return everything *member* may do there, sorted."""
        return tuple(
            permission
            for permission in sorted(self.roles.permission_names)
            if self.allows(member, permission, where, at=at)
        )

    def holds(self, member: str, role: str, where: str, *, at: dt.datetime) -> bool:
        """Tell whether *member* has *role*, or one that includes it, by a grant or on duty."""
        return self._rulebook.holds(member, role, where, at=as_utc(at))

    def holders(self, role: str, where: str) -> Mapping[MemberId, tuple[Span, ...]]:
        """
        Return when who has *role*, or one that includes it, there, as far as that is known.

        By grants, the turns of lists, and what is swapped; nobody if there is no such place.
        """
        return self._rulebook.holders(role, where)

    def spans(self, member: str) -> Mapping[tuple[str, str], tuple[Span, ...]]:
        """
        Return when *member* may do what where by grants, every forbid taken off.

        Returns:
            For each permission and place that is ever allowed, the times in
            order, each with its first instant and the first after it in UTC,
            None where there is no bound; they neither overlap nor touch.
        """
        return self._rulebook.spans(member)

    def nearest_place(self, where: str, other: Access) -> str:
        """
        Return *where* if it exists here, else its workspace in *other* if that does, else ``*``.

        A right on a place that is still to come is judged by the place around it.
        """
        if where in self._kinds:
            return where
        profile = other._scope.profiles.get(where)
        return profile.workspace if profile and profile.workspace in self._kinds else EVERYWHERE

    def everyone_in(self, party: Party) -> tuple[MemberId, ...]:
        """Return the members of a member or team party, sorted; roles need a place, see `holds`."""
        return self._scope.everyone_in(party)

    def member(self, member: str) -> Member | None:
        """Return a member by id, or None."""
        return self._scope.members.get(member)

    @property
    def member_ids(self) -> tuple[MemberId, ...]:
        """All members, sorted."""
        return tuple(MemberId(member) for member in sorted(self._scope.members))


def _keep(kept: dict[_Key, _Answer], key: _Key, answer: _Answer) -> None:
    """Keep an answer for the next time; a full shelf is emptied, so that none grows for ever."""
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    kept[key] = answer


def _standing_in(absence: Absence) -> Reason:
    return Reason.of(
        "stands_in_for",
        member=absence.delegate,
        absent=absence.member,
        until=absence.end.isoformat(),
    )
