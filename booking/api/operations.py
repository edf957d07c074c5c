"""Every JSON call of booking with its models: routes and the OpenAPI description come from this list."""

from booking.api import calls as api
from booking.schemas import (
    AppointmentOut,
    AppointmentRequest,
    Availability,
    AvailabilityQuery,
    CancelRequest,
    RescheduleRequest,
    Services,
    ServicesQuery,
    Sites,
    SitesQuery,
    Slots,
    SlotsQuery,
    SlotTakenProblem,
)
from teleconsult.web.openapi import Operation

TAKEN = {409: SlotTakenProblem}
ONE = "/api/v1/appointments/{id}"

OPERATIONS = (
    Operation(
        method="GET", path="/api/v1/services", handler=api.list_services, name="listServices",
        summary="Services that can be booked", query=ServicesQuery, answers={200: Services}, refusals=(401, 422, 429),
        auth="optional",
    ),
    Operation(
        method="GET", path="/api/v1/sites", handler=api.list_sites, name="listSites",
        summary="Houses with kiosks, nearest first if a place is given", query=SitesQuery, answers={200: Sites},
        refusals=(401, 422, 429), auth="optional",
    ),
    Operation(
        method="GET", path="/api/v1/slots", handler=api.list_slots, name="listSlots",
        summary="What can be booked of a service at a house", query=SlotsQuery, answers={200: Slots},
        refusals=(401, 404, 422, 429), auth="optional",
    ),
    Operation(
        method="GET", path="/api/v1/availability", handler=api.list_availability, name="listAvailability",
        summary="The nearest houses that offer a service, each with its first slot", query=AvailabilityQuery,
        answers={200: Availability}, refusals=(401, 404, 422, 429), auth="optional",
    ),
    Operation(
        method="POST", path="/api/v1/appointments", handler=api.create_appointment, name="book",
        summary="Book an agent and a kiosk at once", body=AppointmentRequest, answers={201: AppointmentOut},
        refusals=(401, 403, 404, 409, 422, 429), problems=TAKEN, auth="optional",
        headers={"Idempotency-Key": "The same key and request again get the same appointment"},
    ),
    Operation(
        method="GET", path=ONE, handler=api.read_appointment, name="readAppointment", summary="An appointment",
        answers={200: AppointmentOut}, refusals=(401, 403, 404, 410, 429), auth="needed",
    ),
    Operation(
        method="POST", path=f"{ONE}/reschedule", handler=api.reschedule_appointment, name="reschedule",
        summary="Move an appointment; the old slot is only given up when the new one is taken", body=RescheduleRequest,
        answers={200: AppointmentOut}, refusals=(401, 403, 404, 409, 410, 422, 429), problems=TAKEN, auth="needed",
    ),
    Operation(
        method="POST", path=f"{ONE}/cancel", handler=api.cancel_appointment, name="cancel",
        summary="Cancel an appointment; again, nothing more happens", body=CancelRequest, body_required=False,
        answers={200: AppointmentOut}, refusals=(401, 403, 404, 409, 410, 422, 429), auth="needed",
    ),
)  # fmt: skip
