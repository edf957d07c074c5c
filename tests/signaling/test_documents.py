"""Documents through the relay: for any order of events and any loss of channels, whole or refused."""

import hashlib
import json
from collections import deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.relay.documents import (
    MAX_DOCUMENT_BYTES,
    MAX_TRANSFERS,
    WINDOW_BYTES,
    ByWeb,
    Data,
    Delivery,
    DocumentRouter,
)
from signaling.relay.frames import MAX_CHUNK_BYTES, read_chunk, write_chunk

ID = "0123456789abcdef" * 2
PDF = b"%PDF-1.7\n"


def text(kind: str, **fields: object) -> str:
    return json.dumps({"type": kind, **fields})


def file_frame(content: bytes, **changes: object) -> str:
    about = {
        "transfer": ID,
        "name": "a.pdf",
        "size": len(content),
        "media_type": "application/pdf",
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return text("file", **{**about, **changes})


def router_with(*members: str) -> DocumentRouter:
    router = DocumentRouter()
    for member in members:
        router.member_joined(member)
    return router


def frames_to(deliveries: list[Delivery], who: str) -> list[dict[str, object]]:
    return [json.loads(data) for to, data in deliveries if to == who and isinstance(data, str)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"size": MAX_DOCUMENT_BYTES + 1}, "too_large"),
        ({"size": 0}, "empty"),
        ({"media_type": "text/html"}, "type_refused"),
        ({"sha256": "no"}, "invalid"),
        ({"name": ""}, "invalid"),
        ({"transfer": "../../etc"}, "invalid"),
        ({"from": "b"}, "invalid"),
    ],
    ids=str,
)
def test_what_is_not_allowed_is_refused_to_the_sender_only(changes: dict[str, object], code: str) -> None:
    deliveries = router_with("a", "b").receive("a", file_frame(PDF, **changes))
    assert [frame["code"] for frame in frames_to(deliveries, "a")] == [code]
    assert not frames_to(deliveries, "b")


def test_nobody_there_to_receive() -> None:
    deliveries = router_with("a").receive("a", file_frame(PDF))
    assert frames_to(deliveries, "a")[0]["code"] == "nobody_there"


def test_so_many_at_once_and_no_more() -> None:
    router = router_with("a", "b")
    for number in range(MAX_TRANSFERS):
        assert frames_to(router.receive("a", file_frame(PDF, transfer=f"{number:032x}")), "b")
    assert frames_to(router.receive("a", file_frame(PDF)), "a")[0]["code"] == "too_many"


@pytest.mark.parametrize(
    ("media_type", "content", "accepted"),
    [
        ("application/pdf", b"%PDF-1.4 x", True),
        ("application/pdf", b"MZ\x90\0xxxxxxxxx", False),
        ("image/jpeg", b"\xff\xd8\xff\xe0xxxxx", True),
        ("image/jpeg", b"%PDF-1.4 xxxx", False),
        ("image/png", b"\x89PNG\r\n\x1a\nxxxx", True),
        ("image/webp", b"RIFF\0\0\0\0WEBPVP8 ", True),
        ("image/webp", b"RIFF\0\0\0\0WAVEfmt ", False),
    ],
)
def test_the_first_bytes_must_be_those_of_the_type(media_type: str, content: bytes, accepted: bool) -> None:
    router = router_with("a", "b")
    router.receive("a", file_frame(content, media_type=media_type))
    router.receive("b", text("accept", transfer=ID, offset=0))
    deliveries = router.receive("a", write_chunk(ID, 0, content))
    if accepted:
        assert deliveries == [("b", write_chunk(ID, 0, content))]
    else:
        assert [frames_to(deliveries, who)[0]["code"] for who in "ab"] == ["content_refused"] * 2


def test_a_sender_who_ignores_the_window_is_stopped() -> None:
    content = PDF + bytes(WINDOW_BYTES * 2)
    router = router_with("a", "b")
    router.receive("a", file_frame(content))
    router.receive("b", text("accept", transfer=ID, offset=0))
    passed = 0
    for offset in range(0, len(content), MAX_CHUNK_BYTES):
        deliveries = router.receive("a", write_chunk(ID, offset, content[offset : offset + MAX_CHUNK_BYTES]))
        if frames_to(deliveries, "a"):
            break
        passed = offset
    assert passed <= WINDOW_BYTES + MAX_CHUNK_BYTES
    assert frames_to(deliveries, "a")[0]["code"] == "invalid"


