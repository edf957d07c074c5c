"""Where a booking is made: at a kiosk by the citizen, or at a front desk by an adviser. The screens are the same."""

from dataclasses import dataclass

from aiohttp import web

from booking.lifecycle import Actor, ActorKind
from kiosks import houses, terminals
from kiosks.houses import House
from kiosks.visits import Owner
from teleconsult.accounts.guard import signed_in


@dataclass(frozen=True, kw_only=True)
class Counter:
    """A place of booking: whose visit it keeps, at which house, under which addresses, and in what quality it books."""

    owner: Owner
    house: House
    base: str
    home: str
    layout: str
    actor: Actor
    channel: str

    @property
    def at_kiosk(self) -> bool:
        """Whether the citizen stands at it, rather than an adviser."""
        return self.owner.kiosk_id is not None


async def kiosk_counter(request: web.Request) -> Counter:
    """Return the kiosk that asks. Raises TerminalUnknown."""
    terminal = await terminals.current(request)
    return Counter(
        owner=Owner(site_id=terminal.site_id, terminal_id=terminal.id, kiosk_id=terminal.kiosk_id),
        house=terminal.house,
        base="/kiosk/booking",
        home="/kiosk",
        layout="kiosks/layout.html",
        actor=Actor(ActorKind.CITIZEN, terminal.id),
        channel="kiosk",
    )


async def desk_counter(request: web.Request) -> Counter:
    """Return the front desk named in the address. Raises HouseUnknown unless it is one of the signed-in adviser's."""
    account = signed_in(request)
    house = await houses.of_adviser(account_id=account.id, site_id=request.match_info["site"])
    return Counter(
        owner=Owner(site_id=house.id, account_id=account.id),
        house=house,
        base=f"/desk/{house.id}/booking",
        home=f"/desk/{house.id}",
        layout="kiosks/desk_layout.html",
        actor=Actor(ActorKind.STAFF, account.id),
        channel="staff",
    )


async def counter_of(request: web.Request) -> Counter:
    """Return the counter that a request comes from."""
    return await (desk_counter(request) if "site" in request.match_info else kiosk_counter(request))
