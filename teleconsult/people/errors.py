"""What is refused about accounts, and its sentences."""

from teleconsult.errors import Conflict, Expired, NotFound
from teleconsult.web.i18n import N_


class AccountUnknown(NotFound):
    code = "account_unknown"


class OwnAccount(Conflict):
    """Nobody closes their own account, nor takes the administrator's role from it."""

    code = "own_account"


class LastAdministrator(Conflict):
    """Nobody would be left to open accounts."""

    code = "last_administrator"


class InvitationUsed(Expired):
    """A password was chosen with it before, or the account is closed."""

    code = "invitation_used"


ERROR_TEXTS = {
    "account_unknown": N_("Ce compte n’existe pas."),
    "own_account": N_("C’est votre propre compte : demandez à un autre administrateur."),
    "last_administrator": N_("C’est le dernier compte d’administrateur : il faut qu’il en reste un."),
    "invitation_used": N_("Ce lien a déjà servi, ou le compte est fermé. Demandez-en un autre à votre administrateur."),
    "email_taken": N_("Un compte existe déjà pour cette adresse électronique."),
    "password_too_short": N_("Choisissez un mot de passe d’au moins {minimum} caractères."),
}
