"""Who may use each route of the application, and what everyone else gets."""

ROUTES = {
    "everyone": """
        GET /
        GET /healthz
        GET /sign-in
        POST /sign-in
        POST /sign-out
        GET /api/v1/availability
        GET /api/v1/openapi.json
        GET /api/v1/services
        GET /api/v1/sites
        GET /api/v1/slots
        POST /api/v1/appointments
        GET /rdv
        GET /rdv/book/person
        GET /rdv/book/slots
        POST /rdv/book/away
        POST /rdv/book/hold
        POST /rdv/book/keep
        POST /rdv/book/person
        GET /rdv/waiting
        POST /rdv/waiting
        GET /kiosk
        POST /kiosk/enrol
    """,
    # in the demonstration alone
    "demonstration": """
        GET /demo/mailbox
        GET /demo/texts
        GET /demo/mailbox/{key}
        GET /demo/mailbox/{key}/html
        GET /demo/mailbox/{key}/invite.ics
        GET /demo/mailbox/{key}/message.eml
    """,
    # who holds a signed link for this very purpose
    "manage link": """
        GET /rdv/{token}
        GET /rdv/{token}/move
        GET /rdv/{token}/pass
        GET /rdv/{token}/join
        POST /rdv/{token}/cancel
        POST /rdv/{token}/earlier
        POST /rdv/{token}/join
        POST /rdv/{token}/move
    """,
    "interpreter link": """
        GET /interpret/{token}
        POST /interpret/{token}
    """,
    "short link": "GET /s/{code}",
    "calendar link": "GET /calendar/{token}.ics",
    # who knows the secret address (tests/booking/test_feeds.py)
    "feed": "GET /calendar/feed-{token}.ics",
    "waiting link": """
        GET /rdv/offer/{token}
        POST /rdv/offer/{token}/accept
        POST /rdv/offer/{token}/decline
        POST /rdv/offer/{token}/leave
    """,
    # who was sent a mail, to be sent no more of its kind (tests/booking/test_refusals.py)
    "mails link": """
        GET /rdv/mails/{token}
        POST /rdv/mails/{token}
    """,
    # whoever was invited to choose a password, until they have (tests/people/test_accounts.py)
    "invitation link": """
        GET /account/{token}
        POST /account/{token}
    """,
    "feedback link": """
        GET /feedback/{token}
        GET /feedback/{token}/thanks
        POST /feedback/{token}
    """,
    # the operator of the SMS gateway, with its secret (tests/sms/test_receipts.py)
    "receipt secret": """
        GET /sms/receipts
        POST /sms/receipts
    """,
    # who holds the appointment's link, or the partner that booked it, by Authorization
    "bearer": """
        GET /api/v1/appointments/{id}
        POST /api/v1/appointments/{id}/cancel
        POST /api/v1/appointments/{id}/reschedule
    """,
    # the terminal where its citizen checked in, its agent, an adviser of its house
    "call": """
        GET /call/{room}
        GET /call/{room}/colleagues
        POST /call/{room}/adviser
        GET /call/{room}/invitations
        POST /call/{room}/invitations
        POST /call/{room}/ticket
    """,
    # anybody may knock: a ticket opens (tests/signaling/test_sockets.py)
    "socket": "GET /signaling/rooms/{room}",
    # who is in the call, by the secret of their socket's session: no cookie helps
    # (tests/signaling/test_document_pages.py)
    "call session": """
        GET /signaling/rooms/{room}/documents/{transfer}
        POST /signaling/rooms/{room}/documents/{transfer}
    """,
    "terminal": """
        GET /kiosk/arrival
        GET /kiosk/check
        POST /kiosk/check/report
        GET /kiosk/arrival/answer
        GET /kiosk/booking/check
        GET /kiosk/booking/done
        GET /kiosk/booking/person
        GET /kiosk/booking/service
        GET /kiosk/booking/slot
        GET /kiosk/goodbye
        GET /kiosk/live
        GET /kiosk/walk-in
        POST /kiosk/arrival
        POST /kiosk/booking/check
        POST /kiosk/booking/keep
        POST /kiosk/booking/now
        GET /kiosk/booking/waiting
        GET /kiosk/booking/waiting/done
        POST /kiosk/booking/waiting
        POST /kiosk/booking/earlier
        POST /kiosk/walk-in/leave
        POST /kiosk/booking/person
        POST /kiosk/booking/person/keep
        POST /kiosk/booking/service
        POST /kiosk/booking/slot
        POST /kiosk/booking/start
        POST /kiosk/heartbeat
        POST /kiosk/help
        POST /kiosk/help/cancel
        POST /kiosk/scan
        POST /kiosk/wipe
    """,
    # any agent: what is shown is their own
    "agent": """
        GET /agent
        GET /agent/check
        GET /agent/calendar
        GET /agent/calendar/absences/new
        GET /agent/calendar/calendars/new
        GET /agent/calendar/feed
        GET /agent/live
        GET /agent/trouble
        POST /agent/calendar/absences/new
        POST /agent/calendar/absences/{entry}/delete
        POST /agent/calendar/calendars/new
        POST /agent/calendar/feed
        POST /agent/calendar/feed/close
        POST /agent/calendar/calendars/{entry}/delete
        GET /agent/calendar/calendars/{entry}/choose
        POST /agent/calendar/calendars/{entry}/choose
        POST /agent/calendar/calendars/{entry}/stop
        POST /agent/calendar/calendars/{entry}/write
        POST /agent/trouble/absence
        POST /agent/trouble/late
        POST /agent/walk-ins/pause
        POST /agent/walk-ins/{id}/accept
        POST /agent/walk-ins/{id}/pass
    """,
    # the appointment's own agent, or an administrator
    "appointment": """
        GET /agent/appointments/{id}
        POST /agent/appointments/{id}/cancel
        POST /agent/appointments/{id}/follow-up
        POST /agent/appointments/{id}/outcome
    """,
    "adviser": """
        GET /desk
        GET /desk/check
    """,
    # enrolled screens, people who signed in, and monitoring with its key
    "known": "POST /check/ticket",
    # an adviser of this house
    "house": """
        GET /desk/{site}
        GET /desk/{site}/appointments/{appointment}
        GET /desk/{site}/appointments/{appointment}/slip
        GET /desk/{site}/board
        GET /desk/{site}/booking/check
        GET /desk/{site}/booking/done
        GET /desk/{site}/booking/person
        GET /desk/{site}/booking/service
        GET /desk/{site}/booking/slot
        GET /desk/{site}/calendar
        GET /desk/{site}/kiosks
        GET /desk/{site}/live
        POST /desk/{site}/appointments/{appointment}/cancel
        POST /desk/{site}/appointments/{appointment}/check-in
        POST /desk/{site}/appointments/{appointment}/move
        POST /desk/{site}/booking/check
        POST /desk/{site}/booking/keep
        POST /desk/{site}/booking/now
        GET /desk/{site}/booking/waiting
        GET /desk/{site}/booking/waiting/done
        POST /desk/{site}/booking/waiting
        POST /desk/{site}/booking/earlier
        POST /desk/{site}/appointments/{appointment}/earlier
        GET /desk/{site}/walk-ins/{walk_in}/remove
        POST /desk/{site}/walk-ins/{walk_in}/remove
        POST /desk/{site}/untold/{notice}
        POST /desk/{site}/booking/person
        POST /desk/{site}/booking/person/keep
        POST /desk/{site}/booking/service
        POST /desk/{site}/booking/slot
        POST /desk/{site}/booking/start
        POST /desk/{site}/calendar
        POST /desk/{site}/calendar/close
        POST /desk/{site}/help/{kiosk}
        POST /desk/{site}/kiosks/{kiosk}/code
        POST /desk/{site}/kiosks/{kiosk}/outage
        POST /desk/{site}/kiosks/{kiosk}/repair
        POST /desk/{site}/kiosks/{kiosk}/revoke
    """,
    "administrator": """
        GET /admin
        GET /admin/tables/{grouping}.csv
        GET /admin/calls
        GET /admin/calls/{grouping}.csv
        GET /admin/accounts
        GET /admin/accounts/new
        GET /admin/accounts/{account}
        POST /admin/accounts/new
        POST /admin/accounts/{account}
        POST /admin/accounts/{account}/close
        POST /admin/accounts/{account}/invite
        POST /admin/accounts/{account}/reopen
        GET /admin/agents
        GET /admin/agents/new
        GET /admin/agents/{agent}
        GET /admin/agents/{agent}/absences/new
        GET /admin/agents/{agent}/assignments/new
        GET /admin/agents/{agent}/edit
        GET /admin/agents/{agent}/hours/new
        GET /admin/agents/{agent}/hours/{entry}
        GET /admin/agents/{agent}/rules/new
        POST /admin/agents/new
        POST /admin/agents/{agent}/absences/new
        POST /admin/agents/{agent}/absences/{entry}/delete
        POST /admin/agents/{agent}/assignments/new
        POST /admin/agents/{agent}/assignments/{entry}/delete
        POST /admin/agents/{agent}/edit
        POST /admin/agents/{agent}/hours/new
        POST /admin/agents/{agent}/hours/{entry}
        POST /admin/agents/{agent}/hours/{entry}/delete
        POST /admin/agents/{agent}/rules/new
        POST /admin/agents/{agent}/rules/{entry}/delete
        GET /admin/feeds
        GET /admin/messages
        GET /admin/messages.csv
        GET /admin/messages/board
        GET /admin/messages/{notice}
        POST /admin/messages/{notice}/again
        GET /admin/words
        GET /admin/words/{organisation}/{slot}/{language}
        GET /admin/words/{organisation}/{slot}/{language}/preview
        POST /admin/words/{organisation}/{slot}/{language}
        POST /admin/words/{organisation}/{slot}/{language}/check
        POST /admin/words/{organisation}/{slot}/{language}/preview
        POST /admin/words/{organisation}/{slot}/{language}/reset
        POST /admin/words/{organisation}/{slot}/{language}/test
        GET /admin/houses
        POST /admin/feeds/{kind}/{owner}
        POST /admin/feeds/{kind}/{owner}/close
        GET /admin/houses/new
        GET /admin/houses/{site}
        GET /admin/houses/{site}/closures/new
        GET /admin/houses/{site}/edit
        GET /admin/houses/{site}/hours
        GET /admin/houses/{site}/kiosks/new
        GET /admin/houses/{site}/kiosks/{kiosk}
        GET /admin/houses/{site}/kiosks/{kiosk}/outages/new
        GET /admin/houses/{site}/staff/new
        POST /admin/houses/new
        POST /admin/houses/{site}/closures/new
        POST /admin/houses/{site}/closures/{entry}/delete
        POST /admin/houses/{site}/edit
        POST /admin/houses/{site}/hours
        POST /admin/houses/{site}/kiosks/new
        POST /admin/houses/{site}/kiosks/{kiosk}
        POST /admin/houses/{site}/kiosks/{kiosk}/outages/new
        POST /admin/houses/{site}/outages/{entry}/end
        POST /admin/houses/{site}/staff/new
        POST /admin/houses/{site}/staff/{entry}/delete
        GET /admin/offer
        GET /admin/offer/organisations/new
        GET /admin/offer/organisations/{organisation}
        GET /admin/offer/organisations/{organisation}/edit
        GET /admin/offer/organisations/{organisation}/workplaces/new
        GET /admin/offer/organisations/{organisation}/workplaces/{workplace}
        GET /admin/offer/organisations/{organisation}/workplaces/{workplace}/rooms/new
        GET /admin/offer/organisations/{organisation}/workplaces/{workplace}/rooms/{room}
        GET /admin/offer/services/new
        GET /admin/offer/services/{service}
        POST /admin/offer/organisations/new
        POST /admin/offer/organisations/{organisation}/edit
        POST /admin/offer/organisations/{organisation}/workplaces/new
        POST /admin/offer/organisations/{organisation}/workplaces/{workplace}
        POST /admin/offer/organisations/{organisation}/workplaces/{workplace}/rooms/new
        POST /admin/offer/organisations/{organisation}/workplaces/{workplace}/rooms/{room}
        POST /admin/offer/services/new
        POST /admin/offer/services/{service}
        POST /admin/offer/services/{service}/restore
        POST /admin/offer/services/{service}/retire
    """,
}

