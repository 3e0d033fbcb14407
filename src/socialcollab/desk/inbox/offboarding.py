"""The conversations, cases and replies of a member who leaves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from socialcollab.desk.engine import Engine, Loaded, State
from socialcollab.desk.queries.calendar import all_rows
from socialcollab.effects import Effects
from socialcollab.inbox import InboxRules, Item, hand_over_items, is_visible, item_kind
from socialcollab.organization import OffboardingItem
from socialcollab.verdicts import Reason
from socialcollab.workflow import Actor
from socialcollab.workflow.events import Event


def inbox_items_of(
    engine: Engine, state: State, member: str, now: dt.datetime, *, viewer: str
) -> Effects[list[OffboardingItem]]:
    """Return the items of the inbox that depend on a member, if *viewer* may see them."""
    rules = _rules(engine, state, Actor.RULES, now)
    items: list[OffboardingItem] = []
    for loaded in (yield from _items_of(engine, member)):
        item: Item = loaded.snapshot
        if viewer and not is_visible(item, viewer, rules):
            continue
        kind = item_kind(item)
        name = f"“{item.title}”" if item.title else f"`{item.id}`"
        items.append(
            OffboardingItem(
                place=f"{kind} {item.id}",
                section=f"{kind}s",
                name=item.id,
                consequence=Reason.of(
                    "offboarding.inbox", item=name, item_id=item.id, member=member
                ),
            )
        )
    return items


def hand_over_inbox(
    engine: Engine,
    state: State,
    actor: Actor,
    member: str,
    *,
    successors: Mapping[str, str],
    now: dt.datetime,
) -> Effects[tuple[list[Event], list[Loaded]]]:
    """
    Return the events that hand over the conversations, cases and unsent replies of a member.

    Args:
        engine: The desk's engine.
        state: The current state.
        actor: The actor who offboards the member.
        member: The member who leaves.
        successors: The successors by place, such as ``case ID``.
        now: The current instant, according to the desk's clock.

    Raises:
        NotAllowedError: If a successor does not see the inbox of an item.
    """
    rules = _rules(engine, state, actor, now)
    events: list[Event] = []
    items = yield from _items_of(engine, member)
    for loaded in items:
        item: Item = loaded.snapshot
        successor = successors.get(f"{item_kind(item)} {item.id}", "")
        events += hand_over_items(item, member, successor, rules)
    return events, items


def _rules(engine: Engine, state: State, actor: Actor, now: dt.datetime) -> InboxRules:
    context = engine.context(state, actor, now=now)
    return InboxRules(context=context, settings=state.organization.inbox)


def _items_of(engine: Engine, member: str) -> Effects[list[Loaded]]:
    rows = yield from all_rows(engine, "inbox_members", where={"member": member})
    return list((yield from engine.load_all(row.stream for row in rows)).values())
