"""
Isolation of workspaces, and of two organizations in one file.

No result, error or reason that a member gets, for any id and in any language, contains text from a
workspace that the member cannot view.
"""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, get_args

import attrs
import pytest
from tests.desk.agency import DOCUMENT

from socialcollab.content import Image, Message, MessageAuthor, Post, PostContent
from socialcollab.desk import Desk, MemberDesk
from socialcollab.desk import commands as dc
from socialcollab.errors import NotAllowedError, NotFoundError, SocialCollabError
from socialcollab.inbox import commands as ic
from socialcollab.networks.sandbox.network import Sandbox
from socialcollab.organization import Organization
from socialcollab.permissions import Grant, ShiftSwap, TemporaryGrant
from socialcollab.scheduling import SheetRow
from socialcollab.stores import SqliteStore
from socialcollab.time import WallTime
from socialcollab.workflow import commands as cm

NOW = dt.datetime(2026, 4, 2, 8, tzinfo=dt.UTC)
MARKS = {"tulip": "GEHEIMTULP", "dike": "GEHEIMDIJK"}
# No name resembles another name, because errors would suggest it.
ROTATIONS = {"tulip": "bulbs", "dike": "waters"}
PROFILES = {"tulip": ["tulip-x", "tulip-mastodon"], "dike": ["dike-x"]}
ADDITIONS = """
[[blackouts]]
on = {{ workspace = "{ws}" }}
start = "2026-04-20 10:00"
end = "2026-04-20 11:00"
reason = "{mark} stilte"

[[campaigns]]
id = "{ws}-campaign"
workspace = "{ws}"
name = "{mark} campagne"

[roles.{ws}-care]
permissions = ["view", "comment"]

[[rotations]]
id = "{rotation}"
role = "{ws}-care"
on = {{ workspace = "{ws}" }}
shifts = [{{ member = "eva", start = 2026-04-01 }}]
"""
# The workspaces that each member may view; Ana's grant on `dike` begins on 3 April.
VISIBLE = {"ana": {"tulip"}, "ben": {"tulip"}, "tom": {"dike"}, "noor": {"tulip"}, "dirk": {"dike"}}


