"""Why a calendar cannot be read, by name, and what is said then."""

from teleconsult.errors import Conflict, Invalid
from teleconsult.web.i18n import N_


class CalendarUnreadable(Invalid):
    """A calendar cannot be read; the subclass says why."""

    code = "calendar_unreadable"


class CalendarAddressRefused(CalendarUnreadable):
    """Not an address that this server may call: neither public nor allowed by the deployer, or no http."""

    code = "calendar_address_refused"


class CalendarSilent(CalendarUnreadable):
    """No connection, no answer in time, or an answer that breaks off."""

    code = "calendar_silent"


class CalendarSignInRefused(CalendarUnreadable):
    """401 or 403."""

    code = "calendar_sign_in_refused"


class CalendarMissing(CalendarUnreadable):
    """Any other answer than the one hoped for, or too many redirects."""

    code = "calendar_missing"


class CalendarTooLarge(CalendarUnreadable):
    """More bytes, events or occurrences than one person's calendar has, or rules that take too long to unfold."""

    code = "calendar_too_large"


class NoCalendarThere(CalendarUnreadable):
    """A server of calendars that has none for whoever signs in, or that says nowhere where they are."""

    code = "no_calendar_there"


class NotACalendar(CalendarUnreadable):
    """Not iCalendar (RFC 5545), or not WebDAV's answer (RFC 4918)."""

    code = "not_a_calendar"


class CalendarWriteRefused(CalendarUnreadable):
    """The server does not let us write there, or not on a condition."""

    code = "calendar_write_refused"


class SealBroken(CalendarUnreadable):
    """Sealed with another key: the service's key was changed since. The calendar must be added again."""

    code = "calendar_seal_broken"


class TooManyCalendars(Conflict):
    code = "too_many_calendars"


BUSY_ERROR_TEXTS = {
    CalendarUnreadable.code: N_("Ce calendrier ne peut pas être lu."),
    CalendarAddressRefused.code: N_("Cette adresse n’est pas permise : donnez une adresse publique en http ou https."),
    CalendarSilent.code: N_("Ce calendrier ne répond pas. Vérifiez l’adresse, ou réessayez plus tard."),
    CalendarSignInRefused.code: N_("Ce calendrier refuse l’accès. Vérifiez l’identifiant et le mot de passe."),
    CalendarMissing.code: N_("Il n’y a pas de calendrier à cette adresse."),
    CalendarTooLarge.code: N_("Ce calendrier est trop volumineux pour être lu."),
    NoCalendarThere.code: N_(
        "Aucun calendrier n’a été trouvé à cette adresse. Donnez l’adresse du calendrier lui-même, telle que votre "
        "logiciel l’indique."
    ),
    NotACalendar.code: N_("Ce qui se trouve à cette adresse n’est pas un calendrier."),
    CalendarWriteRefused.code: N_("Ce calendrier n’accepte pas que nous y écrivions."),
    SealBroken.code: N_("La clé du service a changé\u00a0: ajoutez à nouveau ce calendrier."),
    TooManyCalendars.code: N_("Vous avez déjà autant de calendriers que possible."),
}
