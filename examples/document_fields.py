"""Describe the fields of a section of a document, and print the description."""

import attrs

from socialcollab.document_fields import (
    Choice,
    Id,
    ListOf,
    NameShape,
    Text,
    as_words,
    fields_of,
    shape,
)


@attrs.frozen(kw_only=True)
class Newsletter:
    id: str = attrs.field(metadata=shape(Id("newsletter")))
    workspace: str = attrs.field(metadata=shape(NameShape("workspace")))
    frequency: str = attrs.field(metadata=shape(Choice(("weekly", "monthly"))), default="weekly")
    readers: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=Text(at_most=80), or_one=True)), default=(), converter=as_words
    )


for field in fields_of(Newsletter):
    need = "required" if field.required else "optional"
    print(f"{field.key:10} {need}: {field.shape}")
