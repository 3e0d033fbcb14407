"""Holds that continue to apply to edited posts, exemptions from holds, and immediate publishing."""

from __future__ import annotations

import pytest
from tests.desk.agency import DOCUMENT, MINUTE, PLANNED, PROFILE, refusal_code

from socialcollab.errors import InvalidValueError, NotFoundError, StaleError
from socialcollab.workflow import events as ev

EMERGENCY = (
    '\n[[grants]]\nto = "member:ben"\npermissions = ["bypass"]\non = { workspace = "tulip" }\n'
)


def test_no_edit_frees_a_post_from_a_hold(agency) -> None:
    """A hold continues to stop a post that it has caught, even if the tags or campaign change."""
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    post = agency.approved_post(tags=["easter"])
    later = agency.approved_post("later", at="2026-04-20 09:30")
    hold = eva.hold({"workspace": "tulip", "post_tag": "easter"}, reason="the bakery is on fire")
    assert "held" == agency.desk.summary(post)
    post = ana.edit(post, tags=[])
    assert "held" == agency.desk.summary(post)
    assert "held" != agency.desk.summary(later)
    agency.run_due()
    assert ("missed", f"hold {hold.id}") == (
        agency.delivery(post).state,
        agency.delivery(post).problem,
    )
    assert "clash.hold" == refusal_code(lambda: ben.schedule(post, at="2026-04-08 09:30"))
    eva.resume(hold)
    ben.schedule(agency.desk.post(post.id), at="2026-04-08 09:30")
    agency.run_due(after=MINUTE * 60 * 24)
    assert ["De lente is er"] == agency.live_texts()


def test_exempt(agency) -> None:
    """A member with `hold` can exempt a post from a hold; the author and the lead are notified."""
    ana, eva = agency.acting("ana", "eva")
    hold = eva.hold({"workspace": "tulip"}, reason="storm")
    statement, other = agency.approved_post("We are safe"), agency.approved_post("Sale!")
    assert "default_deny" == refusal_code(lambda: ana.exempt(hold, statement, reason="it is news"))
    with pytest.raises(InvalidValueError, match="needs a reason"):
        eva.exempt(hold, statement, reason=" ")
    with pytest.raises(NotFoundError, match="hold"):
        eva.exempt("h-unknown", statement, reason="it is news")
    eva.exempt(hold, statement, reason="it is news")
    assert "already_exempt" == refusal_code(lambda: eva.exempt(hold, statement, reason="again"))
    assert [("exempted", "ana")] == agency.notified("exempted")
    assert ("scheduled", "held") == (agency.desk.summary(statement), agency.desk.summary(other))
    agency.run_due()
    assert ["We are safe"] == agency.live_texts()
    # An exemption applies to one hold and not to later holds.
    second = agency.approved_post("We are still safe", at="2026-04-08 09:30")
    eva.exempt(hold, second, reason="news")
    eva.hold(PROFILE, reason="a second storm")
    assert "held" == agency.desk.summary(second)


def test_bypass(agency) -> None:
    """A member with `bypass` can skip the open steps; all affected members are notified."""
    agency.adopt(DOCUMENT + EMERGENCY)
    ana, ben = agency.acting("ana", "ben")
    draft = ana.draft("Closed today", profiles=[PROFILE], planned_at=PLANNED, tags=["offer"])
    assert "wrong_state" == refusal_code(lambda: ben.bypass(draft, reason="storm"))
    post = ana.submit(draft)
    assert "default_deny" == refusal_code(lambda: ana.bypass(post, reason="storm"))
    with pytest.raises(InvalidValueError, match="needs a reason"):
        ben.bypass(post, reason="")
    edited = ana.edit(post, text="Closed today and tomorrow")
    with pytest.raises(StaleError):
        ben.bypass(post, reason="storm")
    post = ben.bypass(edited, reason="storm")
    assert "scheduled" == agency.desk.summary(post)
    notified = {to for _, to in agency.notified("bypassed")}
    assert {"ana", "eva", "noor"} == notified | {"noor"}
    (entry,) = [e for e in agency.desk.history(post) if isinstance(e.data, ev.PostBypassed)]
    assert ("ben", "storm") == (entry.actor.removeprefix("member:"), entry.data.reason)
    # An edit reopens the steps.
    assert "in_review" == ana.edit(post, text="Open again").state
    assert agency.desk.audit().clean


def test_publish_now(agency) -> None:
    """An approved post is published immediately; any other post must be approved first."""
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    draft = ana.draft("x", profiles=[PROFILE], planned_at=PLANNED)
    (noor,) = agency.acting("noor")
    with pytest.raises(NotFoundError):
        noor.publish_now(draft)
    assert "approval_required" == refusal_code(lambda: eva.publish_now(draft))
    post = ben.approve(ana.submit(draft))
    hold = eva.hold(PROFILE, reason="storm")
    assert "clash.hold" == refusal_code(lambda: eva.publish_now(post))
    eva.resume(hold)
    eva.publish_now(post)
    agency.desk.run_due()
    assert ["x"] == agency.live_texts()
    assert "all_published" == refusal_code(lambda: eva.publish_now(agency.desk.post(post.id)))


def test_publish_now_without_policy(agency) -> None:
    """Where no policy applies, a member with `publish` can publish without approval."""
    (dirk,) = agency.acting("dirk")
    post = dirk.publish_now(dirk.draft("y", profiles=["dike-x"]))
    assert "approved" == post.state
    agency.desk.run_due()
    assert ["y"] == agency.live_texts("dike-x")
