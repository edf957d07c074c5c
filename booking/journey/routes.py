"""The addresses of the web journey."""

from aiohttp import web

from booking.journey import offer_pages as journey_pages
from booking.journey import person_pages as journey_person
from teleconsult.web.i18n import N_
from teleconsult.web.kit import KIT

JOURNEY_TEXTS = {
    "proof_wanted": N_("Votre réseau envoie beaucoup de demandes. Votre appareil doit d’abord faire un petit calcul."),
    "proof_wrong": N_("Le calcul demandé n’est pas juste, ou a trop tardé. Recommencez."),
    "series_not_free": N_("Il n’y a pas assez de places pour cette série. Prenez-en moins, ou un autre horaire."),
}


def setup_journey(app: web.Application) -> None:
    """Add the pages on which citizens book from a phone or a laptop."""
    app[KIT].error_texts.update(JOURNEY_TEXTS)
    app.router.add_get(journey_pages.START, journey_pages.show_search)
    app.router.add_get(journey_pages.SLOTS, journey_pages.show_slots)
    app.router.add_post("/rdv/book/hold", journey_person.take_slot)
    app.router.add_get(journey_pages.PERSON, journey_person.show_person)
    app.router.add_post(journey_pages.PERSON, journey_person.submit_person)
    app.router.add_post("/rdv/book/keep", journey_person.keep_slot)
    app.router.add_post("/rdv/book/away", journey_person.leave_slot)