@pytest.fixture(scope="module")
def shared_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return two organizations in one file, each with two workspaces full of work."""
    folder = tmp_path_factory.mktemp("isolation")
    store = SqliteStore(folder / "desks.db", projections=Desk.PROJECTIONS, durable=False)
    desks: dict[str, Desk] = {}
    posts: dict[tuple[str, str], list[Post]] = {}
    sandbox = Sandbox(folder / "out", clock=lambda: NOW, real_clock=lambda: NOW, durable=False)
    clock = [NOW]
    for name in ("northwind", "southwind"):
        text = DOCUMENT.replace("northwind", name, 1)
        for ws, mark in MARKS.items():
            text += ADDITIONS.format(ws=ws, mark=f"{mark}{name}", rotation=ROTATIONS[ws])
        desk = Desk.create(
            store,
            Organization.loads(text),
            owner="eva",
            networks={"*": sandbox},
            clock=lambda: clock[0],
            real_clock=lambda: clock[0],
        )
        desks[name] = desk
        for ws, mark in MARKS.items():
            posts[name, ws] = list(_work(desk, ws, f"{mark}{name}"))
    for desk in desks.values():
        desk.run_due()
    yield (
        desks,
        posts,
        {(name, ws): _target(desk, ws) for name, desk in desks.items() for ws in MARKS},
    )
    for desk in desks.values():
        desk.close()
    store.close()
    sandbox.close()


def _work(desk: Desk, ws: str, mark: str) -> Iterator[Post]:
    writer = "ana" if ws == "tulip" else "tom"
    author, eva = desk.acting_as(writer), desk.acting_as("eva")
    profiles = PROFILES[ws]
    draft = author.draft(
        f"{mark} ontwerp",
        profiles=profiles,
        planned_at="2026-04-21 09:00",
        campaign=f"{ws}-campaign",
        tags=[f"{mark}-tag"],
        external_id=f"{mark}-ref",
    )
    author.comment(draft, f"{mark} intern")
    yield desk.post(draft.id)
    in_review = author.submit(
        author.draft(f"{mark} gevraagd", profiles=profiles, planned_at="2026-04-22 09:00")
    )
    yield desk.post(in_review.id)
    returned = author.submit(
        author.draft(f"{mark} terug", profiles=profiles[:1], planned_at="2026-04-23 09:00")
    )
    with suppress(NotAllowedError):
        eva.request_changes(returned, f"{mark} niet zo")
    yield desk.post(returned.id)
    approved = author.submit(
        author.draft(f"{mark} klaar", profiles=profiles[:1], planned_at="2026-04-24 09:00")
    )
    with suppress(NotAllowedError):
        approved = eva.approve(approved, note=f"{mark} goed")
    yield desk.post(approved.id)
    eva.hold({"workspace": ws}, reason=f"{mark} storing", until=NOW + dt.timedelta(days=60))
    eva.add_calendar_note(ws, "2026-04-21", f"{mark} notitie")
    absent = "tom" if ws == "dike" else "noor"
    eva.add_absence("2026-05-04", "2026-05-08", member=absent, reason=f"{mark} ziek")
    eva.grant(
        f"member:{absent}",
        permissions="note",
        on={"workspace": ws},
        until="2026-06-01",
        reason=f"{mark} invalbeurt",
    )
    (received,) = desk.receive(
        [
            Message(
                network="x",
                profile=profiles[0],
                network_id=f"{mark}-1",
                kind="mention",
                author=MessageAuthor(id=f"{mark}-9", handle=f"{mark}-klant"),
                created_at=NOW,
                text=f"{mark} klacht",
            )
        ]
    )
    eva.inbox.note(received.conversation, f"{mark} lastig", internal=False)
    eva.inbox.open_case(f"{mark} zaak", received.conversation)
    eva.inbox.link_account(f"x:{mark}-9", workspace=ws, customer=f"{ws}-customer")
    eva.swap_shift(
        ROTATIONS[ws],
        start="2026-04-20 09:00",
        end="2026-04-21 09:00",
        to=absent,
        reason=f"{mark} ruil",
    )


def all_text(value: object) -> str:
    """Return all text in a result, in both languages."""
    parts = [repr(value), str(value)]
    if isinstance(value, dict):
        parts += [all_text(item) for pair in value.items() for item in pair]
    elif isinstance(value, tuple | list | set | frozenset):
        parts += [all_text(item) for item in value]
    for name in ("explain", "text"):
        method = getattr(value, name, None)
        if callable(method):
            parts += [str(method()), str(method("nl"))]
    for name in (
        "verdict",
        "outcomes",
        "content",
        "data",
        "post",
        "notifications",
        "history",
        "allowed_actions",
    ):
        with suppress(Exception):
            inner = getattr(value, name)
            if inner is not value:
                parts.append(all_text(inner) if not callable(inner) else "")
    if hasattr(value, "entries") and callable(value.entries):
        parts.append(all_text(value.entries()))
    return "\n".join(parts)


@attrs.frozen(kw_only=True)
class Target:
    """The names that a question is about, which may or may not exist."""

    post: str
    digest: str
    workspace: str
    profile: str
    campaign: str
    hold: str
    absence: str
    grant: str
    rotation: str
    swap: str
    member: str
    conversation: str
    case: str
    message: str
    customer: str

    def without_names(self, text: str) -> str:
        """Return *text* with the target's names replaced."""
        for name in sorted(attrs.astuple(self), key=len, reverse=True):
            # A name can be part of a word of a message: "tom" of "customer".
            text = re.sub(rf"(?<![a-z]){re.escape(name)}(?![a-z])", "?", text) if name else text
        return text


UNKNOWN = Target(
    post="019d0000-0000-7000-8000-000000000000",
    digest="f" * 64,
    workspace="nowhere",
    profile="nowhere-x",
    campaign="nowhere-campaign",
    hold="019d0000-0000-7000-8000-000000000001",
    absence="019d0000-0000-7000-8000-000000000002",
    grant="019d0000-0000-7000-8000-000000000003",
    rotation="nowhere-rota",
    swap="019d0000-0000-7000-8000-000000000004",
    member="nobody",
    conversation="0" * 32,
    case="019d0000-0000-7000-8000-000000000005",
    message="1" * 32,
    customer="019d0000-0000-7000-8000-000000000006",
)


