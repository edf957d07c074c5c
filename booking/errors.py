"""What booking refuses, by name. Parameters are ids, aware instants and numbers."""

from teleconsult.errors import Conflict, Expired, Forbidden, Invalid, NotFound, TooManyRequests, Unauthenticated


class ServiceUnknown(NotFound):
    code = "service_unknown"


class SiteUnknown(NotFound):
    code = "site_unknown"


class KioskUnknown(NotFound):
    code = "kiosk_unknown"


class AgentUnknown(NotFound):
    code = "agent_unknown"


class AppointmentUnknown(NotFound):
    code = "appointment_unknown"


class SlotTaken(Conflict):
    """Somebody else has it. `alternatives` is a list of `booking.engine.search.Alternative`, the best first."""

    code = "slot_taken"


class NotBookable(Invalid):
    """Nobody could book this, whoever came first; the subclass says why. `field` names the input at fault."""

    code = "not_bookable"


class StartInThePast(NotBookable):
    code = "start_in_the_past"


class NoticeTooShort(NotBookable):
    """`minutes`: the service's notice."""

    code = "notice_too_short"


class BeyondHorizon(NotBookable):
    """`days`: how far ahead the service may be booked."""

    code = "beyond_horizon"


class ServiceRetired(NotBookable):
    code = "service_retired"


class ServiceNotOfferedHere(NotBookable):
    code = "service_not_offered_here"


class SiteClosed(NotBookable):
    """The house is closed then, or for good."""

    code = "site_closed"


class NoKioskInService(NotBookable):
    """No kiosk of the house works (or none has what the citizen needs: `needs`)."""

    code = "no_kiosk_in_service"


class StartNotOffered(NotBookable):
    """Not a start of this service: off its grid, or when no agent works."""

    code = "start_not_offered"


class ModeNotOffered(NotBookable):
    """The service is not held there (`mode`: kiosk or home)."""

    code = "mode_not_offered"


class AudienceRefused(NotBookable):
    """The service is booked by others only (`audiences`: citizen, staff, partner)."""

    code = "audience_refused"


class NeedNotMet(NotBookable):
    """The service cannot meet `needs`."""

    code = "need_not_met"


class ConsentMissing(NotBookable):
    """Somebody else books, and does not say that the citizen agreed."""

    code = "consent_missing"


class TooManyAppointments(Conflict):
    """The person has `limit` appointments of this service to come, and may not have more."""

    code = "too_many_appointments"


class TooManyHolds(TooManyRequests):
    """`limit`: how many slots one person may keep while they choose."""

    code = "too_many_holds"


class NoWaitingList(Invalid):
    """The service keeps no waiting list, or is no longer offered."""

    code = "no_waiting_list"


class AddressMissing(Invalid):
    """Freed slots are offered by mail: without an address nobody can wait. `field` names the input at fault."""

    code = "address_missing"


class AlreadyWaiting(Conflict):
    """The same person waits for the same already."""

    code = "already_waiting"


class EntryUnknown(NotFound):
    code = "entry_unknown"


class NoticeUnknown(NotFound):
    code = "notice_unknown"


class OfferOver(Expired):
    """The slot is no longer offered to this person."""

    code = "offer_over"


class HoldExpired(Expired):
    """The slot is no longer kept."""

    code = "hold_expired"


class RuleUnreadable(Invalid):
    """Not a recurrence of days (RFC 5545 RRULE). `field`."""

    code = "rule_unreadable"


class NotCancellable(Conflict):
    """`appointment_status`: where the appointment stands."""

    code = "not_cancellable"


class NotReschedulable(Conflict):
    """`appointment_status`: where the appointment stands."""

    code = "not_reschedulable"


class HandoverRefused(Conflict):
    """Only an appointment that is under way is passed on. `appointment_status`: where it stands."""

    code = "handover_refused"


class ColleagueUnfit(Conflict):
    """Nobody of that name provides the appointment's service."""

    code = "colleague_unfit"


class TransitionRefused(Conflict):
    """`appointment_status`: where the appointment stands; `wanted`: where it cannot go from there."""

    code = "transition_refused"


class OutcomeRefused(Conflict):
    """The outcome contradicts what happened, is too early, or comes too late to be corrected."""

    code = "outcome_refused"


class NotYours(Forbidden):
    """The appointment belongs to another agent, house or partner."""

    code = "not_yours"


class ActorRefused(Forbidden):
    """Not for someone of this quality (`kind`) to do."""

    code = "actor_refused"


class CheckInRefused(Conflict):
    """Base of what a kiosk answers when it cannot check someone in."""

    code = "check_in_refused"


class TooEarly(CheckInRefused):
    """`opens_at`: when check-in opens; `start`; `timezone`."""

    code = "too_early"


class TooLate(CheckInRefused):
    """`start`; `timezone`."""

    code = "too_late"


class WrongSite(CheckInRefused):
    """`site_id`, `site`: where the appointment is; `start`; `timezone`."""

    code = "wrong_site"


class WrongKiosk(CheckInRefused):
    """The right house, but this kiosk is somebody else's now. `kiosk_id`, `kiosk`: the one to go to."""

    code = "wrong_kiosk"


class AlreadyCheckedIn(CheckInRefused):
    """The pass was used. `kiosk_id`: where; `at`: when; `appointment_status`: where it stands now."""

    code = "already_checked_in"


class KioskNeeded(CheckInRefused):
    """Held at a kiosk: nobody joins it from elsewhere. `start`; `timezone`."""

    code = "kiosk_needed"


class AppointmentWasCancelled(CheckInRefused):
    code = "appointment_cancelled"


class IdempotencyKeyReused(Invalid):
    """The same Idempotency-Key came with another request (draft-ietf-httpapi-idempotency-key-header 2.7)."""

    code = "idempotency_key_reused"


class ApiKeyUnknown(Unauthenticated):
    """Neither an API key nor a capability of ours."""

    code = "api_key_unknown"


class ScopeMissing(Forbidden):
    """`scope`: what the key would need."""

    code = "scope_missing"


class WalkInUnknown(NotFound):
    code = "walk_in_unknown"


class NoWalkIn(Conflict):
    """Nobody can be received there now. `why`: a `booking.line.NowState`."""

    code = "no_walk_in"


class KioskInUse(Conflict):
    """Somebody waits at this kiosk already."""

    code = "kiosk_in_use"


class WalkInOver(Conflict):
    """A colleague was faster, or the citizen waits no longer."""

    code = "walk_in_over"


class WalkInImpossible(Conflict):
    """The agent's or the kiosk's time is not free any more."""

    code = "walk_in_impossible"
