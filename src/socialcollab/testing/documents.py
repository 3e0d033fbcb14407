"""A Hypothesis strategy for documents that use all sections and keys, with valid references."""

from __future__ import annotations

import copy
import datetime as dt
from functools import cache
from typing import Any

from hypothesis import strategies as st


def _local(day: int, month: int, hour: int = 0, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute)  # noqa: DTZ001  # a local time


_TEXT = st.text(
    st.characters(
        exclude_characters="\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
        exclude_categories=["Cc", "Cs"],
    ),
    min_size=1,
    max_size=12,
)
_DURATION = st.sampled_from(
    ["45 minutes", "4 business hours", "1 business day", "2 days", "1 week"]
)
_CLOCK = st.sampled_from(["09:00", "17:30", "00:00", dt.time(8, 30)])
_EVERY = st.sampled_from(["friday 17:00", "mon-fri 09:30", "day 08:00", "FREQ=WEEKLY;INTERVAL=2"])
_ZONE = st.sampled_from(["Europe/Amsterdam", "UTC", "America/New_York"])
_PERMISSION = st.sampled_from(["view", "draft", "approve", "publish", "ads.boost"])

odd_values: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 2000),
    st.sampled_from([2.0, 1.5, 10**30]),
    st.sampled_from(
        [
            *("", "m0", "w0", "p0", "r0", "none", "*", "lead", "member:m0", "role:r0", "x", "care"),
            *("view", "client", "escalate", "remind", "all", "1 business hour", "9 minutes", "mon"),
            *("2026-02-30", "2026-04-07", "2026-04-07 09:30", " 2026-04-07T09:30:10 ", "24:00"),
            *("friday 17:00", "year", "a=b", "m0\n", "any\n", "https://a.example", "ftp://a", "\0"),
            *("last business day of the month 09:00", "Europe/Amsterdam", "Europe/Nowhere", "../x"),
        ]
    ),
    st.just(dt.date(2026, 4, 7)),
    st.just(_local(7, 4, 9, 30)),
    st.just(dt.time(9, 30)),
    st.sampled_from([[], {}, ["m0"], [""], [[]], {"workspace": "*"}, {"profile": []}, {"x": 1}]),
    _TEXT,
)


