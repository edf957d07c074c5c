"""Why a message did not go out, in plain words, and what to do about it. Pure."""

import re
from collections.abc import Callable

from teleconsult.web.i18n import N_, Gettext

# By what begins the reason that was written down; the first that fits is said.
REASONS: tuple[tuple[str, str], ...] = (
    ("no_mail_server", N_("aucun serveur de messagerie n’est réglé (TELECONSULT_SMTP_URL).")),
    ("no_channel", N_("cette installation n’a pas ce moyen d’envoi (pour les SMS : TELECONSULT_SMS_URL).")),
    ("no_message_id", N_("la passerelle SMS n’a pas nommé le message : vérifiez TELECONSULT_SMS_MESSAGE_ID.")),
    ("no_answer_in_time", N_("le serveur n’a pas répondu à temps. L’envoi est réessayé de lui-même.")),
    ("address_invalid", N_("cette adresse électronique n’existe pas. Vérifiez-la avec l’usager.")),
    ("phone_not_mobile", N_("ce numéro n’est pas celui d’un portable, ou son pays n’est pas servi.")),
    (
        "bounced",
        N_("le courriel est revenu : l’adresse n’existe pas ou la boîte est pleine. Vérifiez-la avec l’usager."),
    ),
    ("sms_undelivered", N_("l’opérateur n’a pas pu remettre le SMS : numéro abandonné ou éteint. Appelez l’usager.")),
    ("smtp_53", N_("le serveur de messagerie refuse nos identifiants. Vérifiez TELECONSULT_SMTP_URL.")),
    ("smtp_5", N_("le serveur du destinataire a refusé le courriel. Vérifiez l’adresse avec l’usager.")),
    ("smtp_4", N_("le serveur de messagerie demande d’attendre. L’envoi est réessayé de lui-même.")),
    ("http_401", N_("la passerelle SMS refuse nos identifiants. Vérifiez TELECONSULT_SMS_AUTH.")),
    ("http_403", N_("la passerelle SMS refuse nos identifiants. Vérifiez TELECONSULT_SMS_AUTH.")),
    ("http_402", N_("la passerelle SMS demande un paiement. Voyez votre contrat avec l’opérateur.")),
    ("http_429", N_("la passerelle SMS demande d’attendre. L’envoi est réessayé de lui-même.")),
    ("http_4", N_("la passerelle SMS a refusé ce numéro ou ce texte. Vérifiez le numéro avec l’usager.")),
    ("http_5", N_("la passerelle SMS est en panne. L’envoi est réessayé de lui-même.")),
    ("http_3", N_("l’adresse de la passerelle SMS a changé. Vérifiez TELECONSULT_SMS_URL.")),
    ("smpp_bind", N_("l’opérateur refuse nos identifiants. Vérifiez TELECONSULT_SMS_URL.")),
    ("smpp_not", N_("l’opérateur de SMS ne répond pas. L’envoi est réessayé de lui-même.")),
    ("smpp_dropped", N_("la liaison avec l’opérateur de SMS est tombée. L’envoi est réessayé de lui-même.")),
    ("smpp_0x58", N_("l’opérateur de SMS demande d’attendre. L’envoi est réessayé de lui-même.")),
    ("smpp_0x0b", N_("l’opérateur ne connaît pas ce numéro. Vérifiez-le avec l’usager.")),
    ("smpp_", N_("l’opérateur de SMS a refusé le message.")),
)
CONNECTION = re.compile(r"Connect|SSL|OSError|gaierror|Timeout|Disconnected|EOF", re.IGNORECASE)
NOT_REACHED = N_("le serveur ne répond pas, ou la connexion est coupée. L’envoi est réessayé de lui-même.")
ELSE = N_("une erreur inattendue. Donnez ce mot à l’assistance.")


def reason_text(reason: str, _: Gettext) -> str:
    """Return a reason (`Notice.last_error`) as a sentence that says what to do, with its own word for the support."""
    if not reason:
        return ""
    return f"{_sentence(reason, _)} ({reason})"


def _sentence(reason: str, _: Callable[..., str]) -> str:
    for begin, sentence in REASONS:
        if reason.startswith(begin):
            return _(sentence)
    return _(NOT_REACHED) if CONNECTION.search(reason) else _(ELSE)
