"""What a participant says to the server. docs/protocol.md describes it; a test holds the two together."""

from pydantic import Field

from signaling.wire.messages import MAX_FRAME_CHARACTERS, Body, DeviceState, Identifier, PathKind, Place, Sequence

MAX_SDP_CHARACTERS = 48 * 1024
MAX_REASON = 500
MAX_LINE = 500


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


class Pictures(Body):
    """The participant wants the others' pictures, or the sound alone; then they send no picture either.

    It lasts until they say otherwise, whatever becomes of their sockets and connections; a page that lost its memory
    and joins anew starts with pictures.
    """

    type = "pictures"
    wanted: bool = Field(description="false: the sound alone")


class Path(Body):
    """Says how the participant's browser reaches the relay (W3C webrtc-stats), once for each connection.

    A hint for the record: the server sees for itself whether a TURN server lies between, but not how it is reached.
    """

    type = "path"
    kind: PathKind = Field(description="straight, or by which way to the TURN server")


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


class Show(Body):
    """Shows everyone a place in a document that they have, in place of what is shown; again as one turns and scrolls.

    Everyone draws it by themselves. Who sends places faster than five a second is followed at that pace.
    """

    type = "show"
    place: Place = Field(description="where to look")


class ShowScreen(Body):
    """Shows everyone one's screen, which is sent in `upload_screen_mid`, in place of what is shown."""

    type = "show_screen"


class Hide(Body):
    """Shows no longer what one shows; the agent ends what anybody shows."""

    type = "hide"


class Point(Body):
    """Points at what is shown, for those who see it; some fifteen times a second at most, the newest counts."""

    type = "point"
    sequenced = False
    x: float = Field(ge=0, le=1, description="fraction of the width of the page or screen")
    y: float = Field(ge=0, le=1, description="and of its height")


class Document(Body):
    """A frame of Documents: the participant goes by the web for this transfer, the channel being slow or gone."""

    type = "document"
    frame: str = Field(max_length=MAX_FRAME_CHARACTERS, description="the frame, as JSON text")


class Leave(Body):
    """The participant hangs up; the others stay."""

    type = "leave"


class End(Body):
    """The agent ends the call for everyone."""

    type = "end"


REQUESTS: tuple[type[Body], ...] = (
    Join,
    Resume,
    Admit,
    Answer,
    Candidate,
    Renegotiate,
    Media,
    Pictures,
    Path,
    HandOver,
    WithdrawHandOver,
    AnswerHandOver,
    Aside,
    Hand,
    Revoke,
    Text,
    Show,
    ShowScreen,
    Hide,
    Point,
    Document,
    Leave,
    End,
)
