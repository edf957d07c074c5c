"""Hands text messages to an operator's HTTP interface, as the settings describe it."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, encode_basic_auth

from booking.ports import DeliveryFailure, Gate, PermanentFailure, Sent, TemporaryFailure, open_gate
from booking.wording.gsm7 import measure
from teleconsult.settings import Settings

TIMEOUT = ClientTimeout(total=30, connect=10)
ANSWER_BYTES = 65_536
REF_LENGTH = 80  # Notice.message_ref
NONE = "-"  # for the pointer of an operator that does not name messages
# Later, elsewhere or with other credentials it may go: ours to put right, not the recipient's fault.
OURS_TO_MEND = {401, 402, 403, 404, 405, 407, 408, 415, 423, 425, 426, 429}


@dataclass(frozen=True)
class Gateway:
    """An operator's interface. `body` has placeholders in its strings; `accepts` are statuses of success."""

    url: str
    method: str
    form: bool
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    accepts: frozenset[int]
    message_id: str


def read_gateway(settings: Settings) -> Gateway:
    """Return what the settings, which were checked, say of the gateway."""
    kind, _, secret = settings.sms_auth.partition(" ")
    name, _, value = secret.partition(":")
    headers = {
        "basic": {"Authorization": encode_basic_auth(name, value, encoding="utf-8")},
        "bearer": {"Authorization": f"Bearer {secret}"},
        "header": {name: value.strip()},
    }
    return Gateway(
        url=settings.sms_url,
        method=settings.sms_method,
        form=settings.sms_format == "form",
        body=json.loads(settings.sms_body),
        headers=headers.get(kind, {}),
        accepts=frozenset(int(part) for part in settings.sms_accepts.split(",")),
        message_id=settings.sms_message_id,
    )


def filled(template: Any, values: Mapping[str, str]) -> Any:
    """Return a JSON value with the placeholders in its strings replaced; what is filled in is never read again."""
    if isinstance(template, str):
        pieces, rest = [], template
        while rest:
            at, name = min(
                ((found, name) for name in values if (found := rest.find("{" + name + "}")) >= 0), default=(-1, "")
            )
            if at < 0:
                break
            pieces += [rest[:at], values[name]]
            rest = rest[at + len(name) + 2 :]
        return "".join([*pieces, rest])
    if isinstance(template, Mapping):
        return {key: filled(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, values) for value in template]
    return template


def pointed(document: Any, pointer: str) -> str:
    """Return the text or number that a JSON pointer (RFC 6901) leads to; empty if there is none."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, Mapping):
            document = document.get(key)
        elif isinstance(document, list) and key.isdigit() and int(key) < len(document):
            document = document[int(key)]
        else:
            return ""
    is_name = isinstance(document, str | int) and not isinstance(document, bool)
    return str(document) if is_name else ""


class HttpSmsSender:
    """The sender of a deployment with an HTTP gateway; use it as a context manager."""

    def __init__(self, gateway: Gateway, *, sender: str) -> None:
        self._gateway = gateway
        self._sender = sender
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = ClientSession(timeout=TIMEOUT, headers=self._gateway.headers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def check(self) -> None:
        """Return if the gateway can be reached (no message is sent); raises TemporaryFailure."""
        parts = urlsplit(self._gateway.url)
        secure = parts.scheme == "https"
        try:
            async with asyncio.timeout(10):
                _, writer = await asyncio.open_connection(
                    parts.hostname, parts.port or (443 if secure else 80), ssl=secure or None
                )
        except (OSError, TimeoutError) as error:
            raise TemporaryFailure(type(error).__name__) from error
        writer.close()

    async def send(self, to: str, text: str, *, reference: str, gate: Gate = open_gate) -> Sent:
        """Return once the gateway took a message over for a number (E.164); `reference` is our name for it.

        Raises TemporaryFailure, PermanentFailure: also where the answer lacks the message's name, since a second try
        might be a second message.
        """
        if self._session is None:
            raise TemporaryFailure("not_started")
        await gate()
        values = {"to": to, "text": text, "sender": self._sender, "reference": reference}
        body = filled(self._gateway.body, values)
        try:
            status, answer = await self._ask(self._session, body)
        except (ClientError, OSError, TimeoutError) as error:
            raise TemporaryFailure(type(error).__name__) from error
        if status not in self._gateway.accepts:
            raise failure_of(status)
        named = self._gateway.message_id != NONE
        ref = _message_ref(answer, self._gateway.message_id) if named else ""
        if named and not ref:
            raise PermanentFailure("no_message_id")
        return Sent(message_ref=ref, parts=measure(text).parts)

    async def _ask(self, session: ClientSession, body: dict[str, Any]) -> tuple[int, bytes]:
        flat = {key: str(value) for key, value in body.items()}
        given: dict[str, Any] = {"json": body}
        if self._gateway.method == "GET":
            given = {"params": flat}
        elif self._gateway.form:
            given = {"data": flat}
        async with session.request(self._gateway.method, self._gateway.url, allow_redirects=False, **given) as response:
            return response.status, await response.content.read(ANSWER_BYTES)


def failure_of(status: int) -> DeliveryFailure:
    """Return what a status that is no success means: only that this number or text is wrong (4xx) is for good."""
    reason = f"http_{status}"
    if 400 <= status < 500 and status not in OURS_TO_MEND:
        return PermanentFailure(reason)
    return TemporaryFailure(reason)


def _message_ref(answer: bytes, pointer: str) -> str:
    try:
        return pointed(json.loads(answer), pointer)[:REF_LENGTH]
    except ValueError:
        return ""
