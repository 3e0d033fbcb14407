"""Pass a post through its approval steps, and see which steps apply and who cannot approve it."""

import datetime as dt

from socialcollab.content import PostContent
from socialcollab.directory import Profile, Workspace
from socialcollab.errors import NotAllowedError
from socialcollab.permissions import Access, Grant
from socialcollab.workflow import (
    Actor,
    ApprovalPolicy,
    Context,
    Policies,
    PostSnapshot,
    commands,
    decide_post,
    evolve_post,
    step_statuses,
)

now = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)
profile = Profile(id="tulip-x", workspace="tulip", network="x")
access = Access.of(
    members=["ana", "ben", "lea", "noor"],
    profiles=[profile],
    roles={"editor": ["view", "draft", "submit", "approve"]},
    grants=[
        Grant(
            to=["member:ana", "member:ben", "member:lea", "member:noor"],
            role="editor",
            on="tulip-x",
        )
    ],
)
editorial = ApprovalPolicy(
    id="editorial",
    on={"workspace": "tulip"},
    steps=[
        {"id": "edit", "reviewers": "role:editor"},
        {"id": "client", "reviewers": "member:noor", "after": ["edit"]},
        # Legal approves only posts that link to the shop.
        {"id": "legal", "reviewers": "member:lea", "only_if": {"link_domain": "tulip.example"}},
    ],
)


def do(snapshot: PostSnapshot | None, member: str, command: commands.PostCommand) -> PostSnapshot:
    """Decide on a command, apply the resulting events, and return the new snapshot of the post."""
    context = Context(
        now=now,
        actor=Actor.member(member),
        access=access,
        policies=Policies.of([editorial]),
        profiles={"tulip-x": profile},
        workspaces={"tulip": Workspace(id="tulip", lead="ben", default_approval="editorial")},
        zones={"tulip": "Europe/Amsterdam"},
    )
    try:
        for event in decide_post(snapshot, command, context):
            if event.stream == "post/p1":
                snapshot = evolve_post(
                    snapshot, event.data, actor=event.actor, at=now, salt=bytes(16)
                )
    except NotAllowedError as refused:
        print(f"{member} {command.NAME}:", refused)
    assert snapshot is not None
    print(f"{member} {command.NAME}:", snapshot.post.state.value, steps(snapshot, context))
    for step in step_statuses(snapshot, context):
        for reason in step.reasons:
            print("   ", reason.text())
    return snapshot


def steps(snapshot: PostSnapshot, context: Context) -> dict[str, str]:
    """Return the state of each step."""
    return {str(step.key): step.state for step in step_statuses(snapshot, context)}


content = PostContent(text="De lente is er: tulip.example", targets=["tulip-x"])
post = do(
    None, "ana", commands.Draft(post="p1", workspace="tulip", content=content, salt=bytes(16))
)
post = do(post, "ana", commands.Submit(post="p1", seen=post.post.digest))
for member in ("ana", "ben", "lea", "noor"):
    post = do(post, member, commands.Approve(post="p1", seen=post.post.digest))
