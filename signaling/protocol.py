"""The wire: every message in both directions, as docs/protocol.md describes it. A test holds the two together."""

import json
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from signaling.errors import InvalidMessage
from signaling.handover import HandoverState
from signaling.roles import Role

VERSION = 1
SERVER = "server"
MAX_MESSAGE_BYTES = 64 * 1024
MAX_SDP_CHARACTERS = 48 * 1024
MAX_REASON = 500
MAX_LINE = 500

Identifier = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_:.\-]+$")]
Sequence = Annotated[int, Field(ge=0, le=2**53 - 1)]
DeviceState = Literal["on", "off", "missing"]


class Body(BaseModel):
    """What a message of one type carries. `sequenced` messages are kept and sent again after a resume."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: ClassVar[str]
    sequenced: ClassVar[bool] = True


# From a participant to the server


class Join(Body):
    """First message of a new session."""

    type = "join"
    sequenced = False
    ticket: str = Field(max_length=4096, description="from POST /call/{room}/ticket; opens one session within a minute")


class Resume(Body):
    """First message of a socket that comes back within 60 s."""

    type = "resume"
    sequenced = False
    session: Identifier = Field(description="`session` of `welcome`")
    last_seq: Sequence = Field(description="highest `seq` received from the server")


class Admit(Body):
    """The agent lets somebody in from the lobby."""

    type = "admit"
    participant: Identifier = Field(description="who waits")


class Answer(Body):
    """Answer to the `offer` of the envelope's generation."""

    type = "answer"
    sdp: str = Field(max_length=MAX_SDP_CHARACTERS, description="session description (RFC 8829)")


class Candidate(Body):
    """One ICE candidate of the participant, or the end of them."""

    type = "candidate"
    candidate: str | None = Field(max_length=1024, description="candidate-attribute (RFC 8839 5.1); null: no more")
    sdp_mid: str | None = Field(default=None, max_length=16, description="media section it belongs to")


class Renegotiate(Body):
    """Asks for an offer: of the same connection, or of a new one."""

    type = "renegotiate"
    fresh: bool = Field(description="true: a new peer connection (next generation), because the path failed or changed")


class Media(Body):
    """Says what the participant's microphone and camera do, so that others see it in words."""

    type = "media"
    microphone: DeviceState = Field(description="on, off (muted by its owner) or missing")
    camera: DeviceState = Field(description="on, off (by its owner) or missing")


class HandOver(Body):
    """The agent asks a colleague to take the citizen over. One at a time; asking again replaces what was settled."""

    type = "hand_over"
    colleague: Identifier = Field(description="participant id, from `GET /call/{room}/colleagues`")
    reason: str = Field(min_length=1, max_length=MAX_REASON, description="for the colleague alone; nothing is stored")
    stays: bool = Field(description="the agent remains in the call as a colleague until they leave")


class WithdrawHandOver(Body):
    """The agent no longer wants to pass the citizen on; too late once the service has confirmed it."""

    type = "withdraw_hand_over"


class AnswerHandOver(Body):
    """The colleague who is rung takes the citizen over, or does not."""

    type = "answer_hand_over"
    accepted: bool = Field(description="false: the colleague declines, and the session ends")


class Aside(Body):
    """The agent talks in private with colleagues and advisers: the relay forwards nothing between them and citizens.

    It ends by itself when nobody is left to talk with.
    """

    type = "aside"
    active: bool = Field(description="true: begin; false: go on with the citizen")


class Hand(Body):
    """The participant raises or lowers a hand, to ask for the floor; not for the agent, who has it."""

    type = "hand"
    raised: bool = Field(description="true: up; false: down")


class Revoke(Body):
    """The agent takes an invitation back: its link opens nothing here any more, and who came by it is let go."""

    type = "revoke"
    invitation: Identifier = Field(description="from `POST /call/{room}/invitations`")


class Text(Body):
    """A line that the participant types, as it stands now: sent as it grows, and once more when it is done."""

    type = "text"
    line: Sequence = Field(description="chosen by the sender, one for each line: the time in milliseconds, say")
    text: str = Field(max_length=MAX_LINE, description="the whole line so far; empty: taken back")
    done: bool = Field(description="true: it changes no more")


class Leave(Body):
    """The participant hangs up; the others stay."""

    type = "leave"


class End(Body):
    """The agent ends the call for everyone."""

    type = "end"


class Ping(Body):
    """Are you there? Either side, after 20 s of silence."""

    type = "ping"
    sequenced = False


class Pong(Body):
    """I am."""

    type = "pong"
    sequenced = False


# From the server to a participant


class ParticipantInfo(BaseModel):
    """One person in the room, as another one sees them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    participant: Identifier = Field(description="opaque id, the same for one person throughout the call")
    role: Role = Field(description="as what; it changes when a hand-over is done")
    name: str = Field(description="to show to people")
    standing: Literal["waiting", "rung", "admitted"] = Field(
        description="in the lobby, asked to take over, or in the call"
    )
    connected: bool = Field(description="false while their socket is lost; they have 60 s to come back")
    waiting_seconds: int | None = Field(description="how long they have waited, in seconds, when in the lobby")
    place: int | None = Field(description="their place in the lobby, from 1")
    microphone: DeviceState = Field(description="see `media`")
    camera: DeviceState = Field(description="see `media`")
    hand: bool = Field(description="they ask for the floor")


class HandoverInfo(BaseModel):
    """A hand-over, as the two agents of it see it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    by: Identifier = Field(description="the agent who passes the citizen on")
    colleague: Identifier = Field(description="who is asked to take over")
    state: HandoverState = Field(
        description="`asked`, `accepted`, `confirmed` (they are on the way in), or why it did not come about"
    )
    reason: str = Field(description="what the agent wrote")
    stays: bool = Field(description="the agent remains in the call for a while")


