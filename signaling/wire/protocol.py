"""The wire: the envelope of every message, how one is understood and how one is written, as docs/protocol.md says."""

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from signaling.errors import InvalidMessage
from signaling.wire.messages import EITHER, Body, Identifier, Sequence
from signaling.wire.replies import REPLIES
from signaling.wire.requests import REQUESTS

VERSION = 1
SERVER = "server"
MAX_MESSAGE_BYTES = 64 * 1024

CLIENT_BODIES: dict[str, type[Body]] = {body.type: body for body in [*REQUESTS, *EITHER]}
SERVER_BODIES: dict[str, type[Body]] = {body.type: body for body in [*REPLIES, *EITHER]}


class ClientEnvelope(BaseModel):
    """What every message from a participant is wrapped in. There is no `from`: the server knows who speaks."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    v: Literal[1] = Field(description="version of this protocol")
    type: str = Field(max_length=32, description="name of the message")
    id: Identifier = Field(description="chosen by the sender, unique in the session; `refused` names it")
    seq: Sequence = Field(description="1, 2, 3... for messages that are kept until acknowledged; 0 for the others")
    ack: Sequence = Field(default=0, description="highest `seq` received from the other side")
    generation: Sequence = Field(
        default=0, description="peer connection that `offer`, `answer` or `candidate` is about"
    )
    body: dict[str, Any] = Field(default_factory=dict, description="fields of the message")


class ServerEnvelope(ClientEnvelope):
    """The same towards the participant, and who caused it."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    sender: str = Field(alias="from", description="participant id, or `server`; set by the server")


class Received(BaseModel):
    """A participant's message, understood."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)
    envelope: ClientEnvelope
    body: Any


def parse(text: str) -> Received:
    """Understand a participant's message.

    Raises InvalidMessage, whose `reply_to` is the message's id where one could be read.
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidMessage(reason="not JSON") from error
    reply_to = raw.get("id", "") if isinstance(raw, dict) else ""
    try:
        envelope = ClientEnvelope.model_validate(raw)
        body = CLIENT_BODIES[envelope.type].model_validate(envelope.body)
    except KeyError as error:
        raise InvalidMessage(reason="unknown type", reply_to=reply_to) from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidMessage(reason=f"{place}: {first['msg']}", reply_to=reply_to) from error
    if bool(envelope.seq) != body.sequenced:
        raise InvalidMessage(reason="seq: must be 0 exactly for join, resume, ping and pong", reply_to=reply_to)
    return Received(envelope=envelope, body=body)


def serialize(body: Body, *, id: str, seq: int, ack: int, generation: int = 0, sender: str = SERVER) -> str:
    """Return the text of a message to a participant: a `ServerEnvelope`, written without making one."""
    return (
        f'{{"v":{VERSION},"type":"{body.type}","id":{json.dumps(id)},"seq":{seq},"ack":{ack},'
        f'"generation":{generation},"body":{body.wire},"from":{json.dumps(sender)}}}'
    )
