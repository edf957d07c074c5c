"""Where a text message's short link leads: to the page of the appointment, or of the place on a waiting list."""

from aiohttp import web

from booking.notifications.meeting import read_meeting
from booking.notifications.waiting_mail import issue_waiting
from booking.passes import LINKS_AFTER_END, issue_manage
from booking.waiting import place_of
from booking.wording.short_links import WAITING, read_link
from teleconsult.clock import utcnow
from teleconsult.web.throttle import throttle
from teleconsult.web.tokens import SIGNER, TokenExpired

FOLLOWED, FOLLOWED_SECONDS = 60, 600


async def follow(request: web.Request) -> web.StreamResponse:
    """GET /s/{code}: lead on, as long as the links of mails would do."""
    throttle(request, "short_links", FOLLOWED, FOLLOWED_SECONDS)
    signer = request.app[SIGNER]
    purpose, subject_id = read_link(signer, request.match_info["code"])
    if purpose == WAITING:
        until = (await place_of(subject_id)).not_after
        address = f"/rdv/offer/{issue_waiting(signer, entry_id=subject_id, until=until)}"
    else:
        until = (await read_meeting(subject_id)).ends_at
        address = f"/rdv/{issue_manage(signer, appointment_id=subject_id, ends_at=until)}"
    if utcnow() >= until + LINKS_AFTER_END:
        raise TokenExpired
    raise web.HTTPSeeOther(address)
