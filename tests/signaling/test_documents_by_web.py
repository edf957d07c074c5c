"""The same transfer by the data channel and by the web, whoever changes over when: whole, once, or refused."""

import hashlib
import json
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from signaling.errors import DocumentOutOfStep, DocumentUnknown
from signaling.relay.documents import PIECE_BYTES, REMIND_AFTER, REMIND_EVERY, WINDOW_BYTES, ByWeb, Delivery
from signaling.relay.frames import MAX_CHUNK_BYTES, read_chunk, write_chunk
from signaling.relay.mailbox import Mailbox
from tests.signaling.test_documents import ID, PDF, file_frame, router_with, text

SENDER = "sender"


def told(deliveries: list[Delivery], who: str) -> list[dict[str, object]]:
    """Return what somebody is told on their socket."""
    return [json.loads(data.text) for to, data in deliveries if to == who and isinstance(data, ByWeb)]


def test_who_says_it_by_the_web_is_answered_by_the_web_and_the_other_on_the_channel() -> None:
    router = router_with("a", "b")
    assert [type(data) for _, data in router.receive("a", file_frame(PDF), web=True)] == [str]
    deliveries = router.receive("b", text("accept", transfer=ID, offset=0))
    assert told(deliveries, "a") == [{"type": "accept", "transfer": ID, "offset": 0}]
    assert router.put("a", ID, 0, PDF) == (len(PDF), [("b", write_chunk(ID, 0, PDF))])


def test_a_recipient_by_the_web_fetches_what_its_sender_says_on_the_channel() -> None:
    router = router_with("a", "b")
    router.receive("a", file_frame(PDF))
    assert [type(data) for _, data in router.receive("b", text("accept", transfer=ID, offset=0), web=True)] == [str]
    assert router.take("b", ID, 0) == (b"", [])
    assert router.receive("a", write_chunk(ID, 0, PDF)) == []
    assert router.take("b", ID, 0) == (PDF, [])
    assert router.take("b", ID, 0) == (PDF, []), "an answer that was lost is asked for again"
    assert router.take("b", ID, 5)[0] == PDF[5:]
    with pytest.raises(DocumentOutOfStep):
        router.take("b", ID, 4)


def test_a_fetch_acknowledges_what_came_before() -> None:
    router = router_with("a", "b")
    router.receive("a", file_frame(PDF))
    router.receive("b", text("accept", transfer=ID, offset=0), web=True)
    router.put("a", ID, 0, PDF)
    assert router.take("b", ID, 4)[1] == [("a", text("acknowledge", transfer=ID, offset=4).replace(" ", ""))]


def test_whoever_does_not_answer_on_the_channel_is_asked_by_the_web() -> None:
    router = router_with("a", "b", "c")
    router.receive("a", file_frame(PDF))
    router.receive("c", text("accept", transfer=ID, offset=0))
    reminders = [router.remind() for _ in range(REMIND_AFTER + 3)]
    assert [told(each, "b") != [] for each in reminders] == [number == 1 for number in range(REMIND_AFTER + 3)]
    assert not any(told(each, "c") for each in reminders)
    assert router.receive("b", text("accept", transfer=ID, offset=0)) == [], "late, from before it was asked again"
    assert router.receive("b", text("accept", transfer=ID, offset=0), web=True)


def test_whose_word_that_it_is_whole_was_lost_is_asked_by_the_web() -> None:
    router = router_with("a", "b")
    router.receive("a", file_frame(PDF))
    router.receive("b", text("accept", transfer=ID, offset=0))
    assert router.receive("a", write_chunk(ID, 0, PDF))
    reminders = [told(router.remind(), "b") for _ in range(REMIND_EVERY)]
    assert [bool(each) for each in reminders] == [False] * (REMIND_EVERY - 1) + [True]
    done = text("done", transfer=ID, sha256=hashlib.sha256(PDF).hexdigest())
    assert [to for to, _ in router.receive("b", done, web=True)] == ["a"]


@pytest.mark.parametrize("piece", [PIECE_BYTES, MAX_CHUNK_BYTES + 1, 1000])
def test_what_waits_for_a_slow_recipient_is_never_more_than_the_window(piece: int) -> None:
    content = PDF + bytes(2 * WINDOW_BYTES)
    router = router_with("a", "b")
    router.receive("a", file_frame(content), web=True)
    router.receive("b", text("accept", transfer=ID, offset=0), web=True)
    passed, stopped = 0, False
    while not stopped:
        passed, deliveries = router.put("a", ID, passed, content[passed : passed + piece])
        # as on the channel: nobody's page goes past the window
        stopped = [frame["code"] for frame in told(deliveries, "a")] == ["invalid"]
    assert passed <= WINDOW_BYTES + 2 * MAX_CHUNK_BYTES


