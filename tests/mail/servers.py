"""Real SMTP servers on loopback that ask for passwords, speak TLS, go away and come back."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.smtp import SmtpServer

USER, PASSWORD = "tele@consult", "p@ss/word:1"


class Server(SmtpServer):
    """An SmtpServer that counts its connections and can refuse recipients and passwords."""

    def __init__(self) -> None:
        super().__init__()
        self.refuse_recipient: str | None = None
        self.sessions: list[SMTP] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuse_recipient is not None:
            return self.refuse_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def drop_all(self) -> None:
        """Cut every connection, as a server does that goes away."""
        for session in self.sessions:
            if session.transport is not None:
                session.transport.abort()


def check_password(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    """Accept the one user there is."""
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


@asynccontextmanager
async def listening(
    handler: Server, port: int = 0, *, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[Server]:
    """Listen on this port (0: a free one) until the block ends, then go away with all connections."""
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        handler.sessions.append(SMTP(handler, loop=loop, **options))
        return handler.sessions[-1]

    listener = await loop.create_server(session, "127.0.0.1", port, ssl=tls)
    handler.port = listener.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        listener.close()
        handler.drop_all()
        await listener.wait_closed()


def make_certificate(folder: Path) -> Path:
    """Make a certificate for 127.0.0.1 and localhost that signs itself; return the file with it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
