"""What the back office refuses, by name, and what is said then."""

from teleconsult.errors import Conflict, Invalid, NotFound
from teleconsult.web.i18n import N_


class OrganisationUnknown(NotFound):
    code = "organisation_unknown"


class WorkplaceUnknown(NotFound):
    code = "workplace_unknown"


class RoomUnknown(NotFound):
    code = "room_unknown"


class EntryUnknown(NotFound):
    """Hours, a rule, an absence, a closure or an outage that is not there (any more)."""

    code = "entry_unknown"


class AccountTaken(Conflict):
    """The account already belongs to another agent."""

    code = "account_taken"


class PeriodReversed(Invalid):
    """It ends before it begins."""

    code = "period_reversed"


class NothingChosen(Invalid):
    """Hours without a single range."""

    code = "nothing_chosen"


OFFICE_ERROR_TEXTS = {
    OrganisationUnknown.code: N_("Cet organisme n’existe pas."),
    WorkplaceUnknown.code: N_("Ce lieu de travail n’existe pas."),
    RoomUnknown.code: N_("Cette salle n’existe pas."),
    EntryUnknown.code: N_("Cette ligne n’existe plus : quelqu’un l’a peut-être supprimée."),
    AccountTaken.code: N_("Ce compte est déjà celui d’un autre agent."),
    PeriodReversed.code: N_("La fin est avant le début."),
    NothingChosen.code: N_("Indiquez au moins une plage horaire."),
}
