"""Random small organizations, as plain data for the reference model and as documents."""

from __future__ import annotations

import datetime as dt
import random

MEMBERS = {
    "ana": ("staff", ""),
    "ben": ("staff", ""),
    "eva": ("staff", ""),
    "tom": ("staff", ""),
    "noor": ("client", "tulip"),
    "dirk": ("client", "dike"),
}
PROFILES = {"tulip-x": "tulip", "tulip-m": "tulip", "dike-x": "dike"}
NETWORKS = {"tulip-x": "x", "tulip-m": "mastodon", "dike-x": "x"}
LEADS = {"tulip": "eva", "dike": "tom"}
WRITER = {"view", "draft", "submit", "comment"}
PUBLISHER = WRITER | {"schedule", "publish", "cancel", "note"}
EDITOR = PUBLISHER | {"approve", "edit_others", "hold", "waive"}
ROLES = {"writer": WRITER, "publisher": PUBLISHER, "editor": EDITOR, "owner": {"*"}}
TEAMS = {"studio": ("ana", "ben", "tom")}
PERMISSIONS = [
    "view",
    "draft",
    "edit_others",
    "comment",
    "submit",
    "approve",
    "schedule",
    "publish",
    "cancel",
    "hold",
    "take_down",
    "waive",
    "note",
    "connect",
    "manage_style",
    "manage_policies",
    "manage_access",
    "erase",
]


def random_rules(rng: random.Random) -> dict:
    """Return the rules of a random organization, in which Eva has every permission everywhere."""
    pick = rng.choice
    grants = [{"to": "member:eva", "role": "owner", "ws": "*"}]
    for member in ("ana", "ben", "tom"):
        for ws in ("tulip", "dike"):
            role = pick(("writer", "publisher", "publisher", "editor", "editor", None))
            if role:
                grants.append({"to": f"member:{member}", "role": role, "ws": ws})
    if rng.random() < 0.3:
        grants.append({"to": "team:studio", "role": pick(("writer", "publisher")), "ws": "tulip"})
    for member, ws in (("noor", "tulip"), ("dirk", "dike")):
        permissions = pick((["view", "comment", "approve"], ["view"], ["view", "approve"]))
        grant = {"to": f"member:{member}", "permissions": permissions, "ws": ws}
        if rng.random() < 0.4:
            grant["start"] = dt.date(2026, 4, rng.randint(1, 4))
        if rng.random() < 0.4:
            grant["end"] = dt.date(2026, 4, rng.randint(5, 9))
        grants.append(grant)
    rng.shuffle(grants)
    forbids = [
        {"to": f"member:{pick(('ana', 'ben', 'tom', 'noor'))}",
         "permissions": [pick(("publish", "approve", "schedule", "view", "hold"))],
         "profile": pick(tuple(PROFILES))}
        for _ in range(rng.choice((0, 0, 1, 2)))
    ]  # fmt: skip
    editorial = {
        "id": "editorial",
        "ws": "tulip",
        "tags": (),
        "extends": "",
        "steps": [_random_step(rng, "edit", "role:editor", ())],
        "late": pick(("expire", "hold", "publish")),
        "on_approval": pick(("schedule", "schedule", "schedule", "wait")),
    }
    offers = {
        "id": "offers",
        "ws": "tulip",
        "tags": ("offer",),
        "extends": "editorial",
        "steps": [_random_step(rng, "client", "member:noor", pick((("edit",), ())))],
        "late": pick(("expire", "hold", "publish")),
        "on_approval": "schedule",
    }
    policies = [editorial, offers]
    if rng.random() < 0.4:
        policies.append(
            {
                "id": "dike-review",
                "ws": "dike",
                "tags": pick(((), ("offer",))),
                "extends": "",
                "steps": [
                    _random_step(rng, "check", pick(("lead", "member:dirk", "team:studio")), ())
                ],
                "late": "hold",
                "on_approval": "schedule",
            }
        )
    return {
        "grants": grants,
        "forbids": forbids,
        "policies": policies,
        "default": {"tulip": "editorial", "dike": "none"},
    }


