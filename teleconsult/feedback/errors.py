"""What feedback refuses."""

from teleconsult.errors import Conflict
from teleconsult.web.i18n import N_


class NothingToRate(Conflict):
    """The appointment is unknown or was cancelled, or nobody came: there is nothing to speak of."""

    code = "nothing_to_rate"


ERROR_TEXTS = {
    NothingToRate.code: N_("Cette consultation n’a pas eu lieu\u00a0: il n’y a pas d’avis à donner."),
}
