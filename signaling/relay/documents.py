"""Documents on their way between participants: the relay checks them and passes them on, and keeps nothing. Pure.

One transfer goes from one sender to everyone else who is in the call when it is offered. Each of them goes by the data
channel, or by the web from the moment when they speak about the transfer there. See docs/protocol.md.
"""

from dataclasses import dataclass, field

from pydantic import ValidationError

from signaling.errors import DocumentOutOfStep, DocumentUnknown
from signaling.relay.frames import (
    CHUNK_HEADER,
    MAX_CHUNK_BYTES,
    SIGNATURES,
    Accept,
    Acknowledge,
    Cancel,
    DocumentRefusal,
    Done,
    File,
    Frame,
    frame_text,
    parse_frame,
    read_chunk,
    write_chunk,
)
from signaling.relay.mailbox import Mailbox

MAX_DOCUMENT_BYTES = 20 * 1024 * 1024
WINDOW_BYTES = 4 * 1024 * 1024
MAX_TRANSFERS = 3
SIGNATURE_BYTES = 16
FINISHED_KEPT = 64
# what one request carries by the web: proxies take a megabyte, and not always more
PIECE_BYTES = 512 * 1024
# Whoever has not answered an offer after so many seconds is asked by the web, and again every so often.
REMIND_AFTER = 2
REMIND_EVERY = 10


@dataclass(frozen=True)
class ByWeb:
    """A frame for somebody who goes by the web."""

    text: str


Data = str | bytes
Delivery = tuple[str, Data | ByWeb]


@dataclass
class _Transfer:
    file: File
    sender: str
    # offset up to which each recipient has the document; None until it accepted
    offsets: dict[str, int | None] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    # next byte expected from the sender, and the furthest it ever was (a resume goes back)
    passed: int = 0
    furthest: int = 0
    # recipients who go by the web, with what waits for them
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    sender_by_web: bool = False
    # for how many seconds recipients have said nothing who were asked, or sent everything
    asked: dict[str, int] = field(default_factory=dict)

    def by_web(self, participant: str) -> bool:
        return participant in self.mailboxes or (participant == self.sender and self.sender_by_web)

    def go_by_web(self, participant: str) -> None:
        if participant == self.sender:
            self.sender_by_web = True
        elif participant in self.offsets:
            self.mailboxes.setdefault(participant, Mailbox(self.offsets[participant] or 0))

    def tell(self, participant: str, frame: Frame) -> Delivery:
        sender = self.sender if isinstance(frame, File) else None
        return _say(participant, frame, web=self.by_web(participant), sender=sender)

    def ask(self, participant: str) -> Delivery:
        self.offsets[participant] = None
        self.asked[participant] = 0
        return self.tell(participant, self.file)

    def acknowledged(self) -> int:
        return min((offset or 0 for offset in self.offsets.values()), default=0)

    def silent(self) -> list[str]:
        """Return who is to say something: how far they are, or, when all was sent, that they have it."""
        sent = self.passed == self.file.size
        return [who for who, offset in self.offsets.items() if offset is None or (sent and who not in self.done)]

    def undecided(self) -> bool:
        return any(offset is None for offset in self.offsets.values())


