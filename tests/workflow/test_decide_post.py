"""The workflow of a post, sentence by sentence."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.content import CONTEXT_FIELDS, PUBLISHED_FIELDS, DeliveryState, Finding
from socialcollab.errors import InvalidValueError, NotFoundError, StaleError
from socialcollab.permissions import COMMAND_PERMISSIONS, Grant
from socialcollab.time import WallTime
from socialcollab.workflow import (
    SYSTEM_MAY,
    Actor,
    ApprovalPolicy,
    Policies,
    StepKey,
    due_steps,
    gate,
    step_statuses,
)
from socialcollab.workflow import commands as cm

LATER = WallTime(local="2026-04-09 11:00", zone="Europe/Amsterdam")
TULIP = {"workspace": "tulip"}


def policy(name="house", *steps, on=TULIP, **more) -> ApprovalPolicy:
    if not steps and "extends" not in more:
        steps = ({"id": "edit", "reviewers": "role:editor"},)
    return ApprovalPolicy(id=name, on=on, steps=steps, **more)


def step(name, reviewers, **more) -> dict:
    return {"id": name, "reviewers": reviewers, **more}


def states(bench) -> dict[str, str]:
    return {
        str(status.key): status.state
        for status in step_statuses(bench.snapshot, bench.context())
        if status.key.policy != "none"
    }


# The machine: every command in every state.

COMMANDS = {
    "edit": lambda b: cm.Edit(
        post="p1", seen=b.seen, content=attrs.evolve(b.post.content, text="anders")
    ),
    "comment": lambda b: cm.Comment(post="p1", text="mooi"),
    "submit": lambda b: cm.Submit(post="p1", seen=b.seen),
    "approve": lambda b: cm.Approve(post="p1", seen=b.seen),
    "request_changes": lambda b: cm.RequestChanges(post="p1", seen=b.seen),
    "reject": lambda b: cm.Reject(post="p1", seen=b.seen),
    "withdraw": lambda b: cm.Withdraw(post="p1"),
    "schedule": lambda b: cm.Schedule(post="p1", seen=b.seen),
    "unschedule": lambda b: cm.Unschedule(post="p1"),
    "reschedule": lambda b: cm.Reschedule(post="p1", seen=b.seen, at=LATER),
    "cancel": lambda b: cm.Cancel(post="p1"),
}
AFTERWARDS = {
    "draft": {
        "edit": "draft", "comment": "draft", "submit": "in_review", "reschedule": "draft",
        "cancel": "cancelled",
    },
    "in_review": {
        "edit": "in_review", "comment": "in_review", "approve": "approved",
        "request_changes": "changes_requested", "reject": "rejected", "withdraw": "draft",
        "reschedule": "in_review", "cancel": "cancelled",
    },
    "changes_requested": {
        "edit": "changes_requested", "comment": "changes_requested", "submit": "in_review",
        "reschedule": "changes_requested", "cancel": "cancelled",
    },
    "rejected": {"comment": "rejected"},
    "approved": {
        "edit": "in_review", "comment": "approved", "schedule": "approved",
        "unschedule": "approved", "reschedule": "approved", "cancel": "cancelled",
        "withdraw": "draft",
    },
    "cancelled": {"comment": "cancelled"},
    "expired": {"edit": "expired", "comment": "expired", "reschedule": "draft", "cancel": "cancelled"},
}  # fmt: skip


def brought_to(bench, state):
    b = bench(policy())
    b.draft()
    if state != "draft":
        b.submit()
    if state == "approved":
        b.approve("ben")
    elif state in ("changes_requested", "rejected", "cancelled"):
        name = {"changes_requested": "request_changes", "rejected": "reject"}.get(state, "cancel")
        b.do("ben", COMMANDS[name](b))
    elif state == "expired":
        b.now = b.PLANNED.instant
        b.expire()
        b.now = b.START
    assert b.state == state
    return b


@pytest.mark.parametrize("state", AFTERWARDS)
@pytest.mark.parametrize("name", COMMANDS)
def test_the_whole_machine(bench, state, name) -> None:
    """Each command in each state leads where the table says, or is refused as out of state."""
    b = brought_to(bench, state)
    command = COMMANDS[name](b)
    if name in AFTERWARDS[state]:
        b.do("eva", command)
        assert AFTERWARDS[state][name] == b.state
    else:
        assert b.refusal("eva", command) == "wrong_state"


def test_every_command_has_its_permission() -> None:
    from socialcollab.desk import commands as dc

    known = {command.NAME for command in (*cm.PostCommand.__args__, *dc.Command.__args__)}
    assert known == set(COMMAND_PERMISSIONS)
    assert set(COMMANDS) | {"draft"} <= known


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_without_its_permission_is_refused(bench, name) -> None:
    """Whoever has all but the command's own permission is refused for that."""
    needed = COMMAND_PERMISSIONS[name]
    wanted = next(state for state, table in AFTERWARDS.items() if name in table)
    b = brought_to(bench, wanted)
    all_but = sorted({*COMMAND_PERMISSIONS.values(), "view", "edit_others"} - {needed})
    b.grants = (*b.GRANTS, Grant(to="member:tom", permissions=all_but, on=TULIP))
    assert b.refusal("tom", COMMANDS[name](b)) == "default_deny"