def target_of(known: dict[tuple[str, str], Target], name: str, post: Post) -> Target:
    """Return the target for one post of an organization."""
    return attrs.evolve(known[name, post.workspace], post=post.id, digest=post.digest)


def _target(desk: Desk, ws: str) -> Target:
    absent = "tom" if ws == "dike" else "noor"
    return Target(
        post="",
        digest="",
        workspace=ws,
        profile=PROFILES[ws][0],
        campaign=f"{ws}-campaign",
        hold=next(hold.id for hold in desk.holds() if ws in hold.on.workspace),
        absence=next(
            absence.id for absence in desk.runtime_state().absences if absence.member == absent
        ),
        grant=next(
            grant.id
            for grant in desk.runtime_state().temporary_grants
            if ws in grant.grant.on.workspace
        ),
        rotation=ROTATIONS[ws],
        swap=next(swap.id for swap in desk.runtime_state().swaps if swap.rotation == ROTATIONS[ws]),
        member=absent,
        conversation=(found := desk.acting_as("eva").inbox.find(profile=PROFILES[ws][0]))
        .conversations[0]
        .id,
        case=found.conversations[0].case,
        message=found.conversations[0].last_message,
        customer=f"{ws}-customer",
    )


def commands(about: Target, when: dt.datetime) -> dict[str, Any]:
    """Return a command of each kind that contains a name."""
    seen = {"post": about.post, "seen": about.digest}
    return {
        "submit": cm.Submit(**seen),
        "reschedule": cm.Reschedule(
            **seen, at=WallTime.of(when, "Europe/Amsterdam"), profile=about.profile
        ),
        "take_down": cm.TakeDown(post=about.post, profile=about.profile, network_id="1"),
        "mark_not_published": cm.MarkNotPublished(post=about.post, profile=about.profile),
        "draft": cm.Draft(
            post="p-new",
            workspace=about.workspace,
            content=PostContent(text="x", targets=[about.profile]),
            salt=bytes(16),
        ),
        "hold": cm.PlaceHold(hold="h-new", on=about.profile, reason="x"),
        "resume": cm.Resume(hold=about.hold),
        "add_calendar_note": cm.AddCalendarNote(
            note="n-new", workspace=about.workspace, date=dt.date(2026, 4, 21), text="x"
        ),
        "end_absence": cm.EndAbsence(absence=about.absence),
        "grant": cm.AddGrant(
            grant=TemporaryGrant(
                id="g-new",
                grant=Grant(
                    to=f"member:{about.member}",
                    permissions="view",
                    on={"workspace": about.workspace},
                    end=dt.date(2026, 5, 1),
                    reason="x",
                ),
            )
        ),
        "revoke": cm.RevokeGrant(grant=about.grant),
        "swap_shift": cm.SwapShift(
            swaps=[
                ShiftSwap(
                    id="s-new",
                    rotation=about.rotation,
                    member=about.member,
                    start="2026-05-01 09:00",
                    end="2026-05-02 09:00",
                )
            ]
        ),
        "cancel_shift_swap": cm.CancelShiftSwap(swaps=about.swap),
        "offboard": dc.Offboard(member=about.member, reason="x"),
        "start_campaign": cm.StartCampaign(campaign=about.campaign),
        "add_native_post": cm.AddNativePost(profile=about.profile, network_id="8", at=NOW),
        "remove_native_post": cm.RemoveNativePost(profile=about.profile, network_id="8"),
        "connect": cm.Connect(profile=about.profile, account="a"),
        "disconnect": cm.Disconnect(profile=about.profile),
        "erase": dc.Erase(post=about.post, reason="x"),
        **inbox_commands(about, when),
        "erase_member": dc.Erase(member=about.member, reason="x"),
    }