def test_a_stranger_can_neither_send_nor_finish_anothers_document() -> None:
    router = router_with("a", "b", "c")
    router.receive("a", file_frame(PDF))
    router.member_left("c")
    assert router.receive("c", text("cancel", transfer=ID, code="declined")) == []
    assert router.receive("b", write_chunk(ID, 0, PDF)) == []
    assert frames_to(router.receive("b", text("done", transfer=ID, sha256="0" * 64)), "a")[0]["code"] == "hash_mismatch"


def test_a_recipient_cannot_claim_what_was_never_sent() -> None:
    router = router_with("a", "b")
    router.receive("a", file_frame(PDF))
    digest = hashlib.sha256(PDF).hexdigest()
    router.receive("b", text("accept", transfer=ID, offset=0))
    assert frames_to(router.receive("b", text("done", transfer=ID, sha256=digest)), "a")[0]["type"] == "cancel"


def test_who_declines_drops_out_and_the_others_go_on() -> None:
    router = router_with("a", "b", "c")
    router.receive("a", file_frame(PDF))
    router.receive("b", text("accept", transfer=ID, offset=0))
    deliveries = router.receive("c", text("cancel", transfer=ID, code="declined"))
    assert frames_to(deliveries, "a") == [{"type": "accept", "transfer": ID, "offset": 0}]
    assert router.receive("a", write_chunk(ID, 0, PDF)) == [("b", write_chunk(ID, 0, PDF))]


def test_when_the_sender_leaves_the_recipients_are_told() -> None:
    router = router_with("a", "b")
    router.receive("a", file_frame(PDF))
    assert frames_to(router.member_left("a"), "b")[0]["code"] == "sender_left"


def send_whole(router: DocumentRouter, *recipients: str) -> list[Delivery]:
    router.receive("a", file_frame(PDF))
    for recipient in recipients:
        router.receive(recipient, text("accept", transfer=ID, offset=0))
    return router.receive("a", write_chunk(ID, 0, PDF))


DONE = text("done", transfer=ID, sha256=hashlib.sha256(PDF).hexdigest())


def test_a_recipient_who_has_it_whole_says_so_again_on_its_new_channel() -> None:
    router = router_with("a", "b")
    send_whole(router, "b")
    assert frames_to(router.channel_opened("b"), "b")[0]["type"] == "file"
    assert frames_to(router.receive("b", DONE), "a") == [json.loads(DONE)]


def test_a_recipient_who_has_it_whole_does_not_hold_up_the_others() -> None:
    router = router_with("a", "b", "c")
    content = PDF + bytes(100)
    router.receive("a", file_frame(content))
    for recipient in "bc":
        router.receive(recipient, text("accept", transfer=ID, offset=0))
    router.receive("a", write_chunk(ID, 0, content))
    router.channel_opened("c")
    router.channel_opened("b")
    router.receive("c", text("accept", transfer=ID, offset=50))
    deliveries = router.receive("b", text("done", transfer=ID, sha256=hashlib.sha256(content).hexdigest()))
    assert frames_to(deliveries, "a") == [{"type": "accept", "transfer": ID, "offset": 50}]


def test_who_drops_out_last_while_one_has_it_whole_does_not_hold_up_the_third() -> None:
    router = router_with("a", "b", "c", "d")
    send_whole(router, "b", "c", "d")
    router.receive("b", DONE)
    router.channel_opened("c")
    router.channel_opened("d")
    router.receive("d", text("accept", transfer=ID, offset=0))
    deliveries = router.receive("c", text("cancel", transfer=ID, code="declined"))
    assert frames_to(deliveries, "a") == [{"type": "accept", "transfer": ID, "offset": 0}]


def test_a_sender_who_missed_the_end_is_told_it_again_and_nobody_else_is_asked() -> None:
    router = router_with("a", "b")
    send_whole(router, "b")
    router.receive("b", DONE)
    deliveries = router.receive("a", file_frame(PDF))
    assert frames_to(deliveries, "a") == [json.loads(DONE)]
    assert len(deliveries) == 1
    assert frames_to(router.receive("b", file_frame(PDF)), "b")[0]["code"] == "invalid"