@pytest.mark.parametrize("name", COMMANDS)
def test_who_may_not_view_a_post_learns_nothing_of_it(bench, name) -> None:
    wanted = next(state for state, table in AFTERWARDS.items() if name in table)
    b = brought_to(bench, wanted)
    with pytest.raises(NotFoundError) as caught:
        b.do("tom", COMMANDS[name](b))
    assert str(caught.value) == "there is no post `p1`"


def test_editing_what_others_wrote_needs_edit_others(bench) -> None:
    b = bench(policy())
    b.draft()
    content = attrs.evolve(b.post.content, text="anders")
    edit = cm.Edit(post="p1", seen=b.seen, content=content)
    assert b.refusal("wil", edit) == "default_deny"
    b.do("eva", edit)


def test_permission_is_needed_on_every_target(bench) -> None:
    b = bench(policy())
    b.grants = (*b.GRANTS, Grant(to="member:tom", role="editor", on="tulip-x"))
    b.draft(targets=["tulip-x", "tulip-mastodon"])
    with pytest.raises(NotFoundError):
        b.do("tom", COMMANDS["edit"](b))


def test_dropping_every_target_needs_the_workspace(bench) -> None:
    """Where a post has no target, its workspace is its place; nobody slips it out of one."""
    b = bench(policy())
    b.grants = (*b.GRANTS, Grant(to="member:tom", role="editor", on="tulip-x"))
    b.draft("tom")
    content = attrs.evolve(b.post.content, targets=())
    assert b.refusal("tom", cm.Edit(post="p1", seen=b.seen, content=content)) == "not_visible"


def test_a_post_without_targets_is_not_submitted(bench) -> None:
    b = bench(policy())
    b.draft(targets=())
    assert b.refusal("ana", COMMANDS["submit"](b)) == "no_targets"
    b.do("eva", COMMANDS["reschedule"](b))
    assert b.state == "draft"


def test_a_post_belongs_to_one_workspace(bench) -> None:
    b = bench(policy())
    b.grants = (*b.GRANTS, Grant(to="member:ana", permissions=["view"], on={"workspace": "dike"}))
    b.draft()
    content = attrs.evolve(b.post.content, targets=["tulip-x", "dike-x"])
    assert b.refusal("ana", cm.Edit(post="p1", seen=b.seen, content=content)) == "other_workspace"


@pytest.mark.parametrize("target", ["dike-x", "dike-xx", "nothing"])
def test_profiles_out_of_sight_are_as_if_they_were_not(bench, target) -> None:
    """Neither a refusal nor a suggestion names another workspace's profile."""
    b = bench(policy())
    with pytest.raises(NotFoundError) as caught:
        b.draft("ana", targets=[target])
    assert "did you mean" not in str(caught.value)
    assert "dike" not in str(caught.value).replace(f"`{target}`", "")
    with pytest.raises(NotFoundError, match="did you mean `tulip-x`"):
        b.draft("ana", targets=["tulip-xx"])


