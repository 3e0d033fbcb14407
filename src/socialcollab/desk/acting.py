"""What one member does at the desk: every method is a command on one line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import attrs

from socialcollab.content import Image, Poll, Post, PostContent
from socialcollab.desk import commands as dc
from socialcollab.desk.perform import decided, perform
from socialcollab.desk.proposal import Proposal
from socialcollab.desk.reading import HoldSet
from socialcollab.desk.saying_facts import DayLike, day, say_away
from socialcollab.desk.steps import Steps
from socialcollab.desk.todo import ToDo, to_do
from socialcollab.directory import Selector
from socialcollab.errors import InvalidValueError, NotFoundError, RefusedError
from socialcollab.identifiers import PostId, did_you_mean, uuid7
from socialcollab.permissions import Absence
from socialcollab.time import WallTime, as_utc, parse_date, parse_local
from socialcollab.verdicts import Reason, Verdict
from socialcollab.workflow import Actor
from socialcollab.workflow import commands as cm

if TYPE_CHECKING:
    from socialcollab.desk.desk import Desk

__all__ = ["Acting", "When"]

When = Literal["next slot", "as soon as approved"]
TimeLike = str | dt.datetime | WallTime


class _Unchanged:
    """The value of what an edit leaves as it is."""


_UNCHANGED = _Unchanged()


class Acting:
    """
    The desk as one member uses it; the host says who that is.

    Whatever judges or changes a post takes the post that was seen, or an id
    with `revision=`, the digest of what was seen.
    """

    def __init__(self, desk: Desk, member: str) -> None:
        self._desk = desk
        self.member = member
        self._actor = Actor.member(member)

    def __repr__(self) -> str:
        return f"<{self.member} at the desk of {self._desk.id}>"

    def do(self, command: dc.Command) -> dict[str, Any]:
        """
        Carry out a command: the one door; return the new record of each stream it changed.

        Raises:
            RefusedError: If it may not be; its verdict says why and what would help.

            StaleError: If another person changed what was seen.

            NotFoundError: If what it names does not exist, or may not be viewed.
        """
        return self._desk.run(perform(self._desk.engine, self._actor, command))

    def _do_on_post(self, command: cm.PostCommand) -> Post:
        records = self.do(command)
        stream = f"post/{command.post}"
        if stream in records:
            post: Post = records[stream].post
            return post
        return self._desk.post(command.post)

    def draft(
        self,
        text: str,
        *,
        profiles: Iterable[str] = (),
        workspace: str = "",
        planned_at: TimeLike | None = None,
        times: Mapping[str, TimeLike] | None = None,
        media: Iterable[Image] = (),
        variants: Mapping[str, str] | None = None,
        links: Iterable[str] = (),
        language: str = "",
        labels: Iterable[str] = (),
        poll: Poll | None = None,
        campaign: str = "",
        tags: Iterable[str] = (),
        ref: str = "",
    ) -> Post:
        """
        Begin a post.

        Args:
            text: What goes out where no variant says otherwise.

            profiles: Where it goes; all of one workspace.

            workspace: Needed only while there are no profiles.

            planned_at: A local time in the workspace's zone, such as
                ``"2026-04-07 09:30"``, a wall time, or an instant.

            times: Other times for single profiles.

            media: Pictures; their bytes go to the media store.

            variants: Other texts for single profiles.

            links: Links beside the text.

            language: Its language; empty means the workspace's.

            labels: Content warnings and the like.

            poll: A poll, or None.

            campaign: The campaign it belongs to.

            tags: Its tags.

            ref: Your own name for it, unique in the organization: drafting it
                again is refused.

        Raises:
            InvalidValueError: If a value cannot be what it is given as.

            RefusedError: If the member may not draft there.
        """
        targets = (profiles,) if isinstance(profiles, str) else tuple(profiles)
        state = self._desk.run(self._desk.engine.state())
        organization = state.organization
        if targets:
            # Suggest only what the member may view.
            at = self._desk.engine.now()
            visible = organization.access.profiles(self.member, "view", at=at)
            if targets[0] not in organization.profiles_by_id:
                raise NotFoundError(
                    "profile", targets[0], suggestion=did_you_mean(targets[0], visible)
                )
            workspace = workspace or organization.profile(targets[0]).workspace
        elif not workspace:
            raise InvalidValueError(
                "a post without profiles has to say its workspace", expected="workspace = ..."
            )
        zone = organization.zone_of(workspace)
        images = self._keep(media)
        content = PostContent(
            text=text,
            variants=variants or {},
            media=images,
            links=links,
            targets=targets,
            language=language,
            labels=labels,
            poll=poll,
            planned_at=None if planned_at is None else wall_time(planned_at, zone),
            times={profile: wall_time(at, zone) for profile, at in (times or {}).items()},
            campaign=campaign,
            tags=tags,
        )
        engine = self._desk.engine
        post = PostId(uuid7(as_utc(engine.real_clock()), engine.entropy(10)))
        return self._do_on_post(
            cm.Draft(
                post=post, workspace=workspace, content=content, salt=engine.entropy(16), ref=ref
            )
        )

    def _keep(self, media: Iterable[Image]) -> tuple[Image, ...]:
        kept = []
        for image in media:
            if image.data is not None:
                self._desk.media.put(image.data)
                image = attrs.evolve(image, data=None)  # noqa: PLW2901  kept without its bytes
            else:
                self._desk.media.size(image.digest)
            kept.append(image)
        return tuple(kept)

    def edit(
        self,
        post: Post | str,
        *,
        revision: str = "",
        text: str | _Unchanged = _UNCHANGED,
        profiles: Iterable[str] | _Unchanged = _UNCHANGED,
        planned_at: TimeLike | _Unchanged | None = _UNCHANGED,
        times: Mapping[str, TimeLike] | _Unchanged = _UNCHANGED,
        media: Iterable[Image] | _Unchanged = _UNCHANGED,
        variants: Mapping[str, str] | _Unchanged = _UNCHANGED,
        links: Iterable[str] | _Unchanged = _UNCHANGED,
        language: str | _Unchanged = _UNCHANGED,
        labels: Iterable[str] | _Unchanged = _UNCHANGED,
        poll: Poll | _Unchanged | None = _UNCHANGED,
        campaign: str | _Unchanged = _UNCHANGED,
        tags: Iterable[str] | _Unchanged = _UNCHANGED,
    ) -> Post:
        """
        Store a new revision; what is not named stays as it is.

        Raises:
            StaleError: If another person changed it since it was seen; the
                error says who and what.
        """
        post_id, seen = _seen(post, revision)
        current = post if isinstance(post, Post) else self._desk.post(post_id)
        zone = self._desk.run(self._desk.engine.state()).organization.zone_of(current.workspace)
        changes: dict[str, Any] = {
            name: value
            for name, value in (
                ("text", text),
                ("links", links),
                ("language", language),
                ("labels", labels),
                ("poll", poll),
                ("campaign", campaign),
                ("tags", tags),
                ("variants", variants),
                ("targets", profiles),
            )
            if not isinstance(value, _Unchanged)
        }
        if not isinstance(media, _Unchanged):
            changes["media"] = self._keep(media)
        if not isinstance(planned_at, _Unchanged):
            changes["planned_at"] = None if planned_at is None else wall_time(planned_at, zone)
        if not isinstance(times, _Unchanged):
            changes["times"] = {name: wall_time(at, zone) for name, at in times.items()}
        content = _changed(current.content, changes)
        return self._do_on_post(cm.Edit(post=post_id, seen=seen, content=content))

    def comment(self, post: Post | str, text: str, *, internal: bool = True) -> Post:
        """Remark on a post; remarks of clients and guests are never internal."""
        return self._do_on_post(cm.Comment(post=_id(post), text=text, internal=internal))

    def submit(self, post: Post | str, *, revision: str = "", at: When | None = None) -> Post:
        """
        Ask for sign-off; without *at* the post leaves at its planned time.

        Args:
            post: The post as seen.

            revision: With an id, the digest of what was seen.

            at: "next slot", or "as soon as approved".
        """
        post_id, seen = _seen(post, revision)
        return self._do_on_post(cm.Submit(post=post_id, seen=seen, when=at or "planned"))

    def approve(self, post: Post | str, *, revision: str = "", note: str = "") -> Post:
        """
        Say yes to what was seen.

        Raises:
            TypeError: If a bare id is given: a yes is to what was seen.
        """
        post_id, seen = _seen(post, revision)
        return self._do_on_post(cm.Approve(post=post_id, seen=seen, note=note))

    def request_changes(self, post: Post | str, note: str, *, revision: str = "") -> Post:
        """Send what was seen back to its author."""
        post_id, seen = _seen(post, revision)
        return self._do_on_post(cm.RequestChanges(post=post_id, seen=seen, note=note))

    def reject(self, post: Post | str, note: str, *, revision: str = "") -> Post:
        """Say no to what was seen, for good."""
        post_id, seen = _seen(post, revision)
        return self._do_on_post(cm.Reject(post=post_id, seen=seen, note=note))

    def withdraw(self, post: Post | str) -> Post:
        """Take the request for sign-off back."""
        return self._do_on_post(cm.Withdraw(post=_id(post)))

    def schedule(self, post: Post | str, *, revision: str = "", at: TimeLike | None = None) -> Post:
        """Let an approved post leave at its planned time, or at *at*."""
        post_id, seen = _seen(post, revision)
        when = None if at is None else self._wall_time(post_id, at)
        return self._do_on_post(cm.Schedule(post=post_id, seen=seen, at=when))

    def unschedule(self, post: Post | str) -> Post:
        """Call off what waits; the approval stands."""
        return self._do_on_post(cm.Unschedule(post=_id(post)))

    def move(
        self, post: Post | str, at: TimeLike, *, revision: str = "", profile: str = ""
    ) -> Post:
        """Give a post another time, or one of its targets alone."""
        post_id, seen = _seen(post, revision)
        when = self._wall_time(post_id, at)
        return self._do_on_post(cm.Move(post=post_id, seen=seen, at=when, profile=profile))

    def cancel(self, post: Post | str, *, reason: str = "") -> Post:
        """Give a post up for good."""
        return self._do_on_post(cm.Cancel(post=_id(post), reason=reason))

    def hold(
        self,
        on: str | Mapping[str, Any] | Selector,
        *,
        reason: str,
        until: dt.datetime | None = None,
    ) -> HoldSet:
        """
        Stop everything that *on* takes in, now.

        Returns:
            What it stops, and what was under way already.
        """
        engine = self._desk.engine
        hold = uuid7(as_utc(engine.real_clock()), engine.entropy(10))
        selector = Selector.of(on)
        self.do(dc.SetHold(hold=hold, on=selector, reason=reason, until=until))
        return self._desk.held(hold, selector)

    def resume(self, hold: HoldSet | str) -> HoldSet:
        """
        Lift a hold.

        Returns:
            What fell due meanwhile: each stays missed until somebody
            schedules, moves or cancels it.
        """
        name = hold.id if isinstance(hold, HoldSet) else hold
        found = next((one for one in self._desk.holds() if one.id == name), None)
        if found is None:
            raise NotFoundError("hold", name)
        self.do(dc.Resume(hold=name))
        return self._desk.held(name, found.on)

    def note(self, workspace: str, on: dt.date | str, text: str) -> str:
        """Put a note on the calendar of a workspace; return its identifier."""
        engine = self._desk.engine
        day = parse_date(on) if isinstance(on, str) else on
        note = uuid7(as_utc(engine.real_clock()), engine.entropy(10))
        self.do(dc.WriteNote(note=note, workspace=workspace, on=day, text=text))
        return note

    def away(
        self,
        start: DayLike,
        end: DayLike,
        *,
        member: str = "",
        delegate: str = "",
        permissions: Iterable[str] = (),
        reason: str = "",
    ) -> Absence:
        """
        Say that this member, or another, is or will be away.

        Args:
            start: The first day, in the member's own zone.

            end: The first day back.

            member: Who; oneself if empty. For another it takes `manage_access`.

            delegate: Who stands in.

            permissions: What the delegate stands in for; none named: everything.

            reason: Why, for people.

        Raises:
            RefusedError: If the days meet those of another absence, are over,
                or the delegate is away too.
        """
        return self._desk.run(
            say_away(
                self._desk.engine,
                self._actor,
                start=start,
                end=end,
                member=member,
                delegate=delegate,
                permissions=permissions,
                reason=reason,
            )
        )

    def back(self, absence: Absence | str, on: DayLike | None = None) -> None:
        """End an absence early: *on* is the first day back, today if not given."""
        name = absence if isinstance(absence, str) else absence.id
        self.do(dc.Back(absence=name, on=None if on is None else day(on)))

    def start_campaign(
        self, campaign: str, start: DayLike | None = None, *, end: DayLike | None = None
    ) -> None:
        """
        Say on which days a campaign runs, whatever the document says.

        Args:
            campaign: The campaign.

            start: Its first day, in the workspace's zone; today if not given.

            end: The first day after it, or None.
        """
        self.do(
            dc.StartCampaign(
                campaign=campaign,
                start=None if start is None else day(start),
                end=None if end is None else day(end),
            )
        )

    def adopt(self, proposal: Proposal, *, reason: str) -> None:
        """
        Bring a proposal into force, for everybody and every worker at once.

        Raises:
            StaleError: If another organization has come into force since it was proposed.

            RefusedError: If a changed line needs a permission that this member
                lacks, they would give more than they hold, or nobody would be
                left who may do everything everywhere.
        """
        self.do(dc.Adopt(proposal=proposal, reason=reason))

    def to_do(self) -> tuple[ToDo, ...]:
        """Return what waits for this member, the most urgent first."""
        return self._desk.run(to_do(self._desk.engine, self.member))

    def actions(self, post: Post | str) -> dict[str, Verdict]:
        """Return for each command on a post whether this member may give it now, with reasons."""
        return self._desk.run(self._actions(_id(post)))

    def _actions(self, post: str) -> Steps[dict[str, Verdict]]:
        engine = self._desk.engine
        now = engine.now()
        state = yield from engine.state()
        current = (yield from engine.post(post)).record.post
        zone = state.organization.zone_of(current.workspace)
        tomorrow = WallTime.of(now + dt.timedelta(days=1), zone)
        seen = current.digest
        probes: tuple[cm.PostCommand, ...] = (
            cm.Edit(
                post=post,
                seen=seen,
                content=attrs.evolve(current.content, text=current.content.text + " "),
            ),
            cm.Comment(post=post, text="?"),
            cm.Submit(post=post, seen=seen),
            cm.Approve(post=post, seen=seen),
            cm.RequestChanges(post=post, seen=seen),
            cm.Reject(post=post, seen=seen),
            cm.Withdraw(post=post),
            cm.Schedule(post=post, seen=seen),
            cm.Unschedule(post=post),
            cm.Move(post=post, seen=seen, at=tomorrow),
            cm.Cancel(post=post),
        )
        verdicts = {}
        for probe in probes:
            try:
                yield from decided(engine, state, self._actor, probe, at=now)
            except RefusedError as refused:
                verdicts[probe.NAME] = refused.verdict
            else:
                verdicts[probe.NAME] = Verdict.yes(Reason.of("may_now", command=probe.NAME))
        return verdicts

    def _wall_time(self, post: str, at: TimeLike) -> WallTime:
        current = self._desk.post(post)
        state = self._desk.run(self._desk.engine.state())
        return wall_time(at, state.organization.zone_of(current.workspace))


def wall_time(value: TimeLike, zone: str) -> WallTime:
    """
    Read a time as a person gives it, in *zone*.

    Raises:
        InvalidValueError: If it is no time.

        SkippedTimeError: If a clock change jumps over it.

        RepeatedTimeError: If a clock change makes it happen twice.
    """
    if isinstance(value, WallTime):
        at = value
    elif isinstance(value, str):
        at = WallTime(local=parse_local(value), zone=zone)
    elif isinstance(value, dt.datetime):
        at = WallTime.of(value, zone)
    else:
        raise InvalidValueError(
            f"`{value!r}` is no time; write one such as `2026-04-07 09:30`",
            value=value,
            expected="a text, a WallTime, or a datetime with a UTC offset",
        )
    _ = at.instant
    return at


def _id(post: Post | str) -> PostId:
    return post.id if isinstance(post, Post) else PostId(post)


def _seen(post: Post | str, revision: str) -> tuple[PostId, str]:
    if isinstance(post, Post):
        return post.id, revision or post.digest
    if not revision:
        raise TypeError(
            f"`{post}` is a bare id: give the post you saw, or revision= with the digest of what"
            " you saw"
        )
    return PostId(post), revision


def _changed(content: PostContent, changes: dict[str, Any]) -> PostContent:
    """Apply changes; variants and times of targets that are dropped go with them."""
    if "targets" in changes:
        targets = changes["targets"]
        targets = (targets,) if isinstance(targets, str) else tuple(targets)
        changes["targets"] = targets
        changes.setdefault(
            "variants", [variant for variant in content.variants if variant.profile in targets]
        )
        changes.setdefault(
            "times", [(profile, at) for profile, at in content.times if profile in targets]
        )
    return attrs.evolve(content, **changes)
