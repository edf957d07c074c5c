"""What comes into booking and goes out of it as JSON: the models of the public interface."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from booking.engine.search import Slot
from booking.lifecycle import Outcome, Status
from booking.needs import is_need
from teleconsult.web.forms import TEXTS
from teleconsult.web.i18n import N_
from teleconsult.web.openapi import Problem

# A French number is written without its country; the overseas territories each have their own code.
PHONE_REGIONS = ("FR", "RE", "GP", "MQ", "GF", "YT", "PM", "NC", "PF", "WF")
MAX_NEEDS = 8
FIRST_YEAR, LAST_YEAR = 2000, 2200

PHONE_ERROR = N_("Ce numéro de téléphone n’existe pas. Écrivez-le comme 06 12 34 56 78.")
NEED_ERROR = N_("Ce besoin n’est pas dans la liste.")
NAME_ERROR = N_("Écrivez un nom, sans signe spécial.")
NEAR_ERROR = N_("Donnez une latitude et une longitude, comme 47.90,1.90.")
EMAIL_ERROR = N_("Cette adresse électronique n’est pas complète.")


def _phone(value: Any) -> Any:
    """Return a telephone number as E.164 (ITU-T), or nothing as it came."""
    if not isinstance(value, str) or not value.strip():
        return value
    for region in PHONE_REGIONS:
        try:
            number = phonenumbers.parse(value, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    raise PydanticCustomError("phone", PHONE_ERROR)


def _email(value: Any) -> Any:
    """Return an address as it is written best; whether it exists is not asked of the network."""
    if not isinstance(value, str):
        return value
    try:
        return validate_email(value, check_deliverability=False).normalized
    except EmailNotValidError:
        raise PydanticCustomError("email", EMAIL_ERROR) from None


def _need(value: Any) -> Any:
    if isinstance(value, str) and not is_need(value):
        raise PydanticCustomError("need", NEED_ERROR)
    return value


def _name(value: Any) -> Any:
    """Refuse what is no name: control characters would end up in mail headers and on slips."""
    if isinstance(value, str):
        value = " ".join(value.split())
        if any(not char.isprintable() for char in value) or not (value == "" or any(char.isalpha() for char in value)):
            raise PydanticCustomError("name", NAME_ERROR)
    return value


def _of_this_age(value: datetime) -> datetime:
    """Refuse an instant at the ends of time, which other zones cannot tell."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise PydanticCustomError("instant", TEXTS["datetime_parsing"])
    return value


