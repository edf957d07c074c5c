"""What another site makes a browser send changes nothing here."""

import pytest

from tests.teleconsult.conftest import Client

GUEST = b'{"name": "Ada", "age": 36}'


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Authorization": "Bearer key"}, 200),
    ],
)
async def test_unsafe_methods(client: Client, headers: dict[str, str], status: int) -> None:
    answer = await client.post("/api/guests", data=GUEST, headers=headers)
    assert answer.status == status


async def test_the_own_origin_may(client: Client) -> None:
    origin = f"http://{client.host}:{client.port}"
    answer = await client.post("/api/guests", data=GUEST, headers={"Origin": origin})
    assert answer.status == 200


async def test_reading_is_open(client: Client) -> None:
    answer = await client.get("/api/refuse", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 409
