"""Say who gets which messages, and which work comes again and again."""

from socialcollab.directory import Profile
from socialcollab.inbox import InboxSettings, Routine, Routing

settings = InboxSettings(fallback="lead")  # nothing is ever unowned
churn = Routing(
    id="churn-risk",
    on={"workspace": "tulip", "kind": ["mention", "direct"]},
    when={"any_text": ["cancel my account", "opzeggen"]},
    assign="team:social",
    priority="critical",
    respond_within="30 business minutes",
)
report = Routine(
    id="monthly-report",
    on={"workspace": "tulip"},
    every="first business day of the month 09:00",
    responsible="role:editor",
    checklist=["collect figures", "send to the client"],
)
print(churn.on.matches_profile(Profile(id="tulip-x", workspace="tulip", network="x")))
print(f"{churn.id}: {churn.assign} within {churn.respond_within}; else {settings.fallback}")
print(f"{report.id}: {report.responsible}, {report.every}")
