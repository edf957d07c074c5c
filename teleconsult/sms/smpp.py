"""Hands text messages to an operator's SMSC by SMPP 3.4, over one connection that is held and made anew."""

import asyncio
import contextlib
import itertools
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

import structlog

from booking.ports import Gate, PermanentFailure, Sent, TemporaryFailure, open_gate
from teleconsult.sms import pdus
from teleconsult.sms.pdus import NoPdu, Receipt

PORT = 2775
TLS_PORT = 3550
CONNECT_SECONDS = 10
# How long the SMSC may take to answer a PDU, and how long we may both be silent before we ask whether it is there.
ANSWER_SECONDS = 20
SILENCE_SECONDS = 30
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
LAST_SEQUENCE = 0x7FFFFFFF
REF_LENGTH = 80
ANSWERS = {"enquire_link": "enquire_link_resp", "deliver_sm": "deliver_sm_resp", "unbind": "unbind_resp"}

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Smsc:
    """Where the operator's message centre is, and who we are there."""

    host: str
    port: int
    tls: bool
    system_id: str
    password: str
    system_type: str = ""


@dataclass(frozen=True)
class Pace:
    """How patient a session is, in seconds: with answers, with silence, and between attempts to connect."""

    answer: float = ANSWER_SECONDS
    silence: float = SILENCE_SECONDS
    first_wait: float = FIRST_WAIT
    longest_wait: float = LONGEST_WAIT


def read_smsc(url: str) -> Smsc:
    """Read TELECONSULT_SMS_URL, which the settings have checked; user and password may be percent-encoded."""
    parts = urlsplit(url)
    tls = parts.scheme == "smpps"
    return Smsc(
        host=parts.hostname or "localhost",
        port=parts.port or (TLS_PORT if tls else PORT),
        tls=tls,
        system_id=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        system_type=parse_qs(parts.query).get("system_type", [""])[0],
    )


class Dropped(Exception):
    """The connection ended, or the SMSC no longer answers on it."""