def inbox_commands(about: Target, when: dt.datetime) -> dict[str, Any]:
    """Return a command of the inbox of each kind that contains a name."""
    item = f"conversation/{about.conversation}"
    return {
        "assign": ic.Assign(item=item, to=f"member:{about.member}"),
        "claim": ic.Claim(item=item),
        "release": ic.Release(item=item),
        "take_over": ic.TakeOver(item=f"case/{about.case}", reason="x"),
        "hand_off": ic.HandOffItem(item=item, to=f"rotation:{about.rotation}"),
        "accept_hand_off": ic.AcceptHandOff(item=item),
        "escalate": ic.EscalateItem(item=item, reason="x"),
        "snooze": ic.Snooze(item=item, until=when),
        "resolve": ic.ResolveItem(item=item, seen=0),
        "reopen": ic.ReopenItem(item=item),
        "set_priority": ic.SetPriority(item=item, priority="high"),
        "tag": ic.TagItem(item=item, add=("x",)),
        "write_note": ic.NoteItem(item=item, note="n1", text="x"),
        "link": ic.LinkItem(item=item, posts=(about.post,), campaigns=(about.campaign,)),
        "reply": ic.Reply(item=item, post="r1", text="x", seen=0, salt=bytes(16)),
        "confirm_reply": ic.ConfirmReply(item=item, post=about.post, seen=0),
        "approve_reply": ic.ApproveReply(item=item, post=about.post, revision=about.digest),
        "moderate": ic.Moderate(item=item, request="q1", action="hide", message=about.message),
        "merge": ic.MergeItems(item=item, others=(item,)),
        "open_case": ic.OpenCase(
            case="c1", workspace=about.workspace, title="x", conversations=(about.conversation,)
        ),
        "file": ic.FileConversation(item=item, case=about.case),
        "split": ic.SplitOff(item=item),
        "keep_together": ic.KeepTogether(item=item),
        "link_account": ic.LinkAccount(
            customer=about.customer, workspace=about.workspace, account="x:7"
        ),
        "unlink_account": ic.UnlinkAccount(customer=about.customer, account="x:7"),
    }


def inbox_questions(acting: MemberDesk, about: Target) -> list[Any]:
    """Return the answers of the queries of the inbox about a target."""
    inbox = acting.inbox
    asked: list[Callable[[], Any]] = [
        lambda: inbox.conversation(about.conversation),
        lambda: inbox.case(about.case),
        lambda: inbox.view(about.conversation),
        lambda: inbox.view(f"case/{about.case}"),
        inbox.find,
        lambda: inbox.find(profile=about.profile, text="geheim"),
        lambda: inbox.find(customer=about.customer),
        inbox.unanswered,
        inbox.to_do,
        lambda: inbox.timeline(about.customer),
        lambda: inbox.erase_customer("x:7", workspace=about.workspace, reason="x"),
        lambda: inbox.claim_many([about.conversation]),
    ]
    return [result_of(ask) for ask in asked]