class Welcome(Body):
    """The session is open; a `snapshot` follows."""

    type = "welcome"
    sequenced = False
    session: Identifier = Field(description="secret of this session, for `resume`")
    participant: Identifier = Field(description="your own id")
    role: Role = Field(description="your role")
    resumed: bool = Field(description="true after `resume`")


class Snapshot(Body):
    """The whole room as you may see it, after every change. It replaces what you knew."""

    type = "snapshot"
    sequenced = False
    state: Literal["lobby", "rung", "in_call"] = Field(description="where you are")
    you: ParticipantInfo = Field(description="yourself")
    others: tuple[ParticipantInfo, ...] = Field(description="whom you may see; nobody else's name while you wait")
    host_present: bool = Field(description="an agent is in the room")
    call_seconds: int | None = Field(description="seconds since the call started; null before")
    aside: bool = Field(
        description="a private aside: citizens and the others neither hear nor see each other, silence is no fault"
    )
    handover: HandoverInfo | None = Field(
        description="the newest hand-over, for its two agents; null for everyone else"
    )


class Slot(BaseModel):
    """Which of the offer's media sections carry whom."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    participant: Identifier = Field(description="whose sound and picture")
    audio_mid: str = Field(description="`mid` of the audio section")
    video_mid: str = Field(description="`mid` of the video section")


class IceServer(BaseModel):
    """One entry of RTCConfiguration.iceServers."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    urls: tuple[str, ...] = Field(description="turn: and turns: addresses")
    username: str = Field(description="expiry and participant")
    credential: str = Field(description="valid until that expiry, for this connection")


class Offer(Body):
    """The server's offer. A higher generation than yours: make a new peer connection, then close the old one."""

    type = "offer"
    sdp: str = Field(description="session description; all candidates of the server are in it")
    upload_audio_mid: str = Field(description="section for your microphone (send only)")
    upload_video_mid: str = Field(description="section for your camera (send only)")
    slots: tuple[Slot, ...] = Field(description="who is heard and seen in which section")
    ice_servers: tuple[IceServer, ...] = Field(description="use when this generation is new to you; may be empty")


class Slots(Body):
    """Somebody took another one's place in sections of the present offer: no negotiation, the pictures go on."""

    type = "slots"
    slots: tuple[Slot, ...] = Field(description="who is heard and seen in which section, from now on")


class TextLine(BaseModel):
    """A line that somebody typed, or is typing."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    participant: Identifier = Field(description="who")
    name: str = Field(description="to show, also when they have left")
    line: Sequence = Field(description="which line of theirs")
    text: str = Field(description="the whole line so far; empty: taken back")
    done: bool = Field(description="false: still being typed")


class Lines(Body):
    """What was typed: one line as it now stands, or everything, after coming in and after coming back."""

    type = "lines"
    sequenced = False
    whole: bool = Field(description="true: these are all there are; forget what you had")
    lines: tuple[TextLine, ...] = Field(description="in the order in which they were begun")


class Refused(Body):
    """Something you sent was not done. When it is final, the socket closes with the code of the refusal."""

    type = "refused"
    sequenced = False
    code: str = Field(description="stable code, see Refusals")
    reply_to: str = Field(description="`id` of your message, or empty")


class Ended(Body):
    """The call is over for you; the socket closes with 1000."""

    type = "ended"
    reason: Literal["hung_up", "left", "abandoned", "handed_over", "unneeded"] = Field(
        description="by the agent, by yourself, all had gone, a colleague took over, or you are no longer asked to"
    )
    call_seconds: int | None = Field(description="how long the call lasted; null when it never started")


CLIENT_BODIES: dict[str, type[Body]] = {
    body.type: body for body in (
        Join, Resume, Admit, Answer, Candidate, Renegotiate, Media, HandOver, WithdrawHandOver, AnswerHandOver, Aside,
        Hand, Revoke, Text, Leave, End, Ping, Pong,
    )
}  # fmt: skip
SERVER_BODIES: dict[str, type[Body]] = {
    body.type: body for body in (Welcome, Snapshot, Offer, Slots, Lines, Refused, Ended, Ping, Pong)
}
PARTS: tuple[type[BaseModel], ...] = (ParticipantInfo, HandoverInfo, Slot, TextLine, IceServer)


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
    """Return the text of a message to a participant."""
    envelope = ServerEnvelope(
        v=VERSION,
        type=body.type,
        id=id,
        seq=seq,
        ack=ack,
        generation=generation,
        sender=sender,
        body=body.model_dump(mode="json"),
    )
    return envelope.model_dump_json(by_alias=True)
