"""The wire: what is understood, what is refused, and that docs/protocol.md says the same."""

import contextlib
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from signaling.errors import REFUSALS, InvalidMessage, close_code
from signaling.pages.call_texts import PAGE_TEXTS
from signaling.relay import documents, frames
from signaling.relay.descriptions import MAX_LINES
from signaling.rooms.room import RESUME_WINDOW
from signaling.timings import Timings
from signaling.wire import protocol, replies, requests
from signaling.wire.allowance import BURST, MESSAGES_A_SECOND
from signaling.wire.messages import Body
from signaling.wire.outlet import MAX_QUEUED
from signaling.wire.requests import MAX_SDP_CHARACTERS

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs/protocol.md").read_text()
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


def envelope(**changes: object) -> str:
    """Return a good `admit`, with changes."""
    message = {"v": 1, "type": "admit", "id": "c1", "seq": 1, "ack": 0, "generation": 0, "body": {"participant": "p"}}
    return json.dumps({**message, **changes})


def test_a_good_message_is_understood() -> None:
    received = protocol.parse(envelope())
    assert received.body == requests.Admit(participant="p")
    assert received.envelope.seq == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"from": "agent"},
        {"v": 2},
        {"type": "welcome"},
        {"type": "__class__"},
        {"seq": 0},
        {"seq": -1},
        {"seq": "1e400"},
        {"id": ""},
        {"id": "x" * 65},
        {"body": []},
        {"body": {"participant": "p", "more": 1}},
        {"body": {"participant": "<script>"}},
        {"type": "ping", "body": {}, "seq": 3},
    ],
    ids=str,
)
def test_a_bad_message_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidMessage):
        protocol.parse(envelope(**changes))


@settings(deadline=None)
@given(st.text(max_size=200) | JSON_VALUES.map(json.dumps) | st.just("[" * 100_000))
def test_nothing_that_is_sent_breaks_the_parser(text: str) -> None:
    with contextlib.suppress(InvalidMessage):
        protocol.parse(text)


@settings(deadline=None)
@given(
    body=st.sampled_from(sorted(protocol.CLIENT_BODIES)),
    values=st.dictionaries(
        st.sampled_from(["sdp", "participant", "ticket", "session", "last_seq", "fresh"]), JSON_VALUES
    ),
)
def test_no_body_breaks_the_parser(body: str, values: dict[str, object]) -> None:
    try:
        received = protocol.parse(envelope(type=body, body=values, seq=int(protocol.CLIENT_BODIES[body].sequenced)))
    except InvalidMessage:
        return
    assert received.body.type == body


@settings(deadline=None)
@given(st.text(max_size=100) | JSON_VALUES.map(json.dumps))
def test_no_document_frame_breaks_the_relay(text: str) -> None:
    router = documents.DocumentRouter()
    router.member_joined("a")
    router.member_joined("b")
    assert all(who in ("a", "b") for who, _ in router.receive("a", text))


@settings(deadline=None)
@given(st.binary(max_size=100))
def test_no_chunk_breaks_the_relay(data: bytes) -> None:
    router = documents.DocumentRouter()
    router.member_joined("a")
    assert router.receive("a", data) == []


def section(title: str) -> str:
    """Return what stands under a heading of the document, up to the next heading of the same depth or above."""
    found = re.search(rf"^(#+) {re.escape(title)}\n", DOCUMENT, re.MULTILINE)
    assert found, f"docs/protocol.md has no section {title!r}"
    rest = DOCUMENT[found.end() :]
    end = re.search(rf"^#{{1,{len(found.group(1))}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def headings(title: str) -> set[str]:
    """Return the names in the subheadings of a section."""
    return set(re.findall(r"^#+ `([\w.]+)`", section(title), re.MULTILINE))


def fields(text: str) -> set[str]:
    """Return the first column of a table."""
    return set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


def model_fields(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def test_every_message_is_documented_and_every_documented_message_exists() -> None:
    assert headings("From a participant to the server") == set(protocol.CLIENT_BODIES)
    assert headings("From the server to a participant") == set(protocol.SERVER_BODIES)
    assert headings("Frames") == set(frames.FRAMES)
    assert headings("Parts of messages") == {part.__name__ for part in replies.PARTS}


MODELS = [
    *[("From a participant to the server", name, body) for name, body in protocol.CLIENT_BODIES.items()],
    *[("From the server to a participant", name, body) for name, body in protocol.SERVER_BODIES.items()],
    *[("Frames", name, frame) for name, frame in frames.FRAMES.items()],
    *[("Parts of messages", part.__name__, part) for part in replies.PARTS],
]


@pytest.mark.parametrize(("where", "name", "model"), MODELS, ids=lambda value: str(value)[:40])
def test_every_field_is_documented_and_every_documented_field_exists(
    where: str, name: str, model: type[BaseModel]
) -> None:
    part = re.split(rf"^#+ `{name}`.*$", section(where), flags=re.MULTILINE)[1]
    part = re.split(r"^#+ ", part, flags=re.MULTILINE)[0]
    assert fields(part) == model_fields(model)
    if issubclass(model, Body):
        assert ("not sequenced" in part) == (not model.sequenced)


def test_the_example_is_of_the_protocol() -> None:
    lines = re.findall(r"^([<>]) (\{.*\})$", section("For example"), re.MULTILINE)
    assert len(lines) > 5
    for side, text in lines:
        if side == ">":
            protocol.parse(text)
        else:
            envelope = protocol.ServerEnvelope.model_validate_json(text)
            body = protocol.SERVER_BODIES[envelope.type].model_validate(envelope.body)
            assert bool(envelope.seq) == body.sequenced


def test_the_envelope_is_documented() -> None:
    assert fields(section("Envelope")) == model_fields(protocol.ServerEnvelope)


def test_every_refusal_is_documented_with_its_close_code() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", section("Refusals"), re.MULTILINE))
    assert rows == {refusal.code: str(close_code(refusal())) for refusal in REFUSALS}


def test_every_refusal_that_will_pass_has_its_words_on_the_page() -> None:
    passing = {refusal.code for refusal in REFUSALS if close_code(refusal()) == 4503}
    assert passing == {"too_slow", "directory_away", "no_node_free"}
    assert passing <= set(PAGE_TEXTS)


def test_every_refusal_of_documents_is_documented() -> None:
    assert fields(section("Refusals of documents")) == {refusal.value for refusal in frames.DocumentRefusal}


def test_the_limits_are_documented() -> None:
    for number in (
        documents.MAX_DOCUMENT_BYTES,
        documents.WINDOW_BYTES,
        frames.MAX_MESSAGE_BYTES,
        protocol.MAX_MESSAGE_BYTES,
        MAX_SDP_CHARACTERS,
        MAX_LINES,
    ):
        assert f"{number:,}" in DOCUMENT
    waits = Timings()
    for words in (
        f"within {RESUME_WINDOW.total_seconds():.0f} s.",
        f"After {waits.ping_after:.0f} s of silence the server sends `ping`; after {waits.dead_after:.0f} s it gives",
        f"More than {MESSAGES_A_SECOND} messages a second on the whole ({BURST} at once;",
        f"at most {MAX_QUEUED} messages waiting",
    ):
        assert words in section("Envelope")
    for media_type in frames.SIGNATURES:
        assert f"`{media_type}`" in DOCUMENT
