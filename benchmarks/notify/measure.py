"""Messages a second, and how long after they are due; beside them what SMTP alone allows."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from typing import Any

import psutil
from aiosmtplib import SMTP

from booking.models import Notice
from booking.notifications.kinds import Kind, NoticeState
from booking.notifications.messages import message_id
from tests.support.storm import MailServer, Workers, make_reminders, running_mail_server

SENDER = "a@rdv.example"
CONNECTIONS = 8
# What starts before this is not counted: imports, first connections, first plans.
WARM = 200


async def burst(url: str, folder: Path, *, count: int, kind: str, processes: int) -> dict[str, Any]:
    """Owe so many notices at once and return how many go out a second, and what a message costs the processor."""
    now = datetime.now(UTC)
    await make_reminders(count + WARM, due=[now], deadlines=[now + timedelta(days=1)], kind=Kind(kind))
    with running_mail_server(folder) as server:
        workers = Workers(processes, url, server.url, folder)
        try:
            await _wait_for(server, WARM)
            before, spent = server.taken(), _cpu(workers)
            await _wait_for(server, count + WARM)
            spent = _cpu(workers) - spent
        finally:
            await asyncio.to_thread(workers.end)
        taken = server.taken()
    measured = taken[len(before) :]
    seconds = measured[-1][0] - before[-1][0]
    sent = await Notice.filter(state=NoticeState.SENT).count()
    return {
        "per second": round(len(measured) / seconds),
        "per second and process": round(len(measured) / seconds / processes),
        "worker CPU ms": round(1000 * spent / len(measured), 2),
        "sent": sent, "taken": len(taken),
    }  # fmt: skip


async def steady(url: str, folder: Path, *, rate: int, seconds: int) -> dict[str, Any]:
    """Let so many notices fall due a second, for one process, and return how long after that they were taken (ms)."""
    first = datetime.now(UTC) + timedelta(seconds=15)
    count = rate * seconds
    due = [first + timedelta(seconds=number / rate) for number in range(count)]
    await make_reminders(count, due=due, deadlines=[first + timedelta(days=1)])
    with running_mail_server(folder) as server:
        workers = Workers(1, url, server.url, folder)
        try:
            await _wait_for(server, count)
        finally:
            await asyncio.to_thread(workers.end)
        taken = {name: when for when, name in server.taken()}
    waits = sorted(
        1000 * (taken[message_id(notice.id, SENDER)] - notice.due_at.timestamp()) for notice in await Notice.all()
    )
    return {
        "p50 ms": round(waits[count // 2]), "p99 ms": round(waits[count * 99 // 100]), "worst ms": round(waits[-1]),
        "messages": count,
    }  # fmt: skip


async def ceiling(folder: Path, *, count: int) -> dict[str, Any]:
    """Hand the same ready mail over as often, with nothing to claim, compose or write down: what SMTP alone allows."""
    mail = _mail()
    left = iter(range(count))

    async def sending() -> None:
        async with SMTP(hostname="127.0.0.1", port=int(server.url.rpartition(":")[2]), start_tls=False) as client:
            for _ in left:
                await client.sendmail(SENDER, ["zoe@mail.example"], mail)

    with running_mail_server(folder) as server:
        began, spent = time.monotonic(), time.process_time()
        await asyncio.gather(*(sending() for _ in range(CONNECTIONS)))
        seconds, spent = time.monotonic() - began, time.process_time() - spent
    return {"per second": round(count / seconds), "sender CPU ms": round(1000 * spent / count, 2)}


def _mail() -> bytes:
    """Return a mail of about the size of a reminder."""
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = (
        SENDER,
        "zoe@mail.example",
        "Rappel",
        "<1@rdv.example>",
    )
    mail.set_content("Rappel de votre rendez-vous\n" * 30, cte="base64")
    mail.add_alternative("<p>Rappel de votre rendez-vous</p>\n" * 130, subtype="html", cte="base64")
    return mail.as_bytes()


async def _wait_for(server: MailServer, count: int) -> None:
    while len(server.taken()) < count:  # noqa: ASYNC110 - it is in another process
        await asyncio.sleep(0.1)


def _cpu(workers: Workers) -> float:
    """Return the processor seconds that the workers have used."""
    times = [psutil.Process(pid).cpu_times() for pid in workers.pids]
    return float(sum(each.user + each.system for each in times))