class _Session:
    """One connection, bound as a transceiver: requests of ours wait for their answers, its own are answered."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pace: Pace, heard: Callable[[Any], None]
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._pace = pace
        self._heard = heard
        self._sequences = itertools.cycle(range(1, LAST_SEQUENCE))
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    async def ask(self, command: str, **fields: Any) -> Any:
        """Send a request and return its answer. Raises Dropped."""
        sequence = next(self._sequences)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = answer
        try:
            async with asyncio.timeout(self._pace.answer):
                self._writer.write(pdus.write(command, sequence=sequence, **fields))
                await self._writer.drain()
                return await answer
        except (OSError, TimeoutError) as error:
            self.close()
            raise Dropped(type(error).__name__) from error
        finally:
            self._waiting.pop(sequence, None)

    async def read(self) -> None:
        """Read until the connection ends; whoever waits for an answer is told. Raises Dropped."""
        try:
            while True:
                self._take(await self._next())
        except (OSError, EOFError, NoPdu) as error:
            raise Dropped(type(error).__name__) from error
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(Dropped("closed"))
            self.close()

    async def keep_alive(self) -> None:
        """Ask now and then whether the SMSC is still there (enquire_link). Raises Dropped."""
        while True:
            await asyncio.sleep(self._pace.silence)
            await self.ask("enquire_link")

    async def _next(self) -> Any:
        header = await self._reader.readexactly(pdus.HEADER_BYTES)
        length = int.from_bytes(header[:4])
        if not pdus.HEADER_BYTES <= length <= pdus.LARGEST_PDU:
            raise NoPdu("length")
        return pdus.read(header + await self._reader.readexactly(length - pdus.HEADER_BYTES))

    def _take(self, pdu: Any) -> None:
        if pdu.command in ANSWERS:
            if pdu.command == "deliver_sm":
                self._heard(pdu)
            self._writer.write(pdus.write(ANSWERS[pdu.command], sequence=pdu.sequence))
            if pdu.command == "unbind":
                raise EOFError
            return
        answer = self._waiting.get(pdu.sequence)
        if answer is not None and not answer.done():
            answer.set_result(pdu)

    def close(self) -> None:
        self._writer.close()


class SmppSmsSender:
    """The sender of a deployment with an SMSC; use it as a context manager, which holds the connection meanwhile.

    `took` is told of each delivery receipt. Whoever sends while the connection is down is to try again later.
    """

    def __init__(
        self, smsc: Smsc, *, sender: str, took: Callable[[Receipt], Coroutine[Any, Any, None]], pace: Pace | None = None
    ) -> None:
        self._smsc = smsc
        self._sender = sender
        self._took = took
        self._pace = pace or Pace()
        self._session: _Session | None = None
        self._bound = asyncio.Event()
        self._why = "smpp_not_bound"
        self._groups = itertools.cycle(range(256))
        self._holding: asyncio.Task[None] | None = None
        self._receipts: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._holding = asyncio.create_task(self._hold(), name="smpp session")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._session is not None and self._bound.is_set():
            with contextlib.suppress(Dropped):
                await self._session.ask("unbind")
        if self._holding is not None:
            self._holding.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._holding
        await asyncio.gather(*self._receipts, return_exceptions=True)

    async def check(self) -> None:
        """Return if the SMSC answers; raises TemporaryFailure."""
        session = await self._ready()
        try:
            await session.ask("enquire_link")
        except Dropped as error:
            raise TemporaryFailure("smpp_dropped") from error

    async def send(self, to: str, text: str, *, reference: str, gate: Gate = open_gate) -> Sent:
        """Return once the SMSC took every part of a message over for a number (E.164).

        Raises TemporaryFailure (throttled, full, not bound), PermanentFailure (a number that cannot be one).
        """
        session = await self._ready()
        await gate()
        parts = pdus.submissions(text, sender=self._sender, to=to, group=next(self._groups))
        ref = ""
        for fields in parts:
            try:
                answer = await session.ask("submit_sm", **fields)
            except Dropped as error:
                raise TemporaryFailure("smpp_dropped") from error
            if answer.status:
                raise failure_of(answer.status)
            ref = (answer.message_id or b"").decode("ascii", "replace")[:REF_LENGTH]
        return Sent(message_ref=ref, parts=len(parts))

    async def _ready(self) -> _Session:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pace.answer):
                await self._bound.wait()
        if self._session is None or not self._bound.is_set():
            raise TemporaryFailure(self._why)
        return self._session

    async def _hold(self) -> None:
        """Hold a bound connection; wait longer after each that could not be made or bound."""
        wait = self._pace.first_wait
        while True:
            try:
                await self._serve_one()
            except Dropped as error:
                if self._bound.is_set():
                    wait = self._pace.first_wait
                log.warning("smpp_dropped", reason=str(error))
            self._bound.clear()
            self._session = None
            await asyncio.sleep(wait)
            wait = min(wait * 2, self._pace.longest_wait)

    async def _serve_one(self) -> None:
        session = await self._connect()
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(session.close)
            reading = asyncio.create_task(session.read(), name="smpp reader")
            tasks = {reading}
            try:
                await self._bind(session)
                tasks.add(asyncio.create_task(session.keep_alive(), name="smpp keep-alive"))
                self._session = session
                self._bound.set()
                log.info("smpp_bound")
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                done.pop().result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _connect(self) -> _Session:
        context = ssl.create_default_context() if self._smsc.tls else None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(self._smsc.host, self._smsc.port, ssl=context)
        except (OSError, TimeoutError) as error:
            self._why = "smpp_not_connected"
            raise Dropped(type(error).__name__) from error
        return _Session(reader, writer, self._pace, self._hear)

    async def _bind(self, session: _Session) -> None:
        answer = await session.ask(
            "bind_transceiver",
            system_id=self._smsc.system_id,
            password=self._smsc.password,
            system_type=self._smsc.system_type,
            interface_version=0x34,
        )
        if answer.status:
            self._why = f"smpp_bind_{answer.status:#04x}"
            raise Dropped(self._why)

    def _hear(self, pdu: Any) -> None:
        receipt = pdus.read_receipt(pdu)
        if receipt is None:
            log.info("sms_answer_ignored")
            return
        task = asyncio.create_task(self._took(receipt), name="sms receipt")
        self._receipts.add(task)
        task.add_done_callback(self._receipts.discard)


def failure_of(status: int) -> PermanentFailure | TemporaryFailure:
    """Return what a status of SMPP (5.1.3) means: only a wrong number or text is for good, throttling never is."""
    reason = f"smpp_{status:#04x}"
    return PermanentFailure(reason) if status in pdus.FOR_GOOD else TemporaryFailure(reason)
