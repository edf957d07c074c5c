"""Signed mails, as they arrive at a real server, verified against the key's own record in DNS."""

import base64
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import cast

import dkim
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from booking.notifications.kinds import Kind, Recipient
from teleconsult.mail.dkim_signature import read_key
from teleconsult.mail.smtp import SmtpMailer, read_server
from teleconsult.settings import Settings
from tests.booking.meetings import NOW, SENDER, composer, make_meeting
from tests.mail.servers import Server, listening

SELECTOR, DOMAIN = "rdv2026", "rdv.example.fr"


class Raw(Server):
    """A server that keeps what it is given byte by byte."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.sources.append(cast("bytes", envelope.original_content))
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture
async def server() -> AsyncIterator[Raw]:
    raw = Raw()
    async with listening(raw, enable_SMTPUTF8=True):
        yield raw


@pytest.fixture(scope="module")
def private() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def key_file(private: rsa.RSAPrivateKey, tmp_path: Path) -> Path:
    path = tmp_path / "dkim.pem"
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def verified(source: bytes, private: rsa.RSAPrivateKey) -> bool:
    """Whether a signature holds for who finds our public key in DNS."""
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)

    def lookup(name: bytes, timeout: int = 5) -> bytes:
        return record if name == f"{SELECTOR}._domainkey.{DOMAIN}.".encode() else b""

    return bool(dkim.verify(source, dnsfunc=lookup))


@pytest.mark.parametrize("address", ["zoe.q@mail.example", "zoé@mail.example"])  # sent as UTF-8 to the second one
@pytest.mark.parametrize("kind", [Kind.INVITATION, Kind.REMINDER])
async def test_signature_holds_as_the_mail_arrives_and_breaks_when_it_is_changed(
    server: Raw, private: rsa.RSAPrivateKey, key_file: Path, tmp_path: Path, kind: Kind, address: str
) -> None:
    message = composer(tmp_path).compose(
        make_meeting(), kind=kind, recipient=Recipient.CITIZEN, notice_id="f" * 32, earlier=["a" * 32],
        now=NOW,
    )  # fmt: skip
    key = read_key(key_file, domain=DOMAIN, selector=SELECTOR)
    async with SmtpMailer(read_server(server.url), sender=SENDER, key=key) as mailer:
        await mailer.send(message, recipient=address)
        await mailer.send(message, recipient=address)
    for source in server.sources:
        assert verified(source, private)
        read = message_from_bytes(source, policy=default)
        assert len(read.get_all("DKIM-Signature", [])) == 1, "signed anew, not twice"
        assert f"d={DOMAIN}" in read["DKIM-Signature"]
        signed = "".join(read["DKIM-Signature"].split()).partition("h=")[2].partition(";")[0].split(":")
        assert signed.count("from") == 2
        assert {"to", "subject", "date", "message-id", "references", "content-type"} <= set(signed)
    (source, _) = server.sources
    assert not verified(source.replace(b"Subject: ", b"Subject: Re: ", 1), private)
    assert not verified(b"From: somebody@else.example\r\n" + source, private)
    head, _, body = source.partition(b"\r\n\r\n")
    assert not verified(head + b"\r\n\r\n" + body.replace(b"\r\n--", b"\r\nX\r\n--", 1), private)
    assert not verified(source, rsa.generate_private_key(65537, 1024))


async def test_nothing_is_signed_without_a_key(server: Raw, tmp_path: Path) -> None:
    message = composer(tmp_path).compose(
        make_meeting(), kind=Kind.INVITATION, recipient=Recipient.CITIZEN, notice_id="f" * 32, now=NOW
    )
    async with SmtpMailer(read_server(server.url), sender=SENDER) as mailer:
        await mailer.send(message, recipient="zoe.q@mail.example")
    assert b"DKIM-Signature" not in server.sources[0]


def test_key_is_checked_when_the_program_starts(key_file: Path, tmp_path: Path) -> None:
    settings = Settings(dkim_key=key_file, public_url="https://rdv.example.fr")
    assert (settings.dkim_signer, settings.dkim_selector) == ("rdv.example.fr", "teleconsult")
    assert Settings(dkim_domain="example.fr").dkim_signer == "example.fr"
    with pytest.raises(ValueError, match="must be a file with a private key"):
        Settings(dkim_key=tmp_path / "none.pem")
    curve = tmp_path / "ec.pem"
    curve.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    with pytest.raises(ValueError, match="must hold an RSA key"):
        Settings(dkim_key=curve)
    with pytest.raises(ValueError, match="pattern"):
        Settings(dkim_selector="not a name")