def test_pieces_may_come_twice_or_overlap_but_leave_no_gap() -> None:
    router = router_with("a", "b")
    router.receive("a", file_frame(PDF), web=True)
    with pytest.raises(DocumentOutOfStep):
        router.put("a", ID, 0, PDF)
    router.receive("b", text("accept", transfer=ID, offset=0), web=True)
    with pytest.raises(DocumentOutOfStep):
        router.put("a", ID, 1, PDF[1:])
    assert router.put("a", ID, 0, PDF[:5])[0] == 5
    assert router.put("a", ID, 0, PDF[:5])[0] == 5
    assert router.put("a", ID, 2, PDF[2:])[0] == len(PDF)
    assert router.take("b", ID, 0)[0] == PDF


def test_nobody_fetches_or_sends_what_is_not_theirs() -> None:
    router = router_with("a", "b")
    router.receive("a", file_frame(PDF))
    router.member_joined("c")
    for call in (
        lambda: router.take("c", ID, 0),
        lambda: router.take("a", ID, 0),
        lambda: router.put("b", ID, 0, PDF),
        lambda: router.put("c", ID, 0, PDF),
        lambda: router.take("b", "f" * 32, 0),
    ):
        with pytest.raises(DocumentUnknown):
            call()
    with pytest.raises(DocumentOutOfStep):
        router.take("b", ID, 0)


@given(
    chunks=st.lists(st.integers(1, 50), max_size=30),
    reads=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 60)), max_size=30),
)
def test_a_mailbox_gives_back_what_was_put_in(chunks: list[int], reads: list[tuple[int, int]]) -> None:
    content = bytes(number % 251 for number in range(sum(chunks)))
    box, at = Mailbox(0), 0
    for size in chunks:
        box.add(at, content[at : at + size])
        box.add(max(0, at - 3), content[max(0, at - 3) : at + size])
        at += size
    place = 0
    for step, limit in reads:
        place = min(place + step, len(content))
        assert box.read(place, limit) == content[place : place + limit]
    assert box.held <= len(content) - place + 50


@dataclass
class Page:
    """A participant as documents.js is one, on the channel or by the web."""

    name: str
    content: bytes = b""
    web: bool = False
    cut: bool = False
    received: bytearray = field(default_factory=bytearray)
    inbox: list[str | bytes | ByWeb] = field(default_factory=list)
    position: int = 0
    acknowledged: int = 0
    sending: bool = False
    offered: dict[str, object] = field(default_factory=dict)
    finished: int = 0


