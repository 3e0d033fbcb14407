"""Tests of conditions on the content of a post."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.workflow.policies import policy, step

from socialcollab.content import Finding, Image, Poll, PostContent, Variant, media_digest
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.identifiers import ProfileId
from socialcollab.workflow import OnlyIf, StepKey, applicable_steps, gate, step_statuses

PICTURE = Image(digest=media_digest(b"a"), alt="een gratis ticket")
LINK = PostContent(text="Bestel nu op https://shop.example/lente")
PLAIN = PostContent(text="De lente is er")
WARNING = Finding(code="SG101", severity="warning")


def names_a_price(content: PostContent) -> bool:
    return "€" in content.text


CONDITIONS = {"names-a-price": names_a_price}


@pytest.mark.parametrize(
    ("condition", "content", "values"),
    [
        ({"link_domain": "shop.example"}, LINK, {"link_domain": ("shop.example",)}),
        (
            {"link_domain": ["bank.example", "shop.example"]},
            PostContent(
                text="", variants=[Variant(ProfileId("tulip-x"), "SHOP.example")], targets="tulip-x"
            ),
            {"link_domain": ("shop.example",)},
        ),
        (
            {"link_domain": "shop.example"},
            PostContent(text="", links=["https://www.shop.example"]),
            {"link_domain": ("shop.example",)},
        ),
        ({"link_domain": "bank.example"}, LINK, {}),
        (
            {"any_text": ["gratis", "korting"]},
            PostContent(text="GRATIS!"),
            {"any_text": ("gratis",)},
        ),
        ({"any_text": "gratis"}, PostContent(text="gratisch"), {}),
        ({"any_text": "gratis"}, PostContent(text="", media=[PICTURE]), {"any_text": ("gratis",)}),
        (
            {"any_text": "geld terug"},
            PostContent(text="?", poll=Poll(options=["Geld terug", "niet"])),
            {"any_text": ("geld terug",)},
        ),
        ({"media": "image"}, PostContent(text="", media=[PICTURE]), {"media": ("image",)}),
        ({"media": "image"}, PLAIN, {}),
        ({"label": "spoiler"}, PostContent(text="", labels=["spoiler"]), {"label": ("spoiler",)}),
        ({"label": "spoiler"}, PLAIN, {}),
        ({"finding": "SG101"}, PLAIN, {"finding": ("SG101",)}),
        ({"finding": ["SG102", "SG103"]}, PLAIN, {}),
        ({"finding_at_least": "warning"}, PLAIN, {"finding": ("SG101",)}),
        ({"finding_at_least": "error"}, PLAIN, {}),
        ({"finding": "SG101", "finding_at_least": "error"}, PLAIN, {}),
        (
            {"author_posts_fewer_than": 10, "link_domain": "shop.example"},
            LINK,
            {"link_domain": ("shop.example",), "author_posts_fewer_than": ("10",)},
        ),
        ({"author_posts_fewer_than": 3}, LINK, {}),
        ({"author_posts_fewer_than": 4}, LINK, {"author_posts_fewer_than": ("4",)}),
        ({"custom": "names-a-price"}, PostContent(text="€ 9"), {"custom": ("names-a-price",)}),
        ({"custom": "names-a-price"}, PLAIN, {}),
    ],
)
def test_matches(condition, content, values) -> None:
    """A key matches if any of its values does, and the result contains the matching values."""
    found = OnlyIf(**condition).matches(
        content, findings=lambda: [WARNING], author_posts=3, conditions=CONDITIONS
    )
    assert values == found


KEYS = {
    "link_domain": "shop.example",
    "any_text": "gratis",
    "label": "spoiler",
    "finding": "SG101",
    "custom": "names-a-price",
}
TEXTS = {"link_domain": "shop.example", "any_text": "gratis", "custom": "€"}


@given(
    st.sets(st.sampled_from(sorted(KEYS)), min_size=1),
    st.sets(st.sampled_from(sorted(KEYS))),
)
def test_all_keys_must_match(keys, met) -> None:
    """A condition is met if and only if all of its keys match."""
    content = PostContent(
        text=" ".join(TEXTS[key] for key in sorted(met) if key in TEXTS),
        labels=["spoiler"] if "label" in met else [],
    )
    found = OnlyIf(**{key: KEYS[key] for key in keys}).matches(
        content,
        findings=lambda: [WARNING] if "finding" in met else [],
        conditions=CONDITIONS,
    )
    assert bool(found) is (keys <= met)
    assert set(found) in (keys, set())


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({}, "without keys would always be met"),
        ({"link_domain": "https://shop.example/a"}, "is not a domain; write it without a scheme"),
        ({"link_domain": "*.shop.example"}, "which includes all subdomains"),
        ({"any_text": "!!"}, "does not contain a letter or digit"),
        ({"media": "sound"}, "media `sound` is not one of image, video"),
        ({"finding": "SG999"}, "finding `SG999` is not one of SG101"),
        ({"finding_at_least": "fatal"}, "is not one of suggestion, warning, error"),
        ({"author_posts_fewer_than": 1001}, "`1001` is not a whole number from 1 to 1000"),
        ({"author_posts_fewer_than": "3"}, "`3` is not a whole number from 1 to 1000"),
        ({"custom": "Names a price"}, "Names a price"),
        ({"link_domain": [5]}, "`5` is not a string"),
    ],
)
def test_invalid_conditions(keys, problem) -> None:
    """An invalid condition is rejected, and the error contains the invalid value."""
    with pytest.raises(InvalidValueError) as caught:
        OnlyIf(**keys)
    assert problem in str(caught.value)


def test_unregistered_condition() -> None:
    """An unregistered custom condition counts neither as met nor as not met."""
    with pytest.raises(NotFoundError, match=r"did you mean `names-a-price`\?"):
        OnlyIf(custom="names-a-prize").matches(PLAIN, conditions=CONDITIONS)
    with pytest.raises(NotFoundError, match="register it with the desk"):
        OnlyIf(custom="names-a-prize").matches(PLAIN)


def test_failing_condition() -> None:
    """An exception in a custom condition is converted to an error that names the condition."""
    with pytest.raises(InvalidValueError, match="condition `broken` failed with ZeroDivisionError"):
        OnlyIf(custom="broken").matches(PLAIN, conditions={"broken": lambda _: 1 / 0})


def test_findings_are_computed_only_if_needed() -> None:
    """The style guide is not evaluated if another key does not match."""

    def findings():
        raise AssertionError

    assert (
        OnlyIf(link_domain="shop.example", finding="SG101").matches(PLAIN, findings=findings) == {}
    )


# Steps with conditions.

LEGAL = step("legal", "member:noor", only_if={"link_domain": "shop.example"})


def legal_workflow(new_workflow):
    return new_workflow(policy("brand", step("edit", "role:editor"), LEGAL))


def legal(flow):
    return next(
        status
        for status in step_statuses(flow.snapshot, flow.context())
        if status.key.step == "legal"
    )


def reasons(flow) -> list[str]:
    assert all(reason.text("nl") for reason in legal(flow).reasons)
    return [reason.text() for reason in legal(flow).reasons]


def test_step_only_for_links(new_workflow) -> None:
    """A post without the link needs no legal approval, and its status says why."""
    flow = legal_workflow(new_workflow)
    flow.draft(text="De lente is er")
    flow.submit()
    assert legal(flow).state == "skipped"
    assert reasons(flow) == [
        "step `brand/legal` does not apply, because the post does not meet its condition:"
        " link_domain = shop.example"
    ]
    flow.approve("ben")
    assert flow.state == "approved"


def test_edit_adds_step(new_workflow) -> None:
    """Adding a link to an approved post makes the step apply, regardless of the bound fields."""
    flow = new_workflow(policy("brand", step("edit", "role:editor", binds=["media"]), LEGAL))
    flow.draft(text="De lente is er")
    flow.submit()
    flow.approve("ben")
    assert flow.delivery_states() == {"tulip-x": "waiting"}
    flow.edit(text="Nu op www.shop.example")
    assert flow.state == "in_review"
    assert flow.delivery_states() == {}
    assert reasons(flow) == ["step `brand/legal` applies because the post links to `shop.example`"]
    assert [reason.code for reason in gate(flow.snapshot, flow.context()).reasons] == [
        "step_open",
        "step_applies.link_domain",
    ]
    flow.approve("noor")
    assert flow.state == "approved"


def test_step_stays_without_link(new_workflow) -> None:
    """A step that has applied once remains when the link is removed."""
    flow = legal_workflow(new_workflow)
    flow.draft(text="Nu op shop.example")
    flow.submit()
    flow.edit(text="De lente is er")
    assert legal(flow).state == "open"
    assert reasons(flow) == [
        "step `brand/legal` still applies because an earlier version of the post met its condition"
    ]


def test_any_of_several_conditions(new_workflow) -> None:
    """A step with several conditions applies if one of them is met."""
    conditions = [{"link_domain": "shop.example", "any_text": "gratis"}, {"label": "spoiler"}]
    flow = new_workflow(
        policy("brand", step("edit", "role:editor"), {**LEGAL, "only_if": conditions})
    )
    flow.draft(text="Nu op shop.example")
    flow.submit()
    assert legal(flow).state == "skipped"
    flow.edit(text="Nu gratis op shop.example")
    assert [reason.code for reason in legal(flow).reasons] == [
        "step_applies.link_domain",
        "step_applies.any_text",
    ]


@given(st.lists(st.sampled_from(["shop.example", "gratis", "€", "lente"])))
def test_step_applies_exactly_if_condition_is_met(new_workflow, words) -> None:
    """For a new post, a step applies if and only if its condition is met."""
    conditions = [
        OnlyIf(link_domain="shop.example", any_text="gratis"),
        OnlyIf(custom="names-a-price"),
    ]
    flow = new_workflow(
        policy("brand", step("edit", "role:editor"), {**LEGAL, "only_if": conditions})
    )
    flow.draft(text=" ".join(words) or "-")
    context = attrs.evolve(flow.context(), conditions=CONDITIONS)
    applies = StepKey("brand", "legal") in applicable_steps(flow.snapshot, context)
    assert applies is ({"shop.example", "gratis"} <= set(words) or "€" in words)


def test_publishing_alone(new_workflow) -> None:
    """A member with `publish` may act alone only while no step applies, even after an edit."""
    flow = new_workflow(policy("brand", LEGAL))
    flow.draft(member="pim", text="De lente is er")
    flow.submit("pim")
    assert flow.state == "approved"
    flow.edit("pim", text="De lente is er: shop.example")
    assert flow.state == "in_review"
    assert flow.delivery_states() == {}
    flow.approve("noor")
    assert flow.state == "approved"
    flow = new_workflow(policy("brand", LEGAL))
    flow.draft(member="pim", text="De lente is er: shop.example")
    flow.submit("pim")
    assert flow.state == "in_review"
