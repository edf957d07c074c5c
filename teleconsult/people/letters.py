"""The mail that invites somebody to choose a password."""

from datetime import datetime
from email.message import EmailMessage

from booking.notifications.invitations import one_line
from booking.notifications.letters import Action, Letter
from booking.notifications.messages import TEMPLATE, Composer, build_message
from teleconsult.database import new_id
from teleconsult.people.keeping import AccountView


def compose_invitation(composer: Composer, account: AccountView, *, link: str, now: datetime) -> EmailMessage:
    """Return the mail with the link by which a password is chosen; raises AddressInvalid."""
    language = "en" if account.language == "en" else "fr"
    _ = composer.gettext_for(language)
    opening = (
        _("Un compte vous est ouvert sur le service de téléconsultation. Choisissez votre mot de passe pour y entrer.")
        if account.invited
        else _("Vous pouvez choisir un nouveau mot de passe. Jusque-là, l’ancien reste valable.")
    )
    letter = Letter(
        language=language,
        subject=_("Votre compte : choisissez un mot de passe"),
        greeting=one_line(_("Bonjour {name},", name=account.name)),
        opening=opening,
        facts=((_("Adresse électronique"), account.email),),
        papers_title="",
        papers=(),
        action=Action(_("Choisir mon mot de passe"), link),
        closing=_("Ce lien est pour vous seul. Il est valable sept jours et ne sert qu’une fois."),
        footer=_("Message envoyé automatiquement par le service de téléconsultation."),
    )
    return build_message(
        letter, composer.render(TEMPLATE, language, {"letter": letter}), calendar=None, method=None,
        sender=composer.sender, sender_name=_("Téléconsultation"), to=account.email, to_name=account.name,
        notice_id=new_id(), now=now,
    )  # fmt: skip
