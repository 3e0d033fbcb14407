"""Routing and response targets on real messages; the measured figures are printed."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.inbox.test_lint_rules import prove

from socialcollab.collisions import ItemActivity, send_guard
from socialcollab.directory import Profile
from socialcollab.inbox import CaseEvent, Measurement, ResponseTarget, measure, report
from socialcollab.inbox.routing import (
    Agent,
    Assign,
    AuthorFacts,
    MessageCondition,
    MessageFacts,
    RoutingRule,
    RoutingRules,
    RoutingState,
    lint_rules,
    route,
)

pytestmark = pytest.mark.integration

Shared = Callable[[str], Path]
ALL = {"workspace": "*"}
X = Profile(id="brand-x", workspace="brand", network="x")
AT = dt.datetime(2026, 4, 7, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
WRITING = 5 * MINUTE

# Rules for the reasons of complaints about airlines, most specific first. They were written from the
# messages with an even position; those with an odd position measure them.
AIRLINE = {
    "Damaged Luggage": {"any_text": ["damaged bag*", "damaged luggage", "damaged my", "broke my", "broken suitcase", "bag was damaged", "ruined my bag*", "destroyed"]},
    "Lost Luggage": {"any_text": ["my bag*", "lost bag*", "lost luggage", "luggage", "lost my", "suitcase*", "baggage", "bags", "bag"]},
    "Flight Attendant Complaints": {"any_text": ["flight attendant*", "attendant*", "rude", "stewardess*", "crew was", "gate agent*", "your staff", "unprofessional"]},
    "Customer Service Issue": {"any_text": ["on hold", "hold for", "hung up", "customer service", "customer care", "call back", "no response", "phone", "answer", "complaint", "disconnect*", "helpful", "unhelpful", "respond*", "call", "called", "response"]},
    "Flight Booking Problems": {"any_text": ["flight booking", "book a", "to book", "booking", "miles", "website", "error", "reservation*", "promo*", "fare*", "the app", "online"]},
    "Bad Flight": {"any_text": ["wifi", "wi-fi", "entertainment", "seat", "seats", "legroom", "row", "food", "broken", "uncomfortable", "dirty", "tv"]},
    "Cancelled Flight": {"any_text": ["cancel*", "flightled", "flighted", "flightlation*", "flightlations"]},
    "Late Flight": {"any_text": ["delay*", "late", "sitting on", "tarmac", "mechanical", "been sitting", "hrs", "hour*", "waiting", "on time", "missed", "miss my", "departure", "stuck", "maintenance", "ground"]},
    "longlines": {"any_text": ["in line", "long line*", "queue*"]},
}  # fmt: skip

# Rules for the questions that customers ask a bank; each intent that has a rule has one team.
BANK = {
    "pin_blocked": {"any_text": ["unblock*", "pin blocked", "blocked pin", "blocked my pin", "pin is blocked", "pin attempts", "pin too many", "pin locked"]},
    "change_pin": {"all_text": ["pin"], "any_text": ["change*", "set", "new pin", "reset"]},
    "passcode_forgotten": {"any_text": ["passcode*", "forgot my pass*", "password*"]},
    "apple_pay_or_google_pay": {"any_text": ["apple pay", "google pay", "apple watch", "apple"]},
    "contactless_not_working": {"any_text": ["contactless"]},
    "card_swallowed": {"any_text": ["swallow*", "ate my card", "stuck in the", "atm took", "kept my card", "atm ate", "machine took", "card back from", "took my card"]},
    "age_limit": {"any_text": ["age", "old do", "years old", "my child*", "children", "kids", "daughter", "son", "how old", "18"]},
    "atm_support": {"all_text": ["atm*"], "any_text": ["which", "any atm*", "accept*", "where can", "use my card at", "what atm*"]},
    "lost_or_stolen_phone": {"any_text": ["lost my phone", "phone was stolen", "stolen phone", "lost phone", "phone", "my mobile"]},
    "terminate_account": {"any_text": ["close my account", "delete my account", "terminate", "cancel my account", "close the account", "deactivate my account", "close account", "delete account", "deleted"]},
    "edit_personal_details": {"any_text": ["my address", "change my name", "personal details", "update my", "personal information", "my last name", "my details", "i moved", "moved"]},
    "country_support": {"any_text": ["countries", "country", "in the eu", "outside the uk", "what locations"]},
    "visa_or_mastercard": {"any_text": ["visa", "mastercard"], "no_text": ["top up"]},
    "verify_source_of_funds": {"any_text": ["source of*", "where my money comes", "where the money", "source for", "funds come", "money come*"]},
    "why_verify_identity": {"any_text": ["why"], "all_text": ["identity"]},
    "unable_to_verify_identity": {"all_text": ["identity"], "any_text": ["can't", "won't", "unable", "not verified", "not working", "failing", "isn't", "cannot", "not", "couldn't"]},
    "verify_my_identity": {"any_text": ["identity", "identification", "id check"]},
    "verify_top_up": {"all_text": ["verif*", "top*"]},
    "automatic_top_up": {"any_text": ["auto top*", "automatic*", "auto"]},
    "top_up_limits": {"any_text": ["top-up limit*", "limit for top*", "limit to top*", "top up limit*", "limits to top*", "limit on top*"]},
    "top_up_by_cash_or_cheque": {"all_text": ["top*"], "any_text": ["cash", "cheque*", "check"]},
    "top_up_by_bank_transfer_charge": {"any_text": ["sepa", "swift", "charge for receiving", "fee for bank transfer*"]},
    "top_up_by_card_charge": {"all_text": ["top*", "card"], "any_text": ["charge*", "fee*", "cost*"]},
    "top_up_failed": {"all_text": ["top*"], "any_text": ["fail*", "didn't work", "not work*", "denied", "declined", "rejected", "won't", "doesn't work", "isn't working", "went wrong"]},
    "top_up_reverted": {"all_text": ["top*"], "any_text": ["revert*", "cancel*", "returned", "undone", "reversed", "went away", "refund*"]},
    "pending_top_up": {"all_text": ["top*"], "any_text": ["pending", "still", "not yet", "hasn't", "waiting", "not gone", "isn't showing", "not showing"]},
    "topping_up_by_card": {"all_text": ["top*"]},
    "disposable_card_limits": {"any_text": ["disposable"], "all_text": ["how many"]},
    "get_disposable_virtual_card": {"any_text": ["disposable"]},
    "virtual_card_not_working": {"all_text": ["virtual"], "any_text": ["work*", "declined", "rejected", "accepted"]},
    "getting_virtual_card": {"any_text": ["virtual"]},
    "compromised_card": {"any_text": ["compromis*", "someone else", "someone has used", "somebody", "fraud*", "hacked", "unauthorized", "someone used", "someone is using"]},
    "lost_or_stolen_card": {"any_text": ["lost my card", "stolen", "lost card", "card is missing", "card was lost", "can't find my card", "missing card"]},
    "card_about_to_expire": {"any_text": ["expir*"]},
    "activate_my_card": {"any_text": ["activat*"]},
    "card_linking": {"any_text": ["link*", "found my card", "re-add", "reactivate", "in the app", "found my lost", "add my card", "put it back"]},
    "getting_spare_card": {"any_text": ["spare", "second card", "additional card*", "another card", "extra card*", "multiple cards", "more than one", "add another", "someone else a card"]},
    "card_delivery_estimate": {"any_text": ["how long does it take for*", "delivery time", "how long will it take", "deliver*", "how many days", "express", "arrive on"], "all_text": ["card*"], "no_text": ["my card yet"]},
    "card_arrival": {"any_text": ["track*", "arrive*", "still waiting on my card", "new card", "card yet", "in the mail", "come yet", "received my card", "come"], "all_text": ["card"]},
    "direct_debit_payment_not_recognised": {"any_text": ["direct debit*"]},
    "balance_not_updated_after_cheque_or_cash_deposit": {"any_text": ["cheque*", "cash deposit*", "deposited", "deposit"]},
    "balance_not_updated_after_bank_transfer": {"all_text": ["balance", "transfer*"]},
    "wrong_exchange_rate_for_cash_withdrawal": {"all_text": ["rate*"], "any_text": ["cash", "atm", "withdr*"]},
    "card_payment_wrong_exchange_rate": {"all_text": ["rate*"], "any_text": ["payment*", "wrong", "purchase*", "bought", "incorrect", "abroad", "applied", "item*"]},
    "exchange_charge": {"all_text": ["exchang*"], "any_text": ["charge*", "fee*", "cost*", "discount*", "extra"]},
    "exchange_rate": {"any_text": ["exchange rate*", "rate*"]},
    "exchange_via_app": {"any_text": ["exchang*", "currencies with", "foreign currency"]},
    "fiat_currency_support": {"any_text": ["fiat", "currenc*"]},
    "wrong_amount_of_cash_received": {"any_text": ["wrong amount", "less cash", "different amount", "amount of cash", "incorrect amount", "asked for", "requested", "gave me", "dispensed"]},
    "pending_cash_withdrawal": {"all_text": ["withdr*"], "any_text": ["pending", "still", "not completed", "hasn't"]},
    "declined_cash_withdrawal": {"any_text": ["declin*", "won't give", "wouldn't", "couldn't", "unable", "can't", "denied", "not let", "didn't work", "won't let"], "all_text": ["withdr*"]},
    "cash_withdrawal_not_recognised": {"any_text": ["don't recogni*", "didn't make", "did not make", "didn't do", "not mine", "wasn't me", "did not withdraw", "never", "not authorize"], "all_text": ["withdr*"]},
    "cash_withdrawal_charge": {"any_text": ["withdr*", "atm*", "taking out cash", "taking cash", "cash"], "no_text": ["work"]},
    "Refund_not_showing_up": {"all_text": ["refund*"], "any_text": ["not show*", "haven't", "isn't", "still", "where", "missing", "don't see", "didn't", "yet", "see", "hasn't", "not"]},
    "request_refund": {"any_text": ["refund*", "cancel my purchase", "cancel a payment", "money back", "cancel my order", "return"]},
    "transaction_charged_twice": {"any_text": ["twice", "double", "two times", "duplicate*", "multiple times", "charged again", "more than once", "second time", "2 times"]},
    "extra_charge_on_statement": {"any_text": ["extra", "1", "one pound", "statement", "£1", "$ 1", "additional charge", "pound"]},
    "reverted_card_payment?": {"any_text": ["revert*", "reversed", "returned", "payment back", "was cancel*", "got cancel*", "cancelled", "canceled", "back in my account", "put back"], "all_text": ["payment*"]},
    "pending_card_payment": {"all_text": ["payment*", "pending"]},
    "declined_card_payment": {"any_text": ["declin*", "rejected", "refused", "denied"], "all_text": ["payment*"]},
    "card_payment_not_recognised": {"any_text": ["don't recogni*", "didn't make", "not recogni*", "unknown", "never made", "did not make", "strange", "weird", "unfamiliar", "not mine", "don't know", "did not do", "wasn't me"]},
    "declined_transfer": {"all_text": ["transfer*"], "any_text": ["declin*", "reject*", "denied", "refused"]},
    "failed_transfer": {"all_text": ["transfer*"], "any_text": ["fail*", "didn't work", "not work*", "can't", "couldn't", "won't", "unable", "error", "not going", "doesn't work", "isn't", "wasn't able", "cannot"], "no_text": ["beneficiary"]},
    "cancel_transfer": {"all_text": ["trans*"], "any_text": ["cancel*", "undo", "reverse", "stop", "mistake", "wrong account", "wrong person"]},
    "beneficiary_not_allowed": {"any_text": ["beneficiar*", "not allowed"]},
    "transfer_fee_charged": {"all_text": ["transfer*"], "any_text": ["fee*", "charge*", "cost*"]},
    "transfer_not_received_by_recipient": {"any_text": ["recipient", "not received", "hasn't received", "didn't receive", "friend", "hasn't arrived", "not arrived", "didn't get", "never arrived", "not show*", "not there", "didn't go", "hasn't gotten", "not gotten", "never got"], "all_text": ["trans*"]},
    "pending_transfer": {"all_text": ["transfer*"], "any_text": ["pending", "still", "yet", "stuck"]},
    "transfer_timing": {"all_text": ["trans*"], "any_text": ["how long", "when", "time", "days", "long", "fast", "soon", "how many"]},
    "transfer_into_account": {"all_text": ["transfer*"], "any_text": ["how do", "how can", "into my account", "add money", "how to", "from my"]},
    "receiving_money": {"any_text": ["salary", "receive money", "get paid", "paid in", "paycheck", "money sent to me", "my friend*", "receive"]},
    "card_payment_fee_charged": {"any_text": ["fee*", "charged", "charge"]},
    "supported_cards_and_currencies": {"any_text": ["american express", "credit card*", "amex", "add money", "cards are", "add funds", "support*"]},
    "card_acceptance": {"any_text": ["accept*", "use my card", "use this card", "shop with", "use the card"]},
    "order_physical_card": {"any_text": ["physical card", "order a card", "order*", "actual card", "get a card", "real card", "send me a card"]},
    "card_not_working": {"any_text": ["card isn't working", "card not working", "card doesn't work", "card won't work", "card broken", "card work*", "working", "broken"]},
    "get_physical_card": {"any_text": ["pin"]},
}  # fmt: skip


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def compiled(conditions: dict[str, dict[str, Any]]) -> tuple[RoutingRules, dict[str, str]]:
    """Return a rule for each reason, and the reason of each rule."""
    names = {f"r{number}": reason for number, reason in enumerate(conditions)}
    rules = [
        RoutingRule(
            id=name,
            on=ALL,
            only_if=MessageCondition(**conditions[reason]),
            assign=f"team:{name}",
        )
        for name, reason in names.items()
    ]
    return RoutingRules(rules), names


def scored(
    rules: RoutingRules, names: dict[str, str], messages: Iterable[tuple[str, str]]
) -> tuple[float, float]:
    """Return the share of caught messages, and the share of right reasons among them."""
    total = caught = right = 0
    for text, reason in messages:
        found = route(rules, MessageFacts(profile=X, text=text), RoutingState(), at=AT).applied
        total += 1
        caught += bool(found)
        right += bool(found) and names[found[0]] == reason
    return caught / total, right / caught


def proven(rules: RoutingRules) -> Counter[str]:
    """Return the findings about the rules by kind, after proving each of them."""
    found = lint_rules(rules, RoutingState(), profiles=[X], at=AT)
    for finding in found:
        prove(finding, rules, RoutingState())
    return Counter(finding.problem for finding in found)


def test_complaints_about_airlines_are_routed_by_their_reason(shared_data: Shared) -> None:
    rows = read(shared_data("support-airline") / "tweets.jsonl")
    rules, names = compiled(AIRLINE)
    held_out = [(row["text"], row["reason"]) for row in rows[1::2] if row["reason"] in AIRLINE]
    coverage, accuracy = scored(rules, names, held_out)
    largest = Counter(reason for _, reason in held_out).most_common(1)[0][1] / len(held_out)
    problems = proven(rules)
    print(
        f"\nairlines: {len(held_out)} unseen complaints, coverage {coverage:.3f}, accuracy"
        f" {accuracy:.3f} (the largest reason: {largest:.3f}); findings {dict(problems)}"
    )
    assert coverage > 0.7
    assert accuracy > 0.68
    assert problems["uncaught"] == 1
    assert problems["contradictory"] == problems["dead"] == 0


def test_questions_to_a_bank_are_routed_by_their_intent(shared_data: Shared) -> None:
    rows = read(shared_data("support-banking77") / "queries.jsonl")
    rules, names = compiled(BANK)
    coverage, accuracy = scored(rules, names, ((row["text"], row["intent"]) for row in rows))
    problems = proven(rules)
    print(
        f"\nbank: {len(rows)} questions, {len(BANK)} intents, coverage {coverage:.3f}, accuracy"
        f" {accuracy:.3f} (a guess: {1 / 77:.3f}); findings {dict(problems)}"
    )
    assert coverage > 0.85
    assert accuracy > 0.65
    assert problems["uncaught"] == 1


@attrs.define
class Outcome:
    """What became of the answers that were written to one message at about the same time."""

    sent: int = 0
    double: int = 0
    prevented: int = 0
    overtaken: int = 0


def answers(opened: list[dt.datetime], messages: list[dt.datetime], case: str) -> Outcome:
    """
    Send an answer for each page that was opened, guarded, and count what happened.

    Args:
        opened: When each page was opened, in order. The answer is sent after `WRITING`.
        messages: When the other messages of the conversation were written.
        case: The id of the conversation.
    """
    outcome = Outcome()
    accepted: list[ItemActivity] = []
    for page in opened:
        sends = page + WRITING
        if any(one.at <= page for one in accepted):
            continue  # the page shows the answer, so its reader writes none
        seen = sum(at <= page for at in messages)
        now = sum(at <= sends for at in messages) + len(accepted)
        # Without a guard, an answer that another one overtook while it was written is sent too.
        outcome.double += bool(accepted)
        done = send_guard("reply", item=case, seen=seen, now=now, activity=accepted)
        if done:
            accepted.append(ItemActivity(version=now + 1, kind="reply", by="agent", at=sends))
            outcome.sent += 1
        elif accepted:
            assert done.missed[-1].kind == "reply"
            outcome.prevented += 1
        else:
            outcome.overtaken += 1
    return outcome


def test_conversations_are_replayed_as_a_live_inbox(shared_data: Shared) -> None:
    """
    Three agents share an inbox, and colleagues sometimes open a conversation at the same time.

    The data say when messages were written, but not who had which page open. That is drawn: for four
    of ten answers, a colleague opens the conversation up to 15 minutes before the answer, or 5 after
    it. All of them write for five minutes, and send unless their page showed an answer.
    """
    rows = read(shared_data("support-conversations") / "conversations.jsonl")
    arrivals = sorted(
        (dt.datetime.fromisoformat(turn["time"]), row["id"], number, turn)
        for row in rows
        for number, turn in enumerate(row["turns"])
    )
    team = ("ana", "ben", "eva")
    rules = RoutingRules(
        [RoutingRule(id="care", on=ALL, assign=Assign(to="team:care", by="round_robin"))]
    )
    state = RoutingState(
        agents=[Agent(id=member, capacity=400) for member in team], groups={"team:care": team}
    )
    target = ResponseTarget(id="care", on=ALL, first_response="4 hours", next_response="4 hours")
    assignees: dict[str, str] = {}
    customers: dict[str, str] = {}
    sticky = 0
    events: dict[str, list[CaseEvent]] = {}
    turns = {row["id"]: row["turns"] for row in rows}
    draw = random.Random(12)
    sent = unguarded = prevented = late = 0
    for at, case, number, turn in arrivals:
        if turn["role"] == "client":
            events.setdefault(case, []).append(CaseEvent("customer_message", at))
            if case not in assignees:
                author = turn["name"] or case
                routing = route(
                    rules,
                    MessageFacts(
                        profile=X,
                        text=turn["text"],
                        author=AuthorFacts(id=author),
                        earlier_assignee=customers.get(author, ""),
                    ),
                    state,
                    at=at,
                )
                assert routing.assignment is not None
                state, assignees[case] = routing.state, routing.assignment.member
                sticky += routing.assignment.reason == "sticky"
                customers[author] = assignees[case]
        else:
            events.setdefault(case, []).append(CaseEvent("reply", at))
            drafts = [at - WRITING]
            if draw.random() < 0.4:
                drafts.append(at - WRITING + draw.uniform(-15, 5) * MINUTE)
            messages = [
                dt.datetime.fromisoformat(one["time"])
                for one in turns[case][:number] + turns[case][number + 1 :]
            ]
            outcome = answers(sorted(drafts), messages, case)
            sent += outcome.sent
            unguarded += outcome.double
            prevented += outcome.prevented
            late += outcome.overtaken
    end = arrivals[-1][0]
    measured: list[Measurement] = []
    for happened in events.values():
        measured += measure(happened, target, at=end)
    loads = Counter(assignees.values())
    figures = {one.metric: one for one in report(measured)}
    print(
        f"\ninbox: {len(assignees)} conversations assigned {dict(loads)}, {sticky} to the earlier"
        f" member; {sent} answers sent, {prevented} of {unguarded} double answers prevented, and {late} answers"
        " stopped because the conversation went on; "
        + "; ".join(
            f"{name}: {one.reached} reached, {one.missed} missed, {one.open} open"
            for name, one in figures.items()
        )
    )
    answered = {row["id"] for row in rows if any(turn["role"] != "client" for turn in row["turns"])}
    assert set(assignees) >= {row["id"] for row in rows} - answered
    assert max(loads.values()) - min(loads.values()) <= 2 + sticky
    assert sticky >= 3
    assert prevented == unguarded >= 5
    first = figures["first_response"]
    # Almost all conversations of the data set have no answer, and a few are older than the target.
    assert first.reached + first.missed + first.open == sum(
        one.metric == "first_response" for one in measured
    )
    assert first.reached >= 20
    assert first.missed > first.reached
