"""The web journey's first half: services by everyday words, the nearest houses, their free times."""

import pytest

from booking.journey.catalogue import find_towns
from booking.models import Kiosk, Organisation, Service, Site, SiteOpening
from tests.booking.agenda_world import DAY_MINUTES, Client, World, page


async def add_service(world: World, name: str, keywords: list[str], **more: object) -> Service:
    organisation = await Organisation.first()
    return await Service.create(
        **{"organisation": organisation, "slug": name.lower(), "name": name, "keywords": keywords} | more
    )


async def add_house(commune: str, postcode: str, latitude: float, longitude: float, **more: object) -> Site:
    site = await Site.create(
        **{"name": f"France services {commune}", "commune": commune, "postcode": postcode, "department": postcode[:2],
        "latitude": latitude, "longitude": longitude, "open_on_holidays": True} | more
    )  # fmt: skip
    await Kiosk.create(site=site, name="Borne 1")
    for weekday in range(7):
        await SiteOpening.create(site=site, weekday=weekday, start_minute=0, end_minute=DAY_MINUTES)
    return site


async def test_everything_is_offered_until_something_is_typed(client: Client, world: World) -> None:
    html = await page(client, "/rdv")
    assert "Toutes les démarches" in html
    assert "Aides au logement" in html
    assert f"/rdv/book/slots?service={world.service.id}" in html


async def test_everyday_words_find_the_service(client: Client, world: World) -> None:
    await add_service(world, "Certificat d’immatriculation", ["carte grise", "voiture"])
    for typed in ("carte grise", "Cartes-Grises", "refaire ma carte grize"):
        html = await page(client, f"/rdv?q={typed}")
        assert "1 démarche correspond" in html
        assert "immatriculation" in html
        assert "Aides au logement" not in html
    english = await page(client, "/rdv?q=housing&lang=en")
    assert "1 service matches" in english
    assert "Housing aid" in english


async def test_unknown_words_lead_to_everything(client: Client, world: World) -> None:
    html = await page(client, "/rdv?q=xylophone")
    assert "Aucune démarche ne correspond" in html
    assert "Aides au logement" in html


async def test_what_is_not_for_citizens_or_retired_is_not_shown(client: Client, world: World) -> None:
    hidden = await add_service(world, "Réservée", ["secret"], audiences=["staff"])
    retired = await add_service(world, "Ancienne", ["vieux"], retired_at=world.now)
    html = await page(client, "/rdv")
    assert "Réservée" not in html
    assert "Ancienne" not in html
    await page(client, f"/rdv/book/slots?service={hidden.id}", 404)
    await page(client, f"/rdv/book/slots?service={retired.id}", 422)


async def test_only_services_of_the_typed_department_are_shown(client: Client, world: World) -> None:
    await add_house("Chartres", "28000", 48.45, 1.48)
    assert "Aides au logement" in await page(client, "/rdv?near=Briare")
    assert "Aides au logement" not in await page(client, "/rdv?near=chartres")
    html = await page(client, "/rdv?near=Nowhere-sur-Mer")
    assert "Nous ne connaissons pas cette commune" in html
    assert "Aides au logement" in html


@pytest.mark.parametrize(
    ("typed", "town"),
    [
        ("Briare", "Briare"), ("briarre", "Briare"), ("45250", "Briare"), ("45250 Briare", "Briare"),
        ("45 250", "Briare"), ("45201", "Briare"), ("st benoit sur loire", "Saint-Benoît-sur-Loire"),
        ("Saint Benoit sur Loire", "Saint-Benoît-sur-Loire"), ("saint-ben", "Saint-Benoît-sur-Loire"),
    ],
)  # fmt: skip
async def test_towns_are_known_by_name_and_postcode(client: Client, world: World, typed: str, town: str) -> None:
    await add_house("Saint-Benoît-sur-Loire", "45730", 47.81, 2.31)
    assert (await find_towns(typed))[0].name == town


@pytest.mark.parametrize("typed", ["", "?", "Xyz", "99999", "452"])
async def test_no_town_for_what_is_none(client: Client, world: World, typed: str) -> None:
    assert await find_towns(typed) == []


async def test_the_nearest_house_is_shown_with_its_times_and_the_others_beside(client: Client, world: World) -> None:
    await add_house("Gien", "45500", 47.68, 2.63, timezone=world.zone)
    html = await page(client, f"/rdv/book/slots?service={world.service.id}&near=gien")
    main, others = html.split("Dans une autre maison")
    assert "France services Gien" in main
    assert "France services Briare" in others
    assert 'name="slot"' in main
    chosen = await page(client, f"/rdv/book/slots?service={world.service.id}&near=gien&place={world.site.id}")
    assert f"@{world.site.id}" in chosen
    assert "France services Gien" in chosen.split("Dans une autre maison")[1]


async def test_times_wait_for_a_place(client: Client, world: World) -> None:
    html = await page(client, f"/rdv/book/slots?service={world.service.id}")
    assert 'name="slot"' not in html
    assert "Votre commune ou votre code postal" in html
    html = await page(client, f"/rdv/book/slots?service={world.service.id}&near=nulle-part")
    assert "Nous ne connaissons pas cette commune" in html


async def test_without_a_service_the_journey_begins_again(client: Client, world: World) -> None:
    answer = await client.get("/rdv/book/slots", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/rdv")
    await page(client, "/rdv/book/slots?service=unknown", 404)
