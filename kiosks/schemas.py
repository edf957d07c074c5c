"""What is typed at a kiosk or a front desk."""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, field_validator

from booking.schemas import MAX_NEEDS, Citizen, Email, Identifier, Instant, Language, Name, Need, Phone, WaitingForm

MAX_REPORT = 10_000


class Person(BaseModel):
    """Whom an appointment is for. Names are required; the rest helps, and may stay blank."""

    given_name: Name
    family_name: Name
    email: Email | None = None
    phone: Phone | None = None
    language: Language = "fr"
    needs: list[Need] = Field(default_factory=list, max_length=MAX_NEEDS)

    @property
    def citizen(self) -> Citizen:
        """The person as booking knows them."""
        return Citizen.model_validate(self.model_dump(exclude={"needs"}))


class ServiceChoice(BaseModel):
    """A service was pressed."""

    visit: Identifier
    service: Identifier


def _one_press(value: Any) -> Any:
    """Read a time's button, `<house id>|<start>`: one press says both."""
    place, bar, start = value.partition("|") if isinstance(value, str) else ("", "", "")
    return {"place": place, "start": start} if bar else value


class Time(BaseModel):
    """A start at a house."""

    place: Identifier
    start: Instant


class SlotChoice(BaseModel):
    """A time was pressed."""

    visit: Identifier
    time: Annotated[Time, BeforeValidator(_one_press)]


class VisitorWaitingForm(WaitingForm):
    """A visitor of the kiosk waits for a freed slot."""

    visit: Identifier


class EarlierForm(BaseModel):
    """Where an earlier slot is offered."""

    email: Email


class NowChoice(BaseModel):
    """To be received now, at a kiosk."""

    visit: Identifier
    kiosk: Identifier


class VisitForm(BaseModel):
    """A form that belongs to the visit under way."""

    visit: Identifier


class KeepForm(VisitForm):
    """What a screen asks for its slot when it opens, or when its button is pressed."""

    longer: bool = False


class Code(BaseModel):
    """A reference as typed, what a scanner read from a pass, or an enrolment code."""

    code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]


class Reason(BaseModel):
    """Why an adviser cancels."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""


class KioskChoice(BaseModel):
    """A kiosk was chosen for someone."""

    kiosk: Identifier


class CheckResult(BaseModel):
    """What a screen's test of devices and network found."""

    light: Literal["green", "orange", "red"]
    report: dict[str, Any]

    @field_validator("report")
    @classmethod
    def _small(cls, value: dict[str, Any]) -> dict[str, Any]:
        if len(json.dumps(value)) > MAX_REPORT:
            raise ValueError("too long")
        return value
