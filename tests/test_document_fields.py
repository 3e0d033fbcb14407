"""Shapes: how a class says what the document may hold."""

from __future__ import annotations

import attrs
import pytest

from socialcollab.directory import Campaign, Member, Profile, Selector, Team, Workspace
from socialcollab.document_fields import (
    ListOf,
    MapOf,
    Section,
    Shape,
    Text,
    as_words,
    field,
    shape,
    shape_of,
)
from socialcollab.permissions import CustomPermissions, Forbid, Grant, Role, Rotation
from socialcollab.workflow import ApprovalPolicy, OnlyIf, Step, StepTimer

CLASSES = (
    Campaign, Member, Profile, Selector, Team, Workspace, CustomPermissions, Rotation, Forbid, Grant,
    Role, ApprovalPolicy, OnlyIf, Step, StepTimer,
)  # fmt: skip
NOT_OF_THE_DOCUMENT = {"_rosters", "by", "place"}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_field_of_a_section_carries_its_shape(cls) -> None:
    for attribute in attrs.fields(cls):
        if attribute.name in NOT_OF_THE_DOCUMENT:
            continue
        found = shape_of(attribute)
        assert found is not None, attribute.name
        key, said = found
        assert key
        assert isinstance(said, Shape)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_field_of_a_section_is_described(cls) -> None:
    for attribute in attrs.fields(cls):
        if cls is not Selector and attribute.name not in ("reason", *NOT_OF_THE_DOCUMENT):
            text = cls.__doc__ or ""
            assert f"{attribute.name}:" in text or "Attributes:" not in text, attribute.name


def test_a_key_may_differ_from_the_attribute() -> None:
    @attrs.frozen
    class Rule:
        from_: str = field(Text(), key="from")
        to: str = attrs.field(metadata=shape(Text()))
        memory: str = attrs.field(default="")

    first, second, third = attrs.fields(Rule)
    assert shape_of(first) == ("from", Text())
    assert shape_of(second) == ("to", Text())
    assert shape_of(third) is None
    assert first.default is attrs.NOTHING


def test_words_are_one_or_many() -> None:
    assert as_words("ana") == ("ana",)
    assert as_words(["ana", "ben"]) == ("ana", "ben")
    assert as_words(()) == ()


def test_shapes_are_values() -> None:
    assert ListOf(item=Text()) == ListOf(item=Text())
    assert hash(MapOf(item=Text())) == hash(MapOf(item=Text()))
    assert Section(Grant).cls is Grant