def _random_step(rng: random.Random, name: str, principal: str, after: tuple[str, ...]) -> dict:
    pick = rng.choice
    step = {
        "id": name,
        "reviewers": [principal],
        "after": after,
        "quorum": pick((1, 1, 1, 2, "all")),
        "binds": pick(((), (), ("text", "targets"), ("text", "time"))),
        "may_edit": rng.random() < 0.1,
        "within": pick((None, 3, 30)),
        "timers": [],
    }
    if rng.random() < 0.4:
        step["timers"].append((pick((1, 5)), "remind", ""))
    if rng.random() < 0.4:
        step["timers"].append(
            (pick((2, 20)), "escalate", pick(("lead", "member:tom", "member:ana")))
        )
    return step


def document(rules: dict) -> str:
    """Return the document with the given rules."""
    lines = ["[organization]", 'id = "northwind"', 'timezone = "UTC"']
    for ws, lead in LEADS.items():
        lines += ["[[workspaces]]", f'id = "{ws}"', f'lead = "{lead}"',
                  f'default_approval = "{rules["default"][ws]}"']  # fmt: skip
    for name, ws in PROFILES.items():
        lines += ["[[profiles]]", f'id = "{name}"', f'workspace = "{ws}"',
                  f'network = "{NETWORKS[name]}"', f'handle = "@{name}"']  # fmt: skip
        if NETWORKS[name] == "mastodon":
            lines.append('server = "https://mastodon.example"')
    for name, (kind, of) in MEMBERS.items():
        lines += ["[[members]]", f'id = "{name}"', f'kind = "{kind}"']
        lines += [f'of = "{of}"'] if of else []
    for name, members in TEAMS.items():
        lines += ["[[teams]]", f'id = "{name}"', f"members = {list(members)}".replace("'", '"')]
    for role, permissions in ROLES.items():
        lines += [f"[roles.{role}]", f"permissions = {sorted(permissions)}".replace("'", '"')]
    for grant in rules["grants"]:
        lines += ["[[grants]]", f'to = "{grant["to"]}"', f'on = {{ workspace = "{grant["ws"]}" }}']
        lines += [f'role = "{grant["role"]}"'] if "role" in grant else []
        if "permissions" in grant:
            lines.append(f"permissions = {grant['permissions']}".replace("'", '"'))
        lines += [f"{key} = {grant[key]}" for key in ("start", "end") if key in grant]
    for forbid in rules["forbids"]:
        lines += ["[[forbids]]", f'to = "{forbid["to"]}"', f'on = "{forbid["profile"]}"',
                  f"permissions = {forbid['permissions']}".replace("'", '"')]  # fmt: skip
    for policy in rules["policies"]:
        tags = f", post_tag = {list(policy['tags'])}".replace("'", '"') if policy["tags"] else ""
        lines += ["[[approvals]]", f'id = "{policy["id"]}"',
                  f'on = {{ workspace = "{policy["ws"]}"{tags} }}',
                  f'late = "{policy["late"]}"', f'on_approval = "{policy["on_approval"]}"']  # fmt: skip
        lines += [f'extends = "{policy["extends"]}"'] if policy["extends"] else []
        for step in policy["steps"]:
            lines += ["[[approvals.steps]]", f'id = "{step["id"]}"',
                      f"reviewers = {step['reviewers']}".replace("'", '"'),
                      f"after = {list(step['after'])}".replace("'", '"')]  # fmt: skip
            quorum = step["quorum"]
            lines.append(f'quorum = "{quorum}"' if quorum == "all" else f"quorum = {quorum}")
            if step["binds"]:
                lines.append(f"binds = {list(step['binds'])}".replace("'", '"'))
            lines.append(f"may_edit = {str(step['may_edit']).lower()}")
            if step["within"]:
                lines.append(f'within = "{step["within"]} hours"')
            if step["timers"]:
                timers = [
                    f'{{ after = "{hours} hours", do = "{do}"'
                    + (f', to = "{principal}" }}' if principal else " }")
                    for hours, do, principal in step["timers"]
                ]
                lines.append(f"timers = [{', '.join(timers)}]")
    return "\n".join(lines) + "\n"