@dataclass
class Page:
    """A participant's side of the protocol, as documents.js does it."""

    name: str
    outgoing: bytes = b""
    received: bytearray = field(default_factory=bytearray)
    inbox: deque[Data] = field(default_factory=deque)
    position: int = 0
    acknowledged: int = 0
    sending: bool = False
    told: int = 0
    done: bool = False
    expected: dict[str, object] = field(default_factory=dict)

    def step(self) -> list[Data]:
        """Take one message, or send one chunk."""
        if self.inbox:
            return self.take(self.inbox.popleft())
        if self.sending and self.position < min(len(self.outgoing), self.acknowledged + WINDOW_BYTES):
            start = self.position
            self.position = min(len(self.outgoing), start + MAX_CHUNK_BYTES)
            return [write_chunk(ID, start, self.outgoing[start : self.position])]
        return []

    def take(self, data: Data) -> list[Data]:
        if isinstance(data, bytes):
            return self.chunk(data)
        frame = json.loads(data)
        if frame["type"] == "file":
            self.expected = frame
            if len(self.received) == frame["size"]:
                return [text("done", transfer=ID, sha256=hashlib.sha256(self.received).hexdigest())]
            return [text("accept", transfer=ID, offset=len(self.received))]
        if frame["type"] == "accept":
            self.position = self.acknowledged = frame["offset"]
            self.sending = True
        elif frame["type"] == "acknowledge":
            self.acknowledged = frame["offset"]
        elif frame["type"] == "done":
            self.done = True
        else:
            raise AssertionError(frame)
        return []

    def chunk(self, data: bytes) -> list[Data]:
        chunk = read_chunk(data)
        assert chunk is not None
        payload = data[len(data) - chunk.size :]
        assert chunk.offset <= len(self.received), "there is never a gap"
        fresh = payload[len(self.received) - chunk.offset :]
        self.received += fresh
        if fresh and len(self.received) == self.expected["size"]:
            return [text("done", transfer=ID, sha256=hashlib.sha256(self.received).hexdigest())]
        if len(self.received) - self.told >= 2 * MAX_CHUNK_BYTES:
            self.told = len(self.received)
            return [text("acknowledge", transfer=ID, offset=self.told)]
        return []


class World:
    """A sender, recipients, and channels that may break at any moment, losing what was on its way."""

    def __init__(self, content: bytes, recipients: list[str]) -> None:
        self.content = content
        self.cut: set[str] = set()
        self.router = router_with("sender", *recipients)
        self.pages = {name: Page(name) for name in ["sender", *recipients]}
        self.pages["sender"].outgoing = content
        self.deliver(self.router.receive("sender", file_frame(content)))

    def deliver(self, deliveries: list[Delivery]) -> None:
        for to, data in deliveries:
            assert not isinstance(data, ByWeb), "who is on the channel is told there"
            self.pages[to].inbox.append(data)

    def step(self, name: str) -> bool:
        """Let one page do one thing; return whether it had anything to do."""
        took = bool(self.pages[name].inbox)
        said = self.pages[name].step()
        if name not in self.cut:
            for data in said:
                self.deliver(self.router.receive(name, data))
        return took or bool(said)

    def cut_channel(self, name: str) -> None:
        """Let a page talk to nobody, without knowing, until its channel is replaced."""
        self.cut.add(name)

    def break_channel(self, name: str) -> None:
        self.cut.discard(name)
        page = self.pages[name]
        page.inbox.clear()
        page.sending = False
        page.told = len(page.received)
        self.deliver(self.router.channel_opened(name))
        if name == "sender" and not page.done:
            self.deliver(self.router.receive("sender", file_frame(self.content)))

    def run_out(self) -> None:
        """Let everyone go on until nobody has anything to do."""
        busy = True
        while busy:
            busy = False
            for name in self.pages:
                busy = self.step(name) or busy


EVENTS = st.lists(
    st.tuples(st.sampled_from(["step", "step", "step", "cut", "break"]), st.sampled_from(["sender", "b", "c"])),
    max_size=120,
)


@settings(deadline=None, max_examples=80)
@given(events=EVENTS, chunks=st.integers(1, 12), both=st.booleans())
def test_it_arrives_whole_whatever_breaks(events: list[tuple[str, str]], chunks: int, both: bool) -> None:
    content = PDF + bytes(range(256)) * (chunks * 200)
    world = World(content, ["b", "c"] if both else ["b"])
    for what, who in events:
        if who in world.pages:
            if what == "step":
                world.step(who)
            elif what == "cut":
                world.cut_channel(who)
            elif not world.pages["sender"].done:
                world.break_channel(who)
    for who in sorted(world.cut):
        world.break_channel(who)
    world.run_out()
    for name, page in world.pages.items():
        assert name == "sender" or bytes(page.received) == content
    assert world.pages["sender"].done
