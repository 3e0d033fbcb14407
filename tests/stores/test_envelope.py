"""The envelope is the same on every platform, and its hash covers every value."""

from __future__ import annotations

import datetime as dt
import hashlib

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.content import canonical_json
from socialcollab.errors import CorruptJournalError, InvalidValueError, NaiveDatetimeError
from socialcollab.stores import MemoryStore, NewEvent, check_stream, envelope_hash, microseconds
from socialcollab.stores.events import instant_text
from socialcollab.stores.toolkit import open_event, open_new, personal_values, seal

GOLDEN = NewEvent(
    stream="post/019b7c01-0400-7000-8000-000000000001",
    type="drafted",
    schema=1,
    id="019b7c01-0400-7000-8000-000000000000",
    at=dt.datetime(2026, 4, 7, 9, 30, 0, 5, tzinfo=dt.timezone(dt.timedelta(hours=2))),
    actor="member:ana",
    on_behalf_of="member:eva",
    cause="import 7",
    digest="sha256:4e6f",
    body={
        "text": "De lente is er 🌷\u2028é\x7f\x00",
        "numbers": [2**53 - 1, -7, 0],
        "\U0001f337": None,
        "\uffff": True,
        "a": {"b": [], "": {}},
    },
    personal={"author": "Ana Prado"},
    salt=bytes(range(16)),
)
GOLDEN_HASHES = (
    "121a5a63a18ef97d88c8df141b05cc2f4dd137c73eab37393db2eb9843310377",
    "aa351abc5f5f75e112be715dbc0f1623fe1da1f9e0167cf378baad804fb0e7ca",
)


def test_golden_chain() -> None:
    """If these hashes changed, every existing journal would become unreadable."""
    journal = MemoryStore().for_organization("northwind")
    [first] = journal.append(
        [GOLDEN], expected_versions={GOLDEN.stream: 0}, snapshots={GOLDEN.stream: b""}
    )
    second = NewEvent(
        stream=GOLDEN.stream,
        type="submitted",
        id="019b7c01-0400-7000-8000-000000000002",
        at=dt.datetime(2026, 4, 7, 8, tzinfo=dt.UTC),
        actor="system:rules",
    )
    [after] = journal.append(
        [second], expected_versions={GOLDEN.stream: 1}, snapshots={GOLDEN.stream: b""}
    )
    assert (first.hash, after.hash) == GOLDEN_HASHES
    assert after.prev == first.hash
    assert list(first.body) == ["a", "numbers", "personal", "text", "\U0001f337", "\uffff"]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(
    cause=texts,
    body=st.dictionaries(
        texts.filter(lambda name: name != "personal"),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
            max_leaves=5,
        ),
        max_size=4,
    ),
)
def test_hash(cause: str, body: dict[str, object]) -> None:
    """The hash is that of the RFC 8785 JSON, according to this library and another one."""
    rfc8785 = pytest.importorskip("rfc8785")
    new = attrs.evolve(GOLDEN, cause=cause, body=body, personal={}, salt=b"")
    sealed = seal(new, organization="northwind", position=3, version=2, prev="ab")
    envelope = sealed._asdict()
    envelope["body"] = body
    hash_ = envelope.pop("hash")
    assert hash_ == hashlib.sha256(canonical_json(envelope)).hexdigest()
    assert hash_ == hashlib.sha256(rfc8785.dumps(envelope)).hexdigest()
    assert open_event(sealed, {}).body == body


def test_every_value_is_hashed() -> None:
    """A change of any value changes the hash."""
    sealed = seal(GOLDEN, organization="northwind", position=3, version=2, prev="ab")
    for place, value in enumerate(sealed[:14]):
        other = [*sealed[:14]]
        other[place] = value + 1 if isinstance(value, int) else f"{value} "
        assert envelope_hash(*other) != sealed.hash, sealed._fields[place]  # type: ignore[arg-type]  # in their order


def test_open() -> None:
    """An opened event equals the sealed event, and a changed event is rejected."""
    sealed = seal(GOLDEN, organization="northwind", position=3, version=2, prev="ab")
    event = open_event(sealed, personal_values(GOLDEN))
    assert event == open_new(sealed, GOLDEN)
    assert (event.at, event.personal, event.salt) == (GOLDEN.at, GOLDEN.personal, GOLDEN.salt)
    assert {event: 1}[event] == 1, "events can be in sets"
    with pytest.raises(CorruptJournalError, match="author"):
        open_event(sealed, {})
    with pytest.raises(CorruptJournalError, match="position 3"):
        open_event(sealed._replace(actor="member:eve"), personal_values(GOLDEN))


@pytest.mark.parametrize(
    "fields",
    [
        {"stream": "Post/a"},
        {"stream": "post/"},
        {"stream": "post/a b"},
        {"stream": ""},
        {"type": ""},
        {"type": "Drafted"},
        {"schema": 0},
        {"schema": True},
        {"id": "7"},
        {"id": GOLDEN.id.upper()},
        {"id": GOLDEN.id.replace("-7", "-4")},
        {"actor": "ana"},
        {"actor": ""},
        {"actor": "member:"},
        {"on_behalf_of": "eva"},
        {"cause": None},
        {"cause": "\ud800"},
        {"digest": 7},
        {"body": [1]},
        {"body": {"n": 1.5}},
        {"body": {"n": 2**53}},
        {"body": {"text": "\udc80"}},
        {"body": {"personal": 1}},
        {"personal": {"x": 1.5}},
        {"salt": b""},
        {"salt": bytes(15)},
        {"personal": {}},
    ],
    ids=repr,
)
def test_invalid_event(fields: dict[str, object]) -> None:
    """Values that a journal cannot store are rejected."""
    with pytest.raises(InvalidValueError):
        attrs.evolve(GOLDEN, **fields)


def test_naive_instant() -> None:
    """Instants must have a UTC offset."""
    naive = dt.datetime(2026, 1, 2)  # noqa: DTZ001
    with pytest.raises(NaiveDatetimeError):
        attrs.evolve(GOLDEN, at=naive)
    with pytest.raises(NaiveDatetimeError):
        microseconds(naive)


@given(st.datetimes(timezones=st.just(dt.UTC)))
def test_instant_round_trip(at: dt.datetime) -> None:
    """Each instant has exactly one text, which can be read back unchanged."""
    assert dt.datetime.fromisoformat(instant_text(at)) == at
    assert len(instant_text(at)) == 27
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    assert epoch + dt.timedelta(microseconds=microseconds(at)) == at


def test_body_is_copied() -> None:
    """Changing the original body later does not change the event."""
    body = {"list": [1]}
    event = attrs.evolve(GOLDEN, body=body)
    before = event.sealed_body
    body["list"].append(2)
    sealed = seal(event, organization="northwind", position=1, version=1, prev="")
    assert sealed.body == before


def test_stream_names() -> None:
    """The name of a stream is a kind, or a kind and a name."""
    for name in (
        "organization",
        "runtime_state",
        "holds",
        "post/p1",
        "calendar/tulip-x",
        "case/x:7#1",
    ):
        assert check_stream(name) == name


def test_repr() -> None:
    """The repr of an event contains neither personal values nor the salt."""
    event = attrs.evolve(GOLDEN, personal={"content": "hush"}, salt=b"hush" * 4)
    journal = MemoryStore().for_organization("northwind")
    journal.append([event], expected_versions={event.stream: 0}, snapshots={event.stream: b""})
    (stored,) = journal.read(event.stream)
    assert stored.personal == {"content": "hush"}
    for shown in (repr(event), repr(stored)):
        assert "hush" not in shown
