"""What every message's body is, and the kinds of values that they carry."""

from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

Identifier = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_:.\-]+$")]
Sequence = Annotated[int, Field(ge=0, le=2**53 - 1)]
DeviceState = Literal["on", "off", "missing"]
PathKind = Literal["udp", "turn-udp", "turn-tcp", "turn-tls"]
MAX_FRAME_CHARACTERS = 4096


class Place(BaseModel):
    """Where in a document people look together."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    transfer: str = Field(pattern=r"^[0-9a-f]{32}$", description="which document, see Documents")
    page: int = Field(ge=1, le=10_000, description="from 1; 1 for a picture")
    zoom: float = Field(ge=1, le=4, description="1: as wide as there is room for")
    x: float = Field(ge=0, le=1, description="how far it is scrolled: 0 the left edge is in view, 1 the right one")
    y: float = Field(ge=0, le=1, description="and down: 0 the top, 1 the bottom")


class Body(BaseModel):
    """What a message of one type carries. `sequenced` messages are kept and sent again after a resume."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: ClassVar[str]
    sequenced: ClassVar[bool] = True

    @cached_property
    def wire(self) -> str:
        """The fields as JSON: written once, for however many receive the same."""
        return self.model_dump_json()


class Ping(Body):
    """Are you there? Either side, after 20 s of silence."""

    type = "ping"
    sequenced = False


class Pong(Body):
    """I am."""

    type = "pong"
    sequenced = False


EITHER: tuple[type[Body], ...] = (Ping, Pong)
