"""What a citizen on a phone or laptop has chosen so far: kept in the page's address, which never says who they are."""

import hashlib
import secrets
from datetime import UTC, datetime
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo
from yarl import URL

from booking.schemas import MAX_NEEDS, Citizen, Email, Identifier, Instant, Language, Name, Need, Phone
from teleconsult.web.i18n import N_
from teleconsult.web.keys import SETTINGS

COOKIE = "rdv"
COOKIE_SECONDS = 86_400
MAX_TEXT = 100
MAX_COMPANIONS = 4
MAX_SERIES = 3

BOOKED_BY_ERROR = N_("Dites qui prend ce rendez-vous.")
CONSENT_ERROR = N_("Cochez cette case si la personne est d’accord.")


class Wanted(BaseModel):
    """What was chosen: a service, how to attend, near which town, at which house, at which start."""

    service: Identifier
    mode: Literal["kiosk", "home"] | None = None
    near: str = Field(default="", max_length=MAX_TEXT)
    place: Identifier | None = None
    start: Instant | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_press(cls, data: Any) -> Any:
        """Read a time's button, `start@house`: one press says both."""
        start, at, place = str(data.get("slot", "")).partition("@")
        return {**data, "start": start, "place": place} if at else data

    @field_validator("start")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        """SQLite compares instants as they are written."""
        return value.astimezone(UTC) if value else None

    def address(self, page: str, **changes: Any) -> str:
        """Return the address of a page of the journey, with what was chosen but for `changes`."""
        chosen = {
            "service": self.service,
            "mode": self.mode,
            "near": self.near,
            "place": self.place,
            "start": self.start.isoformat() if self.start else None,
        } | changes
        return str(URL(page).with_query({key: str(value) for key, value in chosen.items() if value}))


class Proof(BaseModel):
    """A proof of work that comes with a form."""

    proof_token: str = Field(default="", max_length=400)
    proof_number: int = Field(default=-1, ge=-1)

    @property
    def solved(self) -> tuple[str, int] | None:
        """The challenge's token and its number; None when no proof came."""
        return (self.proof_token, self.proof_number) if self.proof_token else None


class Booking(BaseModel):
    """Whom the appointment is for, who asks for it, and who comes along."""

    given_name: Name
    family_name: Name
    email: Email | None = None
    phone: Phone | None = None
    language: Language = "fr"
    needs: list[Need] = Field(default_factory=list, max_length=MAX_NEEDS)
    companions: int = Field(default=0, ge=0, le=MAX_COMPANIONS)
    series: int = Field(default=1, ge=1, le=MAX_SERIES)
    for_whom: Literal["me", "other"] = "me"
    booked_by: Name | None = Field(default=None, validate_default=True)
    consent: Literal["yes"] | None = Field(default=None, validate_default=True)

    @field_validator("booked_by")
    @classmethod
    def _named(cls, value: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("for_whom") == "other" and not value:
            raise PydanticCustomError("booked_by", BOOKED_BY_ERROR)
        return value

    @field_validator("consent")
    @classmethod
    def _agreed(cls, value: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("for_whom") == "other" and not value:
            raise PydanticCustomError("consent", CONSENT_ERROR)
        return value

    @property
    def citizen(self) -> Citizen:
        """The person as booking knows them."""
        return Citizen.model_validate(self.model_dump(include=set(Citizen.model_fields)))

    @property
    def on_behalf(self) -> bool:
        """Whether somebody else asks."""
        return self.for_whom == "other"


class Draft(BaseModel):
    """The page that a form comes from: sent twice, it books once."""

    draft: Identifier


def wanted_in(data: Any) -> Wanted | None:
    """Return what an address or a form says was chosen, None if it makes no sense."""
    try:
        return Wanted.model_validate({key: value for key, value in dict(data).items() if value})
    except (ValidationError, ValueError):
        return None


def owner_of(request: web.Request) -> str:
    """Return who holds a slot: the SHA-256 of the browser's cookie; empty for a browser that has none yet."""
    token = request.cookies.get(COOKIE, "")
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest() if token else ""


def known_owner(request: web.Request) -> tuple[str, str]:
    """Return the browser's cookie, a new one if it has none, and the owner that it stands for."""
    token = request.cookies.get(COOKIE) or secrets.token_urlsafe(24)
    return token, hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()


def remember(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Keep the browser's cookie for a day."""
    secure = request.app[SETTINGS].secure
    response.set_cookie(
        COOKIE, token, max_age=COOKIE_SECONDS, path="/rdv", httponly=True, samesite="Lax", secure=secure
    )
