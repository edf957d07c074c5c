"""The SMTP mailer against real servers: what they refuse, when they go away, with passwords and over TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import pytest

from booking.ports import PermanentFailure, TemporaryFailure
from teleconsult.mail import smtp
from teleconsult.mail.smtp import Server as Address
from teleconsult.mail.smtp import SmtpMailer, read_server
from tests.mail.servers import PASSWORD, USER, Server, check_password, listening, make_certificate
from tests.support.ports import free_port

SENDER = "rendez-vous@rdv.example.fr"
LOGIN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}"


def letter(subject: str = "Bonjour") -> EmailMessage:
    message = EmailMessage()
    message["From"] = SENDER
    message["To"] = "ada@mail.example"
    message["Subject"] = subject
    message.set_content("Été comme hiver.", cte="base64")
    return message


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with listening(Server(), enable_SMTPUTF8=True) as server:
        yield server


@pytest.fixture
async def mailer(server: Server) -> AsyncIterator[SmtpMailer]:
    async with SmtpMailer(read_server(server.url), sender=SENDER) as mailer:
        yield mailer


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", Address("mail.example", 25, tls=False, starttls=None)),
        ("smtp://mail.example:587?starttls=1", Address("mail.example", 587, tls=False, starttls=True)),
        ("smtp://127.0.0.1:2525/?starttls=0", Address("127.0.0.1", 2525, tls=False, starttls=False)),
        ("smtps://u%40x:p%2F%3A@mail.example", Address("mail.example", 465, True, False, "u@x", "p/:")),
    ],
)
def test_address_is_read(url: str, server: Address) -> None:
    assert read_server(url) == server


async def test_mail_arrives_as_it_was_written(mailer: SmtpMailer, server: Server) -> None:
    await mailer.send(letter("Été"), recipient="ada@mail.example")
    (received,) = server.received
    assert received.sender == SENDER
    assert received.recipients == ("ada@mail.example",)
    assert received.message["Subject"] == "Été"
    assert received.message["Content-Transfer-Encoding"] == "base64"
    assert received.message.get_content().strip() == "Été comme hiver."


@pytest.mark.parametrize("stage", ["recipient", "content"])
@pytest.mark.parametrize(
    ("reply", "failure", "reason"),
    [
        ("450 4.2.1 ada@mail.example is busy", TemporaryFailure, "smtp_450"),
        ("452 4.3.1 full", TemporaryFailure, "smtp_452"),
        ("421 4.3.2 going down", TemporaryFailure, "smtp_421"),
        ("550 5.1.1 ada@mail.example is unknown", PermanentFailure, "smtp_550"),
        ("554 5.7.1 not wanted", PermanentFailure, "smtp_554"),
    ],
)
async def test_refusals_are_told_apart_and_the_next_mail_goes_through(
    mailer: SmtpMailer, server: Server, stage: str, reply: str, failure: type[Exception], reason: str
) -> None:
    setattr(server, "refuse_recipient" if stage == "recipient" else "refuse", reply)
    with pytest.raises(failure) as refused:
        await mailer.send(letter(), recipient="ada@mail.example")
    assert str(refused.value) == reason, "a code only: the server's words name people"
    server.refuse_recipient = server.refuse = None
    await mailer.send(letter(), recipient="ada@mail.example")
    assert len(server.received) == 1


async def test_connection_is_used_again(mailer: SmtpMailer, server: Server) -> None:
    for _ in range(5):
        await mailer.send(letter(), recipient="ada@mail.example")
    assert len(server.sessions) == 1


async def test_many_at_once_share_few_connections(mailer: SmtpMailer, server: Server) -> None:
    await asyncio.gather(*(mailer.send(letter(str(number)), recipient="ada@mail.example") for number in range(50)))
    assert {received.message["Subject"] for received in server.received} == {str(number) for number in range(50)}
    assert len(server.sessions) <= smtp.CONNECTIONS


@pytest.mark.parametrize("rest", [0, 3600])
async def test_connection_that_the_server_closed_meanwhile_costs_no_mail(
    mailer: SmtpMailer, server: Server, monkeypatch: pytest.MonkeyPatch, rest: int
) -> None:
    monkeypatch.setattr(smtp, "REST_SECONDS", rest)
    await mailer.send(letter(), recipient="ada@mail.example")
    server.drop_all()
    async with asyncio.timeout(10):
        while True:
            # until the end of the connection has been noticed, a mail may be refused for now, but never for good
            try:
                await mailer.send(letter(), recipient="ada@mail.example")
            except TemporaryFailure:
                continue
            break
    assert len(server.received) == 2
    assert len(server.sessions) == 2


async def test_server_goes_away_and_comes_back() -> None:
    port, handler = free_port(), Server()
    async with SmtpMailer(read_server(f"smtp://127.0.0.1:{port}"), sender=SENDER) as mailer:
        with pytest.raises(TemporaryFailure):
            await mailer.send(letter(), recipient="ada@mail.example")
        for served in (1, 2):
            async with listening(handler, port):
                await mailer.send(letter(), recipient="ada@mail.example")
            assert len(handler.received) == served
            with pytest.raises(TemporaryFailure):
                await mailer.send(letter(), recipient="ada@mail.example")


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
async def test_password_is_sent_and_a_wrong_one_fails_no_mail_for_good() -> None:
    options = {"authenticator": check_password, "auth_require_tls": False, "auth_required": True}
    async with listening(Server(), **options) as server:
        host = f"127.0.0.1:{server.port}"
        async with SmtpMailer(read_server(f"smtp://{LOGIN}@{host}"), sender=SENDER) as mailer:
            await mailer.send(letter(), recipient="ada@mail.example")
        for login, reason in (("someone:else@", "smtp_535"), ("", "smtp_530")):
            async with SmtpMailer(read_server(f"smtp://{login}{host}"), sender=SENDER) as mailer:
                with pytest.raises(TemporaryFailure, match=reason):
                    await mailer.send(letter(), recipient="ada@mail.example")
        assert len(server.received) == 1


@pytest.mark.parametrize("scheme", ["smtps://127.0.0.1:{}", "smtp://127.0.0.1:{}?starttls=1", "smtp://127.0.0.1:{}"])
async def test_tls_is_spoken_and_certificates_are_checked(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    direct = scheme.startswith("smtps")
    options = {"tls": context} if direct else {"tls_context": context, "require_starttls": True}
    async with listening(Server(), **options) as server:
        url = scheme.format(server.port)
        async with SmtpMailer(read_server(url), sender=SENDER) as mailer:
            with pytest.raises(TemporaryFailure):
                await mailer.send(letter(), recipient="ada@mail.example")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        async with SmtpMailer(read_server(url), sender=SENDER) as mailer:
            await mailer.send(letter(), recipient="ada@mail.example")
        assert len(server.received) == 1


async def test_required_tls_is_never_given_up(server: Server) -> None:
    async with SmtpMailer(read_server(f"{server.url}?starttls=1"), sender=SENDER) as mailer:
        with pytest.raises(TemporaryFailure):
            await mailer.send(letter(), recipient="ada@mail.example")
    assert server.received == []


async def test_address_beyond_ascii_needs_a_server_that_can(mailer: SmtpMailer, server: Server) -> None:
    await mailer.send(letter(), recipient="zoé@mail.example")
    assert server.received[0].recipients == ("zoé@mail.example",)
    async with (
        listening(Server(), enable_SMTPUTF8=False) as old,
        SmtpMailer(read_server(old.url), sender=SENDER) as to_old,
    ):
        with pytest.raises(PermanentFailure):
            await to_old.send(letter(), recipient="zoé@mail.example")


async def test_mail_that_is_broken_off_leaves_no_half_used_connection(mailer: SmtpMailer, server: Server) -> None:
    await mailer.send(letter(), recipient="ada@mail.example")
    sending = asyncio.create_task(mailer.send(letter(), recipient="ada@mail.example"))
    await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await mailer.send(letter("whole"), recipient="ada@mail.example")
    assert server.received[-1].message["Subject"] == "whole"
    assert len(server.sessions) == 2