def _table(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


def _list(item: st.SearchStrategy[Any], *, least: int = 0, most: int = 2) -> Any:
    return st.lists(item, min_size=least, max_size=most)


def _one_or_more(item: st.SearchStrategy[Any]) -> Any:
    return st.one_of(item, _list(item, least=1))


def _numbered(prefix: str, table: Any, *, least: int = 0) -> Any:
    return _list(table, least=least).map(
        lambda tables: [{"id": f"{prefix}{at}", **keys} for at, keys in enumerate(tables)]
    )


_HOURS = _table(
    {
        "days": st.sampled_from(["mon-fri", "sat,sun"]),
        "start": st.just("09:00"),
        "end": st.sampled_from(["17:00", "24:00", "02:00"]),
    },
    {"holidays": _list(st.sampled_from(["2026-04-27", dt.date(2026, 12, 25)]))},
)
_CONTACT = st.dictionaries(st.sampled_from(["email", "slack"]), _TEXT, max_size=2)
_BOUND = st.sampled_from([dt.date(2026, 1, 1), "2026-01-01", "2026-01-01 08:00", _local(2, 1, 8)])
_LATER = st.sampled_from([dt.date(2027, 1, 1), "2027-01-01 08:00"])


def _shifts(member: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Generate listed shifts in any order, some of which end a day before the next shift begins."""
    return st.lists(
        st.tuples(st.integers(0, 40), member, st.booleans()),
        min_size=1,
        max_size=3,
        unique_by=lambda drawn: drawn[0],
    ).map(
        lambda drawn: [
            {
                "member": name,
                "start": dt.date(2026, 1, 2) + dt.timedelta(days=2 * day),
                **({"end": dt.date(2026, 1, 3) + dt.timedelta(days=2 * day)} if ends else {}),
            }
            for day, name, ends in drawn
        ]
    )


def documents() -> st.SearchStrategy[dict[str, Any]]:
    """Generate documents that load without faults."""
    sizes = st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 2))
    # Tests modify the documents, so two documents must not share a list.
    return sizes.flatmap(lambda drawn: _of_size(*drawn)).map(copy.deepcopy)


@cache
def _of_size(
    workspace_count: int, member_count: int, profile_count: int
) -> st.SearchStrategy[dict[str, Any]]:
    """Generate documents with the given numbers of workspaces, members and profiles."""
    workspaces = [f"w{at}" for at in range(workspace_count)]
    members = [f"m{at}" for at in range(member_count)]
    profiles = [f"p{at}" for at in range(profile_count)]
    workspace, member, profile = map(st.sampled_from, (workspaces, members, profiles))
    principal = st.sampled_from(
        [*(f"member:{name}" for name in members), "team:t", "role:r0", "lead"]
    )
    grantee = st.sampled_from([*(f"member:{name}" for name in members), "team:t"])
    keys = {
        "network": _one_or_more(st.sampled_from(["x", "mastodon"])),
        "profile_tag": _one_or_more(st.just("care")),
        "excluding": _table({"profile": _one_or_more(profile)}, {"workspace": workspace}),
    }
    context = {
        "post_tag": _one_or_more(_TEXT),
        "campaign": st.just("c"),
        "kind": st.just("reply"),
        "language": _one_or_more(st.just("nl")),
        "author_role": st.just("r0"),
    }

    def on(**more: Any) -> Any:
        tables = _table(
            {"workspace": _one_or_more(st.sampled_from([*workspaces, "*"]))},
            {**keys, "profile": _one_or_more(profile), **more},
        )
        return st.one_of(profile, tables)

    condition = _table(
        {"link_domain": _one_or_more(st.sampled_from(["tulip.nl", "rose.example"]))},
        {
            "any_text": _one_or_more(st.just("gratis")),
            "media": st.just("image"),
            "label": _one_or_more(_TEXT),
            "finding": _one_or_more(st.sampled_from(["SG101", "SG102"])),
            "finding_at_least": st.just("warning"),
            "author_posts_fewer_than": st.integers(1, 20),
            "custom": _one_or_more(st.just("names-a-price")),
        },
    )
    span = {"start": _BOUND, "end": _LATER, "reason": _TEXT}
    step = {
        "quorum": st.sampled_from(["any", "all", "2", 3]),
        "within": _DURATION,
        "timers": _list(
            st.one_of(
                _table({"after": _DURATION, "do": st.just("remind")}, {}),
                _table({"after": _DURATION, "do": st.just("escalate"), "to": principal}, {}),
            )
        ),
        "only_if": st.one_of(condition, st.lists(condition, min_size=1, max_size=2)),
        "binds": _list(st.sampled_from(["text", "media"])),
        "distinct": st.booleans(),
        "may_edit": st.booleans(),
    }
    steps = _numbered("s", _table({"reviewers": _one_or_more(principal)}, step), least=1)
    policy = {
        "on_approval": st.sampled_from(["schedule", "wait"]),
        "late": st.sampled_from(["expire", "hold", "publish"]),
        "late_by": _DURATION,
        "exempt": _list(st.just("role:r0")),
        "reason": _TEXT,
    }
    first = _table({"id": st.just("first"), "on": on(**context), "steps": steps}, policy)
    second = _table(
        {"id": st.just("second"), "on": on(**context), "extends": st.just("first")},
        {
            **policy,
            "steps": st.just([{"id": "last", "after": ["s0"], "reviewers": "lead"}]),
        },
    )
    zoned = {"timezone": _ZONE, "language": st.just("nl"), "business_hours": _HOURS, "name": _TEXT}
    required = {
        "organization": _table(
            {"id": st.just("o"), "timezone": _ZONE},
            {key: strategy for key, strategy in zoned.items() if key != "timezone"},
        ),
        "workspaces": st.tuples(
            *(
                _table(
                    {
                        "id": st.just(name),
                        "lead": member,
                        "default_approval": st.sampled_from(["none", "first"]),
                    },
                    {**zoned, "domains": _list(_TEXT)},
                )
                for name in workspaces
            )
        ).map(list),
        "profiles": st.tuples(
            *(
                _table(
                    {
                        "id": st.just(name),
                        "workspace": workspace,
                        "network": st.sampled_from(["x", "mastodon"]),
                        "tags": st.just(["care"]),
                    },
                    {"handle": _TEXT, "server": st.just("https://mastodon.example")},
                )
                for name in profiles
            )
        ).map(list),
        "members": st.tuples(
            *(
                _table(
                    {"id": st.just(name)},
                    {
                        **zoned,
                        "kind": st.sampled_from(["staff", "guest"]),
                        "of": workspace,
                        "notify": _list(st.sampled_from(["slack", "email digest 08:30"])),
                        "contact": _CONTACT,
                        "suspended": st.booleans(),
                        "left": st.sampled_from([dt.date(2026, 3, 28), "2027-01-01"]),
                    },
                )
                for name in members
            )
        ).map(list),
        "teams": st.sampled_from(
            (
                [{"id": "t", "members": members}],
                [{"id": "t", "members": members[:1], "includes": ["t2"]}, {"id": "t2"}],
            )
        ),
        "campaigns": st.just(
            [{"id": "c", "workspace": workspaces[0], "start": dt.date(2026, 3, 1)}]
        ),
        "permissions": st.just({"custom": {"ads.boost": "may spend"}}),
        "roles": _table(
            {"r0": _table({}, {"permissions": _list(_PERMISSION)})},
            {"r1": _table({"includes": st.just(["r0"])}, {"permissions": st.just(["*"])})},
        ),
        "approvals": st.tuples(first, _list(second, most=1)).map(lambda both: [both[0], *both[1]]),
    }
    optional = {
        "grants": _list(
            st.one_of(
                _table({"to": _one_or_more(grantee), "role": st.just("r0"), "on": on()}, span),
                _table(
                    {
                        "to": _one_or_more(grantee),
                        "permissions": _list(_PERMISSION, least=1),
                        "on": on(),
                    },
                    span,
                ),
            )
        ),
        "forbids": _list(
            _table({"to": grantee, "permissions": _list(_PERMISSION, least=1), "on": on()}, span)
        ),
        "rotations": _numbered(
            "d",
            _table(
                {
                    "role": st.just("r0"),
                    "on": on(),
                    "members": _list(member, least=1),
                    "start": st.sampled_from([dt.date(2026, 1, 2), "2026-01-02"]),
                    "every": _EVERY,
                },
                {"end": _EVERY, "timezone": st.just("Europe/Amsterdam")},
            )
            | _table(
                {"role": st.just("r0"), "on": on(), "shifts": _shifts(member)},
                {"end": _EVERY, "hand_off": st.sampled_from(["09:00", "17:30", dt.time(9)])},
            ),
        ),
        "slot_plans": _list(
            _table(
                {"on": on()},
                {
                    "slots": _list(st.sampled_from(["mon-fri 09:30", "sat 11:00"])),
                    "min_gap": st.just("45 minutes"),
                    "max_per_day": st.sampled_from([1, 5, 1000, 5.0]),
                },
            )
        ),
        "blackouts": _list(
            _table(
                {
                    "on": on(**context),
                    "start": st.just("2026-05-04 19:55"),
                    "end": st.sampled_from(["2026-05-04 20:05", _local(5, 5)]),
                },
                {"every": st.sampled_from(["year", "friday 17:00"]), "reason": _TEXT},
            )
        ),
        "routing": _numbered(
            "rule",
            _table(
                {"on": on(), "priority": st.sampled_from(["low", "urgent"])},
                {
                    "only_if": _table(
                        {},
                        {
                            "any_text": st.sampled_from(["refund*", ["lost bag", "late"]]),
                            "kind": st.sampled_from(["comment", ["direct", "reply"]]),
                            "business_hours": st.sampled_from(["open", "closed"]),
                            "earlier_case": st.booleans(),
                            "author": _table({}, {"followers_at_least": st.integers(1, 1000)}),
                        },
                    ),
                    "tag": _list(st.sampled_from(["vip", "refund"])),
                },
            ),
        ),
        "response_targets": _numbered(
            "target",
            _table(
                {"on": on(), "first_response": st.sampled_from(["30 minutes", "2 hours"])},
                {"resolution": st.just("2 days"), "warn_at": st.integers(1, 99)},
            ),
        ),
        "saved_replies": _numbered(
            "reply",
            _table(
                {
                    "on": on(),
                    "texts": st.sampled_from([{"en": "Hello {customer_name}"}, {"nl": "Hoi"}]),
                },
                {"ask": st.sampled_from(["flight", ["flight", "seat"]])},
            ),
        ),
        "expect": _list(
            st.one_of(
                _table({"member": member, "can": _PERMISSION, "on": on()}, {"at": _BOUND}),
                _table({"member": member, "cannot": _PERMISSION, "on": on()}, {"at": _BOUND}),
            )
        ),
        "style": st.just({"guides": []}),
    }
    return _table(required, optional)