NOBODY = ("anonymous", "terminal")
# what each wrong person gets; who has no account is led to the sign-in page (GET) or gets 401
SIGN_IN = object()
TO_KIOSK = object()
WRONG: dict[str, dict[str, object]] = {
    "administrator": dict.fromkeys(NOBODY, SIGN_IN) | dict.fromkeys(("agent", "other agent", "adviser"), 403),
    "agent": dict.fromkeys(NOBODY, SIGN_IN) | dict.fromkeys(("adviser", "administrator"), 403),
    "appointment": dict.fromkeys(NOBODY, SIGN_IN) | {"other agent": 404, "adviser": 403},
    "adviser": dict.fromkeys(NOBODY, SIGN_IN) | dict.fromkeys(("agent", "administrator"), 403),
    "house": dict.fromkeys(NOBODY, SIGN_IN) | {"agent": 403, "administrator": 403, "other adviser": 404},
    "terminal": dict.fromkeys(("anonymous", "agent", "adviser", "administrator"), TO_KIOSK),
    "known": {"anonymous": 403},
    "call session": dict.fromkeys((*NOBODY, "agent", "other agent", "adviser", "administrator"), 403),
    "call": dict.fromkeys(("anonymous", "terminal", "other agent", "other adviser", "administrator"), 403),
}
RIGHT = {
    "administrator": "administrator",
    "agent": "agent",
    "appointment": "agent",
    "adviser": "adviser",
    "house": "adviser",
    "call": "agent",
    "known": "terminal",
    "terminal": "terminal",
}


def listed() -> dict[tuple[str, str], str]:
    """Return who may use each route: {(method, address): policy}."""
    lines = [(policy, line.split()) for policy, text in ROUTES.items() for line in text.strip().splitlines()]
    return {(method, path): policy for policy, (method, path) in lines}
