"""What the back office's forms of the offer accept."""

import re
from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from booking.office.errors import PeriodReversed
from booking.office.times import local_instants
from booking.schemas import Email
from booking.sites.territories import department_code, territory
from teleconsult.web.i18n import N_

DEPARTMENTS_ERROR = N_("Écrivez des départements comme 28, 45, 974.")
OFFICES_ERROR = N_("Écrivez une adresse par ligne, comme 3 place du Martroi, 45000 Orléans | 47.9026 | 1.9090.")
PAPERS_ERROR = N_("Écrivez autant de lignes qu’en français, ou aucune.")
CHOICE_ERROR = N_("Choisissez au moins une réponse.")
MOST_KEYWORDS = 60

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
OptionalLine = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


def _typed(value: Any) -> str:
    """Return what was typed: a form gives a field that is to be a list as the list of what was posted."""
    return "\n".join(value) if isinstance(value, list) else str(value)


def _departments(value: Any) -> list[str]:
    codes = [department_code(part) for part in re.split(r"[,;\s]+", _typed(value)) if part.strip()]
    if any(territory(code) is None for code in codes):
        raise PydanticCustomError("departments", DEPARTMENTS_ERROR)
    return list(dict.fromkeys(codes))


def _lines(value: Any) -> list[str]:
    return [line.strip() for line in _typed(value).splitlines() if line.strip()]


def _words(value: Any) -> list[str]:
    words = (" ".join(part.split()) for part in re.split(r"[,;\n]", _typed(value)))
    return list(dict.fromkeys(word for word in words if word))


def _offices(value: Any) -> list[dict[str, Any]]:
    try:
        return [_office(line) for line in _lines(value)]
    except ValueError:
        raise PydanticCustomError("offices", OFFICES_ERROR) from None


def _office(line: str) -> dict[str, Any]:
    address, *place = (part.strip() for part in line.split("|"))
    latitude, longitude = (float(degrees) for degrees in place)
    if not address or not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError(line)
    return {"address": address, "latitude": latitude, "longitude": longitude}


def _some(value: list[Any]) -> list[Any]:
    if not value:
        raise PydanticCustomError("choice", CHOICE_ERROR)
    return value


LanguageCode = Annotated[str, StringConstraints(pattern="^[a-z]{2,3}$")]
MetNeed = Annotated[str, StringConstraints(pattern="^(sign_language|interpreter(:[a-z]{2,3})?)$")]
Departments = Annotated[list[str], BeforeValidator(_departments)]


class StretchForm(BaseModel):
    """A while in which nothing is offered, in the zone of whom it is about: whole days unless times say otherwise."""

    first: date
    last: date
    start: time | None = None
    end: time | None = None
    reason: Reason = ""

    def instants(self, timezone: str) -> tuple[datetime, datetime]:
        """Return when it begins and ends. Raises PeriodReversed."""
        starts_at, ends_at = local_instants(self.first, self.last, self.start, self.end, timezone)
        if ends_at <= starts_at:
            raise PeriodReversed
        return starts_at, ends_at


class OrganisationForm(BaseModel):
    """A State body."""

    name: Line
    name_en: OptionalLine = ""
    departments: Departments = Field(default_factory=list, validate_default=False)
    offices: Annotated[list[dict[str, Any]], BeforeValidator(_offices)] = Field(default_factory=list)
    requires_room: bool = False


class WorkplaceForm(BaseModel):
    """A place where agents work."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
    address: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""


class RoomForm(BaseModel):
    """A shared video room; a mailbox of its own is invited to its appointments."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
    email: Email | None = None
    in_service: bool = False


class ServiceForm(BaseModel):
    """A reason for a visit, with its rules."""

    organisation_id: str
    name: Line
    name_en: OptionalLine = ""
    summary: Annotated[str, StringConstraints(max_length=500)] = ""
    summary_en: Annotated[str, StringConstraints(max_length=500)] = ""
    keywords: Annotated[list[str], Field(max_length=MOST_KEYWORDS), BeforeValidator(_words)] = Field(
        default_factory=list
    )
    papers: Annotated[list[str], BeforeValidator(_lines)] = Field(default_factory=list)
    papers_en: Annotated[list[str], BeforeValidator(_lines)] = Field(default_factory=list)
    duration_minutes: Annotated[int, Field(ge=5, le=240)]
    step_minutes: Annotated[int, Field(ge=5, le=240)]
    buffer_before_minutes: Annotated[int, Field(ge=0, le=120)] = 0
    buffer_after_minutes: Annotated[int, Field(ge=0, le=120)] = 0
    notice_minutes: Annotated[int, Field(ge=0, le=30 * 1440)] = 0
    horizon_days: Annotated[int, Field(ge=1, le=366)]
    reminder_hours: Annotated[int, Field(ge=1, le=336)]
    sms_reminder_minutes: Annotated[int, Field(ge=0, le=2880)] = 120
    audiences: list[Literal["citizen", "staff", "partner"]] = Field(default_factory=list, validate_default=True)
    modes: list[Literal["kiosk", "home"]] = Field(default_factory=list, validate_default=True)
    languages: list[LanguageCode] = Field(default_factory=list, validate_default=True)
    meets_needs: list[MetNeed] = Field(default_factory=list)
    interpreter_email: Email | None = None
    future_limit: Annotated[int, Field(ge=1, le=20)]
    walk_in: bool = False
    waiting_list: bool = False
    offer_minutes: Annotated[int, Field(ge=5, le=1440)]

    _some = field_validator("audiences", "modes", "languages")(_some)

    @field_validator("papers_en")
    @classmethod
    def _as_many_papers(cls, value: list[str], info: Any) -> list[str]:
        if value and len(value) != len(info.data.get("papers", value)):
            raise PydanticCustomError("papers", PAPERS_ERROR)
        return value