class DocumentRouter:
    """The transfers of one room. Every method returns what is to be sent, in order, as (participant, data)."""

    def __init__(self) -> None:
        self._transfers: dict[str, _Transfer] = {}
        self._members: set[str] = set()
        # the newest transfers that arrived whole, for senders who lost the word of it
        self._finished: dict[str, tuple[str, File]] = {}

    def member_joined(self, participant: str) -> None:
        """Somebody came into the call; what was offered before is not for them."""
        self._members.add(participant)

    def member_left(self, participant: str) -> list[Delivery]:
        """Somebody left the call: what they sent is cancelled, what they received goes on for the others."""
        self._members.discard(participant)
        deliveries = self.forget_sender(participant)
        for transfer in list(self._transfers.values()):
            if participant in transfer.offsets:
                deliveries += self._drop_recipient(transfer, participant, DocumentRefusal.NOBODY_THERE)
        return deliveries

    def forget_sender(self, participant: str) -> list[Delivery]:
        """Somebody's page was closed or came back without its memory: it cannot go on sending."""
        deliveries: list[Delivery] = []
        for transfer in [t for t in self._transfers.values() if t.sender == participant]:
            deliveries += self._abort(transfer, DocumentRefusal.SENDER_LEFT, to_sender=False)
        return deliveries

    def channel_opened(self, participant: str) -> list[Delivery]:
        """A new data channel of somebody: what they were receiving is offered again and resumes where they are."""
        deliveries: list[Delivery] = []
        for transfer in self._transfers.values():
            waits = participant in transfer.offsets and participant not in transfer.done
            if waits and not transfer.by_web(participant):
                deliveries.append(transfer.ask(participant))
        return deliveries

    def remind(self) -> list[Delivery]:
        """Once a second: ask by the web whoever has not answered on the channel, which may be slow, or none.

        Whoever was sent everything and says nothing is asked, too: their word that it is whole may be lost.
        """
        deliveries: list[Delivery] = []
        for transfer in self._transfers.values():
            for recipient in transfer.silent():
                transfer.asked[recipient] += 1
                due = (REMIND_AFTER,) if transfer.offsets[recipient] is None else ()
                if transfer.asked[recipient] in due or not transfer.asked[recipient] % REMIND_EVERY:
                    transfer.go_by_web(recipient)
                    deliveries.append(transfer.tell(recipient, transfer.file))
        return deliveries

    def put(self, participant: str, transfer_id: str, offset: int, piece: bytes) -> tuple[int, list[Delivery]]:
        """Take a piece of a document that its sender posted; return the next byte expected.

        What was there before is left out. Raises DocumentUnknown, DocumentOutOfStep (a gap, or a resume is not agreed).
        """
        transfer = self._transfers.get(transfer_id)
        if transfer is None or transfer.sender != participant:
            raise DocumentUnknown
        if transfer.undecided() or offset > transfer.passed:
            raise DocumentOutOfStep
        deliveries: list[Delivery] = []
        for start in range(transfer.passed - offset, len(piece), MAX_CHUNK_BYTES):
            chunk = write_chunk(transfer_id, offset + start, piece[start : start + MAX_CHUNK_BYTES])
            deliveries += self._chunk(participant, chunk)
            if transfer_id not in self._transfers:
                break
        return transfer.passed, deliveries

    def take(self, participant: str, transfer_id: str, offset: int) -> tuple[bytes, list[Delivery]]:
        """Return what comes next for a recipient who has everything before `offset`; empty when nothing is there yet.

        Raises DocumentUnknown, DocumentOutOfStep (`accept` it by the web first, from where you are).
        """
        transfer = self._transfers.get(transfer_id)
        if transfer is None or participant not in transfer.offsets:
            raise DocumentUnknown
        mailbox = transfer.mailboxes.get(participant)
        if mailbox is None or not mailbox.start <= offset <= transfer.furthest:
            raise DocumentOutOfStep
        return mailbox.read(offset, PIECE_BYTES), self._acknowledge(transfer, participant, offset)

    def receive(self, participant: str, data: Data, *, offers: bool = True, web: bool = False) -> list[Delivery]:
        """Take one message of somebody's; `offers`: they may send documents; `web`: it did not come by a channel."""
        if participant not in self._members:
            return []
        if isinstance(data, bytes):
            return self._chunk(participant, data)
        try:
            frame = parse_frame(data)
        except (ValidationError, ValueError):
            return [_say(participant, Cancel(transfer="", code=DocumentRefusal.INVALID), web=web)]
        if isinstance(frame, File) and not offers:
            return [_say(participant, Cancel(transfer=frame.transfer, code=DocumentRefusal.NOT_ALLOWED), web=web)]
        return self._control(participant, frame, web=web)

    def _control(self, participant: str, frame: Frame, *, web: bool) -> list[Delivery]:
        transfer = self._transfers.get(frame.transfer)
        if transfer is not None:
            if web:
                transfer.go_by_web(participant)
            elif transfer.by_web(participant) and isinstance(frame, (File, Accept)):
                return []  # from before they changed over: late, on a slow channel
        if isinstance(frame, File):
            return self._offer(participant, frame, web=web)
        if transfer is None:
            # the other side is gone or the transfer is over: say so, unless this is the echo of an ending
            gone = Cancel(transfer=frame.transfer, code=DocumentRefusal.SENDER_LEFT)
            return [] if isinstance(frame, (Cancel, Done)) else [_say(participant, gone, web=web)]
        if participant == transfer.sender:
            return self._abort(transfer, frame.code, to_sender=False) if isinstance(frame, Cancel) else []
        if participant not in transfer.offsets:
            return []
        if isinstance(frame, Accept):
            return self._accept(transfer, participant, frame.offset)
        if isinstance(frame, Acknowledge):
            return self._acknowledge(transfer, participant, frame.offset)
        if isinstance(frame, Done):
            return self._finish(transfer, participant, frame)
        return self._drop_recipient(transfer, participant, DocumentRefusal.DECLINED)

    def _offer(self, participant: str, file: File, *, web: bool) -> list[Delivery]:
        known = self._transfers.get(file.transfer)
        if known is not None and known.sender == participant and known.file == file:
            return self._offer_again(known)
        if self._finished.get(file.transfer) == (participant, file):
            return [_say(participant, _done(file), web=web)]
        refusal = self._refusal(participant, file, known)
        if refusal is not None:
            return [_say(participant, Cancel(transfer=file.transfer, code=refusal), web=web)]
        recipients = sorted(self._members - {participant})
        transfer = _Transfer(file, participant, dict.fromkeys(recipients), sender_by_web=web)
        self._transfers[file.transfer] = transfer
        return [transfer.ask(recipient) for recipient in recipients]

    def _refusal(self, participant: str, file: File, known: _Transfer | None) -> DocumentRefusal | None:
        if known is not None or file.transfer in self._finished:
            return DocumentRefusal.INVALID
        if not 0 < file.size <= MAX_DOCUMENT_BYTES:
            return DocumentRefusal.TOO_LARGE if file.size else DocumentRefusal.EMPTY
        if file.media_type not in SIGNATURES:
            return DocumentRefusal.TYPE_REFUSED
        if sum(t.sender == participant for t in self._transfers.values()) >= MAX_TRANSFERS:
            return DocumentRefusal.TOO_MANY
        return None if self._members - {participant} else DocumentRefusal.NOBODY_THERE

    def _offer_again(self, transfer: _Transfer) -> list[Delivery]:
        """The sender came back on a new channel: ask the recipients how far they are."""
        return [transfer.ask(recipient) for recipient in transfer.offsets if recipient not in transfer.done]

    def _accept(self, transfer: _Transfer, participant: str, offset: int) -> list[Delivery]:
        if participant in transfer.done:
            return []
        if offset > transfer.furthest:
            return self._drop_recipient(transfer, participant, DocumentRefusal.INVALID)
        transfer.offsets[participant] = offset
        transfer.asked[participant] = 0
        if mailbox := transfer.mailboxes.get(participant):
            mailbox.restart(offset)
        return self._go_on(transfer)

    @staticmethod
    def _go_on(transfer: _Transfer) -> list[Delivery]:
        """Tell the sender from where to send, once every recipient has said how far it is."""
        if transfer.undecided():
            return []
        transfer.passed = transfer.acknowledged()
        return [transfer.tell(transfer.sender, Accept(transfer=transfer.file.transfer, offset=transfer.passed))]

    def _acknowledge(self, transfer: _Transfer, participant: str, offset: int) -> list[Delivery]:
        before = transfer.acknowledged()
        if transfer.offsets[participant] is None or offset > transfer.furthest:
            return []
        if offset > (transfer.offsets[participant] or 0):
            transfer.asked[participant] = 0
        transfer.offsets[participant] = max(offset, transfer.offsets[participant] or 0)
        now = transfer.acknowledged()
        if now <= before:
            return []
        return [transfer.tell(transfer.sender, Acknowledge(transfer=transfer.file.transfer, offset=now))]

    def _finish(self, transfer: _Transfer, participant: str, frame: Done) -> list[Delivery]:
        if frame.sha256 != transfer.file.sha256:
            return self._drop_recipient(transfer, participant, DocumentRefusal.HASH_MISMATCH)
        if transfer.furthest < transfer.file.size:
            return self._drop_recipient(transfer, participant, DocumentRefusal.INVALID)
        decided_before = not transfer.undecided()
        transfer.done.add(participant)
        transfer.offsets[participant] = transfer.file.size
        if mailbox := transfer.mailboxes.get(participant):
            mailbox.restart(transfer.file.size)
        return self._settle(transfer, decided_before=decided_before)

    def _settle(self, transfer: _Transfer, *, decided_before: bool) -> list[Delivery]:
        """One recipient has the document or is out: that may end the transfer, or what the others waited for."""
        if transfer.done != set(transfer.offsets):
            return [] if decided_before else self._go_on(transfer)
        del self._transfers[transfer.file.transfer]
        self._finished[transfer.file.transfer] = (transfer.sender, transfer.file)
        if len(self._finished) > FINISHED_KEPT:
            del self._finished[next(iter(self._finished))]
        return [transfer.tell(transfer.sender, _done(transfer.file))]

    def _chunk(self, participant: str, data: bytes) -> list[Delivery]:
        chunk = read_chunk(data)
        transfer = self._transfers.get(chunk.transfer) if chunk else None
        if chunk is None or transfer is None or transfer.sender != participant:
            return []
        if transfer.undecided():
            return []  # sent before a resume was agreed: it comes again from the agreed offset
        end = chunk.offset + chunk.size
        if chunk.offset != transfer.passed:
            return []
        if end > transfer.file.size or end > transfer.acknowledged() + WINDOW_BYTES + len(data):
            return self._abort(transfer, DocumentRefusal.INVALID)
        payload = data[CHUNK_HEADER.size :]
        if chunk.offset == 0 and not _looks_like(transfer.file.media_type, payload[:SIGNATURE_BYTES]):
            return self._abort(transfer, DocumentRefusal.CONTENT_REFUSED)
        transfer.passed = end
        transfer.furthest = max(transfer.furthest, end)
        waiting = [recipient for recipient in transfer.offsets if recipient not in transfer.done]
        for recipient in waiting:
            if mailbox := transfer.mailboxes.get(recipient):
                mailbox.add(chunk.offset, payload)
        return [(recipient, data) for recipient in waiting if recipient not in transfer.mailboxes]

    def _drop_recipient(self, transfer: _Transfer, participant: str, code: DocumentRefusal) -> list[Delivery]:
        """One recipient is out; the transfer goes on for the others, and fails when there are none."""
        decided_before = not transfer.undecided()
        del transfer.offsets[participant]
        transfer.mailboxes.pop(participant, None)
        transfer.done.discard(participant)
        if not transfer.offsets:
            return self._abort(transfer, code)
        return self._settle(transfer, decided_before=decided_before)

    def _abort(self, transfer: _Transfer, code: DocumentRefusal, *, to_sender: bool = True) -> list[Delivery]:
        self._transfers.pop(transfer.file.transfer, None)
        told = [recipient for recipient in transfer.offsets if recipient not in transfer.done]
        if to_sender:
            told.append(transfer.sender)
        return [transfer.tell(who, Cancel(transfer=transfer.file.transfer, code=code)) for who in told]


def _done(file: File) -> Done:
    return Done(transfer=file.transfer, sha256=file.sha256)


def _say(participant: str, frame: Frame, *, web: bool, sender: str | None = None) -> Delivery:
    text = frame_text(frame, sender=sender)
    return participant, ByWeb(text) if web else text


def _looks_like(media_type: str, beginning: bytes) -> bool:
    return all(beginning[at : at + len(signature)] == signature for at, signature in SIGNATURES[media_type])
