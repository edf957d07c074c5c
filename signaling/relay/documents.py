"""Documents on their way between participants: the relay checks them and passes them on, and keeps nothing. Pure.

One transfer goes from one sender to everyone else who is in the call when it is offered. See docs/protocol.md.
"""

from dataclasses import dataclass, field

from pydantic import ValidationError

from signaling.relay.frames import (
    CHUNK_HEADER,
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
)

MAX_DOCUMENT_BYTES = 20 * 1024 * 1024
WINDOW_BYTES = 4 * 1024 * 1024
MAX_TRANSFERS = 3
SIGNATURE_BYTES = 16
FINISHED_KEPT = 64

Data = str | bytes
Delivery = tuple[str, Data]


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

    def acknowledged(self) -> int:
        return min((offset or 0 for offset in self.offsets.values()), default=0)

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
            if participant in transfer.offsets and participant not in transfer.done:
                transfer.offsets[participant] = None
                deliveries.append((participant, frame_text(transfer.file, sender=transfer.sender)))
        return deliveries

    def receive(self, participant: str, data: Data, *, offers: bool = True) -> list[Delivery]:
        """Take one message from a participant's channel; `offers`: whether they may send documents."""
        if participant not in self._members:
            return []
        if isinstance(data, bytes):
            return self._chunk(participant, data)
        try:
            frame = parse_frame(data)
        except (ValidationError, ValueError):
            return [(participant, frame_text(Cancel(transfer="", code=DocumentRefusal.INVALID)))]
        if isinstance(frame, File) and not offers:
            return [(participant, frame_text(Cancel(transfer=frame.transfer, code=DocumentRefusal.NOT_ALLOWED)))]
        return self._control(participant, frame)

    def _control(self, participant: str, frame: Frame) -> list[Delivery]:
        if isinstance(frame, File):
            return self._offer(participant, frame)
        transfer = self._transfers.get(frame.transfer)
        if transfer is None:
            # the other side is gone or the transfer is over: say so, unless this is the echo of an ending
            return [] if isinstance(frame, (Cancel, Done)) else [self._unknown(participant, frame.transfer)]
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

    def _offer(self, participant: str, file: File) -> list[Delivery]:
        known = self._transfers.get(file.transfer)
        if known is not None and known.sender == participant and known.file == file:
            return self._offer_again(known)
        if self._finished.get(file.transfer) == (participant, file):
            return [_done(participant, file)]
        refusal = self._refusal(participant, file, known)
        if refusal is not None:
            return [(participant, frame_text(Cancel(transfer=file.transfer, code=refusal)))]
        recipients = sorted(self._members - {participant})
        self._transfers[file.transfer] = _Transfer(file, participant, dict.fromkeys(recipients))
        return [(recipient, frame_text(file, sender=participant)) for recipient in recipients]

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
        waiting = [recipient for recipient in transfer.offsets if recipient not in transfer.done]
        for recipient in waiting:
            transfer.offsets[recipient] = None
        return [(recipient, frame_text(transfer.file, sender=transfer.sender)) for recipient in waiting]

    def _accept(self, transfer: _Transfer, participant: str, offset: int) -> list[Delivery]:
        if participant in transfer.done:
            return []
        if offset > transfer.furthest:
            return self._drop_recipient(transfer, participant, DocumentRefusal.INVALID)
        transfer.offsets[participant] = offset
        return self._go_on(transfer)

    @staticmethod
    def _go_on(transfer: _Transfer) -> list[Delivery]:
        """Tell the sender from where to send, once every recipient has said how far it is."""
        if transfer.undecided():
            return []
        transfer.passed = transfer.acknowledged()
        return [(transfer.sender, frame_text(Accept(transfer=transfer.file.transfer, offset=transfer.passed)))]

    def _acknowledge(self, transfer: _Transfer, participant: str, offset: int) -> list[Delivery]:
        before = transfer.acknowledged()
        if transfer.offsets[participant] is None or offset > transfer.furthest:
            return []
        transfer.offsets[participant] = max(offset, transfer.offsets[participant] or 0)
        now = transfer.acknowledged()
        if now <= before:
            return []
        return [(transfer.sender, frame_text(Acknowledge(transfer=transfer.file.transfer, offset=now)))]

    def _finish(self, transfer: _Transfer, participant: str, frame: Done) -> list[Delivery]:
        if frame.sha256 != transfer.file.sha256:
            return self._drop_recipient(transfer, participant, DocumentRefusal.HASH_MISMATCH)
        if transfer.furthest < transfer.file.size:
            return self._drop_recipient(transfer, participant, DocumentRefusal.INVALID)
        decided_before = not transfer.undecided()
        transfer.done.add(participant)
        transfer.offsets[participant] = transfer.file.size
        return self._settle(transfer, decided_before=decided_before)

    def _settle(self, transfer: _Transfer, *, decided_before: bool) -> list[Delivery]:
        """One recipient has the document or is out: that may end the transfer, or what the others waited for."""
        if transfer.done != set(transfer.offsets):
            return [] if decided_before else self._go_on(transfer)
        del self._transfers[transfer.file.transfer]
        self._finished[transfer.file.transfer] = (transfer.sender, transfer.file)
        if len(self._finished) > FINISHED_KEPT:
            del self._finished[next(iter(self._finished))]
        return [_done(transfer.sender, transfer.file)]

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
        if chunk.offset == 0 and not _looks_like(transfer.file.media_type, data[CHUNK_HEADER.size :][:SIGNATURE_BYTES]):
            return self._abort(transfer, DocumentRefusal.CONTENT_REFUSED)
        transfer.passed = end
        transfer.furthest = max(transfer.furthest, end)
        return [(recipient, data) for recipient in transfer.offsets if recipient not in transfer.done]

    def _drop_recipient(self, transfer: _Transfer, participant: str, code: DocumentRefusal) -> list[Delivery]:
        """One recipient is out; the transfer goes on for the others, and fails when there are none."""
        decided_before = not transfer.undecided()
        del transfer.offsets[participant]
        transfer.done.discard(participant)
        if not transfer.offsets:
            return self._abort(transfer, code)
        return self._settle(transfer, decided_before=decided_before)

    def _abort(self, transfer: _Transfer, code: DocumentRefusal, *, to_sender: bool = True) -> list[Delivery]:
        self._transfers.pop(transfer.file.transfer, None)
        told = [recipient for recipient in transfer.offsets if recipient not in transfer.done]
        if to_sender:
            told.append(transfer.sender)
        return [(who, frame_text(Cancel(transfer=transfer.file.transfer, code=code))) for who in told]

    @staticmethod
    def _unknown(participant: str, transfer: str) -> Delivery:
        return participant, frame_text(Cancel(transfer=transfer, code=DocumentRefusal.SENDER_LEFT))


def _done(sender: str, file: File) -> Delivery:
    return sender, frame_text(Done(transfer=file.transfer, sha256=file.sha256))


def _looks_like(media_type: str, beginning: bytes) -> bool:
    return all(beginning[at : at + len(signature)] == signature for at, signature in SIGNATURES[media_type])
