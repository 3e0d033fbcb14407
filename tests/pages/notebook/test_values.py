"""The cards of values of every package."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from tests.pages.html_reader import Reader

from socialcollab import Desk, Image, MemoryStore, Organization, Sandbox
from socialcollab.content import Finding, Poll
from socialcollab.organization import references_to
from socialcollab.pages.notebook import show
from socialcollab.permissions import compare, effective_permissions
from socialcollab.text import measure

NOW = dt.datetime(2026, 4, 6, 10, tzinfo=dt.UTC)
EVIL = "<script>alert('&\"')</script>\u202e"


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return a value of each class with a card, from a week at a desk."""
    now = [NOW]
    agency = Organization.template("northwind")
    sandbox = Sandbox(tmp_path_factory.mktemp("out"), durable=False, clock=lambda: now[0])
    desk = Desk.create(
        MemoryStore(Desk.PROJECTIONS),
        agency,
        owner="eva",
        networks={"*": sandbox},
        clock=lambda: now[0],
    )
    ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
    post = ana.submit(
        ana.draft(
            f"De lente {EVIL}",
            profiles=["tulip-x", "tulip-mastodon"],
            planned_at="2026-04-07 09:30",
            variants={"tulip-mastodon": f"Tulpen {EVIL}"},
            media=[Image.from_bytes(b"\x89PNG\r\n\x1a\n", alt=EVIL)],
            tags=["offer"],
        )
    )
    shown: dict[str, Any] = {
        "organization": agency,
        "to do": ben.to_do()[0],
        "step": desk.pending_steps(post)[0],
        "post view": ana.post_view(post),
        "no": agency.access.check("ana", "publish", "tulip-mastodon", at=NOW),
        "default deny": agency.access.check("noor", "publish", "tulip-x", at=NOW),
        "yes": agency.access.check("ben", "approve", "tulip-x", at=NOW),
        "length": measure("x", f"{EVIL} https://tulip.example"),
        "finding": Finding(code="SG104", message_code="not_a_member", params={"member": EVIL}),
        "proposal": desk.propose(
            Organization.loads(
                agency.to_toml().replace("4 business hours", "2 business hours"),
                files=agency.files,
            )
        ),
    }
    ben.approve(post)
    ana.draft("Nog een", profiles=["tulip-x"], planned_at="2026-04-07 09:31")
    shown["draft"] = ana.draft(
        EVIL,
        profiles=["tulip-mastodon"],
        poll=Poll(options=("rood", EVIL)),
        labels=["food"],
        language="nl",
    )
    shown["clash"] = desk.clashes(NOW, NOW + dt.timedelta(days=3))[0]
    shown["calendar"] = desk.calendar(NOW, NOW + dt.timedelta(days=30))
    shown["empty calendar"] = desk.calendar(NOW, NOW + dt.timedelta(minutes=1))
    now[0] = dt.datetime(2026, 4, 7, 8, tzinfo=dt.UTC)
    shown["due"] = desk.run_due()
    shown["post"] = desk.post(post.id)
    shown["delivery"] = desk.deliveries(post)[0]
    shown["deliveries"] = show(desk.deliveries(post))
    shown["history"] = show(desk.history(post), title="History")
    shown["entry"] = desk.history(post)[0]
    shown["audit"] = desk.audit()
    shown["notification"] = next(iter(desk.notifications()))
    shown["notifications"] = show(desk.notifications())
    shown["nothing"] = show([])
    shown["comparison"] = compare(
        agency.access, agency.access.with_rules(grants=agency.grants[1:], forbids=agency.forbids)
    )
    shown["permission change"] = shown["comparison"].changes[0]
    shown["coverage"] = agency.coverage(start=NOW, end=NOW + dt.timedelta(days=14))
    shown["loss"] = shown["coverage"].losses[0]
    shown["gap"] = agency.gaps(start=NOW, end=NOW + dt.timedelta(days=90))[0]
    shown["permissions"] = effective_permissions(agency.access, "ben", at=NOW)
    shown["references"] = references_to(agency, "ben")
    shown["reference"] = shown["references"].references[0]
    shown["offboarding"] = desk.offboarding_plan("ben")
    shown["offboarding item"] = shown["offboarding"].items[0]
    sandbox.close()
    return shown


NAMES = [
    *(
        "organization",
        "to do",
        "step",
        "post view",
        "no",
        "default deny",
        "yes",
        "length",
        "finding",
    ),
    *("proposal", "clash", "calendar", "empty calendar", "due", "post", "delivery", "deliveries"),
    *("history", "entry", "audit", "notification", "notifications", "nothing", "comparison"),
    *("permission change", "coverage", "loss", "gap", "permissions", "references", "reference"),
    *("offboarding", "offboarding item", "draft"),
]


@pytest.mark.parametrize("name", NAMES)
def test_cards_are_safe(values, name: str) -> None:
    """A card is well-formed, runs no scripts, and shows no names, contact details or secrets."""
    html = values[name]._repr_html_()
    reader = Reader(html)
    assert len(html) < 20_000
    organization = values["organization"]
    for member in organization.members:
        assert member.name not in reader.text
        assert not any(address in html for address in dict(member.contact or {}).values())
    post = values["post"]
    assert post.salt.hex() not in html
    assert "<script" not in html


def test_names_are_complete(values) -> None:
    """Every value of the fixture is tested."""
    assert set(values) == set(NAMES)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("no", "training first"),
        ("default deny", "no rule allows it"),
        ("length", "of 280 weighted"),
        ("post", "De lente <script>"),
        ("post", "tulip-mastodon: Tulpen <script>"),
        ("draft", "rood / <script>"),
        ("draft", "food"),
        ("post view", "editorial/edit"),
        ("calendar", "Tue 7 Apr 2026"),
        ("empty calendar", "Nothing is planned"),
        ("delivery", "Europe/Amsterdam"),
        ("audit", "clean"),
        ("due", "published"),
        ("history", "post.drafted"),
        ("proposal", "manage_policies"),
        ("organization", "tulip-mastodon (mastodon)"),
        ("nothing", "none"),
        ("permission change", "loses"),
        ("coverage", "Losses by absence"),
        ("loss", "rotation:weekend-care"),
        ("gap", "weekend-care"),
        ("permissions", "editor"),
        ("references", "References to ben"),
        ("reference", "teams[0].members[1]"),
        ("offboarding", "Offboarding of ben"),
        ("offboarding item", "consequence"),
    ],
)
def test_card_content(values, name: str, text: str) -> None:
    """A card shows the important attributes of its value."""
    assert text in Reader(values[name]._repr_html_()).text
