"""A meeting to write about, and the composer that writes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from booking.notifications.delivery import make_composer
from booking.notifications.meeting import Meeting
from booking.notifications.messages import Composer
from teleconsult.ground import make_ground
from teleconsult.settings import Settings
from teleconsult.web.i18n import Gettext, Translations
from teleconsult.web.kit import add_package

SENDER = "rendez-vous@rdv.example.fr"
ORIGIN = "https://rdv.example.fr"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
LOCALE = Path(__file__).resolve().parents[2] / "booking" / "locale" / "en.po"


def make_meeting(starts_at: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC), **more: Any) -> Meeting:
    """Return a meeting of half an hour in Orléans, with what the test wants otherwise."""
    facts: dict[str, Any] = {
        "appointment_id": "0123456789abcdef0123456789abcdef",
        "reference": "ACDEFG",
        "status": "booked",
        "sequence": 0,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=30),
        "timezone": "Europe/Paris",
        "service": "Aides au logement",
        "service_en": "Housing aid",
        "organisation": "DDT du Loiret",
        "organisation_en": "",
        "documents": ({"fr": "Une pièce d’identité", "en": "An identity document"}, {"fr": "Un avis d’impôt"}),
        "site": "France Services Orléans",
        "address": "1 rue de la République, 45000 Orléans",
        "latitude": 47.9029,
        "longitude": 1.909,
        "kiosk": "Borne 2",
        "agent_id": "a" * 32,
        "agent_name": "Camille Roy",
        "agent_email": "camille.roy@ddt.example",
        "agent_timezone": "Europe/Paris",
        "agent_language": "fr",
        "given_name": "Zoé",
        "family_name": "Quatremère",
        "email": "zoe.q@mail.example",
        "language": "fr",
        "cancel_reason": "",
        "site_id": "5" * 32,
        "room": "Salle Loire",
        "needs": ("wheelchair", "interpreter:ar"),
        "guest_email": "guest@maison.example",
    }
    return Meeting(**facts | more)


def translator(language: str) -> Gettext:
    """Return the translator of booking's texts."""
    translations = Translations()
    translations.english.load(LOCALE)
    return translations.gettext_for(language)


def composer(folder: Path) -> Composer:
    """Return the composer as the application makes it."""
    app = make_ground(Settings(data_dir=folder, secret_key="s" * 32, public_url=ORIGIN, mail_from=SENDER))
    add_package(app, "booking")
    return make_composer(app)