# Nobody decides on their own work.


def test_nobody_approves_what_they_wrote(bench) -> None:
    b = bench(policy())
    b.draft("ben")
    b.submit("ben")
    assert b.refusal("ben", COMMANDS["approve"](b)) == "own_work"
    b.approve("eva")
    assert b.state == "approved"


def test_an_earlier_author_never_decides_even_after_edits_by_others(bench) -> None:
    b = bench(policy())
    b.draft("ben")
    b.edit("eva", text="heel anders")
    b.submit("ben")
    for author in ("ben", "eva"):
        assert b.refusal(author, COMMANDS["approve"](b)) == "own_work"
        assert b.refusal(author, COMMANDS["reject"](b)) == "own_work"
    b.approve("mia")
    assert b.state == "approved"


def test_a_step_may_let_its_reviewer_edit(bench) -> None:
    """Approve-with-edit counts for that step alone."""
    b = bench(
        policy(
            "house",
            step("edit", "role:editor", may_edit=True),
            step("check", ["member:ben", "member:eva"]),
        )
    )
    b.draft()
    b.submit()
    b.edit("eva", text="beter")
    b.approve("eva")
    assert states(b) == {"house/check": "open", "house/edit": "passed"}
    b.approve("ben")
    assert b.state == "approved"


def test_moving_a_post_makes_nobody_its_author(bench) -> None:
    b = bench(policy())
    b.draft()
    b.submit()
    b.do("ben", COMMANDS["reschedule"](b))
    assert b.post.authors == ("ana",)
    b.approve("ben")
    assert b.state == "approved"


def test_whoever_chose_the_time_does_not_sign_it_off(bench) -> None:
    """Where a step binds the time, the mover wrote what it decides on."""
    b = bench(policy("house", step("edit", "role:editor", binds=["text", "time"])))
    b.draft()
    b.submit()
    b.do("ben", COMMANDS["reschedule"](b))
    assert b.refusal("ben", COMMANDS["approve"](b)) == "own_work"
    b.approve("eva")
    assert b.state == "approved"


# Quorums and orders.


@pytest.mark.parametrize(("quorum", "needed"), [("any", 1), ("all", 3), (2, 2), (3, 3)])
def test_a_quorum_is_any_all_or_a_number(bench, quorum, needed) -> None:
    b = bench(policy("house", step("edit", "role:editor", quorum=quorum)))
    b.draft()
    b.submit()
    for number, who in enumerate(("ben", "eva", "mia")[:needed], start=1):
        assert b.state == "in_review"
        b.approve(who)
        assert (b.state == "approved") == (number == needed)


def test_one_person_counts_once(bench) -> None:
    b = bench(policy("house", step("edit", "role:editor", quorum=2)))
    b.draft()
    b.submit()
    b.approve("ben")
    assert b.refusal("ben", COMMANDS["approve"](b)) == "voted_already"


def test_parallel_steps_open_at_once_and_one_vote_counts_for_each(bench) -> None:
    b = bench(policy("house", step("a", "role:editor"), step("b", ["member:ben", "member:noor"])))
    b.draft()
    b.submit()
    assert set(states(b).values()) == {"open"}
    b.approve("ben")
    assert b.state == "approved"


def test_a_distinct_step_wants_a_vote_of_its_own(bench) -> None:
    b = bench(policy("house", step("a", "role:editor"), step("b", "role:editor", distinct=True)))
    b.draft()
    b.submit()
    b.approve("ben")
    assert states(b) == {"house/a": "passed", "house/b": "open"}
    b.approve("eva")
    assert b.state == "approved"


def test_ordered_steps_open_one_after_the_other(bench) -> None:
    b = bench(
        policy("house", step("edit", "role:editor"), step("client", "member:noor", after="edit"))
    )
    b.draft()
    b.submit()
    assert states(b) == {"house/client": "later", "house/edit": "open"}
    assert b.refusal("noor", COMMANDS["approve"](b)) == "step_not_open"
    b.approve("ben")
    assert states(b) == {"house/client": "open", "house/edit": "passed"}
    b.approve("noor")
    assert b.state == "approved"


