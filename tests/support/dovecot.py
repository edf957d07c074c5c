"""A real IMAP server on loopback with one mailbox: Dovecot, run by whoever runs the tests (by nobody for root)."""

import asyncio
import grp
import mailbox
import os
import pwd
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tests.support.ports import free_port

USER, PASSWORD = "rendez-vous", "p@ss word/1"
PLACES = ("/usr/sbin/dovecot", "/usr/local/sbin/dovecot", "/usr/local/bin/dovecot")
CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_location = maildir:{folder}/mail
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{certificate}
auth_mechanisms = plain login
disable_plaintext_auth = no
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
"""


@dataclass(frozen=True)
class DovecotServer:
    """Where it is, and its folder of mails (a Maildir)."""

    port: int
    tls_port: int
    mails: Path
    owner: tuple[int, int]

    def url(self, *, starttls: bool = True, done: str = "", host: str = "localhost") -> str:
        """Return the mailbox as TELECONSULT_IMAP_URL takes it."""
        signed_in = f"{USER}:{quote(PASSWORD, safe='')}@{host}"
        end = f"&done={done}" if done else ""
        if starttls:
            return f"imap://{signed_in}:{self.port}/INBOX?starttls=1{end}"
        return f"imaps://{signed_in}:{self.tls_port}/INBOX?{end.lstrip('&')}"

    def deliver(self, content: bytes) -> None:
        """Put a mail into the inbox, as a delivery agent does."""
        box = mailbox.Maildir(self.mails, factory=None)
        key = box.add(content)
        for path in (self.mails / "new").iterdir():
            if path.name.startswith(key.split(":")[0]):
                os.chown(path, *self.owner)

    def flags(self, folder: str = "") -> list[str]:
        """Return the flags of each mail of a folder (S seen, F flagged), those not yet looked at first."""
        place = self.mails / f".{folder}" if folder else self.mails
        if not place.is_dir():
            return []
        found = [path.name for part in ("new", "cur") for path in (place / part).iterdir()]
        return sorted(name.partition(":2,")[2] for name in found)


def _program() -> str:
    for place in (shutil.which("dovecot"), *PLACES):
        if place and Path(place).exists():
            return place
    raise AssertionError("Dovecot is missing: apt-get install dovecot-imapd (see scripts/test-system.sh)")


def _prepare(certificate: Path) -> tuple[DovecotServer, Path]:
    """Make the server's folder: not in the test's own, which only its owner may enter."""
    owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
    folder.chmod(0o755)
    pem = folder / "server.pem"
    pem.write_bytes(certificate.read_bytes())
    (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", encoding="utf-8")
    server = DovecotServer(free_port(), free_port(), folder / "mail", (owner.pw_uid, owner.pw_gid))
    mailbox.Maildir(server.mails, create=True)
    for path in (folder / "home", folder / "state"):
        path.mkdir()
    for path in (server.mails, folder / "home", *server.mails.iterdir()):
        os.chown(path, *server.owner)
    settings = CONFIGURATION.format(
        folder=folder, user=owner.pw_name, group=grp.getgrgid(owner.pw_gid).gr_name, uid=owner.pw_uid,
        gid=owner.pw_gid, certificate=pem, port=server.port, tls_port=server.tls_port,
    )  # fmt: skip
    (folder / "dovecot.conf").write_text(settings, encoding="utf-8")
    return server, folder


@asynccontextmanager
async def running_dovecot(certificate: Path) -> AsyncIterator[DovecotServer]:
    """Run Dovecot with an empty mailbox until the end of the block; `certificate` holds its key as well."""
    program = _program()
    server, folder = _prepare(certificate)
    process = await asyncio.create_subprocess_exec(
        program, "-F", "-c", str(folder / "dovecot.conf"), stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await _answering(server, process)
        yield server
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        shutil.rmtree(folder, ignore_errors=True)


async def _answering(server: DovecotServer, process: asyncio.subprocess.Process) -> None:
    """Wait until the server says that it is ready."""
    for _ in range(300):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        except OSError:
            assert process.returncode is None, f"Dovecot did not start, run {_program()} -F to see why"
            await asyncio.sleep(0.1)
            continue
        greeting = await asyncio.wait_for(reader.readline(), 20)
        writer.close()
        assert greeting.startswith(b"* OK"), greeting
        return
    raise AssertionError("Dovecot does not answer")
