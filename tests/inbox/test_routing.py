"""Routing: which rules match, who gets a message, and why."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory import Profile
from socialcollab.errors import InvalidValueError, NaiveDatetimeError
from socialcollab.inbox.routing import (
    Agent,
    Assign,
    AuthorCondition,
    AuthorFacts,
    AutoReplyLimit,
    MessageCondition,
    MessageFacts,
    Phrase,
    RoutedItem,
    RoutingRule,
    RoutingRules,
    RoutingState,
    automatic_reason,
    reevaluate,
    route,
    unavailability,
)
from socialcollab.inbox.routing.phrases import words
from socialcollab.time import BusinessHours, Window

AT = dt.datetime(2026, 4, 7, 10, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
X = Profile(id="tulip-x", workspace="tulip", network="x", tags=["care"])
MASTODON = Profile(id="tulip-m", workspace="tulip", network="mastodon")
ALL = {"workspace": "*"}


def rule(name: str = "r", **values: object) -> RoutingRule:
    if not set(values) & {"assign", "priority", "tag", "untag", "target", "saved_reply", "alert"}:
        values["priority"] = "high"
    return RoutingRule(id=name, **{"on": ALL, **values})


def state(*agents: Agent | str, **values: object) -> RoutingState:
    listed = [Agent(id=one) if isinstance(one, str) else one for one in agents]
    team = [one.id for one in listed]
    return RoutingState(agents=listed, **{"groups": {"team:care": team}, **values})


def said(text: str = "", **values: object) -> MessageFacts:
    return MessageFacts(**{"profile": X, "text": text, **values})


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("refund", "I want a REFUND!", True),
        ("refund", "refunds", False),
        ("refund*", "refunded", True),
        ("lost bag", "you lost... bag", True),
        ("lost bag", "lost my bag", False),
        ("lost bag*", "lost baggage", True),
        ("can't", "I can’t log in", True),
        ("cafe", "the Cafe\u0301 and the Café", True),
        ("退款", "我要退款了", True),
        ("退款", "退了款", False),
        ("คืนเงิน", "ขอคืนเงินด้วย", True),
        ("straße", "STRASSE", True),
        ("😡", "so late 😡😡", True),
        ("no-show", "a no show", True),
    ],
)
def test_phrases_match_whole_words(phrase, text, found):
    assert Phrase.parse(phrase).found_in(words(text)) is found
    rules = RoutingRules([rule(only_if=MessageCondition(any_text=phrase))])
    assert bool(rules.applying(said(text))) is found


@pytest.mark.parametrize("phrase", ["", "  ", "!?", "*", "a*", "ca*el", "lost *", "x" * 201])
def test_phrases_without_words_are_refused(phrase):
    with pytest.raises(InvalidValueError, match="is not a word or phrase"):
        MessageCondition(any_text=[phrase])


def test_a_message_of_a_million_characters_is_searched_in_one_pass():
    rules = RoutingRules([rule(only_if=MessageCondition(any_text=["a a b", "(a+)+ c"]))])
    assert rules.applying(said("a " * 100_000)) == ()


CONDITIONS = {
    "kind": (MessageCondition(kind="comment"), said(kind="comment"), said()),
    "language": (MessageCondition(language="pt"), said(language="pt-BR"), said(language="p")),
    "tags": (MessageCondition(tags=["vip", "new"]), said(tags=["vip"]), said(tags=["old"])),
    "no_tags": (MessageCondition(no_tags="spam"), said(), said(tags=["spam"])),
    "sentiment": (
        MessageCondition(sentiment="negative"),
        said(sentiment="negative"),
        said(sentiment="positive"),
    ),
    "all_text": (MessageCondition(all_text=["bag", "lost"]), said("lost a bag"), said("bag")),
    "no_text": (MessageCondition(no_text="thanks"), said("help"), said("Thanks!")),
    "earlier_case": (MessageCondition(earlier_case=False), said(), said(earlier_case=True)),
    "author.followers_at_least": (
        MessageCondition(author=AuthorCondition(followers_at_least=1000)),
        said(author=AuthorFacts(followers=1000)),
        said(author=AuthorFacts(followers=999)),
    ),
    "author.verified": (
        MessageCondition(author=AuthorCondition(verified=False)),
        said(),
        said(author=AuthorFacts(verified=True)),
    ),
    "author.messages_fewer_than": (
        MessageCondition(author=AuthorCondition(messages_fewer_than=1)),
        said(),
        said(author=AuthorFacts(earlier_messages=1)),
    ),
    "author.tags": (
        MessageCondition(author=AuthorCondition(tags="vip")),
        said(author=AuthorFacts(tags="vip")),
        said(tags="vip"),
    ),
}


@pytest.mark.parametrize("key", CONDITIONS)
def test_each_condition_is_explained(key):
    condition, yes, no = CONDITIONS[key]
    rules = RoutingRules([rule(only_if=condition)])
    assert route(rules, yes, state(), at=AT).applied == ("r",)
    refused = route(rules, no, state(), at=AT)
    assert refused.applied == ()
    [explained] = refused.explain()
    assert not explained.matched
    assert [one.key for one in explained.missing] == [key]


def test_business_hours_are_those_of_the_profile():
    office = BusinessHours(days="mon-fri", start="09:00", end="17:00", zone="UTC")
    rules = RoutingRules([rule(only_if=MessageCondition(business_hours="closed"))])
    known = state(hours={"tulip-x": office})
    at_night = AT.replace(hour=20)
    assert route(rules, said(), known, at=at_night).applied == ("r",)
    assert route(rules, said(), known, at=AT).applied == ()
    assert route(rules, said(profile=MASTODON), known, at=at_night).applied == ()


def test_only_the_first_match_applies_unless_the_mode_is_all():
    listed = [
        rule("a", on="tulip-m", priority="low"),
        rule("b", assign="team:care", tag="seen", alert=["lead"]),
        rule("c", assign="member:eva", priority="urgent", untag="seen", tag="c", alert="lead"),
    ]
    first = route(RoutingRules(listed), said(), state("ana"), at=AT)
    assert (first.applied, first.priority, first.tags) == (("b",), "", {"seen"})
    every = route(RoutingRules(listed, mode="all"), said(tags="old"), state("ana"), at=AT)
    assert (every.applied, every.priority) == (("b", "c"), "urgent")
    assert every.tags == {"old", "c"}
    assert every.assignment.member == "ana"
    assert [str(party) for party in every.alert] == ["lead"]
    assert [one.applied for one in first.explain()] == [False, True, False]


def assigned(count: int, start: RoutingState, **values: object) -> list[str]:
    rules = RoutingRules([rule(assign=Assign(**{"to": "team:care", **values}))])
    members = []
    for _ in range(count):
        routing = route(rules, said(), start, at=AT)
        members.append(routing.assignment.member)
        start = routing.state
    return members


def test_round_robin_takes_turns_and_skips_members_who_are_away():
    agents = ("ana", Agent(id="ben", online=False), "eva")
    assert assigned(4, state(*agents), by="round_robin") == ["ana", "eva", "ana", "eva"]


def test_the_least_loaded_member_is_chosen_and_ties_take_turns():
    agents = (Agent(id="ana", load=2), Agent(id="ben", load=1), Agent(id="eva", load=1))
    assert assigned(5, state(*agents)) == ["ben", "eva", "ana", "ben", "eva"]


def test_rules_never_assign_beyond_the_capacity_but_people_may():
    full = Agent(id="ana", load=1, capacity=2)
    assert assigned(2, state(full)) == ["ana", ""]
    agent = attrs.evolve(full, load=2)
    assert unavailability(agent, AT) == "at_capacity"
    assert unavailability(agent, AT, ignore_capacity=True) == ""


def test_the_party_is_accountable_if_no_member_can_take_the_message():
    shift = Window(start=AT + HOUR, end=AT + 2 * HOUR)
    rules = RoutingRules([rule(assign="team:care")])
    waiting = route(rules, said(), state(Agent(id="ana", shifts=[shift])), at=AT).assignment
    assert (str(waiting.owner), waiting.reason) == ("team:care", "unavailable")
    assert [one.unavailable for one in waiting.candidates] == ["off_shift"]
    nobody = route(rules, said(), RoutingState(), at=AT).assignment
    assert (str(nobody.owner), nobody.reason) == ("team:care", "no_member")


def test_a_returning_customer_gets_the_same_member_who_belongs_to_the_party():
    agents = (Agent(id="ana", load=9), "ben")
    rules = RoutingRules([rule(assign="team:care")])
    again = said(earlier_assignee="ana")
    sticky = route(rules, again, state(*agents), at=AT)
    assert (sticky.assignment.member, sticky.assignment.reason) == ("ana", "sticky")
    assert sticky.state.turns == {}
    others = state(*agents, groups={"team:care": ["ben"]})
    assert route(rules, again, others, at=AT).assignment.member == "ben"
    assert (
        route(rules, said(earlier_assignee="zoe"), state(*agents), at=AT).assignment.member == "ben"
    )


def test_automatic_messages_never_get_an_automatic_reply():
    rules = RoutingRules([rule(saved_reply="closed")])
    author = AuthorFacts(id="7")
    assert route(rules, said(author=author), state(), at=AT).saved_reply == "closed"
    robot = said(author=author, automatic=automatic_reason({"auto-submitted": "auto-generated"}))
    refused = route(rules, robot, state(), at=AT)
    assert (refused.saved_reply, refused.suppressed) == ("", "automatic")
    assert route(rules, said(), state(), at=AT).suppressed == "unknown_author"


def test_two_programs_that_do_not_say_so_stop_after_the_limit():
    rules = RoutingRules([rule(saved_reply="closed")])
    limit = AutoReplyLimit(at_most=2, within="1 hour")
    ping = said(author=AuthorFacts(id="7"))
    current, sent = state(), 0
    for minute in range(100):
        routing = route(rules, ping, current, at=AT + minute * dt.timedelta(minutes=1), limit=limit)
        sent += bool(routing.saved_reply)
        current = routing.state
    assert sent == 4
    assert len(current.auto_replies["7"]) <= 2


@pytest.mark.parametrize(
    ("headers", "sender", "automatic"),
    [
        ({"Auto-Submitted": "auto-notified; owner=x"}, None, True),
        ({"AUTO-SUBMITTED": " No "}, "jo@customer.example", False),
        ({"Precedence": "Bulk"}, None, True),
        ({"List-Id": "<news.example>"}, None, True),
        ({"X-Auto-Response-Suppress": "DR, AutoReply"}, None, True),
        ({"X-Auto-Response-Suppress": "DR"}, None, False),
        ({"X-Autoreply": "yes"}, None, True),
        ({"Return-Path": "<>"}, None, True),
        ({}, "MAILER-DAEMON@mail.example", True),
        ({}, "news-request@lists.example", True),
        ({"Subject": "Auto-Submitted: auto-replied"}, None, False),
        (None, None, False),
    ],
)
def test_messages_of_programs_are_recognised(headers, sender, automatic):
    assert bool(automatic_reason(headers, sender=sender)) is automatic
    assert automatic_reason(headers, sender=sender, bot=True)


ITEM = RoutedItem(id="i1", assign=Assign(to="team:care"), since=AT - HOUR)


def test_a_waiting_item_is_assigned_when_capacity_frees():
    full = state(Agent(id="ana", load=1, capacity=1))
    assert reevaluate([ITEM], full, at=AT).moves == ()
    second = attrs.evolve(ITEM, id="i2", target_at=AT + HOUR)
    freed = reevaluate([ITEM, second], full.with_load("ana", -1), at=AT)
    # The item with the nearer target gets the only place.
    assert [(move.item, move.after, move.reason) for move in freed.moves] == [
        ("i2", "ana", "capacity_freed")
    ]
    assert freed.next_at == AT + HOUR


def test_items_of_a_member_who_goes_offline_move_unless_kept():
    held = attrs.evolve(ITEM, member="ana")
    offline = state(Agent(id="ana", online=False, load=2), "ben")
    moved = reevaluate([held, attrs.evolve(held, id="i2", kept=True)], offline, at=AT)
    assert [(m.item, m.before, m.after, m.reason) for m in moved.moves] == [
        ("i1", "ana", "ben", "offline")
    ]
    assert (moved.state.agents["ana"].load, moved.state.agents["ben"].load) == (1, 1)


def test_items_move_when_a_shift_ends_and_wait_if_none_has_begun():
    early, late = Window(start=AT - HOUR, end=AT), Window(start=AT + HOUR, end=AT + 2 * HOUR)
    shifts = state(Agent(id="ana", load=1, shifts=[early]), Agent(id="ben", shifts=[late]))
    held = attrs.evolve(ITEM, member="ana")
    before = reevaluate([held], shifts, at=AT - HOUR / 2)
    assert (before.moves, before.next_at) == ((), AT)
    ended = reevaluate([held], shifts, at=AT)
    assert [(m.after, m.reason) for m in ended.moves] == [("", "off_shift")]
    assert ended.next_at == AT + HOUR
    begun = reevaluate([attrs.evolve(held, member="")], ended.state, at=AT + HOUR)
    assert [m.after for m in begun.moves] == ["ben"]


def test_an_item_whose_target_nears_moves_to_a_member_with_fewer_items_and_stays_there():
    near = attrs.evolve(ITEM, member="ana", target_at=AT)
    busy = state(Agent(id="ana", load=3), Agent(id="ben", load=1))
    moved = reevaluate([near], busy, at=AT)
    assert [(m.after, m.reason) for m in moved.moves] == [("ben", "target_near")]
    again = reevaluate([attrs.evolve(near, member="ben")], moved.state, at=AT)
    assert again.moves == ()


def test_items_of_a_rotation_move_to_the_next_member_on_duty():
    duty = RoutedItem(id="i1", assign=Assign(to="rotation:weekend"), member="ana", since=AT)
    known = state("ana", "ben", groups={"rotation:weekend": ["ana"]})
    assert reevaluate([duty], known, at=AT).moves == ()
    next_shift = attrs.evolve(known, groups={"rotation:weekend": ["ben"]})
    [move] = reevaluate([duty], next_shift, at=AT).moves
    assert (move.after, move.reason) == ("ben", "off_shift")


def test_items_of_an_offboarded_member_move_even_if_kept():
    kept = attrs.evolve(ITEM, member="zoe", kept=True)
    [move] = reevaluate([kept], state("ana"), at=AT).moves
    assert (move.after, move.reason) == ("ana", "unknown")


def test_an_item_assigned_to_a_member_waits_while_the_member_is_offline():
    own = RoutedItem(id="i1", assign=Assign(to="member:ana"), member="ana", since=AT)
    [move] = reevaluate([own], state(Agent(id="ana", online=False, load=1)), at=AT).moves
    assert (move.after, move.reason) == ("", "offline")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"on": ALL}, "does nothing"),
        ({"on": ALL, "priority": "hi"}, "is not a priority"),
        ({"on": ALL, "tag": "a", "untag": "a"}, "both adds and removes"),
        ({"on": {}, "tag": "a"}, "needs a workspace"),
    ],
)
def test_bad_rules_are_refused(values, message):
    with pytest.raises(InvalidValueError, match=message):
        RoutingRule(id="r", **values)


def test_other_bad_values_are_refused():
    with pytest.raises(InvalidValueError, match="two routing rules"):
        RoutingRules([rule("a"), rule("a")])
    with pytest.raises(InvalidValueError, match="mode of routing"):
        RoutingRules([], mode="any")
    with pytest.raises(InvalidValueError, match="`angry` is not a sentiment"):
        said(sentiment="angry")
    with pytest.raises(InvalidValueError, match="the load of `ana` is -1"):
        Agent(id="ana", load=-1)
    with pytest.raises(NaiveDatetimeError):
        route(RoutingRules([]), said(), state(), at=AT.replace(tzinfo=None))


WORDS = ["lost", "bag", "bags", "refund", "refunds", "late", "flight", "no", "thanks"]
PHRASES = [
    *WORDS,
    "lost bag",
    "bag lost",
    "refund*",
    "flight late",
    "lost bag*",
    "late flight late",
]
TAGS = ["vip", "spam", "new"]


def some(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.one_of(st.just([]), st.lists(st.sampled_from(values), max_size=3))


conditions = st.builds(
    MessageCondition,
    any_text=some(PHRASES),
    all_text=some(PHRASES),
    no_text=some(PHRASES),
    kind=some(["comment", "mention"]),
    language=some(["en", "pt", "pt-BR"]),
    tags=some(TAGS),
    no_tags=some(TAGS),
    sentiment=some(["negative", "positive"]),
    business_hours=st.sampled_from(["", "open", "closed"]),
    earlier_case=st.sampled_from([None, True, False]),
    author=st.none()
    | st.builds(
        AuthorCondition,
        followers_at_least=st.none() | st.integers(1, 3),
        verified=st.sampled_from([None, True, False]),
        messages_at_least=st.none() | st.integers(1, 3),
        messages_fewer_than=st.none() | st.integers(1, 3),
        tags=some(TAGS),
    ),
)
messages = st.builds(
    MessageFacts,
    profile=st.sampled_from([X, MASTODON]),
    text=st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join),
    kind=st.sampled_from(["comment", "mention"]),
    language=st.sampled_from(["", "en", "pt", "PT-br"]),
    tags=some(TAGS),
    sentiment=st.sampled_from(["", "negative", "positive"]),
    earlier_case=st.booleans(),
    author=st.builds(
        AuthorFacts,
        followers=st.integers(0, 4),
        verified=st.booleans(),
        earlier_messages=st.integers(0, 4),
        tags=some(TAGS),
    ),
)
selectors = st.sampled_from(
    [ALL, "tulip-x", {"workspace": "*", "network": "mastodon"}, {"profile_tag": "care"}]
)


@given(
    st.lists(st.tuples(conditions, selectors), max_size=12),
    st.lists(messages, max_size=8),
    st.booleans(),
)
def test_the_index_finds_what_a_plain_loop_finds(drawn, received, is_open):
    rules = RoutingRules(
        [
            rule(f"r{number}", only_if=condition, on=on)
            for number, (condition, on) in enumerate(drawn)
        ]
    )
    for message in received:
        plain = [one.id for one in rules.rules if one.matches(message, is_open=is_open)]
        assert [one.id for one in rules.matching(message, is_open=is_open)] == plain