def test_who_is_not_asked_is_told_who_is(bench) -> None:
    b = bench(policy("house", step("edit", "member:ben")))
    b.draft()
    b.submit()
    assert b.refusal("noor", COMMANDS["approve"](b)) == "not_asked"
    with pytest.raises(Exception, match="reviewers are: ben"):
        b.approve("noor")


def test_a_passed_step_stays_passed_when_more_people_could_be_asked(bench) -> None:
    b = bench(
        policy("house", step("edit", "role:editor", quorum="all"), step("client", "member:noor"))
    )
    b.draft()
    b.submit()
    for who in ("ben", "eva", "mia"):
        b.approve(who)
    b.grants = (*b.GRANTS, Grant(to="member:wil", role="editor", on=TULIP))
    assert states(b)["house/edit"] == "passed"
    b.approve("noor")
    assert b.state == "approved"
    assert gate(b.snapshot, b.context())


def test_a_later_word_takes_the_place_of_an_earlier_one(bench) -> None:
    """Whoever asked for changes after saying yes is asked again."""
    b = bench(policy("house", step("edit", "role:editor", quorum=2)))
    b.draft()
    b.submit()
    b.approve("ben")
    b.do("ben", COMMANDS["request_changes"](b))
    b.submit()
    b.approve("eva")
    assert b.state == "in_review"
    b.approve("ben")
    assert b.state == "approved"


# Which policies, and the union of their steps.


def test_extends_is_a_union_in_which_an_inherited_step_is_the_same_step(bench) -> None:
    house = policy()
    signoff = policy(
        "signoff",
        step("client", "member:noor", after="edit"),
        on={**TULIP, "post_tag": "offer"},
        extends="house",
    )
    b = bench(house, signoff)
    b.draft(tags=["offer"])
    b.submit()
    assert states(b) == {"house/edit": "open", "signoff/client": "later"}
    b.approve("ben")
    b.approve("noor")
    assert b.state == "approved"


@pytest.mark.parametrize(
    ("one", "other", "shorter"),
    [
        ("1 business day", "10 hours", "1 business day"),
        ("9 business hours", "1 business day", "1 business day"),
        ("1 day", "2 business days", "2 business days"),
        ("1 week", "6 days", "6 days"),
    ],
)
def test_the_shorter_lateness_wins_and_a_business_day_has_eight_hours(
    bench, one: str, other: str, shorter: str
) -> None:
    b = bench(policy("m", late_by=one), policy("n", late_by=other))
    b.draft()
    assert shorter == str(b.context().requirement(b.post).late_by)


@pytest.mark.parametrize("first", ["strict", "lax"])
def test_where_policies_differ_the_stricter_wins(bench, first) -> None:
    lax = policy("a-lax" if first == "lax" else "z-lax", late="publish")
    strict = policy("m", late="expire", on_approval="wait")
    middle = policy("n", late="hold", late_by="2 hours")
    b = bench(lax, strict, middle)
    b.draft()
    found = b.context().requirement(b.post)
    assert (found.on_approval, found.late, str(found.late_by)) == ("wait", "expire", "2 hours")
    b.submit()
    b.approve("ben")
    assert b.state == "approved"
    assert b.states() == {}


def test_a_step_may_depend_on_findings_and_once_due_it_stays_due(bench) -> None:
    b = bench(
        policy(
            "house",
            step("edit", "role:editor"),
            step("client", "member:noor", only_if={"finding_at_least": "warning"}),
        )
    )
    b.draft()
    b.findings = (Finding(code="SG101", severity="suggestion"),)
    b.submit()
    assert states(b) == {"house/client": "skipped", "house/edit": "open"}
    b.findings = (Finding(code="SG101", severity="error"),)
    b.edit(text="te lang")
    assert states(b)["house/client"] == "open"
    b.findings = ()
    b.edit(text="kort")
    assert states(b)["house/client"] == "open"
    b.approve("ben")
    assert b.state == "in_review"
    b.approve("noor")
    assert b.state == "approved"