class World:
    """A sender, recipients, channels that lose what is on its way, requests that come twice."""

    def __init__(self, content: bytes, recipients: list[str]) -> None:
        self.router = router_with(SENDER, *recipients)
        self.pages = {name: Page(name) for name in [SENDER, *recipients]}
        self.content = content
        self.say(self.pages[SENDER], file_frame(content))

    def deliver(self, deliveries: list[Delivery]) -> None:
        for to, data in deliveries:
            if isinstance(data, ByWeb) or not self.pages[to].cut:
                self.pages[to].inbox.append(data)

    def say(self, page: Page, frame: str | bytes) -> None:
        if page.web or not page.cut:
            self.deliver(self.router.receive(page.name, frame, web=page.web))

    def go_by_web(self, page: Page) -> None:
        """Change over, as a page does whose channel is slow or gone."""
        if page.web:
            return
        page.web = True
        self.resume(page)

    def resume(self, page: Page) -> None:
        if page.name == SENDER:
            if not page.finished:
                page.sending = False
                self.say(page, file_frame(self.content))
        elif page.offered and not page.finished:
            self.say(page, text("accept", transfer=ID, offset=len(page.received)))

    def new_channel(self, page: Page) -> None:
        page.cut = False
        page.inbox = [data for data in page.inbox if isinstance(data, ByWeb)]
        self.deliver(self.router.channel_opened(page.name))
        if page.name == SENDER and not page.web:
            self.resume(page)

    def step(self, page: Page, twice: bool = False) -> bool:
        """Let a page take what came, or move a piece; return whether it had anything to do."""
        if page.inbox:
            self.take(page, page.inbox.pop(0))
            return True
        if page.name == SENDER:
            return page.sending and page.position < len(self.content) and self.send(page, twice=twice)
        return page.web and bool(page.offered) and not page.finished and self.fetch(page)

    def send(self, page: Page, *, twice: bool) -> bool:
        start = page.position
        if not page.web:
            page.position = min(len(self.content), start + MAX_CHUNK_BYTES)
            self.say(page, write_chunk(ID, start, self.content[start : page.position]))
            return True
        for _ in range(1 + twice):
            try:
                page.position, deliveries = self.router.put(SENDER, ID, start, self.content[start : start + 150_000])
            except DocumentOutOfStep:
                self.resume(page)
            else:
                self.deliver(deliveries)
        return True

    def fetch(self, page: Page) -> bool:
        try:
            piece, deliveries = self.router.take(page.name, ID, len(page.received))
        except DocumentOutOfStep:
            self.resume(page)
            return True
        self.deliver(deliveries)
        self.store(page, len(page.received), piece)
        return bool(piece)

    def take(self, page: Page, data: str | bytes | ByWeb) -> None:
        if isinstance(data, bytes):
            chunk = read_chunk(data)
            assert chunk is not None
            self.store(page, chunk.offset, data[len(data) - chunk.size :])
            return
        by_web = isinstance(data, ByWeb)
        if page.web and not by_web:
            return
        frame = json.loads(data.text if isinstance(data, ByWeb) else data)
        if frame["type"] == "file":
            page.web, page.offered = page.web or by_web, frame
            if page.finished:
                self.say(page, text("done", transfer=ID, sha256=hashlib.sha256(page.received).hexdigest()))
            else:
                self.resume(page)
        elif frame["type"] == "accept":
            page.position = page.acknowledged = frame["offset"]
            page.sending = True
        elif frame["type"] == "acknowledge":
            page.acknowledged = frame["offset"]
        else:
            assert frame["type"] == "done", frame
            page.finished += 1
            page.sending = False

    def store(self, page: Page, offset: int, payload: bytes) -> None:
        have = len(page.received)
        if page.finished or offset > have:
            assert page.finished or page.web or page.cut, "on one channel there is never a gap"
            return
        page.received += payload[have - offset :]
        if page.offered and len(page.received) == len(self.content) > have:
            page.finished += 1
            self.say(page, text("done", transfer=ID, sha256=hashlib.sha256(page.received).hexdigest()))

    def run_out(self) -> None:
        """Let everyone go on, and the seconds pass, until the sender knows that all is over."""
        for _ in range(400):
            if self.pages[SENDER].finished:
                return
            busy = True
            while busy:
                busy = sum(self.step(page) for page in self.pages.values()) > 0
            self.deliver(self.router.remind())
        raise AssertionError("it never ends")


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["all", "all", "step", "step", "twice", "cut", "new channel", "web", "second"]),
        st.sampled_from([SENDER, "b", "c"]),
    ),
    min_size=20,
    max_size=80,
)


# the last piece is taken from a channel that is gone, and the word of it goes nowhere
LOST_WORD = [("all", SENDER)] * 6 + [("step", "b"), ("new channel", SENDER), ("new channel", SENDER)]
LOST_WORD += [("all", SENDER)] * 4 + [("step", SENDER), ("cut", "b")] + [("all", SENDER)] * 5


@settings(deadline=None, max_examples=150)
@example(events=LOST_WORD, chunks=6, both=True)
@given(events=EVENTS, chunks=st.integers(1, 12), both=st.booleans())
def test_it_arrives_whole_and_once_whoever_changes_over(events: list[tuple[str, str]], chunks: int, both: bool) -> None:
    content = PDF + bytes(range(256)) * (chunks * 200)
    world = World(content, ["b", "c"] if both else ["b"])
    for what, who in events:
        page = world.pages.get(who)
        if what == "all":
            for each in world.pages.values():
                world.step(each)
        elif what == "second":
            world.deliver(world.router.remind())
        elif page is None:
            continue
        elif what == "cut":
            page.cut = True
        elif what == "new channel":
            world.new_channel(page)
        elif what == "web":
            world.go_by_web(page)
        else:
            world.step(page, twice=what == "twice")
    for page in world.pages.values():
        if page.cut:
            # what a page does whose channel is gone, or that hears nothing on it
            world.go_by_web(page)
    world.run_out()
    for name, page in world.pages.items():
        assert page.finished == 1, name
        assert name == SENDER or bytes(page.received) == content
