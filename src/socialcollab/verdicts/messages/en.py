"""Messages in English."""

from __future__ import annotations

from typing import Final

__all__ = ["MESSAGES"]

MESSAGES: Final[dict[str, str]] = {
    # verdicts
    "verdict.yes": "allowed",
    "verdict.no": "refused",
    "verdict.default_deny": "nothing allows it",
    "verdict.would_help": "what would help: {remedies}",
    "remedy.by": "{remedy} (could be done by: {by})",
    "not_a_member": "`{member}` is not a member",
    # permissions
    "suspended": "the rights of `{member}` are suspended",
    "forbid": "`{member}` is forbidden to `{permission}` on `{where}` by {line} ({reason})",
    "grant.member": "`{member}` has `{gives}` on `{where}` by {line}",
    "grant.team": "`{member}` has `{gives}` on `{where}` through team `{team}` by {line}",
    "end_forbid": "end the forbid at {line}",
    "wait": "wait until {start}, when {line} begins",
    "join_team": "let `{member}` join team `{team}`",
    "grant_role": "give `{member}` the role `{role}` on `{where}`",
    "grant_permission": "give `{member}` the permission `{permission}` on `{where}`",
    # workflow
    "no_place": "no place was named",
    "wrong_state": "post `{post}` is {state}, and `{command}` takes a post that is {allowed}",
    "nothing_changed": "nothing of post `{post}` would change",
    "delivery_in_doubt": "post `{post}` is {state} on `{profile}`, so `{command}` has to wait until that is known",
    "other_workspace": "`{profile}` belongs to workspace `{theirs}`, not to `{workspace}`",
    "no_targets": "post `{post}` goes to no profile yet",
    "no_slot": "`{profile}` has no free slot",
    "time_passed": "the time of post `{post}` on `{profile}`, {at}, has passed",
    "no_time": "nobody has said when post `{post}` goes to `{profile}`",
    "move_post": "give post `{post}` another time",
    "use_move": "post `{post}` is approved: its time is changed with `move`",
    "own_work": "`{member}` wrote on post `{post}`, and nobody decides on their own work",
    "voted_already": "`{member}` has said yes to step `{step}` already",
    "step_not_open": "step `{step}` asks `{member}`, but is not open yet",
    "not_asked": "step `{step}` does not ask `{member}`; it asks: {asked}",
    "nothing_to_decide": "nothing of post `{post}` is left to decide",
    "no_step_due": "no policy asks anybody about post `{post}`",
    "all_steps_passed": "every step of post `{post}` has passed",
    "step_open": "step `{step}` has {got} of {need} approvals",
    "vote": "an approval of step `{step}`",
    "policy_changed": "policy `{policy}` has changed since it was applied",
    "nothing_waits": "nothing of post `{post}` waits to leave",
    "no_such_target": "post `{post}` does not go to `{profile}`",
    "all_published": "post `{post}` is out on every profile already",
    "not_approved": "post `{post}` is {state}, not approved",
    "differs": "post `{post}` differs from what was planned in: {fields}",
    "holds_nothing": "no profile is meant by: {on}",
    "hold": "`{profile}` is on hold since {since} by {by}",
    "blackout": "{at} on `{profile}` lies in a blackout: {reason}",
}