def test_dropping_the_tag_that_brought_a_step_does_not_drop_the_step(bench) -> None:
    b = bench(
        policy(), policy("offers", step("client", "member:noor"), on={**TULIP, "post_tag": "offer"})
    )
    b.draft(tags=["offer"])
    b.submit()
    b.edit(tags=[])
    b.approve("ben")
    assert b.state == "in_review"
    b.approve("noor")
    assert b.state == "approved"


def test_a_tag_added_later_brings_its_steps(bench) -> None:
    b = bench(
        policy(), policy("offers", step("client", "member:noor"), on={**TULIP, "post_tag": "offer"})
    )
    b.draft()
    b.submit()
    b.approve("ben")
    assert b.states() == {"tulip-x": "waiting"}
    b.edit(tags=["offer"])
    assert b.state == "in_review"
    assert b.states() == {}
    b.approve("noor")
    assert b.state == "approved"


RUNTIME_STATE = st.tuples(
    st.sets(st.sampled_from(("offer", "campaign", "care"))),
    st.sampled_from(((), ("suggestion",), ("warning",), ("error", "suggestion"))),
)


@given(RUNTIME_STATE, RUNTIME_STATE)
def test_more_facts_never_mean_fewer_steps(bench, some, more) -> None:
    b = bench(
        policy("a", step("edit", "role:editor", only_if={"finding_at_least": "warning"})),
        policy("b", step("one", "member:noor"), on={**TULIP, "post_tag": ["offer"]}),
        policy(
            "c",
            step("two", "role:editor", only_if={"finding_at_least": "error"}),
            extends="a",
            on={**TULIP, "post_tag": ["offer", "care"]},
        ),
    )

    def due(tags, severities):
        fresh = bench(*b.policies)
        fresh.draft(tags=sorted(tags))
        fresh.findings = tuple(Finding(code="SG101", severity=one) for one in severities)
        return due_steps(fresh.snapshot, fresh.context())

    assert due(*some) <= due(some[0] | more[0], (*some[1], *more[1]))


def test_a_policy_without_kind_is_not_about_replies(bench) -> None:
    b = bench(policy())
    b.draft()
    reply = attrs.evolve(b.snapshot, post=attrs.evolve(b.post, kind="reply"))
    assert due_steps(b.snapshot, b.context()) == {StepKey("house", "edit")}
    assert due_steps(reply, b.context()) == frozenset()


# What a decision binds.


