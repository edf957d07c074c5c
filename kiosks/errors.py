"""What kiosks refuses, each by its own name."""

from teleconsult.errors import Conflict, Expired, Forbidden, NotFound


class TerminalUnknown(Forbidden):
    """This browser is not the enrolled screen of a kiosk."""

    code = "terminal_unknown"


class EnrolmentCodeRefused(Expired):
    """No such code, or it was used, or its time is over (which of them is not told)."""

    code = "enrolment_code_refused"


class HouseUnknown(NotFound):
    """No such house, or not one of this adviser's."""

    code = "house_unknown"


class KioskBusy(Conflict):
    """Somebody is at this kiosk."""

    code = "kiosk_busy"


class ReferenceUnknown(NotFound):
    """What was typed or shown is no appointment's reference or pass."""

    code = "reference_unknown"


class PictureRefused(Conflict):
    """What was posted as a camera frame is no picture, or too large to be one."""

    code = "picture_refused"
