"""One person in a room. Pure."""

from dataclasses import dataclass
from datetime import datetime

from signaling.rooms.facts import Standing
from signaling.rooms.roles import Role
from signaling.wire.messages import DeviceState


@dataclass
class Participant:
    """One person in the room. `session` is the secret of their newest socket's session."""

    id: str
    role: Role
    name: str
    session: str
    standing: Standing
    since: datetime
    connected: bool = True
    lost_at: datetime | None = None
    generation: int = 0
    reconnections: int = 0
    microphone: DeviceState = "missing"
    camera: DeviceState = "missing"
    hand: bool = False
    # false: they asked for the sound alone, and send no picture either
    pictures: bool = True

    def set_media(self, microphone: DeviceState, camera: DeviceState) -> None:
        """Note what their devices do."""
        self.microphone, self.camera = microphone, camera
