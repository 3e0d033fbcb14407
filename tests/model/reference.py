"""
What the documentation says should happen, as plainly as it can be written.

It shares no code with the library: values are dicts, and every answer is
worked out anew from everything that has happened.
"""

from __future__ import annotations

import copy
import datetime as dt

from tests.model.rules import ALL, LEADS, PEOPLE, PROFILES, ROLES, TEAMS

PUBLISHED = ("text", "targets")  # of the fields that these sequences change
OPEN = ("draft", "in_review", "changes_requested", "approved", "expired")


class RefusedHereError(Exception):
    """The command may not be done."""


class World:
    """Everything that stands."""

    def __init__(self, rules: dict, now: dt.datetime) -> None:
        self.rules = rules
        self.now = now
        self.posts: dict[str, dict] = {}
        self.holds: dict[str, dict] = {}
        self.absences: list[dict] = []
        self.stale = False
        self.sent: list[tuple[str, str]] = []

    # Who may -----------------------------------------------------------------

    def may(self, who: str, permission: str, place: str, post: dict | None = None) -> bool:
        """Tell whether somebody may, by themselves or in the place of somebody away."""
        if self.barred(who, permission, place):
            return False
        if self.directly(who, permission, place):
            return True
        wrote = set() if post is None or permission == "view" else self.authors(post)
        return who not in wrote and any(
            self.directly(absent, permission, place)
            for absent in self.stood_in_for(who)
            if absent not in wrote
        )

    def directly(self, who: str, permission: str, place: str, day: dt.date | None = None) -> bool:
        around = PROFILES.get(place, place)
        return not self.barred(who, permission, place) and any(
            self.is_to(g["to"], who) and self.runs(g, day) and permission in self.gives(g)
            for g in self.rules["grants"]
            if g["ws"] in ("*", around)
        )

    def barred(self, who: str, permission: str, place: str) -> bool:
        return any(
            self.is_to(f["to"], who) and permission in f["permissions"]
            for f in self.rules["forbids"]
            if f["profile"] == place
        )

    def stood_in_for(self, who: str) -> set[str]:
        day = self.now.date()
        return {
            one["member"]
            for one in self.absences
            if one["delegate"] == who and one["start"] <= day < one["end"]
        }

    @staticmethod
    def is_to(principal: str, who: str) -> bool:
        kind, _, name = principal.partition(":")
        return name == who if kind == "member" else who in TEAMS[name]

    @staticmethod
    def gives(grant: dict) -> set[str]:
        said = set(ROLES[grant["role"]]) if "role" in grant else set(grant["permissions"])
        return set(ALL) if "*" in said else said

    def runs(self, grant: dict, day: dt.date | None = None) -> bool:
        day = day or self.now.date()
        return grant.get("start", day) <= day and ("end" not in grant or day < grant["end"])

    def may_on(self, who: str, permission: str, post: dict) -> bool:
        places = post["targets"] or (post["ws"],)
        return all(self.may(who, permission, one, post) for one in places)

    def check(self, *, that: bool) -> None:
        if not that:
            raise RefusedHereError

    # Who must agree ----------------------------------------------------------

    def everyone(self, principal: str, post: dict) -> set[str]:
        kind, _, name = principal.partition(":")
        if kind == "lead":
            return {LEADS[post["ws"]]}
        if kind == "member":
            return {name}
        if kind == "team":
            return set(TEAMS[name])
        return {
            who
            for who in PEOPLE
            if post["targets"]
            and all(
                any(
                    grant.get("role") == name and self.is_to(grant["to"], who) and self.runs(grant)
                    for grant in self.rules["grants"]
                    if grant["ws"] in ("*", PROFILES[target])
                )
                for target in post["targets"]
            )
        }

    def policy(self, name: str) -> dict:
        return next(one for one in self.rules["policies"] if one["id"] == name)

    def steps_of(self, policy: dict) -> dict[str, dict]:
        found = self.steps_of(self.policy(policy["extends"])) if policy["extends"] else {}
        own = {f"{policy['id']}/{step['id']}": step for step in policy["steps"]}
        names = {key.partition("/")[2]: key for key in (*found, *own)}
        for key, step in own.items():
            found[key] = {**step, "waits": {names[one] for one in step["after"]}}
        return found

    def applying(self, post: dict) -> list[dict]:
        found = [
            policy
            for policy in self.rules["policies"]
            if any(PROFILES[target] == policy["ws"] for target in post["targets"])
            and (not policy["tags"] or set(policy["tags"]) & set(post["tags"]))
        ]
        default = self.rules["default"][post["ws"]]
        if not found and default != "none":
            found = [self.policy(default)]
        return found

    def required(self, post: dict) -> dict[str, dict]:
        """Return the steps that the post needs by policies, kept ones too, with what they cover."""
        steps: dict[str, dict] = {}
        for policy in self.applying(post):
            steps.update(self.steps_of(policy))
        covered = set()
        for step in steps.values():
            covered |= set(step["binds"] or PUBLISHED)
        uncovered = set(PUBLISHED) - covered
        steps = {
            key: {**step, "binds": set(step["binds"] or PUBLISHED) | uncovered}
            for key, step in steps.items()
        }
        for key in post["due"] - set(steps):
            for policy in self.rules["policies"]:
                known = self.steps_of(policy)
                about = any(PROFILES[target] == policy["ws"] for target in post["targets"])
                if key in known and about:
                    steps[key] = {**known[key], "binds": set(known[key]["binds"] or PUBLISHED)}
        return steps

    def needed(self, post: dict) -> dict[str, dict]:
        steps = self.required(post)
        if steps:
            return steps
        alone = {"reviewers": None, "quorum": 1, "waits": set(), "binds": set(PUBLISHED),
                 "may_edit": False, "within": None, "timers": []}  # fmt: skip
        return {"none/approve": alone}

    def asked(self, key: str, step: dict, post: dict) -> set[str]:
        if step["reviewers"] is None:
            found = set(PEOPLE)
        else:
            found = set()
            for principal in (*step["reviewers"], *post["clocks"].get(key, {}).get("added", ())):
                found |= self.everyone(principal, post)
        if not step["may_edit"]:
            found -= self.authors(post)
            if "time" in step["binds"]:
                found -= {one["by"] for one in post["revisions"]}
        return {who for who in found if post["targets"] and self.may_on(who, "approve", post)}

    def delegates(self, own: set[str], post: dict) -> set[tuple[str, str]]:
        """Return who may decide in the place of whom; on nobody's own work, nor on that one's."""
        return {
            (who, absent)
            for who in PEOPLE
            for absent in self.stood_in_for(who) & own
            if not {who, absent} & self.authors(post)
            and all(
                self.directly(absent, "approve", one) and not self.barred(who, "approve", one)
                for one in post["targets"]
            )
        }

    @staticmethod
    def authors(post: dict) -> set[str]:
        return {one["by"] for one in post["revisions"] if not one["only_time"]}

    def fields(self, post: dict) -> dict:
        return {"text": post["text"], "targets": post["targets"], "time": post["time"],
                "tags": post["tags"]}  # fmt: skip

    def statuses(self, post: dict) -> dict[str, dict]:
        fields = self.fields(post)
        found = {}
        for key, step in self.needed(post).items():
            own = self.asked(key, step, post)
            delegates = self.delegates(own, post)
            if "time" in step["binds"] and not step["may_edit"]:
                movers = {one["by"] for one in post["revisions"]}
                delegates = {pair for pair in delegates if not movers & set(pair)}
            asked = own | {who for who, _ in delegates}
            last: dict[str, bool] = {}
            stood: dict[str, set[str]] = {}
            voters: set[str] = set()
            before = False
            for vote in post["votes"]:
                if key not in vote["steps"]:
                    continue
                binds = all(vote["fields"][name] == fields[name] for name in step["binds"])
                last[vote["by"]] = vote["yes"] and binds
                stood[vote["by"]] = vote["on_behalf_of"]
                if vote["yes"]:
                    voters.add(vote["by"])
                    before = before or (key in vote["passed"] and binds)
                elif vote["by"] in voters:
                    before = False
            approved = {who for who, yes in last.items() if yes}
            if step["quorum"] == "all":
                spoken = approved.union(*(stood[who] for who in approved))
                enough = bool(approved) and own <= spoken
            else:
                enough = len(approved) >= step["quorum"]
            found[key] = {
                "state": "passed" if enough or before else "open",
                "asked": asked,
                "delegates": delegates,
                "approved": approved,
                "binds": step["binds"],
            }
        for key, step in self.needed(post).items():
            waits = any(
                found[other]["state"] != "passed" for other in step["waits"] if other in found
            )
            if found[key]["state"] == "open" and waits:
                found[key]["late"] = True
        for status in found.values():
            if status.pop("late", False):
                status["state"] = "later"
        return found

    def wording(self, post: dict) -> dict[str, str]:
        names = {key.partition("/")[0] for key in self.required(post)}
        names |= {policy["id"] for policy in self.applying(post)}
        names |= {key.partition("/")[0] for key in post["due"]}
        found = {}
        for name in sorted(names):
            if any(one["id"] == name for one in self.rules["policies"]):
                found[name] = self.said(name)
        return found

    def said(self, name: str) -> str:
        policy = self.policy(name)
        return repr(policy) + (self.said(policy["extends"]) if policy["extends"] else "")

    def stands(self, post: dict) -> bool:
        known = {policy["id"] for policy in self.rules["policies"]}
        return all(name in known and self.said(name) == said for name, said in post["pins"].items())

    def gate(self, post: dict, *, alone: bool = False) -> bool:
        if not self.stands(post):
            return False
        if alone and not self.required(post):
            return True
        return all(one["state"] == "passed" for one in self.statuses(post).values())

    # Deadlines ---------------------------------------------------------------

    def reckon(self, post: dict) -> None:
        """Let clocks run for exactly the open steps of a post in review."""
        if post["state"] != "in_review":
            return
        now_open = {key for key, one in self.statuses(post).items() if one["state"] == "open"}
        post["clocks"] = {
            key: post["clocks"].get(key)
            or {"since": self.now, "done": [], "overdue": False, "added": []}
            for key in sorted(now_open)
        }
        instants = [alarm[0] for alarm in self.alarms(post)]
        if self.lateness(post) == "expire" and post["targets"] and post["time"]:
            instants.append(post["time"])
        post["wake"] = min(instants, default=None)

    def lateness(self, post: dict) -> str:
        lates = [policy["late"] for policy in self.applying(post)] or ["expire"]
        return min(lates, key=["expire", "hold", "publish"].index)

    def alarms(self, post: dict) -> list[tuple]:
        found = []
        needed, statuses = self.needed(post), self.statuses(post)
        for key, clock in post["clocks"].items():
            if statuses[key]["state"] != "open":
                continue
            step = needed[key]
            for hours, do, principal in step["timers"]:
                name = f"{hours} {do} {principal}"
                if name not in clock["done"]:
                    at = clock["since"] + dt.timedelta(hours=hours)
                    found.append((at, key, do, name, principal))
            if not clock["overdue"]:
                waiting = statuses[key]["asked"] - statuses[key]["approved"]
                if not statuses[key]["asked"]:
                    found.append((clock["since"], key, "overdue", "", ""))
                elif step["within"] and waiting:
                    at = clock["since"] + dt.timedelta(hours=step["within"])
                    found.append((at, key, "overdue", "", ""))
        return sorted(found, key=lambda one: (one[0], one[1]))

    def look(self, post: dict) -> None:
        if post["state"] != "in_review" or post["wake"] is None or post["wake"] > self.now:
            return
        if (
            self.lateness(post) == "expire"
            and post["targets"]
            and post["time"]
            and post["time"] <= self.now
        ):
            post["state"] = "expired"
            return
        for at, key, do, name, principal in self.alarms(post):
            if at > self.now or key not in post["clocks"]:
                continue
            clock = post["clocks"][key]
            if do == "overdue":
                clock["overdue"] = True
            else:
                clock["done"].append(name)
            if do == "escalate":
                clock["added"].append(principal)
        self.reckon(post)

    # Commands ----------------------------------------------------------------

    def do(self, who: str, name: str, **said: object) -> object:
        """Do a command wholly, or not at all."""
        before = copy.deepcopy((self.posts, self.holds, self.absences, self.rules))
        try:
            # Of a post that was erased nothing is left to do.
            self.check(that=not self.posts.get(str(said.get("post")), {}).get("erased"))
            return getattr(self, name)(who, **said)
        except RefusedHereError:
            self.posts, self.holds, self.absences, self.rules = before
            raise

    def seen(self, post: dict, number: int) -> dict:
        return post["revisions"][number - 1]

    def draft(self, who, *, post, ws, targets, text, time, tags):
        self.check(that=all(PROFILES[target] == ws for target in targets))
        self.check(that=all(self.may(who, "draft", one) for one in targets or (ws,)))
        made = {
            "ws": ws, "targets": targets, "text": text, "time": time, "tags": tags,
            "state": "draft", "revisions": [], "votes": [], "due": set(), "pins": {},
            "deliveries": [], "alone": False, "clocks": {}, "asked_for": False, "wake": None,
        }  # fmt: skip
        made["revisions"].append(self.revision(made, who))
        self.posts[post] = made

    def revision(self, post: dict, who: str, *, only_time: bool = False) -> dict:
        return {"by": who, "only_time": only_time, "fields": self.fields(post)}

    def fresh(self, post: dict, number: int) -> None:
        self.check(that=self.seen(post, number)["fields"] == self.fields(post))

    def edit(self, who, *, post, seen, changes):
        post = self.posts[post]
        self.check(that=self.may_on(who, "draft", post))
        self.check(that=post["state"] in OPEN)
        if who != post["revisions"][0]["by"]:
            self.check(that=self.may_on(who, "edit_others", post))
        self.fresh(post, seen)
        after = {**post, **changes}
        self.check(that=all(PROFILES[target] == post["ws"] for target in after["targets"]))
        self.check(that=not (post["state"] == "approved" and after["time"] != post["time"]))
        self.check(that=self.may_on(who, "draft", after))
        self.check(that=self.fields(after) != self.fields(post))
        only_time = all(after[name] == post[name] for name in ("text", "targets", "tags"))
        rewritten = any(after[name] != post[name] for name in PUBLISHED)
        post.update(changes)
        post["revisions"].append(self.revision(post, who, only_time=only_time))
        if post["state"] in ("in_review", "approved") and post["asked_for"]:
            post["due"] |= set(self.required(post))
            post["pins"] = {**self.wording(post), **post["pins"]}
        if post["state"] == "approved":
            alone = post["alone"] and self.may_on(who, "publish", post)
            if self.gate(post, alone=alone):
                if rewritten:
                    self.reevaluate(post)
            else:
                post["state"] = "in_review"
                # Its steps open anew: their times count from now.
                post["clocks"] = {}
                self.call_off(post)
        self.reckon(post)

    def reevaluate(self, post: dict) -> None:
        """Let what waits follow a rewrite, at the times it has."""
        standing = {
            one["profile"]: one for one in post["deliveries"] if one["state"] != "cancelled"
        }
        waiting = {name: one["at"] for name, one in standing.items() if one["state"] == "waiting"}
        self.call_off(post)
        for target in post["targets"]:
            if target in waiting:
                self.plan_one(post, target, waiting[target])
            elif waiting and target not in standing and post["time"] and post["time"] > self.now:
                self.plan_one(post, target, post["time"])

    def call_off(self, post: dict) -> list[dict]:
        found = [one for one in post["deliveries"] if one["state"] in ("waiting", "missed")]
        for one in found:
            one["state"] = "cancelled"
        return found

    def plan_one(self, post: dict, target: str, at: dt.datetime, state: str = "waiting") -> None:
        post["deliveries"].append(
            {"profile": target, "at": at, "state": state,
             "seen": {name: post[name] for name in PUBLISHED}}
        )  # fmt: skip

    def published(self, post: dict) -> set[str]:
        return {one["profile"] for one in post["deliveries"] if one["state"] == "published"}

    def submit(self, who, *, post, seen):
        post = self.posts[post]
        self.check(that=self.may_on(who, "submit", post))
        self.check(that=post["state"] in ("draft", "changes_requested"))
        self.fresh(post, seen)
        self.check(that=bool(post["targets"]))
        self.check(that=post["time"] is None or post["time"] > self.now)
        # What earlier votes were given on is asked again where its words have changed.
        fresh_due = post["due"] | set(self.required(post))
        earlier = post["pins"]
        post["due"] = fresh_due
        pins = self.wording(post)
        changed = {name for name, said in earlier.items() if pins.get(name) != said}
        for vote in post["votes"]:
            for key in ("steps", "passed"):
                vote[key] = {one for one in vote[key] if one.partition("/")[0] not in changed}
        post["pins"], post["state"], post["asked_for"] = pins, "in_review", True
        post["clocks"] = {}
        if not self.required(post) and self.may_on(who, "publish", post):
            self.approved(post, alone=True)
        elif self.gate(post):
            self.approved(post, alone=False)
        self.reckon(post)

    def approved(self, post: dict, *, alone: bool) -> None:
        post["state"], post["alone"] = "approved", alone
        policies = self.applying(post)
        if any(policy["on_approval"] == "wait" for policy in policies):
            return
        targets = [one for one in post["targets"] if one not in self.published(post)]
        late = [one for one in targets if post["time"] and post["time"] <= self.now]
        choice = self.lateness(post)
        if late and choice == "expire":
            post["state"] = "expired"
            return
        for target in targets:
            if post["time"]:
                missed = target in late and choice == "hold"
                self.plan_one(post, target, post["time"], "missed" if missed else "waiting")

    def vote(self, who, *, post, seen, verdict):
        post = self.posts[post]
        self.check(that=self.may_on(who, "approve", post))
        self.check(that=post["state"] == "in_review")
        if verdict == "approve":
            self.check(that=self.stands(post))
        statuses = self.statuses(post)
        if verdict == "approve":
            counting = {
                key: one
                for key, one in statuses.items()
                if one["state"] == "open" and who in one["asked"] and who not in one["approved"]
            }
        else:
            counting = {key: one for key, one in statuses.items() if who in one["asked"]}
        self.check(that=bool(counting))
        was = self.seen(post, seen)["fields"]
        bound = set().union(*(one["binds"] for one in counting.values()))
        self.check(that=all(was[name] == post[name] for name in bound))
        vote = {"by": who, "yes": verdict == "approve", "steps": set(counting), "fields": was,
                "passed": set(), "on_behalf_of": {
                    absent for one in counting.values()
                    for name, absent in one["delegates"] if name == who}}  # fmt: skip
        post["due"] |= set(self.required(post))
        post["pins"] = {**self.wording(post), **post["pins"]}
        post["votes"].append(vote)
        if verdict != "approve":
            post["state"] = {"request_changes": "changes_requested", "reject": "rejected"}[verdict]
            return
        passed = {key for key, one in self.statuses(post).items() if one["state"] == "passed"}
        vote["passed"] = passed & set(counting)
        if self.gate(post):
            self.approved(post, alone=False)
        self.reckon(post)

    def withdraw(self, who, *, post):
        post = self.posts[post]
        self.check(that=self.may_on(who, "submit", post))
        self.check(that=post["state"] in ("in_review", "approved"))
        post["state"] = "draft"
        self.call_off(post)

    def hold_status(self, target: str, at: dt.datetime) -> bool:
        return any(
            (hold["until"] is None or at < hold["until"])
            and (hold["on"] in (target, PROFILES[target]))
            for hold in self.holds.values()
        )

    def schedule(self, who, *, post, seen):
        post = self.posts[post]
        self.check(that=self.may_on(who, "schedule", post))
        self.check(that=post["state"] == "approved")
        self.fresh(post, seen)
        self.leave(post)

    def leave(self, post: dict) -> None:
        self.check(that=self.gate(post, alone=post["alone"]))
        targets = [one for one in post["targets"] if one not in self.published(post)]
        held = [
            one for one in post["targets"] if post["time"] and self.hold_status(one, post["time"])
        ]
        self.check(that=not held)
        self.check(that=bool(targets) and post["time"] is not None and post["time"] > self.now)
        self.call_off(post)
        for target in targets:
            self.plan_one(post, target, post["time"])

    def unschedule(self, who, *, post):
        post = self.posts[post]
        self.check(that=self.may_on(who, "schedule", post))
        self.check(that=post["state"] == "approved")
        self.check(that=bool(self.call_off(post)))

    def reschedule(self, who, *, post, seen, time):
        post = self.posts[post]
        self.check(that=self.may_on(who, "schedule", post))
        self.check(that=post["state"] in OPEN)
        self.fresh(post, seen)
        targets = [one for one in post["targets"] if one not in self.published(post)]
        self.check(that=not post["targets"] or bool(targets))
        self.check(that=not targets or time > self.now)
        self.check(that=not any(self.hold_status(one, time) for one in post["targets"]))
        self.check(that=time != post["time"])
        post["time"] = time
        post["revisions"].append(self.revision(post, who, only_time=True))
        if post["state"] == "expired":
            post["state"] = "draft"
        if post["state"] == "approved":
            self.call_off(post)
            if self.gate(post, alone=post["alone"]):
                for target in targets:
                    self.plan_one(post, target, time)
            else:
                post["state"] = "in_review"
                # Its steps open anew: their times count from now.
                post["clocks"] = {}
        self.reckon(post)

    def cancel(self, who, *, post):
        post = self.posts[post]
        self.check(that=self.may_on(who, "cancel", post))
        self.check(that=post["state"] in OPEN)
        # What is out everywhere is taken down, and not cancelled.
        self.check(that=not post["targets"] or not set(post["targets"]) <= self.published(post))
        post["state"] = "cancelled"
        self.call_off(post)

    def comment(self, who, *, post):
        post = self.posts[post]
        self.check(that=self.may_on(who, "comment", post))
        self.reckon(post)

    def may_hold(self, who, on) -> bool:
        stopped = [profile for profile, ws in PROFILES.items() if on in (profile, ws)]
        return all(self.may(who, "hold", place) for place in (on, *stopped))

    def hold(self, who, *, hold, on, until):
        self.check(that=self.may_hold(who, on))
        self.holds[hold] = {"on": on, "until": until}

    def resume(self, who, *, hold):
        self.check(that=hold in self.holds)
        self.check(that=self.may_hold(who, self.holds[hold]["on"]))
        del self.holds[hold]

    def away(self, who, *, absence, member, start, end, delegate):
        self.check(that=who == member or self.may(who, "manage_access", PEOPLE[member][1] or "*"))
        self.check(that=start < end and end > self.now.date() and delegate != member)
        for other in self.absences:
            meets = start < other["end"] and other["start"] < end
            self.check(that=not (meets and other["member"] in (member, delegate)))
        if delegate and who != member:
            # Nobody lends of another's rights what they do not hold themselves meanwhile.
            self.check(that=self.may_lend(who, member, delegate, start, end))
        self.absences.append(
            {"id": absence, "member": member, "start": start, "end": end, "delegate": delegate}
        )
        self.stale = True

    def may_lend(self, who: str, member: str, delegate: str, start: dt.date, end: dt.date) -> bool:
        days = [start + dt.timedelta(days=number) for number in range((end - start).days)]
        return all(
            not self.directly(member, permission, place, day)
            or self.directly(delegate, permission, place, day)
            or self.directly(who, permission, place, day)
            for permission in ALL
            for place in (*PROFILES, *LEADS, "*")
            for day in days
        )

    def gone(self, who: str) -> bool:
        day = self.now.date()
        return any(
            one["member"] == who and one["start"] <= day < one["end"] for one in self.absences
        )

    def erase(self, who, *, member):
        self.check(that=self.may(who, "erase", "*"))
        written = [post for post in self.posts.values() if member in self.authors(post)]
        for post in written:
            states = {one["state"] for one in post["deliveries"]}
            settled = states <= {"published", "missed", "cancelled"}
            over = post["state"] in ("cancelled", "rejected", "expired")
            out = post["state"] == "approved" and "published" in states
            self.check(that=settled and (post.get("erased", False) or over or out))
        for post in written:
            post["erased"] = True

    def adopt(self, who, *, rules):
        self.check(that=who == "eva" or self.may_bring(who, rules))
        self.check(that=self.plain(rules) != self.plain(self.rules))
        self.rules = rules
        self.stale = True

    def may_bring(self, who: str, rules: dict) -> bool:
        """Tell whether somebody may who stands in for Eva: they give nobody what is not theirs."""
        if not (self.may(who, "manage_access", "*") and self.may(who, "manage_policies", "*")):
            return False
        old = self.rules
        days = [self.now.date() + dt.timedelta(days=number) for number in range(30)]
        for day in days:
            for permission in ALL:
                for place in (*PROFILES, *LEADS, "*"):
                    if self.directly(who, permission, place, day):
                        continue
                    had = self.all_who_may(permission, place, day)
                    self.rules = rules
                    has = self.all_who_may(permission, place, day)
                    self.rules = old
                    if has - had:
                        return False
        return True

    def all_who_may(self, permission: str, place: str, day: dt.date) -> set[str]:
        """Return who may on a day, in the place of somebody away too."""
        found = {one for one in PEOPLE if self.directly(one, permission, place, day)}
        return found | {
            one["delegate"]
            for one in self.absences
            if one["delegate"]
            and one["start"] <= day < one["end"]
            and not self.barred(one["delegate"], permission, place)
            and self.directly(one["member"], permission, place, day)
        }

    @staticmethod
    def plain(rules: dict) -> dict:
        """Return the rules without the order of their lines, which never matters."""
        lines = {key: sorted(map(repr, rules[key])) for key in ("grants", "forbids")}
        return {**rules, **lines}

    def run_due(self) -> None:
        if self.stale:
            for post in self.posts.values():
                self.reckon(post)
            self.stale = False
        for post in self.posts.values():
            self.look(post)
        waiting = [
            (one, post)
            for post in self.posts.values()
            for one in post["deliveries"]
            if one["state"] == "waiting" and one["at"] <= self.now
        ]
        for one, post in waiting:
            if self.hold_status(one["profile"], self.now):
                one["state"] = "missed"
                continue
            same = all(one["seen"][field] == post[field] for field in PUBLISHED)
            fit = post["state"] == "approved" and one["profile"] in post["targets"]
            if fit and same and self.gate(post, alone=post["alone"]):
                one["state"] = "published"
                self.sent.append((one["profile"], post["text"]))
            else:
                one["state"] = "missed"
