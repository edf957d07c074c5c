"""A small SMSC on loopback that speaks SMPP 3.4 (its own bytes, read with the specification in hand, not smpplib's)."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

WAIT_SECONDS = 20
BIND_TRANSCEIVER, SUBMIT_SM, DELIVER_SM, UNBIND, ENQUIRE_LINK = 9, 4, 5, 6, 0x15
ANSWER = 0x80000000
OK, BIND_FAILED, BAD_DESTINATION, THROTTLED = 0, 0x0D, 0x0B, 0x58


@dataclass(frozen=True)
class Submitted:
    """A submit_sm as it arrived: `octets` with their user data header, if they have one."""

    message_id: str
    source: tuple[int, int, str]
    destination: tuple[int, int, str]
    esm_class: int
    registered: int
    data_coding: int
    octets: bytes


class Smsc:
    """`refuse` is a status given to every submit_sm while it is set; `mute` leaves them without an answer."""

    def __init__(self) -> None:
        self.port = 0
        self.password = "s3cret"
        self.refuse = OK
        self.mute = False
        self.binds: list[tuple[str, str]] = []
        self.submitted: list[Submitted] = []
        self.answers: list[tuple[int, int, int]] = []  # (command, status, sequence) of what our peer answered
        self.links = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._changed = asyncio.Condition()
        self._sequence = 0

    @property
    def url(self) -> str:
        """The address as TELECONSULT_SMS_URL takes it."""
        return f"smpp://rdv:{self.password}@127.0.0.1:{self.port}"

    async def until(self, true: "object") -> None:
        """Wait until a condition on what has happened holds; TimeoutError if it never does."""
        assert callable(true)
        async with asyncio.timeout(WAIT_SECONDS), self._changed:
            await self._changed.wait_for(true)

    def drop(self) -> None:
        """Cut every connection."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def tell(self, body: bytes, command: int = DELIVER_SM) -> None:
        """Send a request of ours to whoever is bound."""
        self._sequence += 1
        self._writers[-1].write(pdu(command, OK, self._sequence, body))
        await self._writers[-1].drain()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection (called by asyncio)."""
        self._writers.append(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length, command, status, sequence = struct.unpack(">LLLL", await reader.readexactly(16))
                body = await reader.readexactly(length - 16)
                answer = self._handle(command, status, sequence, body)
                async with self._changed:
                    self._changed.notify_all()
                if answer is not None:
                    writer.write(answer)
                    await writer.drain()
                if command == UNBIND:
                    break
        writer.close()

    def _handle(self, command: int, status: int, sequence: int, body: bytes) -> bytes | None:
        if command & ANSWER:
            self.answers.append((command, status, sequence))
            return None
        if command == BIND_TRANSCEIVER:
            system_id, password = (part.decode() for part in body.split(b"\0")[:2])
            self.binds.append((system_id, password))
            verdict = OK if password == self.password else BIND_FAILED
            return pdu(command | ANSWER, verdict, sequence, b"smsc\0" if verdict == OK else b"")
        if command == ENQUIRE_LINK:
            self.links += 1
            return None if self.mute else pdu(command | ANSWER, OK, sequence)
        if command == SUBMIT_SM:
            if self.mute:
                return None
            if self.refuse:
                return pdu(command | ANSWER, self.refuse, sequence)
            message_id = f"{len(self.submitted) + 0xA0:x}"
            self.submitted.append(read_submit(body, message_id))
            return pdu(command | ANSWER, OK, sequence, message_id.encode() + b"\0")
        return pdu(command | ANSWER, OK, sequence)


def pdu(command: int, status: int, sequence: int, body: bytes = b"") -> bytes:
    """Return a PDU (SMPP 3.4, 3.2)."""
    return struct.pack(">LLLL", 16 + len(body), command, status, sequence) + body


def read_submit(body: bytes, message_id: str) -> Submitted:
    """Read the mandatory parameters of a submit_sm (4.4.1)."""
    _service, rest = body.split(b"\0", 1)
    source, rest = _address(rest)
    destination, rest = _address(rest)
    esm_class, _protocol, _priority = rest[:3]
    _schedule, _validity, rest = rest[3:].split(b"\0", 2)
    registered, _replace, data_coding, _canned, length = rest[:5]
    octets = rest[5 : 5 + length]
    assert len(octets) == length
    return Submitted(message_id, source, destination, esm_class, registered, data_coding, octets)


def _address(data: bytes) -> tuple[tuple[int, int, str], bytes]:
    number, rest = data[2:].split(b"\0", 1)
    return (data[0], data[1], number.decode()), rest


def receipt(message_id: str, state: str, *, tlv: bool = False) -> bytes:
    """Return the body of a deliver_sm with a receipt: in its text (appendix B), or in TLVs (5.3.2.12, 5.3.2.35)."""
    text = f"id:{message_id} sub:001 dlvrd:001 submit date:2611231200 done date:2611231201 stat:{state} err:000 text:"
    octets = b"" if tlv else text.encode()
    named = message_id.encode() + b"\0"
    states = {"DELIVRD": 2, "UNDELIV": 5, "ENROUTE": 1}
    tlvs = struct.pack(">HH", 0x001E, len(named)) + named + struct.pack(">HHB", 0x0427, 1, states[state])
    # an operator's own parameter, which nobody else knows
    own = struct.pack(">HH", 0x1500, 2) + b"xy"
    return deliver(octets, esm_class=0x04) + (tlvs + own if tlv else b"")


def deliver(octets: bytes, *, esm_class: int = 0) -> bytes:
    """Return the body of a deliver_sm (4.6.1)."""
    addresses = b"\0" + b"\1\1" + b"33612345678\0" + b"\5\0" + b"Teleconsult\0"
    return addresses + bytes([esm_class, 0, 0]) + b"\0\0" + bytes([0, 0, 0, 0, len(octets)]) + octets


@asynccontextmanager
async def running_smsc() -> AsyncIterator[Smsc]:
    """Listen on a free port of the loopback interface."""
    smsc = Smsc()
    server = await asyncio.start_server(smsc.serve, "127.0.0.1", 0)
    smsc.port = server.sockets[0].getsockname()[1]
    try:
        yield smsc
    finally:
        server.close()
        smsc.drop()
        await server.wait_closed()