def _near(value: Any) -> Any:
    """Read `47.90,1.90` (degrees, WGS 84) as a pair."""
    if not isinstance(value, str):
        return value
    try:
        latitude, longitude = (float(part) for part in value.split(","))
    except ValueError:
        raise PydanticCustomError("near", NEAR_ERROR) from None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise PydanticCustomError("near", NEAR_ERROR)
    return latitude, longitude


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), BeforeValidator(_name)]
Phone = Annotated[str, Field(max_length=20, examples=["+33612345678"]), BeforeValidator(_phone)]
Email = Annotated[str, Field(max_length=254, json_schema_extra={"format": "email"}), BeforeValidator(_email)]
Need = Annotated[str, Field(max_length=40, examples=["wheelchair", "interpreter:ar"]), BeforeValidator(_need)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Mode = Annotated[
    Literal["kiosk", "home"],
    Field(description="Where the citizen sits: at a kiosk of the house, or at home, where the service allows it"),
]
Instant = Annotated[AwareDatetime, AfterValidator(_of_this_age)]
Near = Annotated[tuple[float, float], BeforeValidator(_near)]


class Incoming(BaseModel):
    """What others send: unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Citizen(Incoming):
    """The person an appointment is for: what is needed to meet and to tell them, and no more."""

    given_name: Name
    family_name: Name
    email: Email | None = None
    phone: Phone | None = None
    language: Language = "fr"


class WaitingForm(BaseModel):
    """Who waits for a freed slot, and for how many weeks. Slots are offered by mail: the address is needed."""

    given_name: Name
    family_name: Name
    email: Email
    phone: Phone | None = None
    language: Language = "fr"
    weeks: Literal["1", "2", "4", "8"] = "4"

    @property
    def citizen(self) -> Citizen:
        """The person as booking knows them."""
        return Citizen.model_validate(self.model_dump(include=set(Citizen.model_fields)))


class AppointmentRequest(Incoming):
    """A booking: a service, a house, a start that `slots` offered, and for whom."""

    service: Identifier
    site: Identifier
    start: Instant
    citizen: Citizen
    needs: list[Need] = Field(default_factory=list, max_length=MAX_NEEDS)
    mode: Mode = "kiosk"


class RescheduleRequest(Incoming):
    """A move to another start, perhaps at another house."""

    start: Instant
    site: Identifier | None = None


class CancelRequest(Incoming):
    """A cancellation, with a reason if the caller gives one."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""


class ServicesQuery(Incoming):
    """Which services: those offered in a department, or all."""

    department: Annotated[str, StringConstraints(max_length=3)] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    cursor: Annotated[str, StringConstraints(max_length=64)] | None = None


class SitesQuery(Incoming):
    """Which houses: nearest first if a place is given, else by name."""

    near: Near | None = None
    department: Annotated[str, StringConstraints(max_length=3)] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    cursor: Annotated[str, StringConstraints(max_length=64)] | None = None


class SlotsQuery(Incoming):
    """Slots of a service at a house, for `days` local days from `from` (today if not given)."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    service: Identifier
    site: Identifier
    first_day: date | None = Field(default=None, alias="from")
    days: Annotated[int, Field(ge=1, le=62)] = 7
    mode: Mode = "kiosk"


class AvailabilityQuery(Incoming):
    """The nearest houses that offer a service, each with its first slot."""

    service: Identifier
    near: Near
    limit: Annotated[int, Field(ge=1, le=50)] = 10
    mode: Mode = "kiosk"


class ServiceOut(BaseModel):
    """A service as it is offered."""

    id: str
    slug: str
    name: str
    organisation: str
    summary: str
    duration_minutes: int
    documents: list[str]
    modes: list[Mode]
    walk_in: bool = Field(description="Whether kiosks take people without an appointment for it")


class SiteOut(BaseModel):
    """A house with kiosks. `distance_km` is the great circle's, or null when no place was given."""

    id: str
    name: str
    commune: str
    department: str
    address: str
    postcode: str
    latitude: float
    longitude: float
    timezone: str
    distance_km: float | None
    kiosks: int


class SiteAvailabilityOut(BaseModel):
    """A house and its first slot, or null when it has none within the service's horizon."""

    site: SiteOut
    distance_km: float
    first_slot: Slot | None


class Links(BaseModel):
    """Absolute addresses. `manage`, `pass` and `calendar` carry a signed capability: keep them as one keeps a key."""

    model_config = ConfigDict(populate_by_name=True)

    self: str
    manage: str
    pass_: str = Field(alias="pass", serialization_alias="pass")
    calendar: str


class AppointmentOut(BaseModel):
    """An appointment, its times in the zone of the house. `kiosk` is null for one that is held from home."""

    id: str
    reference: str
    status: Status
    outcome: Outcome | None
    service: str
    site: str
    mode: Mode
    kiosk: str | None
    start: datetime
    end: datetime
    timezone: str
    links: Links


class AlternativeOut(BaseModel):
    """A slot offered instead of one that was taken."""

    site: str
    name: str
    commune: str
    timezone: str
    distance_km: float
    start: datetime
    end: datetime


class SlotTakenProblem(Problem):
    """Somebody else was faster (`slot_taken`): what to offer instead, the best first."""

    alternatives: list[AlternativeOut] | None = None


class Services(BaseModel):
    """A page of services."""

    items: list[ServiceOut]
    next: str | None


class Sites(BaseModel):
    """A page of houses."""

    items: list[SiteOut]
    next: str | None


class Slots(BaseModel):
    """Slots in order of start."""

    items: list[Slot]
    next: str | None


class Availability(BaseModel):
    """Houses, nearest first."""

    items: list[SiteAvailabilityOut]
    next: str | None
