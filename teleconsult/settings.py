"""Settings from the environment (`TELECONSULT_*`), validated at start; docs/settings.md describes each."""

import secrets
from email.errors import HeaderParseError
from email.headerregistry import Address
from functools import cached_property
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from teleconsult.sms_settings import SmsSettings

# Shorter ones are not believed (RFC 8301 3.2).
DKIM_BITS = 1024


class Settings(SmsSettings):
    """Everything a deployer can set. A value that makes no sense stops the program with a sentence that says why."""

    model_config = SettingsConfigDict(env_prefix="TELECONSULT_", env_ignore_empty=True, extra="ignore", frozen=True)

    data_dir: Path = Field(default=Path("var"), description="Folder for what the program keeps itself")
    database_url: str = Field(default="", description="sqlite:///path or postgres://user:password@host/name")
    redis_url: str = Field(default="", description="redis://host:6379/0, by which several processes work as one")
    drain_seconds: int = Field(default=0, ge=0, le=86_400, description="How long a stop waits for running calls to end")
    probe_key: str = Field(default="", description="Lets monitoring run test calls (signaling.probe); 32 characters")
    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=8080, ge=0, le=65535, description="TCP port to listen on")
    public_url: str = Field(default="", description="Address at which browsers reach the service")
    secret_key: str = Field(default="", description="Signs links, passes and tickets; 32 characters at least")
    trusted_proxies: int = Field(default=0, ge=0, le=5, description="Reverse proxies in front (X-Forwarded-For)")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="What is logged")
    log_format: Literal["text", "json"] = Field(default="text", description="How it is logged")
    dsfr_dist: Path | None = Field(default=None, description="Folder of the State's design system, if you may use it")
    smtp_url: str = Field(
        default="", description="Mail server: smtp://user:password@host:587?starttls=1 or smtps://user:password@host"
    )
    deliver: bool = Field(default=True, description="Send mails from this process; if not, another one must")
    mail_from: str = Field(default="", description="The service's own mail address; invitations come from it")
    dkim_key: Path | None = Field(default=None, description="File with the RSA key (PEM) that signs mails (DKIM)")
    dkim_selector: str = Field(
        default="teleconsult",
        pattern=r"^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,61}[a-zA-Z0-9])?$",
        description="The key's name",
    )
    dkim_domain: str = Field(default="", description="Domain that signs; that of the mail address if none is set")
    imap_url: str = Field(
        default="", description="Mailbox of answers and bounces: imaps://user:password@host/INBOX?done=folder"
    )
    imap_authserv_id: str = Field(
        default="", description="Name under which our mail server writes Authentication-Results (RFC 8601)"
    )
    kiosk_idle_seconds: int = Field(default=90, ge=15, le=3600, description="Silence before a kiosk asks who is there")
    kiosk_warning_seconds: int = Field(default=30, ge=5, le=300, description="Time to answer before the kiosk is wiped")
    turn_urls: str = Field(default="", description="TURN servers for participants, comma-separated")
    turn_secret: str = Field(default="", description="Secret shared with coturn (use-auth-secret)")
    media_ports: str = Field(
        default="", pattern=r"^(\d{1,5}-\d{1,5})?$", description="UDP ports of the relay, first-last"
    )
    media_address: str = Field(default="", description="Public IP address of the relay, behind a one-to-one NAT")
    media_bind: str = Field(
        default="", description="Addresses of this machine that the relay listens on, comma-separated; all if empty"
    )
    relay_max_rooms: int = Field(default=0, ge=0, description="Rooms that this process opens at once; 0: no limit")
    relay_max_packets: int = Field(
        default=0, ge=0, description="Packets a second beyond which no room is opened; 0: no limit"
    )
    relay_max_cpu_percent: int = Field(
        default=90, ge=0, le=100, description="Use of a core beyond which no room is opened; 0: no limit"
    )
    media_loopback: bool = Field(default=False, description="Offer 127.0.0.1 as well (always so in the demonstration)")
    api_reads_per_minute: int = Field(default=600, ge=1, description="API reads a minute from one network")
    api_bookings_per_hour: int = Field(default=60, ge=1, description="API bookings an hour from one network")
    calendar_allowed_networks: str = Field(
        default="", description="Networks, not public, where agents' own calendars may be read from"
    )
    demo: bool = Field(default=False, description="Demonstration: known passwords, mailbox page. Never with real data")

    @field_validator("public_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("secret_key", "probe_key")
    @classmethod
    def _long_enough(cls, value: str) -> str:
        if value and len(value) < 32:
            raise ValueError("must have 32 characters at least: try `openssl rand -hex 32`")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgres://", "postgresql://")):
            raise ValueError("must begin with sqlite:/// or postgres://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _known_bus(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// (TLS) or unix://")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _known_mail_server(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("smtp", "smtps") or not parts.hostname):
            raise ValueError("must be smtp://host or smtps://host, with user:password@ and :port if needed")
        return value

    @field_validator("imap_url")
    @classmethod
    def _known_mailbox(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("imap", "imaps") or not parts.hostname or not parts.password):
            raise ValueError("must be imaps://user:password@host/folder, or imap:// with ?starttls=1")
        if not unquote(value).isascii():
            raise ValueError("must have ASCII characters only, in the password and in folders too")
        return value

    @field_validator("calendar_allowed_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        try:
            for part in filter(None, (each.strip() for each in value.split(","))):
                ip_network(part)
        except ValueError:
            raise ValueError("must be networks like 10.0.0.0/8, separated by commas") from None
        return value

    @field_validator("dkim_key")
    @classmethod
    def _a_key(cls, value: Path | None) -> Path | None:
        if value is not None:
            try:
                key = load_pem_private_key(value.read_bytes(), None)
            except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
                raise ValueError("must be a file with a private key (PEM, without a password)") from error
            if not isinstance(key, RSAPrivateKey) or key.key_size < DKIM_BITS:
                raise ValueError(f"must hold an RSA key of {DKIM_BITS} bits at least")
        return value

    @field_validator("media_bind", "media_address")
    @classmethod
    def _ip_addresses(cls, value: str) -> str:
        try:
            for part in filter(None, (each.strip() for each in value.split(","))):
                ip_address(part)
        except ValueError:
            raise ValueError("must be an IP address, like 192.0.2.7 or 2001:db8::7") from None
        return value

    @field_validator("mail_from")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if value:
            try:
                Address(addr_spec=value)
            except (HeaderParseError, ValueError, IndexError):
                raise ValueError("must be one mail address, without a name") from None
        return value

    @property
    def mail_sender(self) -> str:
        """The address that mails and invitations come from; one at the public host when none is set."""
        return self.mail_from or f"rendez-vous@{urlsplit(self.origin).hostname}"

    @property
    def dkim_signer(self) -> str:
        """The domain in whose name mails are signed."""
        return self.dkim_domain or self.mail_sender.rpartition("@")[2]

    @property
    def database(self) -> str:
        """The database's URL; an SQLite file in the data folder when none is set."""
        return self.database_url or f"sqlite://{(self.data_dir / 'teleconsult.sqlite3').resolve()}"

    @property
    def origin(self) -> str:
        """The scheme, host and port that browsers see, without a final slash."""
        return self.public_url or f"http://localhost:{self.port}"

    @property
    def secure(self) -> bool:
        """Whether browsers reach the service over HTTPS, so that cookies can be limited to it."""
        return self.origin.startswith("https://")

    @cached_property
    def signing_key(self) -> str:
        """The key that signs tokens: the configured one, or one made once and kept in the data folder."""
        if self.secret_key:
            return self.secret_key
        path = self.data_dir / "secret.key"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32), encoding="ascii")
        return path.read_text(encoding="ascii").strip()
