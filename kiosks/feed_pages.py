"""The house's calendar at a secret address: made, renewed and ended by its advisers."""

from aiohttp import web

from booking.feeds.addresses import Owner, OwnerKind, feed_state
from booking.feeds.pages import closed, opened
from booking.lifecycle import Actor, ActorKind
from kiosks import houses
from kiosks.houses import House
from kiosks.screens import go
from teleconsult.accounts.guard import signed_in
from teleconsult.web.render import render


async def _house(request: web.Request) -> tuple[House, Owner, Actor]:
    account = signed_in(request)
    house = await houses.of_adviser(account_id=account.id, site_id=request.match_info["site"])
    return house, Owner(OwnerKind.SITE, house.id), Actor(ActorKind.STAFF, account.id)


async def feed_page(request: web.Request) -> web.Response:
    """Whether the house's appointments can be subscribed to."""
    house, owner, _ = await _house(request)
    asked = {"address": "", "ask": request.query.get("ask", "")}
    context = {"section": "desk", "house": house, "feed": await feed_state(owner), **asked}
    return render(request, "kiosks/desk_feed.html", context)


async def open_feed(request: web.Request) -> web.Response:
    """Make the house's address, or another one, and show it this once."""
    house, owner, actor = await _house(request)
    context = {"section": "desk", "house": house, **await opened(request, owner, actor)}
    return render(request, "kiosks/desk_feed.html", context)


async def close_feed(request: web.Request) -> web.Response:
    """End the house's address."""
    house, owner, actor = await _house(request)
    await closed(request, owner, actor)
    raise go(f"/desk/{house.id}/calendar")
