"""What the server says to a participant. docs/protocol.md describes it; a test holds the two together."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from signaling.relay.quality import Level
from signaling.rooms.handover import HandoverState
from signaling.rooms.roles import Role
from signaling.wire.messages import Body, DeviceState, Identifier, PathKind, Place, Sequence


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
    pictures: bool = Field(description="false: they asked for the sound alone, see `pictures`")
    screen: bool = Field(description="they show their screen")


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


class ConnectionInfo(BaseModel):
    """How good one person's connection to the relay is: their own line, both ways, whoever is at the other end."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    participant: Identifier = Field(description="whose connection")
    level: Level = Field(description="steadied, so that it does not swing; see Quality")
    pictures_paused: bool = Field(
        description="the relay sends them no pictures, so that the sound stays; it tries again by itself"
    )
    path: PathKind | Literal["turn"] | None = Field(
        description="how media comes to them; `turn`: by a TURN server, they did not say over what; null: not known"
    )


class ShownInfo(BaseModel):
    """What is looked at together."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    by: Identifier = Field(description="who shows it")
    place: Place | None = Field(description="where in a document; null: their screen")


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
    shown: ShownInfo | None = Field(description="what everyone looks at together")
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
    screen_mid: str | None = Field(description="`mid` of the section for their screen; null: they may not share it")


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
    upload_screen_mid: str | None = Field(description="section for your screen (send only); null: you may not share it")
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


class Document(Body):
    """A frame of Documents, for who goes by the web for this transfer, or did not answer on the channel."""

    type = "document"
    frame: str = Field(description="the frame, as JSON text")


class Lines(Body):
    """What was typed: one line as it now stands, or everything, after coming in and after coming back."""

    type = "lines"
    sequenced = False
    whole: bool = Field(description="true: these are all there are; forget what you had")
    lines: tuple[TextLine, ...] = Field(description="in the order in which they were begun")


class Connections(Body):
    """How good the connections are of you and of those whom you may see and hear now. It replaces what you knew.

    Sent when something in it changes, and after coming back; at most once in two seconds. Never across an aside.
    """

    type = "connections"
    sequenced = False
    connections: tuple[ConnectionInfo, ...] = Field(
        description="who is not named has no connection, or none that is known"
    )


class Pointed(Body):
    """Somebody points at what is shown."""

    type = "pointed"
    sequenced = False
    participant: Identifier = Field(description="who")
    x: float = Field(description="fraction of the width of the page or screen, 0 to 1")
    y: float = Field(description="and of its height")


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


REPLIES: tuple[type[Body], ...] = (
    Welcome,
    Snapshot,
    Offer,
    Slots,
    Lines,
    Connections,
    Pointed,
    Document,
    Refused,
    Ended,
)
PARTS: tuple[type[BaseModel], ...] = (
    ParticipantInfo,
    HandoverInfo,
    ShownInfo,
    Place,
    Slot,
    IceServer,
    TextLine,
    ConnectionInfo,
)
