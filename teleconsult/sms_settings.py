"""Settings of text messages: the operator's gateway, what they cost, and how delivery receipts come back."""

import json
import re
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings

SCHEMES = ("http", "https", "smpp", "smpps")
DEFAULT_BODY = '{"to": "{to}", "from": "{sender}", "text": "{text}", "reference": "{reference}"}'
# France and its territories, and whoever lives across the border
DEFAULT_COUNTRIES = "FR,GP,MQ,GF,RE,YT,PM,BL,MF,WF,PF,NC,BE,LU,DE,CH,IT,ES,MC,AD"
ALPHANUMERIC_SENDER = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{3,11}|\+?[0-9]{3,15}")
POINTER = r"^(/[^/]*)*$"  # RFC 6901


class SmsSettings(BaseSettings):
    """What a deployer sets for text messages; without a gateway none are sent."""

    sms_url: str = Field(
        default="", description="SMS gateway: https://... (HTTP) or smpp://user:password@host:2775 (smpps: with TLS)"
    )
    sms_sender: str = Field(default="", description="Who text messages come from: up to 11 letters, or a number")
    sms_method: Literal["POST", "PUT", "GET"] = Field(default="POST", description="HTTP gateway: method")
    sms_format: Literal["json", "form"] = Field(default="json", description="HTTP gateway: how the body is written")
    sms_body: str = Field(default=DEFAULT_BODY, description="HTTP gateway: body, as a JSON object with placeholders")
    sms_auth: str = Field(
        default="", description="HTTP gateway: basic USER:PASSWORD, bearer TOKEN or header NAME:VALUE"
    )
    sms_accepts: str = Field(
        default="200,201,202", pattern=r"^[1-5]\d\d(,\s*[1-5]\d\d)*$", description="HTTP gateway: statuses of success"
    )
    sms_message_id: str = Field(
        default="/id",
        pattern=rf"^-$|{POINTER}",
        description="HTTP gateway: where its answer names the message (JSON pointer)",
    )
    sms_countries: str = Field(
        default=DEFAULT_COUNTRIES,
        pattern=r"^(\*|[A-Z]{2}(,\s*[A-Z]{2})*)$",
        description="Countries that text messages may go to (ISO 3166-1); * for any",
    )
    sms_price: float = Field(default=0.0, ge=0, le=10, description="What one part of a text message costs, in euros")
    sms_receipt_secret: str = Field(default="", description="Opens the address of delivery receipts; 16 characters")
    sms_receipt_proof: str = Field(
        default="query:token",
        pattern=r"^(query|header|signature):[A-Za-z0-9_-]+$",
        description="Where a receipt shows the secret: query:NAME, header:NAME, or signature:NAME (HMAC-SHA256)",
    )
    sms_receipt_id: str = Field(default="/id", pattern=POINTER, description="Where a receipt names the message")
    sms_receipt_status: str = Field(default="/status", pattern=POINTER, description="Where a receipt says what became")
    sms_receipt_delivered: str = Field(default="delivered,DELIVRD", description="Receipts: words for delivered")
    sms_receipt_failed: str = Field(
        default="failed,undelivered,undeliverable,rejected,expired,UNDELIV,REJECTD,EXPIRED,DELETED",
        description="Receipts: words for not delivered",
    )

    @field_validator("sms_url")
    @classmethod
    def _known_gateway(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in SCHEMES or not parts.hostname):
            raise ValueError("must be https://... or smpp://user:password@host:port")
        if value and parts.scheme.startswith("smpp") and not parts.username:
            raise ValueError("must name its user: smpp://user:password@host:port")
        return value

    @field_validator("sms_sender")
    @classmethod
    def _a_sender(cls, value: str) -> str:
        if value and not ALPHANUMERIC_SENDER.fullmatch(value):
            raise ValueError("must be 3 to 11 letters and digits with a letter among them, or a number")
        return value

    @field_validator("sms_body")
    @classmethod
    def _an_object(cls, value: str) -> str:
        try:
            body = json.loads(value)
        except ValueError:
            raise ValueError("must be a JSON object, with {to} and {text} in its strings") from None
        if not isinstance(body, dict) or "{to}" not in value or "{text}" not in value:
            raise ValueError("must be a JSON object, with {to} and {text} in its strings")
        return value

    @field_validator("sms_auth")
    @classmethod
    def _known_authentication(cls, value: str) -> str:
        kind, _, secret = value.partition(" ")
        if value and (
            kind not in ("basic", "bearer", "header") or not secret or (kind != "bearer" and ":" not in secret)
        ):
            raise ValueError("must be `basic USER:PASSWORD`, `bearer TOKEN` or `header NAME:VALUE`")
        return value

    @field_validator("sms_receipt_secret")
    @classmethod
    def _hard_to_guess(cls, value: str) -> str:
        if value and len(value) < 16:
            raise ValueError("must have 16 characters at least: try `openssl rand -hex 16`")
        return value

    @model_validator(mode="after")
    def _with_a_sender(self) -> Self:
        if self.sms_url.startswith("smpp") and not self.sms_sender:
            raise ValueError("TELECONSULT_SMS_SENDER must be set with an SMPP gateway")
        return self
