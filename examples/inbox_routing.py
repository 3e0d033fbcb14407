"""Route a complaint, measure how soon it must be answered, and fill in a saved reply."""

import datetime as dt

from socialcollab.directory import Profile
from socialcollab.inbox import CaseEvent, ResponseTarget, SavedReply, fill, measure
from socialcollab.inbox.routing import (
    Agent,
    AuthorFacts,
    MessageCondition,
    MessageFacts,
    RoutingRule,
    RoutingRules,
    RoutingState,
    route,
)
from socialcollab.time import BusinessHours

office = BusinessHours(days="mon-fri", start="09:00", end="17:00", zone="Europe/Amsterdam")
profile = Profile(id="tulip-x", workspace="tulip", network="x")
friday = dt.datetime(2026, 4, 10, 14, 45, tzinfo=dt.UTC)  # 16:45 in Amsterdam

rules = RoutingRules(
    [
        RoutingRule(
            id="bags",
            on="tulip-x",
            only_if=MessageCondition(any_text=["lost bag*", "suitcase"]),
            assign="team:care",
            priority="high",
        ),
        RoutingRule(id="rest", on={"workspace": "*"}, assign="team:social"),
    ]
)
state = RoutingState(
    agents=[Agent(id="ana", load=3), Agent(id="ben", load=1)],
    groups={"team:care": ["ana", "ben"]},
)
message = MessageFacts(
    profile=profile, text="You lost my suitcase!", author=AuthorFacts(id="1", followers=120)
)
routing = route(rules, message, state, at=friday)
assert routing.assignment is not None
print(routing.applied, routing.assignment.member, routing.priority)
for explanation in routing.explain():
    print(explanation.rule, [f"{one.key}: {one.found}" for one in explanation.results])

target = ResponseTarget(id="care", on="tulip-x", first_response="30 business minutes")
events = [CaseEvent("customer_message", friday)]
[first] = measure(events, target, at=friday, hours=office)
print(first.state, first.due)  # on Monday, 15 minutes after the opening

sorry = SavedReply(id="bags", on="tulip-x", texts={"en": "Sorry, {customer_name}."})
print(fill(sorry, {"customer_name": "Jo"}, languages=["en"]).text)
