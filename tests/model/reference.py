"""
The reference model: the documented behaviour in the simplest possible code.

It shares no code with the library, except the merging of texts. Values are dictionaries, and each answer is computed from the
whole history.
"""

from __future__ import annotations

import copy
import datetime as dt

from tests.model.rules import LEADS, MEMBERS, PERMISSIONS, PROFILES, ROLES, TEAMS

from socialcollab.collisions import merge

PUBLISHED_FIELDS = ("text", "targets")  # fields that the sequences change
OPEN_STATES = ("draft", "in_review", "changes_requested", "approved", "expired")

# After an outage, one late delivery of a profile is sent in each gap.
LATE = dt.timedelta(minutes=5)
GAP = dt.timedelta(minutes=15)


class RefusedError(Exception):
    """The command is refused."""


class World:
    """The organization, its posts and everything else that commands change."""

    def __init__(self, rules: dict, now: dt.datetime) -> None:
        self.rules = rules
        self.now = now
        self.posts: dict[str, dict] = {}
        self.holds: dict[str, dict] = {}
        self.ended_holds: list[dict] = []
        self.paced: dict[str, dt.datetime] = {}
        self.absences: list[dict] = []
        self.stale = False
        self.sent: list[tuple[str, str]] = []

    # Permissions --------------------------------------------------------------

    def may(self, member: str, permission: str, resource: str, post: dict | None = None) -> bool:
        """Return whether a member has a permission themselves or as a delegate."""
        if self.is_forbidden(member, permission, resource):
            return False
        if self.has_own(member, permission, resource):
            return True
        decides = permission in ("approve", "bypass", "publish", "waive")
        authors = self.authors(post) if post is not None and decides else set()
        return member not in authors and any(
            self.has_own(absent, permission, resource)
            for absent in self.absent_members_of(member)
            if absent not in authors
        )

    def has_own(
        self, member: str, permission: str, resource: str, day: dt.date | None = None
    ) -> bool:
        """Return whether a grant gives a member a permission that no forbid withholds."""
        workspace = PROFILES.get(resource, resource)
        return not self.is_forbidden(member, permission, resource) and any(
            self.names(grant["to"], member)
            and self.is_active(grant, day)
            and permission in self.permissions_of(grant)
            for grant in self.rules["grants"]
            if grant["ws"] in ("*", workspace)
        )

    def is_forbidden(self, member: str, permission: str, resource: str) -> bool:
        return any(
            self.names(forbid["to"], member) and permission in forbid["permissions"]
            for forbid in self.rules["forbids"]
            if forbid["profile"] == resource
        )

    def is_absent(self, member: str) -> bool:
        day = self.now.date()
        return any(
            absence["member"] == member and absence["start"] <= day < absence["end"]
            for absence in self.absences
        )

    def absent_members_of(self, delegate: str) -> set[str]:
        """Return the members who are absent now and have *delegate* as their delegate."""
        day = self.now.date()
        return {
            absence["member"]
            for absence in self.absences
            if absence["delegate"] == delegate and absence["start"] <= day < absence["end"]
        }

    @staticmethod
    def names(principal: str, member: str) -> bool:
        kind, _, name = principal.partition(":")
        return name == member if kind == "member" else member in TEAMS[name]

    @staticmethod
    def permissions_of(grant: dict) -> set[str]:
        granted = set(ROLES[grant["role"]]) if "role" in grant else set(grant["permissions"])
        return set(PERMISSIONS) if "*" in granted else granted

    def is_active(self, grant: dict, day: dt.date | None = None) -> bool:
        day = day or self.now.date()
        return grant.get("start", day) <= day and ("end" not in grant or day < grant["end"])

    def may_on(self, member: str, permission: str, post: dict) -> bool:
        """Return whether a member has a permission on every target, or on the workspace."""
        resources = post["targets"] or (post["ws"],)
        return self.is_shown(member, post) and all(
            self.may(member, permission, resource, post) for resource in resources
        )

    def is_shown(self, member: str, post: dict) -> bool:
        """Return whether a post is visible to a member: clients cannot see drafts by others."""
        return (
            MEMBERS[member][0] == "staff"
            or member in self.authors(post)
            or post["state"] != "draft"
            or bool(post["deliveries"])
        )

    def check(self, *, that: bool) -> None:
        if not that:
            raise RefusedError

    # Approval -----------------------------------------------------------------

    def members_of(self, principal: str, post: dict) -> set[str]:
        kind, _, name = principal.partition(":")
        if kind == "lead":
            return {LEADS[post["ws"]]}
        if kind == "member":
            return {name}
        if kind == "team":
            return set(TEAMS[name])
        return {
            member
            for member in MEMBERS
            if post["targets"]
            and all(
                any(
                    grant.get("role") == name
                    and self.names(grant["to"], member)
                    and self.is_active(grant)
                    for grant in self.rules["grants"]
                    if grant["ws"] in ("*", PROFILES[target])
                )
                for target in post["targets"]
            )
        }

    def policy(self, name: str) -> dict:
        return next(policy for policy in self.rules["policies"] if policy["id"] == name)

    def steps_of(self, policy: dict) -> dict[str, dict]:
        """Return a policy's steps, including inherited steps, by key."""
        steps = self.steps_of(self.policy(policy["extends"])) if policy["extends"] else {}
        own = {f"{policy['id']}/{step['id']}": step for step in policy["steps"]}
        keys = {key.partition("/")[2]: key for key in (*steps, *own)}
        for key, step in own.items():
            steps[key] = {**step, "waits_for": {keys[name] for name in step["after"]}}
        return steps

    def applicable_policies(self, post: dict) -> list[dict]:
        policies = [
            policy
            for policy in self.rules["policies"]
            if any(PROFILES[target] == policy["ws"] for target in post["targets"])
            and (not policy["tags"] or set(policy["tags"]) & set(post["tags"]))
        ]
        default = self.rules["default"][post["ws"]]
        if not policies and default != "none":
            policies = [self.policy(default)]
        return policies

    def policy_steps(self, post: dict) -> dict[str, dict]:
        """Return the steps that policies require or required earlier, with the bound fields."""
        steps: dict[str, dict] = {}
        for policy in self.applicable_policies(post):
            steps.update(self.steps_of(policy))
        bound = set()
        for step in steps.values():
            bound |= set(step["binds"] or PUBLISHED_FIELDS)
        unbound = set(PUBLISHED_FIELDS) - bound
        steps = {
            key: {**step, "binds": set(step["binds"] or PUBLISHED_FIELDS) | unbound}
            for key, step in steps.items()
        }
        for key in post["applied"] - set(steps):
            for policy in self.rules["policies"]:
                known = self.steps_of(policy)
                matches = any(PROFILES[target] == policy["ws"] for target in post["targets"])
                if key in known and matches:
                    steps[key] = {
                        **known[key],
                        "binds": set(known[key]["binds"] or PUBLISHED_FIELDS),
                    }
        return steps

    def needed_steps(self, post: dict) -> dict[str, dict]:
        steps = self.policy_steps(post)
        if steps:
            return steps
        solo = {"reviewers": None, "quorum": 1, "waits_for": set(),
                "binds": set(PUBLISHED_FIELDS), "may_edit": False, "within": None,
                "timers": []}  # fmt: skip
        return {"none/approve": solo}

    def own_reviewers(self, key: str, step: dict, post: dict) -> set[str]:
        """Return the members who can decide on a step in their own right."""
        if step["reviewers"] is None:
            members = set(MEMBERS)
        else:
            added = post["clocks"].get(key, {}).get("added", ())
            members = set()
            for principal in (*step["reviewers"], *added):
                members |= self.members_of(principal, post)
        if step["may_edit"]:
            members.discard(post["revisions"][0]["by"])
        else:
            members -= self.authors(post)
            if "time" in step["binds"]:
                members -= {revision["by"] for revision in post["revisions"]}
        return {
            member for member in members if post["targets"] and self.may_on(member, "approve", post)
        }

    def delegates(self, own: set[str], post: dict) -> set[tuple[str, str]]:
        """Return pairs of a delegate and an absent reviewer, neither of whom is an author."""
        return {
            (member, absent)
            for member in MEMBERS
            for absent in self.absent_members_of(member) & own
            if not {member, absent} & self.authors(post)
            and all(
                self.has_own(absent, "approve", target)
                and not self.is_forbidden(member, "approve", target)
                for target in post["targets"]
            )
        }

    @staticmethod
    def authors(post: dict) -> set[str]:
        return {revision["by"] for revision in post["revisions"] if not revision["only_time"]}

    def fields(self, post: dict) -> dict:
        return {name: post[name] for name in ("text", "targets", "time", "tags")}

    def statuses(self, post: dict) -> dict[str, dict]:
        steps = self.needed_steps(post)
        statuses = {key: self.status(key, step, post) for key, step in steps.items()}
        waiting = {
            key
            for key, step in steps.items()
            if statuses[key]["state"] == "open"
            and any(
                statuses[other]["state"] != "passed"
                for other in step["waits_for"]
                if other in statuses
            )
        }
        for key in waiting:
            statuses[key]["state"] = "later"
        return statuses

    def status(self, key: str, step: dict, post: dict) -> dict:
        """Return the status of a step, which is "open" even if other steps must pass first."""
        fields = self.fields(post)
        own = self.own_reviewers(key, step, post)
        delegates = self.delegates(own, post)
        absent = {member for member in own if self.is_absent(member)}
        if "time" in step["binds"] and not step["may_edit"]:
            movers = {revision["by"] for revision in post["revisions"]}
            delegates = {pair for pair in delegates if not movers & set(pair)}
        latest: dict[str, bool] = {}
        represented: dict[str, set[str]] = {}
        approvers: set[str] = set()
        passed_before = False
        for decision in post["decisions"]:
            if key not in decision["steps"]:
                continue
            member = decision["by"]
            binds = all(decision["fields"][name] == fields[name] for name in step["binds"])
            latest[member] = decision["approves"] and binds
            represented[member] = decision["on_behalf_of"]
            if decision["approves"]:
                approvers.add(member)
                passed_before = passed_before or (key in decision["passed"] and binds)
            elif member in approvers:
                passed_before = False
        approved = {member for member, counts in latest.items() if counts}
        counted = (own - absent) | {member for _, member in delegates}
        if step["quorum"] == "all":
            heard = approved.union(*(represented[member] for member in approved))
            needed = max(1, len(counted))
            enough = bool(approved) and counted <= heard and len(approved) >= needed
        else:
            needed = step["quorum"]
            enough = len(approved) >= needed
        reviewers = (own - absent) | {delegate for delegate, _ in delegates}
        return {
            "state": "passed" if enough or passed_before else "open",
            "reviewers": reviewers,
            "can_decide": reviewers | absent,
            "unreachable": len(reviewers | approved) < needed,
            "delegates": delegates,
            "approved": approved,
            "binds": step["binds"],
        }

    def pins(self, post: dict) -> dict[str, str]:
        """Return the texts of the policies that apply to a post."""
        names = {key.partition("/")[0] for key in self.policy_steps(post)}
        names |= {policy["id"] for policy in self.applicable_policies(post)}
        names |= {key.partition("/")[0] for key in post["applied"]}
        known = {policy["id"] for policy in self.rules["policies"]}
        return {name: self.policy_text(name) for name in sorted(names & known)}

    def policy_text(self, name: str) -> str:
        policy = self.policy(name)
        return repr(policy) + (self.policy_text(policy["extends"]) if policy["extends"] else "")

    def policies_unchanged(self, post: dict) -> bool:
        known = {policy["id"] for policy in self.rules["policies"]}
        return all(
            name in known and self.policy_text(name) == text for name, text in post["pins"].items()
        )

    def gate(self, post: dict, *, alone: bool = False) -> bool:
        if not self.policies_unchanged(post):
            return False
        if alone and not self.policy_steps(post):
            return True
        return all(status["state"] == "passed" for status in self.statuses(post).values())

    # Deadlines ----------------------------------------------------------------

    def update_clocks(self, post: dict) -> None:
        """Keep one clock for each open step of a post in review, and no others."""
        if post["state"] != "in_review":
            return
        if self.gate(post):
            # An edit has restored the approved content, or the rules have changed.
            self.approve(post, alone=False)
            return
        now_open = {key for key, status in self.statuses(post).items() if status["state"] == "open"}
        post["clocks"] = {
            key: post["clocks"].get(key)
            or {"since": self.now, "done": [], "overdue": False, "added": [], "unreachable": False}
            for key in sorted(now_open)
        }
        for key, clock in post["clocks"].items():
            clock["unreachable"] &= self.statuses(post)[key]["unreachable"]
        instants = [timer[0] for timer in self.timers(post)]
        instants += self.absence_bounds(post)
        unpublished = set(post["targets"]) - self.published_on(post)
        if self.late_setting(post) == "expire" and unpublished and post["time"]:
            instants.append(post["time"])
        post["wake_at"] = min(instants, default=None)

    def absence_bounds(self, post: dict) -> list[dt.datetime]:
        """Return when absences of the reviewers of open steps begin or end."""
        reviewers = set().union(
            *(
                status["can_decide"]
                for status in self.statuses(post).values()
                if status["state"] == "open"
            )
        )
        bounds = [
            dt.datetime.combine(day, dt.time(), dt.UTC)
            for absence in self.absences
            if absence["member"] in reviewers
            for day in (absence["start"], absence["end"])
        ]
        # A grant that begins may give a step enough reviewers.
        bounds += [
            dt.datetime.combine(grant["start"], dt.time(), dt.UTC)
            for grant in self.rules["grants"]
            if grant.get("start")
        ]
        return [bound for bound in bounds if bound > self.now]

    def late_setting(self, post: dict) -> str:
        settings = [policy["late"] for policy in self.applicable_policies(post)] or ["expire"]
        return min(settings, key=["expire", "hold", "publish"].index)

    def timers(self, post: dict) -> list[tuple]:
        timers = []
        steps, statuses = self.needed_steps(post), self.statuses(post)
        for key, clock in post["clocks"].items():
            status = statuses[key]
            if status["state"] != "open":
                continue
            for hours, do, principal in steps[key]["timers"]:
                name = f"{hours} {do} {principal}"
                if name not in clock["done"]:
                    at = clock["since"] + dt.timedelta(hours=hours)
                    timers.append((at, key, do, name, principal))
            within = steps[key]["within"]
            if status["unreachable"]:
                if not clock["unreachable"]:
                    timers.append((clock["since"], key, "unreachable", "", ""))
            elif not clock["overdue"] and within and status["reviewers"] - status["approved"]:
                at = clock["since"] + dt.timedelta(hours=within)
                timers.append((at, key, "overdue", "", ""))
        return sorted(timers, key=lambda timer: (timer[0], timer[1]))

    def fire_timers(self, post: dict) -> None:
        """Expire a post in review, or fire its due timers."""
        if post["state"] != "in_review" or post["wake_at"] is None or post["wake_at"] > self.now:
            return
        if (
            self.late_setting(post) == "expire"
            and set(post["targets"]) - self.published_on(post)
            and post["time"]
            and post["time"] <= self.now
        ):
            post["state"] = "expired"
            return
        for at, key, do, name, principal in self.timers(post):
            if at > self.now or key not in post["clocks"]:
                continue
            clock = post["clocks"][key]
            if do in ("overdue", "unreachable"):
                clock[do] = True
            else:
                clock["done"].append(name)
            if do == "escalate":
                clock["added"].append(principal)
        self.update_clocks(post)

    # Commands -----------------------------------------------------------------

    def do(self, actor: str, command: str, **arguments: object) -> object:
        """Perform a command completely, or refuse it and change nothing."""
        before = copy.deepcopy(
            (self.posts, self.holds, self.ended_holds, self.absences, self.rules)
        )
        try:
            # No command is possible on an erased post.
            post = self.posts.get(str(arguments.get("post")), {})
            self.check(that=not post.get("erased"))
            return getattr(self, command)(actor, **arguments)
        except RefusedError:
            self.posts, self.holds, self.ended_holds, self.absences, self.rules = before
            raise

    def revision_seen(self, post: dict, number: int) -> dict:
        return post["revisions"][number - 1]

    def draft(self, actor, *, post, ws, targets, text, time, tags):
        self.check(that=all(PROFILES[target] == ws for target in targets))
        self.check(that=all(self.may(actor, "draft", resource) for resource in targets or (ws,)))
        new = {
            "ws": ws, "targets": targets, "text": text, "time": time, "tags": tags,
            "state": "draft", "revisions": [], "decisions": [], "applied": set(), "pins": {},
            "deliveries": [], "alone": False, "clocks": {}, "submitted": False, "wake_at": None,
        }  # fmt: skip
        new["revisions"].append(self.new_revision(new, actor))
        self.posts[post] = new

    def new_revision(self, post: dict, author: str, *, only_time: bool = False) -> dict:
        return {"by": author, "only_time": only_time, "fields": self.fields(post)}

    def check_fresh(self, post: dict, number: int) -> None:
        self.check(that=self.revision_seen(post, number)["fields"] == self.fields(post))

    def edit(self, actor, *, post, seen, changes):
        post = self.posts[post]
        self.check(that=self.may_on(actor, "draft", post))
        self.check(that=post["state"] in OPEN_STATES)
        author = post["revisions"][0]["by"]
        represents_author = author in self.absent_members_of(actor) and all(
            self.has_own(author, "draft", target) and not self.is_forbidden(actor, "draft", target)
            for target in post["targets"] or (post["ws"],)
        )
        if actor != author and not represents_author:
            self.check(that=self.may_on(actor, "edit_others", post))
        changes = self.merged_changes(post, seen, changes)
        if changes is None:
            return  # The other members have made the same changes.
        after = {**post, **changes}
        self.check(that=all(PROFILES[target] == post["ws"] for target in after["targets"]))
        self.check(that=not (post["state"] == "approved" and after["time"] != post["time"]))
        self.check(that=self.may_on(actor, "draft", after))
        self.check(that=self.fields(after) != self.fields(post))
        only_time = all(after[name] == post[name] for name in ("text", "targets", "tags"))
        published_fields_changed = any(after[name] != post[name] for name in PUBLISHED_FIELDS)
        post.update(changes)
        post["revisions"].append(self.new_revision(post, actor, only_time=only_time))
        if post["state"] in ("in_review", "approved") and post["submitted"]:
            post["applied"] |= set(self.policy_steps(post))
            post["pins"] = {**self.pins(post), **post["pins"]}
        if post["state"] == "approved":
            alone = post["alone"] and self.may_on(actor, "publish", post)
            if self.gate(post, alone=alone):
                if published_fields_changed:
                    self.plan_again(post)
            else:
                self.reopen(post)
        self.update_clocks(post)

    def merged_changes(self, post: dict, seen: int, changes: dict) -> dict | None:
        """Return the changes to the current revision, or None if the merge leaves nothing to do."""
        base, current = self.revision_seen(post, seen)["fields"], self.fields(post)
        if base == current:
            return changes
        merged = {}
        for name, mine in changes.items():
            before, theirs = base[name], current[name]
            if mine in (before, theirs):
                merged[name] = theirs
            elif before == theirs:
                merged[name] = mine
            elif name == "text":
                # Merging texts has a model of its own, in the tests of collisions.
                text = merge(before, mine, theirs)
                self.check(that=bool(text))
                merged[name] = text.result
            elif name == "time":
                self.check(that=False)
            else:
                removed, added = {*before} - {*mine}, {*mine} - {*before}
                merged[name] = tuple(sorted({*theirs} - removed | added))
        return merged if {**current, **merged} != current else None

    def reopen(self, post: dict) -> None:
        """Return an approved post to review, reopen its steps and restart their timers."""
        post["state"] = "in_review"
        post["clocks"] = {}
        self.cancel_unsent(post)

    def plan_again(self, post: dict) -> None:
        """Replace the waiting deliveries with deliveries of the new content, at the same times."""
        latest = {
            delivery["profile"]: delivery
            for delivery in post["deliveries"]
            if delivery["state"] != "cancelled"
        }
        waiting = {
            profile: delivery["at"]
            for profile, delivery in latest.items()
            if delivery["state"] == "waiting"
        }
        self.cancel_unsent(post)
        for target in post["targets"]:
            if target in waiting:
                self.plan(post, target, waiting[target])
            elif waiting and target not in latest and post["time"] and post["time"] > self.now:
                self.plan(post, target, post["time"])

    def cancel_unsent(self, post: dict) -> list[dict]:
        unsent = [
            delivery
            for delivery in post["deliveries"]
            if delivery["state"] in ("waiting", "missed")
        ]
        for delivery in unsent:
            delivery["state"] = "cancelled"
        return unsent

    def plan(self, post: dict, target: str, at: dt.datetime, state: str = "waiting") -> None:
        post["deliveries"].append(
            {"profile": target, "at": at, "state": state,
             "planned": {name: post[name] for name in PUBLISHED_FIELDS}}
        )  # fmt: skip

    def published_on(self, post: dict) -> set[str]:
        return {
            delivery["profile"]
            for delivery in post["deliveries"]
            if delivery["state"] == "published"
        }

    def submit(self, actor, *, post, seen):
        post = self.posts[post]
        self.check(that=self.may_on(actor, "submit", post))
        self.check(that=post["state"] in ("draft", "changes_requested", "expired"))
        self.check_fresh(post, seen)
        self.check(that=bool(post["targets"]))
        unpublished = set(post["targets"]) - self.published_on(post)
        self.check(that=not unpublished or post["time"] is None or post["time"] > self.now)
        post["applied"] |= set(self.policy_steps(post))
        pins = self.pins(post)
        # Decisions on steps of a policy that has since changed no longer count.
        changed = {name for name, text in post["pins"].items() if pins.get(name) != text}
        for decision in post["decisions"]:
            for name in ("steps", "passed"):
                decision[name] = {
                    key for key in decision[name] if key.partition("/")[0] not in changed
                }
        post["pins"], post["state"], post["submitted"] = pins, "in_review", True
        post["clocks"] = {}
        if not self.policy_steps(post) and self.may_on(actor, "publish", post):
            self.approve(post, alone=True)
        elif self.gate(post):
            self.approve(post, alone=False)
        self.update_clocks(post)

    def approve(self, post: dict, *, alone: bool) -> None:
        post["state"], post["alone"] = "approved", alone
        if any(policy["on_approval"] == "wait" for policy in self.applicable_policies(post)):
            return
        published = self.published_on(post)
        targets = [target for target in post["targets"] if target not in published]
        late = [target for target in targets if post["time"] and post["time"] <= self.now]
        setting = self.late_setting(post)
        if late and setting == "expire":
            post["state"] = "expired"
            return
        for target in targets:
            if post["time"]:
                missed = target in late and setting == "hold"
                self.plan(post, target, post["time"], "missed" if missed else "waiting")

    def review(self, actor, *, post, seen, verdict):
        post = self.posts[post]
        self.check(that=self.may_on(actor, "approve", post))
        self.check(that=post["state"] == "in_review")
        if verdict == "approve":
            self.check(that=self.policies_unchanged(post))
        counting = {
            key: status
            for key, status in self.statuses(post).items()
            if actor in status["can_decide"]
            and (
                (status["state"] == "open" and actor not in status["approved"])
                if verdict == "approve"
                else (status["state"] != "passed" or actor in status["approved"])
            )
        }
        self.check(that=bool(counting))
        fields = self.revision_seen(post, seen)["fields"]
        bound = set().union(*(status["binds"] for status in counting.values()))
        self.check(that=all(fields[name] == post[name] for name in bound))
        pairs = {pair for status in counting.values() for pair in status["delegates"]}
        decision = {
            "by": actor, "approves": verdict == "approve", "steps": set(counting),
            "fields": fields, "passed": set(),
            "on_behalf_of": {absent for delegate, absent in pairs if delegate == actor},
        }  # fmt: skip
        post["applied"] |= set(self.policy_steps(post))
        post["pins"] = {**self.pins(post), **post["pins"]}
        post["decisions"].append(decision)
        if verdict != "approve":
            post["state"] = {"request_changes": "changes_requested", "reject": "rejected"}[verdict]
            return
        passed = {key for key, status in self.statuses(post).items() if status["state"] == "passed"}
        decision["passed"] = passed & set(counting)
        if self.gate(post):
            self.approve(post, alone=False)
        self.update_clocks(post)

    def withdraw(self, actor, *, post):
        post = self.posts[post]
        self.check(that=self.may_on(actor, "submit", post))
        self.check(that=post["state"] in ("in_review", "approved"))
        post["state"] = "draft"
        self.cancel_unsent(post)

    def is_held(self, target: str, at: dt.datetime) -> bool:
        return any(
            (hold["until"] is None or at < hold["until"])
            and (hold["on"] in (target, PROFILES[target]))
            for hold in self.holds.values()
        )

    def was_held(self, target: str, at: dt.datetime) -> bool:
        """Return whether a hold that is over was active at *at*."""
        return any(
            hold["at"] <= at < hold["until"] <= self.now
            and (hold["on"] in (target, PROFILES[target]))
            for hold in (*self.holds.values(), *self.ended_holds)
            if hold["until"] is not None
        )

    def schedule(self, actor, *, post, seen):
        post = self.posts[post]
        self.check(that=self.may_on(actor, "schedule", post))
        self.check(that=post["state"] == "approved")
        self.check_fresh(post, seen)
        self.check(that=self.gate(post, alone=post["alone"]))
        time, published = post["time"], self.published_on(post)
        targets = [target for target in post["targets"] if target not in published]
        self.check(that=not any(time and self.is_held(target, time) for target in post["targets"]))
        self.check(that=bool(targets) and time is not None and time > self.now)
        self.cancel_unsent(post)
        for target in targets:
            self.plan(post, target, time)

    def unschedule(self, actor, *, post):
        post = self.posts[post]
        self.check(that=self.may_on(actor, "schedule", post))
        self.check(that=post["state"] == "approved")
        self.check(that=bool(self.cancel_unsent(post)))

    def reschedule(self, actor, *, post, seen, time):
        post = self.posts[post]
        self.check(that=self.may_on(actor, "schedule", post))
        self.check(that=post["state"] in OPEN_STATES)
        self.check_fresh(post, seen)
        published = self.published_on(post)
        targets = [target for target in post["targets"] if target not in published]
        self.check(that=not post["targets"] or bool(targets))
        self.check(that=not targets or time > self.now)
        self.check(that=not any(self.is_held(target, time) for target in post["targets"]))
        self.check(that=time != post["time"])
        post["time"] = time
        post["revisions"].append(self.new_revision(post, actor, only_time=True))
        if post["state"] == "expired":
            post["state"] = "draft"
        if post["state"] == "approved":
            if self.gate(post, alone=post["alone"]):
                self.cancel_unsent(post)
                for target in targets:
                    self.plan(post, target, time)
            else:
                self.reopen(post)
        self.update_clocks(post)

    def cancel(self, actor, *, post, seen):
        post = self.posts[post]
        self.check(that=self.may_on(actor, "cancel", post))
        self.check(that=post["state"] in OPEN_STATES)
        self.check_fresh(post, seen)
        # A post that is published on every target can only be taken down.
        published = self.published_on(post)
        self.check(that=not post["targets"] or not set(post["targets"]) <= published)
        post["state"] = "cancelled"
        self.cancel_unsent(post)

    def comment(self, actor, *, post):
        post = self.posts[post]
        self.check(that=self.may_on(actor, "comment", post))
        self.update_clocks(post)

    def may_hold(self, actor, on) -> bool:
        profiles = [profile for profile, ws in PROFILES.items() if on in (profile, ws)]
        return all(self.may(actor, "hold", resource) for resource in (on, *profiles))

    def hold(self, actor, *, hold, on, until):
        self.check(that=self.may_hold(actor, on))
        self.holds[hold] = {"on": on, "at": self.now, "until": until}

    def resume(self, actor, *, hold):
        self.check(that=hold in self.holds)
        self.check(that=self.may_hold(actor, self.holds[hold]["on"]))
        ended = self.holds.pop(hold)
        until = self.now if ended["until"] is None else min(self.now, ended["until"])
        self.ended_holds.append({**ended, "until": until})

    def add_absence(self, actor, *, absence, member, start, end, delegate):
        manages = self.may(actor, "manage_access", MEMBERS[member][1] or "*")
        self.check(that=actor == member or manages)
        self.check(that=start < end and end > self.now.date() and delegate != member)
        for other in self.absences:
            overlaps = start < other["end"] and other["start"] < end
            self.check(that=not (overlaps and other["member"] in (member, delegate)))
        if delegate and actor != member:
            self.check(that=self.may_delegate(actor, member, delegate, start, end))
        self.absences.append(
            {"id": absence, "member": member, "start": start, "end": end, "delegate": delegate}
        )
        self.stale = True

    def may_delegate(
        self, actor: str, member: str, delegate: str, start: dt.date, end: dt.date
    ) -> bool:
        """Return whether the delegate would gain only permissions that the actor has."""
        days = [start + dt.timedelta(days=number) for number in range((end - start).days)]
        return all(
            not self.has_own(member, permission, resource, day)
            or self.has_own(delegate, permission, resource, day)
            or self.has_own(actor, permission, resource, day)
            for permission in PERMISSIONS
            for resource in (*PROFILES, *LEADS, "*")
            for day in days
        )

    def erase(self, actor, *, member):
        self.check(that=self.may(actor, "erase", "*"))
        written = [post for post in self.posts.values() if member in self.authors(post)]
        for post in written:
            states = {delivery["state"] for delivery in post["deliveries"]}
            settled = states <= {"published", "missed", "cancelled"}
            over = post["state"] in ("cancelled", "rejected", "expired")
            published = post["state"] == "approved" and "published" in states
            self.check(that=settled and (post.get("erased", False) or over or published))
        for post in written:
            post["erased"] = True

    def adopt(self, actor, *, rules):
        self.check(that=actor == "eva" or self.may_adopt(actor, rules))
        self.check(that=self.without_order(rules) != self.without_order(self.rules))
        self.rules = rules
        self.stale = True

    def may_adopt(self, actor: str, rules: dict) -> bool:
        """Return whether a delegate of Eva would give only permissions that they have."""
        if not (self.may(actor, "manage_access", "*") and self.may(actor, "manage_policies", "*")):
            return False
        before = self.rules
        days = [self.now.date() + dt.timedelta(days=number) for number in range(30)]
        for day in days:
            for permission in PERMISSIONS:
                for resource in (*PROFILES, *LEADS, "*"):
                    if self.has_own(actor, permission, resource, day):
                        continue
                    old = self.members_with(permission, resource, day)
                    self.rules = rules
                    new = self.members_with(permission, resource, day)
                    self.rules = before
                    if new - old:
                        return False
        return True

    def members_with(self, permission: str, resource: str, day: dt.date) -> set[str]:
        """Return the members who have a permission on a day, including as delegates."""
        own = {member for member in MEMBERS if self.has_own(member, permission, resource, day)}
        return own | {
            absence["delegate"]
            for absence in self.absences
            if absence["delegate"]
            and absence["start"] <= day < absence["end"]
            and not self.is_forbidden(absence["delegate"], permission, resource)
            and self.has_own(absence["member"], permission, resource, day)
        }

    @staticmethod
    def without_order(rules: dict) -> dict:
        """Return the rules in a form that ignores the order of grants and forbids."""
        return {**rules, **{key: sorted(map(repr, rules[key])) for key in ("grants", "forbids")}}

    def run_due(self, ids: dict[str, str]) -> None:
        """Do the due work; late deliveries with the same time are ordered by the id of the post."""
        if self.stale:
            for post in self.posts.values():
                self.update_clocks(post)
            self.stale = False
        for post in self.posts.values():
            self.fire_timers(post)
        waiting = [
            (delivery["at"], ids[name], number, delivery, post)
            for name, post in self.posts.items()
            for number, delivery in enumerate(post["deliveries"])
            if delivery["state"] == "waiting"
            and max(delivery["at"], delivery.get("not_before", delivery["at"])) <= self.now
        ]
        for *_, delivery, post in sorted(waiting, key=lambda each: each[:3]):
            profile, late = delivery["profile"], self.now - delivery["at"] > LATE
            delivery["state"] = "missed"
            if (
                not self.is_held(delivery["profile"], self.now)
                and not self.was_held(delivery["profile"], delivery["at"])
                and post["state"] == "approved"
                and delivery["profile"] in post["targets"]
                and all(delivery["planned"][name] == post[name] for name in PUBLISHED_FIELDS)
                and self.gate(post, alone=post["alone"])
            ):
                paced_until = self.paced.get(profile, self.now)
                if late and self.now < paced_until <= self.now + GAP:
                    delivery |= {"state": "waiting", "not_before": paced_until}
                    continue
                if late:
                    self.paced[profile] = self.now + GAP
                delivery["state"] = "published"
                self.sent.append((profile, post["text"]))
