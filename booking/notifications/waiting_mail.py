"""The mail that offers a freed slot to somebody on a waiting list, and the link by which they answer."""

from datetime import datetime
from email.message import EmailMessage

from booking.notifications.invitations import one_line
from booking.notifications.kinds import Kind
from booking.notifications.letters import Action, Letter
from booking.notifications.messages import Composer
from booking.passes import LINKS_AFTER_END
from booking.waiting import Place
from booking.wording.values import offer_values
from booking.wording.words import Words, reworded
from teleconsult.web.i18n import N_, Gettext, format_day_time
from teleconsult.web.tokens import Signer

WAITING = "waiting"
OFFER_SUBJECT = N_("Une place s’est libérée\u00a0: {when}")
OFFER_OPENING = N_("Une place s’est libérée pour votre démarche. Elle est gardée pour vous jusqu’au {until}.")


def issue_waiting(signer: Signer, *, entry_id: str, until: datetime) -> str:
    """Return the token of a place on a waiting list: to see it, to answer an offer, to leave."""
    return signer.issue(WAITING, entry_id, until + LINKS_AFTER_END)


def read_waiting(signer: Signer, token: str, now: datetime) -> str:
    """Return the entry's id. Raises TokenInvalid, TokenExpired."""
    return signer.read(WAITING, token, now)


def compose_offer(
    composer: Composer, place: Place, *, notice_id: str, words: Words | None = None, now: datetime
) -> EmailMessage:
    """Return the mail that offers a slot to somebody on a waiting list; raises AddressInvalid."""
    _ = composer.gettext_for("en" if place.language.startswith("en") else "fr")
    token = issue_waiting(composer.signer, entry_id=place.id, until=place.not_after)
    letter = write_offer(place, link=f"{composer.origin}/rdv/offer/{token}", _=_)
    letter = reworded(letter, words, offer_values(place))
    letter = composer.with_leave(letter, Kind.OFFER, place.id, place.not_after)
    return composer.mail_of(letter, to=place.email, to_name=place.given_name, notice_id=notice_id, now=now)


def write_offer(place: Place, *, link: str, _: Gettext) -> Letter:
    """Return the words in which somebody on a waiting list is offered a slot; `link` leads to their own page.

    Precondition: a slot is offered.
    """
    if place.offered_start is None or place.offered_until is None:
        raise ValueError("no slot is offered")
    language = "en" if place.language.startswith("en") else "fr"
    when = format_day_time(place.offered_start, place.timezone, language)
    until = format_day_time(place.offered_until, place.timezone, language)
    return Letter(
        language=language,
        subject=one_line(_(OFFER_SUBJECT, when=when)),
        greeting=one_line(_("Bonjour {name},", name=place.given_name)),
        opening=_(OFFER_OPENING, until=until),
        facts=((_("Quand"), when), (_("Démarche"), place.called(language)), (_("Lieu"), place.site)),
        papers_title="",
        papers=(),
        action=Action(_("Accepter ou refuser cette place"), link),
        closing=_("Sans réponse, elle sera proposée à la personne suivante. La même page permet de quitter la liste."),
        footer=_("Message envoyé automatiquement par le service de téléconsultation."),
    )
