"""The whole application: the only place where the packages are put together."""

from aiohttp import web

import booking.routes
import kiosks.routes
import signaling.routes
import teleconsult.feedback.routes
import teleconsult.mail.routes
import teleconsult.people.routes
import teleconsult.reports.routes
import teleconsult.sms.routes
from booking.keys import FEEDBACK
from signaling.keys import GATEKEEPER
from teleconsult import checking, consultation, demo, handover, health, home
from teleconsult.admission import AppointmentGatekeeper
from teleconsult.feedback.asking import MailedFeedback
from teleconsult.ground import make_ground
from teleconsult.scheduler import schedule_ticks
from teleconsult.settings import Settings
from teleconsult.web.events import EVENTS
from teleconsult.web.tokens import SIGNER


def make_app(settings: Settings) -> web.Application:
    """Return the application that serves everything, on a database that is migrated already."""
    app = make_ground(settings)
    app[GATEKEEPER] = AppointmentGatekeeper(app[EVENTS].publish)
    app[FEEDBACK] = MailedFeedback(app[SIGNER])
    checking.setup(app)
    teleconsult.mail.routes.setup(app)
    teleconsult.sms.routes.setup(app)
    booking.routes.setup(app)
    signaling.routes.setup(app)
    kiosks.routes.setup(app)
    teleconsult.feedback.routes.setup(app)
    teleconsult.people.routes.setup(app)
    teleconsult.reports.routes.setup(app)
    consultation.setup(app)
    handover.setup(app)
    health.setup(app)
    home.setup(app)
    if settings.demo:
        demo.setup(app)
    app.cleanup_ctx.append(schedule_ticks)
    return app
