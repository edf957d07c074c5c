"""Booking's pages and their addresses."""

from aiohttp import web

from booking.journey.routes import setup_journey
from booking.labels import date_text, language_name, weekday_name
from booking.needs import NEED_TEXTS
from booking.pages import agent as agent_pages
from booking.pages import agent_appointment as agent_appointment_pages
from booking.pages import citizen as citizen_pages
from booking.pages import interpreter as interpreter_pages
from booking.pages import short as short_pages
from booking.pages import trouble as trouble_pages
from booking.pages import walk_in as walk_in_pages
from teleconsult.web.i18n import N_
from teleconsult.web.kit import KIT

PAGE_ERROR_TEXTS = {
    agent_pages.NoAgenda.code: N_(
        "Votre compte n’est relié à aucun agenda. Demandez à votre administrateur de le faire."
    ),
}


def setup_pages(app: web.Application) -> None:
    """Add the agent's pages, the citizen's page and the words they need."""
    app[KIT].error_texts.update(PAGE_ERROR_TEXTS)
    words = {"language_name": language_name, "weekday_name": weekday_name, "date_text": date_text}
    app[KIT].template_globals.update(words, need_texts=NEED_TEXTS)
    setup_journey(app)
    agent, citizen = agent_appointment_pages, citizen_pages
    one = "/agent/appointments/{id:[0-9a-f]{32}}"
    own = "/rdv/{token}"
    app.router.add_get("/agent", agent_pages.show_agenda)
    app.router.add_get("/agent/live", agent_pages.stream_agenda)
    trouble_pages.setup(app)
    walk_in_pages.setup(app)
    interpreter_pages.setup(app)
    app.router.add_get(one, agent.show_appointment)
    app.router.add_post(f"{one}/cancel", agent.submit_cancel)
    app.router.add_post(f"{one}/outcome", agent.submit_outcome)
    app.router.add_post(f"{one}/follow-up", agent.submit_follow_up)
    app.router.add_get("/s/{code}", short_pages.follow)
    app.router.add_get(own, citizen.show_appointment)
    app.router.add_post(f"{own}/cancel", citizen.submit_cancel)
    app.router.add_get(f"{own}/move", citizen.show_move)
    app.router.add_post(f"{own}/move", citizen.submit_move)
    app.router.add_get(f"{own}/join", citizen.show_join)
    app.router.add_post(f"{own}/join", citizen.submit_join)
    app.router.add_get(f"{own}/pass", citizen.show_pass)
    app.router.add_get("/calendar/{token}.ics", citizen.show_calendar)
