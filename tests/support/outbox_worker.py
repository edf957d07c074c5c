"""A process that does nothing but send what is due: `python -m tests.support.outbox_worker DATABASE SMTP FOLDER ...`.

The program's own parts, as `serve` puts them together, at a pace that is given: what takes minutes when it is deployed
(a lease, a retry) may take seconds here.
"""

import argparse
import asyncio
import logging
import signal
from datetime import timedelta
from pathlib import Path

import structlog
import uvloop

from booking.notifications.by_mail import MailChannel
from booking.notifications.delivery import Delivery, make_composer
from booking.notifications.outbox import PACE, Pace
from teleconsult.database import connect
from teleconsult.ground import make_ground
from teleconsult.mail.smtp import SmtpMailer, read_server
from teleconsult.settings import Settings
from teleconsult.web.kit import add_package

READY = "ready"


async def work(database: str, smtp: str, folder: Path, pace: Pace) -> None:
    """Send what is due until told to end."""
    app = make_ground(Settings(database_url=database, data_dir=folder, secret_key="s" * 32, mail_from="a@rdv.example"))
    add_package(app, "booking")
    opened = await connect(database)
    async with SmtpMailer(read_server(smtp), sender="a@rdv.example") as mailer:
        delivery = Delivery({"email": MailChannel(mailer, make_composer(app))}, pace=pace)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, delivery.stop)
        print(READY, flush=True)
        delivery.wake()
        await delivery.serve()
    await opened.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("database")
    parser.add_argument("smtp")
    parser.add_argument("folder", type=Path)
    for name in ("lease", "send", "first_retry", "longest_retry"):
        default = getattr(PACE, name) / timedelta(seconds=1)
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=default, help="seconds")
    args = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    chosen = Pace(
        timedelta(seconds=args.lease), timedelta(seconds=args.send), timedelta(seconds=args.first_retry),
        timedelta(seconds=args.longest_retry),
    )  # fmt: skip
    uvloop.run(work(args.database, args.smtp, args.folder, chosen))