def questions(
    acting: MemberDesk, about: Target, rng: random.Random
) -> dict[str, Callable[[], Any]]:
    """Return a call of every method of `MemberDesk` about a target."""
    when = NOW + dt.timedelta(days=rng.randint(10, 40))
    post, revision = about.post, {"revision": about.digest}
    return {
        "draft": lambda: acting.draft(
            "x", profiles=[about.profile], workspace=about.workspace, planned_at=when
        ),
        "import_rows": lambda: acting.import_rows(
            [
                SheetRow(number=2, text="x", profiles=(about.profile,), local=when),
                SheetRow(number=3, text="x", profiles=(about.profile,), author=about.member),
            ]
        ),
        "edit": lambda: acting.edit(post, text="x", **revision),
        "comment": lambda: acting.comment(post, "x"),
        "resolve_comment": lambda: acting.resolve_comment(post, 1),
        "submit": lambda: acting.submit(post, **revision),
        "approve": lambda: acting.approve(post, **revision),
        "request_changes": lambda: acting.request_changes(post, "x", **revision),
        "reject": lambda: acting.reject(post, "x", **revision),
        "withdraw": lambda: acting.withdraw(post),
        "schedule": lambda: acting.schedule(post, at=when, **revision),
        "unschedule": lambda: acting.unschedule(post),
        "reschedule": lambda: acting.reschedule(post, when, **revision),
        "cancel": lambda: acting.cancel(post),
        "publish_now": lambda: acting.publish_now(post, **revision),
        "bypass": lambda: acting.bypass(post, reason="x", **revision),
        "exempt": lambda: acting.exempt(about.hold, post, reason="x"),
        "waive": lambda: acting.waive(post, "SG101", reason="x", **revision),
        "take_down": lambda: acting.take_down(post, reason="x"),
        "amend": lambda: acting.amend(post, **revision),
        "mark_published": lambda: acting.mark_published(
            post, about.profile, network_id="1", url="https://x.example/1"
        ),
        "mark_not_published": lambda: acting.mark_not_published(post, about.profile),
        "add_native_post": lambda: acting.add_native_post(
            about.profile, network_id="7", at=NOW, url="https://x.example/7", text="x"
        ),
        "remove_native_post": lambda: acting.remove_native_post(about.profile, network_id="7"),
        "connect": lambda: acting.connect(about.profile, account="a"),
        "disconnect": lambda: acting.disconnect(about.profile),
        "hold": lambda: acting.hold({"workspace": about.workspace}, reason="x"),
        "resume": lambda: acting.resume(about.hold),
        "add_calendar_note": lambda: acting.add_calendar_note(about.workspace, "2026-04-21", "x"),
        "add_absence": lambda: acting.add_absence("2026-05-01", "2026-05-02", member=about.member),
        "end_absence": lambda: acting.end_absence(about.absence),
        "grant": lambda: acting.grant(
            f"member:{about.member}",
            permissions="view",
            on=about.profile,
            until="2026-05-01",
            reason="x",
        ),
        "revoke": lambda: acting.revoke(about.grant),
        "swap_shift": lambda: acting.swap_shift(
            about.rotation,
            start="2026-05-01 09:00",
            end="2026-05-02 09:00",
            to=about.member,
            in_return=("2026-05-03 09:00", "2026-05-04 09:00"),
        ),
        "cancel_shift_swap": lambda: acting.cancel_shift_swap(about.swap),
        "offboard": lambda: acting.offboard(about.member, reason="x"),
        "start_campaign": lambda: acting.start_campaign(about.campaign),
        "adopt": lambda: acting.adopt(acting._desk.propose(acting._desk.organization), reason="x"),
        "presence": lambda: [
            result_of(lambda: acting.presence(post)),
            result_of(lambda: acting.presence(f"request/{post}")),
            result_of(lambda: acting.presence("conversation/1", workspace=about.workspace)),
        ],
        "seen": lambda: acting.seen(post, "typing", device="1"),
        "left": lambda: acting.left(post, device="1"),
        "current_claim": lambda: acting.current_claim(post),
        "claim": lambda: acting.claim(post),
        "renew_claim": lambda: acting.renew_claim(post, token=1),
        "release_claim": lambda: acting.release_claim(post, token=1),
        "take_over_claim": lambda: acting.take_over_claim(post, reason="x"),
        "to_do": acting.to_do,
        "permissions": acting.permissions,
        "post_view": lambda: acting.post_view(post),
        "notifications": acting.notifications,
        "allowed_actions": lambda: acting.allowed_actions(post),
        "do": lambda: [
            result_of(lambda command=command: acting.do(command))
            for command in commands(about, when).values()
        ],
        "member": lambda: acting.member,
        "inbox": lambda: inbox_questions(acting, about),
        "erase": lambda: acting.erase(post=post, reason="x"),
    }


def result_of(ask: Callable[[], Any]) -> Any:
    """Return the result of a call, or the error that it raises."""
    try:
        return ask()
    except SocialCollabError as error:
        return error


