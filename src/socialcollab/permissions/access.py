"""Who may do what, where and when; every answer with its reasons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, TypeVar

from socialcollab.directory import Member, Principal, Profile, Team, Workspace
from socialcollab.identifiers import MemberId, ProfileId
from socialcollab.permissions.analysis.escalation import escalations
from socialcollab.permissions.analysis.explain import AccessAdvice
from socialcollab.permissions.engine.batch import each
from socialcollab.permissions.engine.binding import bind_rule
from socialcollab.permissions.engine.binding_set import BindingSet
from socialcollab.permissions.engine.delegations import Delegations
from socialcollab.permissions.engine.member_bindings import ordered
from socialcollab.permissions.engine.question import Question
from socialcollab.permissions.engine.rotation_binding import bind_rotation
from socialcollab.permissions.engine.scope import EVERYWHERE, Scope, by_id
from socialcollab.permissions.engine.shift_answers import ShiftAnswers
from socialcollab.permissions.model.absence import Absence
from socialcollab.permissions.model.grant import Forbid, Grant
from socialcollab.permissions.model.role import Role, Roles
from socialcollab.permissions.rotations.rotation import Rotation
from socialcollab.permissions.rotations.shift_swap import ShiftSwap
from socialcollab.time import Span, as_utc
from socialcollab.verdicts import Reason, Verdict

_UTC: Final = dt.UTC
_MOST_KEPT: Final = 10_000
_Key = TypeVar("_Key")
_Answer = TypeVar("_Answer")


class Access(ShiftAnswers):
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

    A question's *resource* is a profile, a workspace or ``*``. A line speaks of a
    workspace as a whole if it names the workspace and no profile keys beside
    it, and of ``*`` if it names every workspace in that way.
    """

    def __init__(self, *, bindings: BindingSet, absences: Iterable[Absence] = ()) -> None:
        super().__init__(bindings, Delegations(bindings, absences))
        self._scope = bindings.scope
        # At hand, for the question that is asked most.
        self._rows = bindings.rows
        self._bits = bindings.table.bits
        self._kinds = bindings.table.kinds
        # Whose row does not say all.
        self._waiting = bindings.waiting | self._delegations.people
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
        rotations: Iterable[Rotation] = (),
        absences: Iterable[Absence] = (),
        swaps: Iterable[ShiftSwap] = (),
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
        bindings = BindingSet(
            scope=scope,
            grants=(bind_rule(grant, n, scope) for n, grant in enumerate(grants)),
            forbids=(bind_rule(forbid, n, scope) for n, forbid in enumerate(forbids)),
            rotations=(bind_rotation(rotation, n, scope) for n, rotation in enumerate(rotations)),
        )
        return cls(bindings=bindings.with_swaps(swaps), absences=absences)

    def with_state(
        self, absences: Iterable[Absence] = (), *, swaps: Iterable[ShiftSwap] = ()
    ) -> Access:
        """
        Return the same with these absences and swaps and no others.

        An absence of, or a delegate, whom nobody knows is passed over, and so
        is a swap of a duty, or to a member, that nobody knows.
        """
        return Access(bindings=self._bindings.with_swaps(swaps), absences=absences)

    def with_grants(self, *grants: Grant) -> Access:
        """
        Return the same with these grants beside its own.

        Raises:
            InvalidValueError: If one names what does not exist.
        """
        return Access(
            bindings=self._bindings.with_grants(*grants), absences=self._delegations.all_absences
        )

    def with_rules(self, *, grants: Iterable[Grant], forbids: Iterable[Forbid] = ()) -> Access:
        """
        Return the same with these grants and forbids, and no others of either.

        What reads as before stays worked out: a change of one line among
        thousands costs what that line touches.

        Raises:
            InvalidValueError: If one names what does not exist.
        """
        bindings = self._bindings.with_rules(grants=grants, forbids=forbids)
        return Access(bindings=bindings, absences=self._delegations.all_absences)

    @property
    def bindings(self) -> BindingSet:
        """What the lines give and bar, whoever is away."""
        return self._bindings

    @property
    def roles(self) -> Roles:
        """The roles, with what each includes worked out."""
        return self._scope.roles

    def allows(
        self,
        member: str,
        permission: str,
        resource: str,
        *,
        at: dt.datetime,
        authors: Collection[str] = (),
    ) -> bool:
        """
        Tell whether *member* may, without the reasons: the hot path.

        Args:
            member: A member's id; one who is none may nothing.

            permission: A permission's name.

            resource: A profile, a workspace, or ``*``.

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
            if resource in row and row[resource] & bit:
                return True
            kind = self._kinds.get(resource)
            if kind is not None:
                if kind in row and row[kind] & bit:
                    return True
                if member not in self._waiting:
                    return False
        return self._allows(member, permission, resource, as_utc(at), authors)

    def _allows(
        self, member: str, permission: str, resource: str, at: dt.datetime, authors: Collection[str]
    ) -> bool:
        self._scope.check_question(permission, resource)
        if self._bindings.allows(member, permission, resource, at):
            return True
        return any(
            self._delegations.carrying(member, permission, resource, at, authors)
        ) and not self._bindings.bindings_of(member).forbids_at(permission, resource, at)

    def check(
        self,
        member: str,
        permission: str,
        resource: str,
        *,
        at: dt.datetime,
        authors: Collection[str] = (),
    ) -> Verdict:
        """
        Answer "may *member*, there and then?" with what decides it.

        Args:
            member: A member's id; one who is none is refused, not an error.

            permission: A permission's name.

            resource: A profile, a workspace, or ``*``.

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
        advice = AccessAdvice(self, member, permission, resource, at, authors)
        settled = self._settled.get((member, permission, resource))
        if settled is None:
            self._scope.check_question(permission, resource)
            settled = self._settle(member, permission, resource)
        if settled is not None:
            return Verdict.yes(settled, advice=advice)
        if member not in self._scope.members:
            return Verdict.no(Reason.of("not_a_member", member=member), advice=advice)
        resting = self.inactive_reason(member, at=at)
        if resting is not None:
            return Verdict.no(resting, advice=advice)
        carrying = self._carrying(member, permission, resource, at=at, authors=authors)
        barring = self._bindings.matching_forbids(member, permission, resource, at=at)
        if carrying and not barring:
            return Verdict.yes(*carrying, advice=advice)
        because = tuple(
            Reason.of(
                "forbid.why" if line.source.reason else "forbid",
                member=member,
                permission=permission,
                resource=resource,
                rule=line.place,
                **({"reason": line.source.reason} if line.source.reason else {}),
            )
            for line in barring
        )
        return Verdict.no(*because, advice=advice)

    def _settle(self, member: str, permission: str, resource: str) -> Reason | None:
        """
        Return what carries a yes, for whom nothing depends on the instant, and keep it.

        None of a no, and of those under a forbid: these take more.
        """
        rights = self._bindings.bindings_of(member)
        if rights.forbids or member in self._waiting:
            return None
        lines = [
            line
            for line in rights.grants
            if permission in line.permissions and resource in line.resources
        ]
        if not lines:
            return None
        reason = ordered(lines)[0].reason(member, resource)
        _keep(self._settled, (member, permission, resource), reason)
        return reason

    def allows_batch(
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

    def check_batch(
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
        resource: str,
        *,
        at: dt.datetime,
        authors: Collection[str],
    ) -> tuple[Reason, ...]:
        """Return what carries a yes, as little as does: a grant, else a turn, else a standing in."""
        own = self._bindings.granting_rule(member, permission, resource, at=at)
        if own is not None:
            return (own,)
        for one in self._delegations.carrying(member, permission, resource, at, authors):
            theirs = self._bindings.granting_rule(one.member, permission, resource, at=at)
            if theirs is not None:
                return (_standing_in(one), theirs)
        return ()

    def inactive_reason(self, member: str, *, at: dt.datetime) -> Reason | None:
        """Return why none of a member's rights count then: suspended, or gone for good; or None."""
        known = self._scope.members.get(member)
        if known is not None and known.suspended:
            return Reason.of("suspended", member=member)
        if known is not None and self._scope.has_left(member, as_utc(at)):
            return Reason.of("left", member=member, left=known.left)
        return None

    def delegates(
        self, member: str, permission: str, resource: str, *, at: dt.datetime
    ) -> tuple[MemberId, ...]:
        """
        Return who may in the place of *member* then, because *member* is away, sorted.

        Raises:
            InvalidValueError: As `check` does.

            NaiveDatetimeError: If *at* has no UTC offset.
        """
        at = as_utc(at)
        self._scope.check_question(permission, resource)
        return self._delegations.delegates(member, permission, resource, at)

    def possible_delegations(self, question: Question) -> Iterator[Absence]:
        """Yield the absences, past and to come too, in which the asker stands in with what is asked."""
        return self._delegations.possible(question)

    @property
    def all_absences(self) -> tuple[Absence, ...]:
        """The absences of members, whether or not somebody stands in."""
        return self._delegations.all_absences

    @property
    def absences(self) -> tuple[Absence, ...]:
        """The absences in which somebody known stands in for somebody known."""
        return self._delegations.absences

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
        after = self.with_grants(grant)
        line = after.bindings.grants[-1]
        for resource in self._scope.resources:
            may = self._bindings.allows(giver, "manage_access", resource, at)
            if line.applies_to(resource) and not may:
                return Verdict.no(Reason.of("grant_unmanaged", giver=giver, resource=resource))
        more = escalations(giver, self, after, at=at)
        if not more:
            return Verdict.yes(Reason.of("holds_all_granted", giver=giver))
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
        row = self._bindings.row(member)
        always = self._bindings.table.resources(row, permission) & profiles.keys()
        at_times: set[str] = set()
        if member in self._waiting:
            absent = self._delegations.delegators(member, permission)
            for name in (member, *absent):
                at_times |= self._bindings.bindings_of(name).resources_ever(permission)
        return (
            tuple(ProfileId(one) for one in sorted(always)),
            tuple(ProfileId(one) for one in sorted((at_times - always) & profiles.keys())),
        )

    def members(self, permission: str, resource: str, *, at: dt.datetime) -> tuple[MemberId, ...]:
        """Return everyone who may, sorted."""
        self._scope.check_question(permission, resource)
        at = as_utc(at)
        able = self._bindings.members_with(permission, resource)
        # Nobody else comes by it but in the place of one of them.
        candidates = able | {
            one.delegate for one in self._delegations.absences if one.member in able
        }
        return tuple(
            MemberId(member)
            for member in sorted(candidates)
            if self.allows(member, permission, resource, at=at)
        )

    def permissions_of(self, member: str, resource: str, *, at: dt.datetime) -> tuple[str, ...]:
        """Return everything *member* may do there, sorted."""
        return tuple(
            permission
            for permission in sorted(self.roles.permission_names)
            if self.allows(member, permission, resource, at=at)
        )

    def has_role(self, member: str, role: str, resource: str, *, at: dt.datetime) -> bool:
        """Tell whether *member* has *role*, or one that includes it, by a grant or on duty."""
        return self._bindings.has_role(member, role, resource, at=as_utc(at))

    def role_periods(self, role: str, resource: str) -> Mapping[MemberId, tuple[Span, ...]]:
        """
        Return when who has *role*, or one that includes it, there, as far as that is known.

        By grants, the turns of lists, and what is swapped; nobody if there is no such place.
        """
        return self._bindings.role_periods(role, resource)

    def permission_periods(self, member: str) -> Mapping[tuple[str, str], tuple[Span, ...]]:
        """
        Return when *member* may do what where by grants, every forbid taken off.

        Returns:
            For each permission and place that is ever allowed, the times in
            order, each with its first instant and the first after it in UTC,
            None where there is no bound; they neither overlap nor touch.
        """
        return self._bindings.permission_periods(member)

    def nearest_resource(self, resource: str, other: Access) -> str:
        """
        Return *resource* if it exists here, else its workspace in *other* if that does, else ``*``.

        A right on a place that is still to come is judged by the place around it.
        """
        if resource in self._kinds:
            return resource
        profile = other._scope.profiles.get(resource)
        return profile.workspace if profile and profile.workspace in self._kinds else EVERYWHERE

    def everyone_in(self, principal: Principal) -> tuple[MemberId, ...]:
        """Return the members of a member or team party, sorted; roles need a place, see `holds`."""
        return self._scope.everyone_in(principal)

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
        "delegate_of",
        member=absence.delegate,
        absent=absence.member,
        until=absence.end.isoformat(),
    )
