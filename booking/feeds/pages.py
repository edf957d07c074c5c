"""Feeds on the web: the calendar itself, and where agents and administrators make and end its address."""

from typing import Any

from aiohttp import ETag, hdrs, web

from booking.feeds.addresses import (
    FEED_ERROR_TEXTS,
    Owner,
    OwnerKind,
    close_feed,
    feed_state,
    open_feed,
    owner_of,
    token_hash,
)
from booking.feeds.calendars import look, write
from booking.feeds.overview import all_feeds
from booking.lifecycle import Actor, ActorKind
from booking.notifications.delivery import make_composer
from booking.office.forms import ID
from booking.pages.agent import own_agent
from teleconsult.accounts.guard import requires, signed_in
from teleconsult.accounts.roles import Role
from teleconsult.clock import utcnow
from teleconsult.web.events import publish
from teleconsult.web.keys import SETTINGS
from teleconsult.web.kit import KIT
from teleconsult.web.render import render
from teleconsult.web.throttle import throttle

PATH = r"/calendar/feed-{token:[\w-]{43}}.ics"
OWN = "/agent/calendar/feed"
ALL = "/admin/feeds"
ONE = f"{ALL}/{{kind:agent|site|room}}/{{owner:{ID}}}"
# A program asks every quarter of an hour; somebody with several devices and no patience asks more often.
READS, READS_SECONDS = 60, 600
# A whole prefecture behind one address may each have an old one in their programs.
MISSES, MISSES_SECONDS = 600, 600


async def show_feed(request: web.Request) -> web.StreamResponse:
    """GET /calendar/feed-{token}.ics: the calendar; 304 if it is the one that the caller has."""
    token, now = request.match_info["token"], utcnow()
    throttle(request, "feed_network", MISSES, MISSES_SECONDS)
    throttle(request, "feed", READS, READS_SECONDS, who=token_hash(token))
    shown = await look(await owner_of(token, now), now=now)
    headers = {hdrs.ETAG: f'"{shown.etag}"', hdrs.CACHE_CONTROL: "private, no-cache"}
    known = request.if_none_match or ()
    if ETag("*") in known or any(each.value == shown.etag for each in known):
        return web.Response(status=304, headers=headers)
    body = await write(shown, make_composer(request.app))
    headers[hdrs.CONTENT_DISPOSITION] = 'inline; filename="teleconsult.ics"'
    return web.Response(body=body, content_type="text/calendar", charset="utf-8", headers=headers)


def feed_address(request: web.Request, token: str) -> str:
    """Return the address that a calendar program subscribes to."""
    return f"{request.app[SETTINGS].origin}/calendar/feed-{token}.ics"


async def opened(request: web.Request, owner: Owner, actor: Actor) -> dict[str, Any]:
    """Make an owner's address and return what a page that shows it needs; it is shown this once."""
    done, token = await open_feed(owner=owner, actor=actor, now=utcnow())
    await publish(request.app, [done])
    address = feed_address(request, token)
    return {"address": address, "webcal": "webcal" + address[address.index(":") :]}


async def closed(request: web.Request, owner: Owner, actor: Actor) -> None:
    """End an owner's address."""
    await publish(request.app, [await close_feed(owner=owner, actor=actor, now=utcnow())])


async def _own(request: web.Request) -> tuple[Owner, Actor]:
    agent = await own_agent(request)
    return Owner(OwnerKind.AGENT, agent.id), Actor(ActorKind.AGENT, agent.id)


@requires(Role.AGENT)
async def show_own(request: web.Request) -> web.StreamResponse:
    """GET /agent/calendar/feed: whether one's own agenda can be subscribed to."""
    owner, _ = await _own(request)
    agent = await own_agent(request)
    context = {"section": "agent", "feed": await feed_state(owner), "zone": agent.timezone, **_said(request)}
    return render(request, "booking/feed_own.html", context)


@requires(Role.AGENT)
async def open_own(request: web.Request) -> web.StreamResponse:
    """POST /agent/calendar/feed: make the address, or another one."""
    context = await opened(request, *await _own(request))
    return render(request, "booking/feed_address.html", {"section": "agent", "back": OWN, **context})


@requires(Role.AGENT)
async def close_own(request: web.Request) -> web.StreamResponse:
    """POST /agent/calendar/feed/close."""
    await closed(request, *await _own(request))
    raise web.HTTPSeeOther(f"{OWN}?done=saved")


def _named(request: web.Request) -> tuple[Owner, Actor]:
    owner = Owner(OwnerKind(request.match_info["kind"]), request.match_info["owner"])
    return owner, Actor(ActorKind.STAFF, signed_in(request).id)


@requires(Role.ADMINISTRATOR)
async def show_all(request: web.Request) -> web.StreamResponse:
    """GET /admin/feeds: every room, and whoever else has an address."""
    context = {"section": "offer", "groups": await all_feeds(), **_said(request)}
    return render(request, "booking/office/feeds.html", context)


@requires(Role.ADMINISTRATOR)
async def open_named(request: web.Request) -> web.StreamResponse:
    """POST /admin/feeds/{kind}/{owner}: make an address, or another one."""
    context = await opened(request, *_named(request))
    return render(request, "booking/feed_address.html", {"section": "offer", "back": ALL, **context})


@requires(Role.ADMINISTRATOR)
async def close_named(request: web.Request) -> web.StreamResponse:
    """POST /admin/feeds/{kind}/{owner}/close."""
    await closed(request, *_named(request))
    raise web.HTTPSeeOther(f"{ALL}?done=saved")


def _said(request: web.Request) -> dict[str, Any]:
    return {"done": request.query.get("done") == "saved", "ask": request.query.get("ask", "")}


def setup(app: web.Application) -> None:
    """Add the pages; call it before the address of a citizen's single event is added, which would match as well."""
    app[KIT].error_texts.update(FEED_ERROR_TEXTS)
    app.router.add_get(PATH, show_feed)
    app.router.add_get(OWN, show_own)
    app.router.add_post(OWN, open_own)
    app.router.add_post(f"{OWN}/close", close_own)
    app.router.add_get(ALL, show_all)
    app.router.add_post(ONE, open_named)
    app.router.add_post(f"{ONE}/close", close_named)