def test_every_method_is_covered() -> None:
    """These tests call every method of `MemberDesk`, and give every command."""
    public = {name for name in vars(MemberDesk) if not name.startswith("_")}
    known = set(questions(MemberDesk.__new__(MemberDesk), UNKNOWN, random.Random(0)))
    # Commands on several posts accept posts, which a member has only if they can view them.
    on_several = {"submit_all", "approve_all", "cancel_all", "reschedule_all"}
    assert public - on_several <= known
    other_commands = {
        command.NAME for command in set(get_args(dc.Command)) - set(get_args(cm.PostCommand))
    }
    # `adopt` accepts a proposal, and `add_absence` an absence with a new id.
    assert other_commands - {"adopt", "add_absence"} <= {
        command.NAME for command in commands(UNKNOWN, NOW).values()
    }


def text_of(ask: Callable[[], Any]) -> str:
    return all_text(result_of(ask))


@pytest.mark.integration
@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2, 3))])
def test_no_answer_shows_hidden_text(shared_file, seed: int) -> None:
    """No answer to any question about any post contains text that the member cannot view."""
    desks, posts, known = shared_file
    rng = random.Random(seed)
    asked = 0
    for _ in range(24 if seed else 9):
        organization = rng.choice(tuple(desks))
        member = rng.choice(tuple(VISIBLE))
        ws = rng.choice(tuple(MARKS))
        home = organization if rng.random() < 0.7 else rng.choice(tuple(desks))
        post = rng.choice(posts[home, ws])
        acting = desks[organization].acting_as(member)
        hidden = [
            f"{mark}{owner}"
            for other, mark in MARKS.items()
            for owner in desks
            if owner != organization or other not in VISIBLE[member]
        ]
        for name, ask in questions(acting, target_of(known, home, post), rng).items():
            text = text_of(ask)
            asked += 1
            for mark in hidden:
                assert mark not in text, (organization, member, name, post.id)
    assert asked > (700 if seed else 260)


@pytest.mark.parametrize("member", VISIBLE)
@pytest.mark.integration
def test_hidden_answers_like_unknown(shared_file, member: str) -> None:
    """Questions about hidden things are answered like questions about things that do not exist."""
    desks, posts, known = shared_file
    (ws,) = set(MARKS) - VISIBLE[member]
    acting = desks["northwind"].acting_as(member)
    for post in posts["northwind", ws]:
        about = target_of(known, "northwind", post)
        hidden = questions(acting, about, random.Random(1))
        unknown = questions(acting, UNKNOWN, random.Random(1))
        # `adopt` is omitted, because a member who adopts a proposal has already seen it.
        for name in set(hidden) - {"adopt"}:
            pair = [
                about.without_names(text_of(hidden[name])),
                UNKNOWN.without_names(text_of(unknown[name])),
            ]
            assert pair[0] == pair[1], (member, name)
        for name, command in commands(about, NOW).items():
            other = commands(UNKNOWN, NOW)[name]
            pair = [
                about.without_names(text_of(lambda: acting.do(command))),  # noqa: B023
                UNKNOWN.without_names(text_of(lambda: acting.do(other))),  # noqa: B023
            ]
            assert pair[0] == pair[1], (member, name)


def test_absence_of_colleague(shared_file) -> None:
    """Only members who share a workspace with the absent member can see an absence."""
    desks, _, _ = shared_file
    desk = desks["northwind"]
    absence = desk.acting_as("eva").add_absence("2026-06-01", "2026-06-03", member="noor").id
    with pytest.raises(NotAllowedError):
        desk.acting_as("ana").end_absence(absence)
    with pytest.raises(NotFoundError, match=f"no absence `{absence}`"):
        desk.acting_as("dirk").end_absence(absence)


def test_hold_on_hidden_profiles(shared_file) -> None:
    """A hold on hidden profiles matches nothing, and a hold that also matches others is refused."""
    desks, _, _ = shared_file
    dirk, ben = desks["northwind"].acting_as("dirk"), desks["northwind"].acting_as("ben")
    for on in (
        {"workspace": "*", "network": "mastodon"},
        {"workspace": "*", "network": "linkedin"},
    ):
        with pytest.raises(NotAllowedError, match="no profile matches"):
            dirk.hold(on, reason="x")
    # A hold on only the visible profiles would be less than the member requested.
    with pytest.raises(NotAllowedError, match="a resource that they cannot view"):
        ben.hold({"workspace": "*", "network": "x"}, reason="x")


