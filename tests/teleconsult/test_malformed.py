"""What no browser sends is refused with a 4xx, never a failure; nothing of it reaches a database."""

import json
from urllib.parse import quote

import pytest

from teleconsult.web.forms import is_text
from tests.teleconsult.conftest import Client

FORM = "application/x-www-form-urlencoded"
PART = b'--x\r\nContent-Disposition: form-data; name="email"\r\n'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (FORM, b"email=\xff"),
        (f"{FORM}; charset=bogus", b"email=a"),
        (f"{FORM}; charset=utf-16", b"email=a"),
        (FORM, b"email=a%00b"),
        ("multipart/form-data", b"email=a"),
        ("multipart/form-data; boundary=x", b"no part"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", PART + b"Content-Type: text/plain; charset=bogus\r\n\r\na\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", PART + b"\r\n\xff\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", PART + b"\r\na\0b\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", PART + b"Content-Transfer-Encoding: base64\r\n\r\n!\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", PART + b"Content-Transfer-Encoding: odd\r\n\r\na\r\n--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\na\r\n--y--\r\n--x--\r\n",
        ),
    ],
    ids=repr,
)
async def test_a_broken_form_is_refused(client: Client, kind: str, body: bytes) -> None:
    answer = await client.post("/sign-in", data=body, headers={"Content-Type": kind})
    assert answer.status == 422


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"name": "Ada", "age": ' + b"9" * 5000 + b"}",
        b'{"name": "Ada", "age": NaN}',
        b'{"name": "a\\u0000", "age": 1}',
        b'{"name": "\\ud800", "age": 1}',
        b'{"name": "Ada", "age": 1, "\\u0000": 1}',
        b'[["\\u0000"]]',
    ],
    ids=lambda body: repr(body[:40]),
)
async def test_broken_json_is_refused(client: Client, body: bytes) -> None:
    answer = await client.post("/api/guests", data=body, headers={"Content-Type": "application/json"})
    assert answer.status == 422
    assert (await answer.json(content_type=None))["errors"]


async def test_json_in_an_unknown_charset_is_refused(client: Client) -> None:
    body = json.dumps({"name": "Ada", "age": 1}).encode()
    answer = await client.post("/api/guests", data=body, headers={"Content-Type": "application/json; charset=bogus"})
    assert answer.status == 422


@pytest.mark.parametrize("path", ["/sign-in", "/api/guests"])
async def test_a_body_that_is_not_compressed_as_it_says_is_refused(client: Client, path: str) -> None:
    answer = await client.post(path, data=b"email=a", headers={"Content-Type": FORM, "Content-Encoding": "gzip"})
    assert answer.status == 400


async def test_nul_in_an_address_is_refused(client: Client) -> None:
    assert (await client.get(f"/sign-in{quote(chr(0))}")).status == 404
    assert (await client.get("/sign-in", params={"next": "/\0"})).status == 422


@pytest.mark.parametrize("cookie", [b"\xff\xfe", "é".encode(), b"a" * 4000])
async def test_a_cookie_of_any_bytes_is_nobodys(client: Client, cookie: bytes) -> None:
    value = cookie.decode(errors="surrogateescape")
    answer = await client.get("/agents", headers={"Cookie": f"session={value}"}, allow_redirects=False)
    assert answer.status == 303


@pytest.mark.parametrize("origin", ["null", "http://[", "http://" + "a" * 4000, "é"])
async def test_an_origin_that_is_none_is_another_site(client: Client, origin: str) -> None:
    answer = await client.post("/sign-in", data={"email": "a"}, headers={"Origin": origin})
    assert answer.status == 403


def test_what_text_is() -> None:
    assert is_text("Zoé 🦆\n")
    assert not is_text("a\0")
    assert not is_text("\ud800")
