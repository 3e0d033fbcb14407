"""There is always exactly one accountable party."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.inbox import Case, Conversation, InboxSettings, accountable
from socialcollab.permissions import Absence
from socialcollab.workflow import Actor, Context

NOW = dt.datetime(2026, 4, 7, 9, tzinfo=dt.UTC)
OWNERS = ("", "member:ana", "member:ben", "member:gone", "team:care", "team:empty", "rotation:none")
OWNER = st.sampled_from(OWNERS)


def conversation(owner: str, workspace: str = "air") -> Conversation:
    return Conversation(
        id="c",
        profile="air-x",
        workspace=workspace,
        kind="mention",
        owner=owner,
        opened_at=NOW,
        changed_at=NOW,
    )


def case(owner: str, state: str) -> Case:
    return Case(id="k", workspace="air", owner=owner, state=state, opened_at=NOW, changed_at=NOW)


@pytest.fixture(scope="module")
def air() -> Context:
    """A workspace led by Eva, with the team `care` of Ana and Ben, and a team without members."""
    from socialcollab.organization import Organization

    organization = Organization.loads(
        """
        [organization]
        id = "northwind"
        timezone = "Europe/Amsterdam"
        [[workspaces]]
        id = "air"
        lead = "eva"
        default_approval = "none"
        [[profiles]]
        id = "air-x"
        workspace = "air"
        network = "x"
        handle = "@air"
        [[members]]
        id = "ana"
        [[members]]
        id = "ben"
        [[members]]
        id = "eva"
        [[members]]
        id = "gone"
        left = 2026-01-01
        [[teams]]
        id = "care"
        members = ["ana", "ben"]
        [[teams]]
        id = "empty"
        members = ["gone"]
        [roles.owner]
        permissions = ["*"]
        [[grants]]
        to = "member:eva"
        role = "owner"
        on = { workspace = "*" }
        """
    )
    return Context(
        now=NOW,
        actor=Actor.RULES,
        access=organization.access,
        policies=organization.policies,
        profiles=organization.profiles_by_id,
        workspaces=organization.workspaces_by_id,
        zones=organization.zones,
    )


def absence(member: str, delegate: str) -> Absence:
    return Absence(
        id=f"a-{member}",
        member=member,
        start=dt.date(2026, 4, 6),
        end=dt.date(2026, 4, 9),
        zone="Europe/Amsterdam",
        delegate=delegate,
        by=member,
    )


@given(
    owner=OWNER,
    case_owner=OWNER,
    state=st.sampled_from(["open", "resolved"]),
    fallback=st.sampled_from(["", "team:care", "team:empty", "member:gone", "member:ana"]),
    absent=st.sampled_from([(), ("ana",), ("ana", "ben"), ("eva",)]),
    delegate=st.sampled_from(["", "ben", "eva", "gone"]),
    workspace=st.sampled_from(["air", "removed"]),
)
def test_exactly_one_active_party(  # noqa: PLR0917  passed by name
    air: Context,
    owner: str,
    case_owner: str,
    state: str,
    fallback: str,
    absent: tuple[str, ...],
    delegate: str,
    workspace: str,
) -> None:
    """The answer is a member or team that can act; only the lead stays without an alternative."""
    absences = tuple(absence(name, delegate) for name in absent if name != delegate)
    rules = attrs.evolve(air, absences=absences)
    answer = accountable(
        conversation(owner, workspace),
        rules,
        InboxSettings(fallback=fallback or None),
        case=case(case_owner, state),
    )
    assert answer.reasons
    assert answer.reason.text("en") != answer.reason.text("nl")
    if workspace == "removed":
        return
    assert answer.principal.kind in ("member", "team")
    if str(answer.principal) != "member:eva":
        assert answer.principal.name not in ("gone", "empty")
        assert answer.principal.name not in {each.member for each in absences}


@pytest.mark.parametrize(
    ("owner", "case_owner", "expected"),
    [
        ("member:ana", "", "member:ana"),
        ("member:ana", "member:ben", "member:ben"),
        ("member:gone", "", "team:care"),
        ("rotation:none", "", "team:care"),
        ("", "", "team:care"),
    ],
)
def test_order(air: Context, owner: str, case_owner: str, expected: str) -> None:
    """The owner of an open case comes before the owner, and the fallback after it."""
    settings = InboxSettings(fallback="team:care")
    answer = accountable(conversation(owner), air, settings, case=case(case_owner, "open"))
    assert expected == str(answer.principal)


def test_lead_without_fallback(air: Context) -> None:
    """Without a fallback in the document, the lead is accountable."""
    answer = accountable(conversation(""), air, InboxSettings())
    assert str(answer.principal) == "member:eva"
    assert [reason.code for reason in answer.reasons] == [
        "accountable.no_owner",
        "accountable.lead",
    ]