@pytest.mark.parametrize("member", VISIBLE)
def test_reads_for_viewer(shared_file, member: str) -> None:
    """Queries with `viewer=` show only the member's workspaces."""
    desks, _, _ = shared_file
    start, end = NOW, NOW + dt.timedelta(days=60)
    for organization, desk in desks.items():
        shown = all_text(desk.calendar(start, end, viewer=member))
        shown += all_text(desk.calendar_notes(viewer=member))
        for ws, mark in MARKS.items():
            visible = ws in VISIBLE[member]
            assert visible == (f"{mark}{organization}" in shown), ws
        for other in desks:
            assert other == organization or f"{other}" not in shown


def test_reads_of_one_organization(shared_file) -> None:
    """No query of one organization shows data of the other organization in the file."""
    desks, posts, _ = shared_file
    start, end = NOW - dt.timedelta(days=9), NOW + dt.timedelta(days=60)
    for organization, desk in desks.items():
        other = next(name for name in desks if name != organization)
        reads: list[Callable[[], Any]] = [
            desk.posts,
            lambda: desk.feed(limit=10_000),  # noqa: B023
            desk.notifications,
            lambda: desk.calendar(start, end),  # noqa: B023
            lambda: desk.clashes(start, end),  # noqa: B023
            desk.holds,
            desk.calendar_notes,
            desk.runtime_state,
            desk.as_of,
            desk.audit,
            lambda: desk.organization,  # noqa: B023
            desk.last_event_at,
        ]
        for ws in MARKS:
            for post in posts[other, ws]:
                reads += [
                    lambda post=post: desk.post(post.id),  # noqa: B023
                    lambda post=post: desk.deliveries(post.id),  # noqa: B023
                    lambda post=post: desk.summary(post.id),  # noqa: B023
                    lambda post=post: desk.history(post.id),  # noqa: B023
                    lambda post=post: desk.pending_steps(post.id),  # noqa: B023
                    lambda post=post: desk.post_by_external_id(post.external_id),  # noqa: B023
                    lambda post=post: desk.reconcile(post.id),  # noqa: B023
                ]
        for read in reads:
            text = text_of(read)
            assert not [mark for mark in MARKS.values() if f"{mark}{other}" in text]


def test_media_of_two_organizations(tmp_path) -> None:
    """Erasing a post deletes its media, but not those of another organization in the file."""
    picture = Image.from_bytes(b"\x89PNG\r\n\x1a\n" + bytes(16), alt="een tulp")
    posts = {}
    for name in ("northwind", "southwind"):
        organization = Organization.loads(DOCUMENT.replace("northwind", name, 1))
        with Desk.create(
            tmp_path / "desks.db", organization, owner="eva", clock=lambda: NOW
        ) as desk:
            ana = desk.acting_as("ana")
            post = ana.draft("x", profiles=["tulip-x"], media=[picture])
            posts[name] = ana.cancel(post)
    with Desk.open(tmp_path / "desks.db", organization="northwind", clock=lambda: NOW) as desk:
        desk.acting_as("eva").erase(post=posts["northwind"].id, reason="asked for")
        desk.run_due()
        with pytest.raises(NotFoundError):
            desk.media.size(posts["northwind"].media[0].digest)
    with Desk.open(tmp_path / "desks.db", organization="southwind", clock=lambda: NOW) as desk:
        assert desk.media.size(posts["southwind"].media[0].digest)


def test_hold_without_view(agency) -> None:
    """A member with `hold` but not `view` on a profile can place a hold on it by name."""
    text = DOCUMENT + (
        '\n[[forbids]]\nto = "member:tom"\npermissions = ["view"]\non = { workspace = "dike" }\n'
    )
    eva, tom = agency.acting("eva", "tom")
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason="blind")
    for on in ("dike-x", {"workspace": "dike"}):
        tom.hold(on, reason="storm")
    with pytest.raises(NotFoundError, match="no profile `tulip-x`"):
        tom.hold("tulip-x", reason="storm")
