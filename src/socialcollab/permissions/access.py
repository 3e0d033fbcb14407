"""Permission queries: who may do what, where and when, and why."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from socialcollab.directory import Member, Principal, Profile, Team, Workspace
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId, ProfileId
from socialcollab.permissions.analysis.escalation import escalations
from socialcollab.permissions.analysis.explain import AccessAdvice, JointAdvice
from socialcollab.permissions.engine.binding import bind_rule
from socialcollab.permissions.engine.binding_set import BindingSet
from socialcollab.permissions.engine.delegations import Delegations
from socialcollab.permissions.engine.member_bindings import ordered
from socialcollab.permissions.engine.periods import Periods
from socialcollab.permissions.engine.rotation_binding import RotationBinding, bind_rotation
from socialcollab.permissions.engine.scope import EVERYWHERE, Scope, index_by_id
from socialcollab.permissions.model.absence import Absence
from socialcollab.permissions.model.grant import Forbid, Grant
from socialcollab.permissions.model.role import Role, Roles
from socialcollab.permissions.rotations.overrides import ShiftSwap
from socialcollab.permissions.rotations.roster import Shift
from socialcollab.permissions.rotations.rotation import Rotation
from socialcollab.time import Span, as_utc
from socialcollab.verdicts import Reason, Remedy, Verdict

_UTC: Final = dt.UTC
_MAX_CACHED: Final = 10_000
_Key = TypeVar("_Key")
_Answer = TypeVar("_Answer")


class Access:
    """
    The evaluator of permission questions: who may do what, where and when.

    All names are checked when an `Access` is created, so a query raises an error only if it names a
    permission, resource or rotation that does not exist. Everything is denied unless a grant or a
    shift allows it, a forbid overrides every grant, and the order of rules does not matter.

    A member who is on duty, as scheduled or because of a swap, has the rotation's role during the
    shift. An absent member's delegate may use the permissions from that member's own grants and
    shifts, to the extent that the absence delegates them, unless a forbid applies to either member.
    Permissions that a member has as a delegate are not passed on.

    A *resource* is a profile, a workspace, or ``*``. A rule applies to a workspace itself only if
    its selector names the workspace and has no keys that select profiles. It applies to ``*`` only
    if its selector names the workspace ``*`` and has no such keys.

    A name that does not exist raises `InvalidValueError`. An instant without a UTC offset raises
    `NaiveDatetimeError`.
    """

    def __init__(self, *, bindings: BindingSet, absences: Iterable[Absence] = ()) -> None:
        self._bindings = bindings
        self._delegations = Delegations(bindings, absences)
        self._scope = bindings.scope
        # These are copies, because `allows` is called most often and each attribute lookup takes
        # time.
        self._rows = bindings.rows
        self._bits = bindings.table.bits
        self._classes = bindings.table.classes
        # The members whose table row alone does not determine their permissions.
        self._time_dependent = bindings.time_dependent | self._delegations.delegates
        # The reasons for recent positive answers that do not depend on the time.
        self._lasting_reasons: dict[tuple[str, str, str], Reason] = {}
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
        Create an `Access` from plain values, without a document.

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
            InvalidValueError: If a value refers to a name that does not exist.
        """
        if isinstance(roles, Mapping):
            roles = [Role(id=name, permissions=tuple(names)) for name, names in roles.items()]
        if isinstance(teams, Mapping):
            teams = [Team(id=name, members=names) for name, names in teams.items()]
        scope = Scope(
            members=[
                Member(id=member) if isinstance(member, str) else member for member in members
            ],
            profiles=profiles,
            teams=teams,
            workspaces=workspaces,
            roles=Roles(index_by_id("role", roles), frozenset(custom_permissions)),
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
        Return an `Access` with these absences and swaps in place of the current ones.

        Absences of unknown members, swaps that name unknown rotations or members, and unknown
        delegates are ignored.
        """
        return Access(bindings=self._bindings.with_swaps(swaps), absences=absences)

    def with_grants(self, *grants: Grant) -> Access:
        """
        Return an `Access` with additional grants.

        Raises:
            InvalidValueError: If a rule refers to a name that does not exist.
        """
        return Access(
            bindings=self._bindings.with_grants(*grants), absences=self._delegations.all_absences
        )

    def with_rules(self, *, grants: Iterable[Grant], forbids: Iterable[Forbid] = ()) -> Access:
        """
        Return an `Access` with these grants and forbids in place of the current ones.

        Unchanged rules are not resolved again, so changing one rule among thousands is fast.

        Raises:
            InvalidValueError: If a rule refers to a name that does not exist.
        """
        bindings = self._bindings.with_rules(grants=grants, forbids=forbids)
        return Access(bindings=bindings, absences=self._delegations.all_absences)

    def with_remedy(self, remedy: Remedy) -> Access:
        """
        Return an `Access` in which a remedy has been applied.

        If the remedy does not change a rule (for example, waiting), the result has the same rules.
        """
        scope = self._scope
        grants = [one.source for one in self._bindings.grants if isinstance(one.source, Grant)]
        ended: set[str] = set()
        for part in (remedy, *remedy.also):
            params = dict(part.params)
            if part.code == "end_forbid":
                ended.add(params["rule"])
            elif part.code == "join_team":
                scope = scope.with_team_member(params["team"], params["member"])
            elif part.code in ("grant_role", "grant_permission"):
                resource = params["resource"]
                names = params.get("permission", "")
                grants.append(
                    Grant(
                        to=f"member:{params['member']}",
                        role=params.get("role", ""),
                        permissions=(names,) if names else (),
                        on=scope.selector_of(resource),
                    )
                )
        forbids = [
            one.source
            for one in self._bindings.forbids
            if isinstance(one.source, Forbid) and one.place not in ended
        ]
        if scope is self._scope:
            return self.with_rules(grants=grants, forbids=forbids)
        bindings = BindingSet(
            scope=scope,
            grants=(bind_rule(grant, n, scope) for n, grant in enumerate(grants)),
            forbids=(bind_rule(forbid, n, scope) for n, forbid in enumerate(forbids)),
            # Rotations do not refer to teams.
            rotations=self._bindings.rotations,
        )
        return Access(bindings=bindings, absences=self._delegations.all_absences)

    @property
    def bindings(self) -> BindingSet:
        """The resolved rules and rotations, without delegations."""
        return self._bindings

    @property
    def roles(self) -> Roles:
        """The roles, with their includes resolved."""
        return self._scope.roles

    # Checks.

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
        Return whether *member* has a permission.

        This is the fastest check; `check` also returns the reasons.

        Args:
            member: A member's id; an unknown member has no permissions.
            permission: A permission's name.
            resource: A profile, a workspace, or ``*``.
            at: The instant.
            authors: The post's authors, if the question is about a post. Authors cannot act as
                delegates on their own post, and no delegate can act on it for an author.
        """
        # The usual case of `_allows` is inlined, because every function call is noticeable here:
        # two keys of the member's row are enough to decide.
        row = self._rows.get(member)
        bit = self._bits.get(permission)
        if row is not None and bit is not None:
            if at.tzinfo is not _UTC:
                as_utc(at)
            if resource in row and row[resource] & bit:
                return True
            number = self._classes.get(resource)
            if number is not None:
                if number in row and row[number] & bit:
                    return True
                if member not in self._time_dependent:
                    return False
        return self._allows(member, permission, resource, as_utc(at), authors)

    def _allows(
        self, member: str, permission: str, resource: str, at: dt.datetime, authors: Collection[str]
    ) -> bool:
        self._scope.check_question(permission, resource)
        if self._bindings.allows(member, permission, resource, at):
            return True
        return any(
            self._delegations.allowing(member, permission, resource, at, authors)
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
        Return whether *member* has a permission, with the reasons.

        Args:
            member: A member's id; the answer for an unknown member is no.
            permission: A permission's name.
            resource: A profile, a workspace, or ``*``.
            at: The instant.
            authors: Same as in `allows`.

        Returns:
            The answer. If it is yes, the reasons are one sufficient grant or shift, preceded by the
            absence if the member acts as a delegate. If it is no, the reasons are all matching
            forbids, the `remedies` are the smallest changes of each kind that would make the answer
            yes, and the `near_misses` describe the rules that almost allow the action.
        """
        at = as_utc(at)
        advice = AccessAdvice(self, member, permission, resource, at, authors)
        reason = self._lasting_reasons.get((member, permission, resource))
        if reason is None:
            self._scope.check_question(permission, resource)
            reason = self._find_lasting_reason(member, permission, resource)
        if reason is not None:
            return Verdict.yes(reason, advice=advice)
        if member not in self._scope.members:
            return Verdict.no(Reason.of("not_a_member", member=member), advice=advice)
        inactive = self.inactive_reason(member, at=at)
        if inactive is not None:
            return Verdict.no(inactive, advice=advice)
        allowing = self._allowing_reasons(member, permission, resource, at, authors)
        forbids = self._bindings.matching_forbids(member, permission, resource, at=at)
        if allowing and not forbids:
            return Verdict.yes(*allowing, advice=advice)
        reasons = tuple(
            Reason.of(
                "forbid.why" if forbid.source.reason else "forbid",
                member=member,
                permission=permission,
                resource=resource,
                rule=forbid.place,
                **({"reason": forbid.source.reason} if forbid.source.reason else {}),
            )
            for forbid in forbids
        )
        return Verdict.no(*reasons, advice=advice)

    def check_all(
        self,
        member: str,
        permission: str,
        resources: Sequence[str],
        *,
        at: dt.datetime,
        authors: Collection[str] = (),
    ) -> Verdict:
        """
        Return whether *member* has a permission on every one of several resources.

        If the answer is no, it contains the reasons for every resource on which the member does not
        have the permission, and each of its `remedies` gives the permission on all the resources.

        Args:
            member: A member's id; the answer for an unknown member is no.
            permission: A permission's name.
            resources: Profiles, workspaces or ``*``; at least one.
            at: The instant.
            authors: Same as in `allows`.
        """
        at = as_utc(at)
        verdicts = [
            self.check(member, permission, resource, at=at, authors=authors)
            for resource in dict.fromkeys(resources)
        ]
        if len(verdicts) == 1:
            return verdicts[0]
        refused = tuple(verdict for verdict in verdicts if not verdict)
        reasons = dict.fromkeys(
            reason for verdict in refused or verdicts for reason in verdict.reasons
        )
        if not refused:
            return Verdict.yes(*reasons)
        advice = JointAdvice(
            self, (member, permission, at, authors), tuple(dict.fromkeys(resources)), refused
        )
        return Verdict.no(*reasons, advice=advice)

    def _find_lasting_reason(self, member: str, permission: str, resource: str) -> Reason | None:
        """
        Return and cache the reason for a positive answer that does not depend on the time.

        If the result is None, the answer may still be yes: members with forbids, and members whose
        permissions depend on the time, require the full check.
        """
        bindings = self._bindings.bindings_of(member)
        if bindings.forbids or member in self._time_dependent:
            return None
        grants = [
            grant
            for grant in bindings.grants
            if permission in grant.permissions and resource in grant.resources
        ]
        if not grants:
            return None
        reason = ordered(grants)[0].reason(member, resource)
        _cache(self._lasting_reasons, (member, permission, resource), reason)
        return reason

    def _allowing_reasons(
        self, member: str, permission: str, resource: str, at: dt.datetime, authors: Collection[str]
    ) -> tuple[Reason, ...]:
        """Return the reasons for a yes, ignoring forbids and preferring own permissions."""
        own = self._bindings.granting_rule(member, permission, resource, at=at)
        if own is not None:
            return (own,)
        for absence in self._delegations.allowing(member, permission, resource, at, authors):
            rule = self._bindings.granting_rule(absence.member, permission, resource, at=at)
            if rule is not None:
                delegation = Reason.of(
                    "delegate_of",
                    member=absence.delegate,
                    absent=absence.member,
                    until=absence.end.isoformat(),
                )
                return (delegation, rule)
        return ()

    def allows_batch(
        self, questions: Iterable[tuple[str, str, str]], *, at: dt.datetime
    ) -> tuple[bool, ...]:
        """
        Call `allows` for many questions about one instant, and return the answers in order.

        Each question consists of a member, a permission and a resource. Error
        messages contain the index of the question.
        """
        at = as_utc(at)
        return tuple(_each(self.allows, questions, at))

    def check_batch(
        self, questions: Iterable[tuple[str, str, str]], *, at: dt.datetime
    ) -> tuple[Verdict, ...]:
        """
        Call `check` for many questions about one instant, and return the answers in order.

        Each question consists of a member, a permission and a resource. Error
        messages contain the index of the question.
        """
        at = as_utc(at)
        return tuple(_each(self.check, questions, at))

    def can_give(self, giver: str, grant: Grant, *, at: dt.datetime) -> Verdict:
        """
        Return whether *giver* may give a grant without a proposal.

        The giver needs `manage_access` on every resource to which the grant applies, and must have
        every permission in the grant through their own grants for as long as the grant lasts.
        Permissions that the giver has through a shift or as a delegate cannot be given to others.
        """
        at = as_utc(at)
        after = self.with_grants(grant)
        binding = after.bindings.grants[-1]
        for resource in self._scope.resources:
            manages = self._bindings.allows(giver, "manage_access", resource, at)
            if binding.applies_to(resource) and not manages:
                return Verdict.no(Reason.of("grant_unmanaged", giver=giver, resource=resource))
        gains = escalations(giver, self, after, at=at)
        if not gains:
            return Verdict.yes(Reason.of("holds_all_granted", giver=giver))
        return Verdict.no(*(gain.refused(giver) for gain in gains))

    def inactive_reason(self, member: str, *, at: dt.datetime) -> Reason | None:
        """Return the reason why a member is inactive (suspended or has left), or None if active."""
        known = self._scope.members.get(member)
        if known is not None and known.suspended:
            return Reason.of("suspended", member=member)
        if known is not None and self._scope.has_left(member, as_utc(at)):
            return Reason.of("left", member=member, left=known.left)
        return None

    # Lists.

    def profiles(self, member: str, permission: str, *, at: dt.datetime) -> tuple[ProfileId, ...]:
        """Return the profiles on which *member* has a permission, sorted."""
        at = as_utc(at)
        listed = self._profiles.get((member, permission))
        if listed is None:
            listed = self._list_profiles(member, permission)
            _cache(self._profiles, (member, permission), listed)
        always, sometimes = listed
        if not sometimes:
            return always
        now = [
            profile for profile in sometimes if self._allows(member, permission, profile, at, ())
        ]
        return tuple(sorted((*always, *now))) if now else always

    def _list_profiles(
        self, member: str, permission: str
    ) -> tuple[tuple[ProfileId, ...], tuple[ProfileId, ...]]:
        """Return the profiles on which *member* has a permission permanently, and temporarily."""
        self._scope.check_question(permission, EVERYWHERE)
        profiles = self._scope.profiles
        row = self._bindings.row(member)
        always = self._bindings.table.resources(row, permission) & profiles.keys()
        sometimes: set[str] = set()
        if member in self._time_dependent:
            for name in (member, *self._delegations.delegators(member, permission)):
                sometimes |= self._bindings.bindings_of(name).possible_resources(permission)
        return (
            tuple(ProfileId(profile) for profile in sorted(always)),
            tuple(ProfileId(profile) for profile in sorted((sometimes - always) & profiles.keys())),
        )

    def members(self, permission: str, resource: str, *, at: dt.datetime) -> tuple[MemberId, ...]:
        """
        Return the members who have a permission on a resource, sorted.

        Having `approve` is not enough to decide on a post: the member must also be one of the
        reviewers of an open step. `socialcollab.organization.step_reviewers` returns the members
        who can decide on each step, and `Desk.pending_steps` returns the open steps of a post with
        the members who can decide on them.
        """
        self._scope.check_question(permission, resource)
        at = as_utc(at)
        own = self._bindings.members_with(permission, resource)
        # Any other member can have the permission only as a delegate of one of these members.
        candidates = own | {
            absence.delegate for absence in self._delegations.absences if absence.member in own
        }
        return tuple(
            MemberId(member)
            for member in sorted(candidates)
            if self.allows(member, permission, resource, at=at)
        )

    def permissions_of(self, member: str, resource: str, *, at: dt.datetime) -> tuple[str, ...]:
        """Return the permissions of *member* on a resource, sorted."""
        return tuple(
            permission
            for permission in sorted(self.roles.permission_names)
            if self.allows(member, permission, resource, at=at)
        )

    def has_role(self, member: str, role: str, resource: str, *, at: dt.datetime) -> bool:
        """Return whether a grant or shift gives *member* the *role* or a role that includes it."""
        return self._bindings.has_role(member, role, resource, at=as_utc(at))

    def role_periods(self, role: str, resource: str) -> Mapping[MemberId, tuple[Span, ...]]:
        """
        Return when each member has *role*, or a role that includes it, on a resource.

        Grants, listed shifts and swaps are included; rule-based shifts are not. The result is
        empty if the resource does not exist.
        """
        return self._bindings.role_periods(role, resource)

    def permission_periods(self, member: str) -> Periods:
        """
        Return the periods in which grants give *member* permissions that are not forbidden.

        Returns:
            Spans by permission and resource. Each span consists of its first instant and the first
            instant after it, in UTC, with None for an open bound. Spans are sorted and neither
            overlap nor touch.
        """
        return self._bindings.permission_periods(member)

    def everyone_in(self, principal: Principal) -> tuple[MemberId, ...]:
        """Return the members that a member or team principal names, sorted."""
        return self._scope.everyone_in(principal)

    def member(self, member: str) -> Member | None:
        """Return a member by id, or None."""
        return self._scope.members.get(member)

    @property
    def member_ids(self) -> tuple[MemberId, ...]:
        """All members, sorted."""
        return tuple(MemberId(member) for member in sorted(self._scope.members))

    # Absences and shifts.

    @property
    def all_absences(self) -> tuple[Absence, ...]:
        """All absences of members, with or without a delegate."""
        return self._delegations.all_absences

    @property
    def absences(self) -> tuple[Absence, ...]:
        """The absences of members whose delegate is also a member."""
        return self._delegations.absences

    def delegates(
        self, member: str, permission: str, resource: str, *, at: dt.datetime
    ) -> tuple[MemberId, ...]:
        """Return the delegates who may use a permission of the absent *member*, sorted."""
        at = as_utc(at)
        self._scope.check_question(permission, resource)
        return self._delegations.delegates_of(member, permission, resource, at)

    def rotation_binding(self, rotation: str) -> RotationBinding:
        """Return a rotation with its names resolved."""
        return self._bindings.rotation(rotation)

    @property
    def rotation_ids(self) -> tuple[str, ...]:
        """All rotations, sorted."""
        return tuple(sorted(self._bindings.rotations_by_id))

    def on_duty(self, rotation: str, resource: str, *, at: dt.datetime) -> MemberId | None:
        """Return the member on duty on a resource, with swaps applied, or None."""
        shift = self.rotation_binding(rotation).roster(resource).at(at)
        return None if shift is None else shift.member

    def shifts(
        self, rotation: str, resource: str, *, start: dt.datetime, end: dt.datetime
    ) -> tuple[Shift, ...]:
        """Return the shifts on a resource that overlap the time from *start* to *end*, in order."""
        return tuple(self.rotation_binding(rotation).roster(resource).between(start, end))

    def next_shift(self, rotation: str, resource: str, *, after: dt.datetime) -> dt.datetime | None:
        """Return when the next shift on a resource starts, or None if there is none."""
        return self.rotation_binding(rotation).roster(resource).next_start(after)

    def permission_starts(
        self, resource: str, *, after: dt.datetime, permission: str, roles: Collection[str] = ()
    ) -> Iterator[dt.datetime]:
        """
        Yield, in order, the instants after *after* at which a member may gain a permission.

        These are the starts of grants and absences, the ends of forbids, and
        the starts of shifts in rotations that give *permission* or one of
        *roles*. A rule-based shift is omitted if its member has already had a shift since the last
        other change.
        """
        at = as_utc(after)
        absences = {absence.begins_at for absence in self._delegations.absences}
        fixed = sorted(start for start in self._bindings.starts(resource) | absences if start > at)
        shifts = (
            rotation.shift_starts(resource, after=at, changes=fixed)
            for rotation in self._bindings.rotations
            if (permission in rotation.permissions or not rotation.roles.isdisjoint(roles))
            and rotation.applies_to(resource)
        )
        yield from heapq.merge(fixed, *shifts)


def _each(
    ask: Callable[..., _Answer], questions: Iterable[Sequence[str]], at: dt.datetime
) -> Iterator[_Answer]:
    for number, question in enumerate(questions):
        if isinstance(question, str) or len(question) != 3:
            raise InvalidValueError(
                f"question {number} is {question!r}",
                value=question,
                expected="a member, a permission and a resource",
            )
        member, permission, resource = question
        try:
            answer = ask(member, permission, resource, at=at)
        except InvalidValueError as error:
            raise InvalidValueError(
                f"question {number}: {error}", value=error.value, expected=error.expected
            ) from error
        yield answer


def _cache(cache: dict[_Key, _Answer], key: _Key, answer: _Answer) -> None:
    # Without a limit, the cache would grow with every new question.
    if len(cache) >= _MAX_CACHED:
        cache.clear()
    cache[key] = answer
