"""Shapes, with which attrs classes describe the document."""

from __future__ import annotations

import attrs
import pytest

from socialcollab.directory import Campaign, Member, Profile, Selector, Team, Workspace
from socialcollab.document_fields import (
    Field,
    ListOf,
    MapOf,
    Section,
    Shape,
    Text,
    as_words,
    fields_of,
    shape,
)
from socialcollab.permissions import CustomPermissions, Forbid, Grant, Role, Rotation
from socialcollab.workflow import ApprovalPolicy, OnlyIf, Step, StepTimer

CLASSES = (
    Campaign, Member, Profile, Selector, Team, Workspace, CustomPermissions, Rotation, Forbid, Grant,
    Role, ApprovalPolicy, OnlyIf, Step, StepTimer,
)  # fmt: skip
NOT_OF_THE_DOCUMENT = {"_rosters", "by", "place"}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_fields_have_shapes(cls) -> None:
    """Every field of a section has a shape and a key."""
    fields = {field.name: field for field in fields_of(cls)}
    for attribute in attrs.fields(cls):
        if attribute.name not in NOT_OF_THE_DOCUMENT:
            assert fields[attribute.name].key
            assert isinstance(fields[attribute.name].shape, Shape)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_fields_are_described(cls) -> None:
    """The docstring of a section describes every field."""
    for attribute in attrs.fields(cls):
        if cls is not Selector and attribute.name not in ("reason", *NOT_OF_THE_DOCUMENT):
            text = cls.__doc__ or ""
            assert f"{attribute.name}:" in text or "Attributes:" not in text, attribute.name


def test_fields_of() -> None:
    """Fields with a shape are listed; their key may differ from the attribute's name."""

    @attrs.frozen
    class Rule:
        from_: str = attrs.field(metadata=shape(Text(), key="from"))
        to: str = attrs.field(metadata=shape(Text()), default="")
        memory: str = attrs.field(default="")

    assert fields_of(Rule) == (
        Field(name="from_", key="from", shape=Text(), required=True),
        Field(name="to", key="to", shape=Text(), required=False),
    )


def test_as_words() -> None:
    """One word or several words become a tuple."""
    assert as_words("ana") == ("ana",)
    assert as_words(["ana", "ben"]) == ("ana", "ben")
    assert as_words(()) == ()


def test_shapes_are_values() -> None:
    """Shapes are equal by value, and hashable."""
    assert ListOf(item=Text()) == ListOf(item=Text())
    assert hash(MapOf(item=Text())) == hash(MapOf(item=Text()))
    assert Section(Grant).cls is Grant