CHANGES = {
    "text": "anders",
    "variants": {"tulip-x": "kort"},
    "links": ["https://tulip.example/"],
    "language": "nl",
    "labels": ["spoiler"],
    "targets": ["tulip-mastodon", "tulip-x"],
    "campaign": "spring",
    "tags": ["x"],
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_decision_survives_an_edit_of_what_it_does_not_bind(bench, name) -> None:
    """Without covers a step binds every published field and no context field."""
    b = bench(policy())
    b.draft()
    b.submit()
    b.approve("ben")
    b.edit(**{name: CHANGES[name]})
    assert b.state == ("in_review" if name in PUBLISHED_FIELDS else "approved")
    assert (name in PUBLISHED_FIELDS) != (name in CONTEXT_FIELDS)


def test_a_step_binds_what_it_covers_and_what_nobody_covers_binds_all(bench) -> None:
    b = bench(
        policy(
            "house",
            step("words", "member:ben", binds=["text", "variants"]),
            step("pictures", "member:eva", binds=["media", "alt"]),
        )
    )
    b.draft()
    b.submit()
    b.approve("ben")
    b.approve("eva")
    b.edit(text="anders")
    assert states(b) == {"house/words": "open", "house/pictures": "passed"}
    b.approve("ben")
    assert b.state == "approved"
    b.edit(links=["https://tulip.example/"])
    assert states(b) == {"house/words": "open", "house/pictures": "open"}


def test_context_fields_bind_only_where_a_step_names_them(bench) -> None:
    b = bench(policy("house", step("edit", "role:editor", binds=["text", "time"])))
    b.draft()
    b.submit()
    b.approve("ben")
    b.do("eva", COMMANDS["reschedule"](b))
    assert b.state == "in_review"
    assert b.states() == {}
    other = bench(policy())
    other.draft()
    other.submit()
    other.approve("ben")
    other.do("eva", COMMANDS["reschedule"](other))
    assert (other.state, other.states()) == ("approved", {"tulip-x": "waiting"})
    assert [one.at for one in other.deliveries.values() if one.state == "waiting"] == [LATER]


def test_a_decision_on_an_older_revision_is_refused_naming_who_changed_what(bench) -> None:
    b = bench(policy())
    b.draft()
    b.submit()
    old = cm.Approve(post="p1", seen=b.seen)
    b.edit("ana", text="anders", tags=["x"])
    with pytest.raises(StaleError) as caught:
        b.do("ben", old)
    assert caught.value.by == "ana"
    assert caught.value.changed == ("text", "tags")


def test_a_decision_on_an_older_revision_holds_if_nothing_it_covers_has_changed(bench) -> None:
    b = bench(policy())
    b.draft()
    b.submit()
    old = cm.Approve(post="p1", seen=b.seen)
    b.edit("ana", tags=["x"])
    b.do("ben", old)
    assert b.state == "approved"


def test_a_decision_on_a_revision_that_never_was_is_refused(bench) -> None:
    b = bench(policy())
    b.draft()
    b.submit()
    with pytest.raises(StaleError):
        b.do("ben", cm.Approve(post="p1", seen="0" * 64))


@pytest.mark.parametrize("wording", ["another wording", None])
def test_a_policy_that_changed_or_went_closes_the_gate(bench, wording) -> None:
    b = bench(policy(), policy("second"))
    b.draft()
    b.submit()
    b.approve("ben")
    assert gate(b.snapshot, b.context())
    if wording:
        b.wording = {"house": wording}
    else:
        b.policies = b.policies[1:]
    verdict = gate(b.snapshot, b.context())
    assert [reason.code for reason in verdict.reasons] == ["policy_changed"]


# What an edit does to what waits.


def test_editing_brings_approved_back_and_calls_off_what_waits_in_one_append(bench) -> None:
    b = bench(policy())
    b.draft(targets=["tulip-mastodon", "tulip-x"])
    b.submit()
    b.approve("ben")
    first = next(iter(b.deliveries))
    b.deliveries[first] = attrs.evolve(b.deliveries[first], state=DeliveryState.MISSED)
    events = b.edit(text="anders")
    assert [event.data.TYPE for event in events] == [
        "post.edited",
        "delivery.cancelled",
        "delivery.cancelled",
    ]
    assert (b.state, b.states()) == ("in_review", {})


@pytest.mark.parametrize("state", ["publishing", "unknown"])
@pytest.mark.parametrize("name", ["edit", "reschedule", "cancel", "schedule"])
def test_nothing_changes_while_a_delivery_is_in_doubt(bench, state, name) -> None:
    b = bench(policy())
    b.draft(targets=["tulip-mastodon", "tulip-x"])
    b.submit()
    b.approve("ben")
    first = next(iter(b.deliveries))
    b.deliveries[first] = attrs.evolve(b.deliveries[first], state=DeliveryState(state))
    assert b.refusal("eva", COMMANDS[name](b)) == "delivery_in_doubt"


@pytest.mark.parametrize("when", ["planned", "as soon as approved"])
def test_what_is_out_does_not_go_out_again(bench, when) -> None:
    """Approved anew after an edit, a post goes only where it has not gone."""
    b = bench(policy(late="publish"))
    b.draft(targets=["tulip-mastodon", "tulip-x"])
    b.submit(when=when)
    b.approve("ben")
    first = next(iter(b.deliveries))
    b.deliveries[first] = attrs.evolve(b.deliveries[first], state=DeliveryState.PUBLISHED)
    b.edit(text="anders")
    b.approve("ben")
    assert b.states() == {"tulip-mastodon": "published", "tulip-x": "waiting"}


def test_the_word_of_one_is_followed_by_what_waits_and_nothing_else(bench) -> None:
    """An edit by whoever may publish alone plans anew what waits, not what is out or missed."""
    b = bench()
    b.draft("pim", targets=["tulip-mastodon", "tulip-x"])
    b.submit("pim")
    first = next(iter(b.deliveries))
    for left in (DeliveryState.PUBLISHED, DeliveryState.MISSED):
        b.deliveries[first] = attrs.evolve(b.deliveries[first], state=left)
        b.edit("pim", text=f"anders {left}")
        kept = {"tulip-mastodon": "published"} if left == "published" else {}
        assert (b.state, b.states()) == ("approved", {**kept, "tulip-x": "waiting"})


def test_the_word_of_one_keeps_the_time_that_was_resolved(bench) -> None:
    b = bench()
    b.draft("pim", planned_at=None)
    b.submit("pim", when="as soon as approved")
    (before,) = b.deliveries.values()
    b.edit("pim", text="anders")
    after = [one for one in b.deliveries.values() if one.state == DeliveryState.WAITING]
    assert [before.at] == [one.at for one in after]


def test_the_time_of_an_approved_post_changes_by_move_alone(bench) -> None:
    b = bench(policy())
    b.draft()
    b.submit()
    b.approve("ben")
    content = attrs.evolve(b.post.content, planned_at=LATER)
    assert b.refusal("ana", cm.Edit(post="p1", seen=b.seen, content=content)) == "use_reschedule"


# No policy; exemptions.


def test_without_a_policy_who_may_publish_acts_alone(bench) -> None:
    b = bench()
    b.draft("pim")
    events = b.submit("pim")
    assert [event.data.TYPE for event in events][:2] == ["post.submitted", "post.approved"]
    assert (b.state, b.states()) == ("approved", {"tulip-x": "waiting"})


def test_without_a_policy_others_need_one_person_who_approves(bench) -> None:
    b = bench()
    b.draft()
    b.submit()
    assert b.state == "in_review"
    # No right would help the author, so that none is offered.
    assert b.refusal("ana", COMMANDS["approve"](b)) == "own_work"
    b.approve("noor")
    assert b.state == "approved"


def test_acting_alone_needs_publish_on_every_target(bench) -> None:
    b = bench()
    b.grants = (*b.GRANTS, Grant(to="member:ana", permissions=["publish"], on="tulip-x"))
    b.draft(targets=["tulip-mastodon", "tulip-x"])
    b.submit()
    assert b.state == "in_review"


def test_the_default_policy_applies_where_none_matches(bench) -> None:
    b = bench(policy(on={"workspace": "dike"}), default="house")
    b.draft("pim")
    b.submit("pim")
    assert b.state == "in_review"
    b.approve("ben")
    assert b.state == "approved"


def test_a_co_publisher_is_freed_only_if_all_authors_hold_the_role_on_every_target(bench) -> None:
    freeing = policy(exempt=["role:client_publisher"])
    for on, editor, free in (
        ({"workspace": "tulip"}, None, True),
        ("tulip-x", None, False),
        ({"workspace": "tulip"}, "eva", False),
    ):
        b = bench(freeing)
        b.grants = (*b.GRANTS, Grant(to="member:pim", role="client_publisher", on=on))
        b.draft("pim", targets=["tulip-mastodon", "tulip-x"])
        if editor:
            b.edit(editor, text="anders")
        b.submit("pim")
        assert (b.state == "approved") == free


# Lateness.


@pytest.mark.parametrize(
    ("late", "state", "left"),
    [
        ("expire", "expired", {}),
        ("hold", "approved", {"tulip-x": "missed"}),
        ("publish", "approved", {"tulip-x": "waiting"}),
    ],
)
def test_a_vote_after_the_planned_time(bench, late, state, left) -> None:
    b = bench(policy(late=late))
    b.draft()
    b.submit()
    b.now = b.PLANNED.instant
    b.approve("ben")
    assert (b.state, b.states()) == (state, left)


def test_what_the_last_vote_sets_off_is_stored_by_the_rules(bench) -> None:
    """Approvers need no `schedule`."""
    b = bench(policy("house", step("client", "member:noor")))
    b.draft()
    b.submit()
    events = b.approve("noor")
    assert str(events[0].actor) == "member:noor"
    assert {str(event.actor) for event in events[1:]} == {"system:rules"}
    assert {event.data.TYPE for event in events[1:]} <= SYSTEM_MAY["rules"]


@pytest.mark.parametrize("late", ["expire", "hold", "publish"])
def test_time_expires_what_was_not_signed_off_where_the_policy_says_so(bench, late) -> None:
    b = bench(policy(late=late))
    b.draft()
    b.submit()
    assert b.expire() == ()
    b.now = b.PLANNED.instant
    events = b.expire()
    assert (b.state == "expired") == (late == "expire")
    assert {event.actor for event in events} <= {Actor.TIMER}
    assert {event.data.TYPE for event in events} <= SYSTEM_MAY["timer"]


def test_the_next_slot_is_resolved_again_at_approval_if_it_has_passed(bench) -> None:
    b = bench(policy())
    b.draft(planned_at=None)
    b.next_slots = {"tulip-x": b.PLANNED}
    b.submit(when="next slot")
    assert b.post.content.time_for("tulip-x") == b.PLANNED
    b.now = b.PLANNED.instant + dt.timedelta(hours=1)
    b.next_slots = {"tulip-x": LATER}
    b.approve("ben")
    assert [one.at for one in b.deliveries.values()] == [LATER]


def test_a_post_without_a_time_waits_for_one(bench) -> None:
    b = bench(policy())
    b.draft(planned_at=None)
    b.submit()
    b.approve("ben")
    assert (b.state, b.states()) == ("approved", {})
    assert b.refusal("eva", COMMANDS["schedule"](b)) == "no_time"
    b.do("eva", cm.Schedule(post="p1", seen=b.seen, at=LATER))
    assert b.states() == {"tulip-x": "waiting"}


def test_a_time_that_has_passed_is_refused(bench) -> None:
    b = bench(policy())
    b.draft()
    b.now = b.PLANNED.instant
    assert b.refusal("ana", COMMANDS["submit"](b)) == "time_passed"
    past = cm.Reschedule(post="p1", seen=b.seen, at=b.PLANNED)
    assert b.refusal("eva", past) == "time_passed"


def test_scheduling_cannot_skip_the_gate(bench) -> None:
    b = bench(policy())
    b.draft()
    b.submit()
    b.approve("ben")
    b.policies = (*b.policies, policy("more", step("client", "member:noor")))
    assert b.refusal("eva", COMMANDS["schedule"](b)) == "step_open"


def test_remarks_of_clients_are_never_internal_and_empty_ones_are_refused(bench) -> None:
    b = bench(policy())
    b.draft()
    b.do("noor", cm.Comment(post="p1", text="mooi"))
    with pytest.raises(InvalidValueError):
        b.do("noor", cm.Comment(post="p1", text=" "))
    assert len(b.post.comments) == 1


# Policies as they are made.


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Policies.of([policy("a", extends="b"), policy("b", extends="a")]), "a > b > a"),
        (lambda: Policies.of([policy("a", extends="hose"), policy("house")]), "`house`"),
        (lambda: Policies.of([policy("a", step("s", "lead", after="tt"))]), "waits for `tt`"),
        (
            lambda: Policies.of(
                [policy("a", step("s", "lead", after="t"), step("t", "lead", after="s"))]
            ),
            "waits for itself",
        ),
        (lambda: policy("a", step("s", "lead"), step("s", "lead")), "two steps"),
        (lambda: policy("a", step("s", "lead", quorum="most")), "quorum"),
        (lambda: policy("a", step("s", [])), "asks nobody"),
        (lambda: policy("a", step("s", "lead", binds=["txt"])), "txt"),
        (lambda: policy("a", exempt=["member:ana"]), "no role"),
    ],
)
def test_policies_that_cannot_be_are_refused(make, said) -> None:
    with pytest.raises(InvalidValueError, match=said):
        make()
