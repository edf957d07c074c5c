"""Refusals and failures: the right status, a sentence, and never a stack trace."""

import pytest

from tests.teleconsult.conftest import Client


async def test_a_refusal_is_a_problem_for_programs(client: Client) -> None:
    answer = await client.get("/api/refuse")
    body = await answer.json(content_type="application/problem+json")
    assert answer.status == 409
    assert body["code"] == "table_taken"
    assert body["detail"] == "La table 4 est prise."
    assert body["table"] == 4
    assert body["request_id"]


async def test_a_refusal_is_a_page_for_people(client: Client) -> None:
    answer = await client.get("/refuse")
    text = await answer.text()
    assert answer.status == 409
    assert answer.content_type == "text/html"
    assert "La table 4 est prise." in text


async def test_a_refusal_without_a_sentence_still_says_something(client: Client) -> None:
    answer = await client.get("/api/unknown-refusal")
    assert answer.status == 400
    assert (await answer.json(content_type=None))["detail"]


@pytest.mark.parametrize("path", ["/fail", "/api/fail"])
async def test_a_failure_shows_nothing_of_the_inside(client: Client, path: str) -> None:
    answer = await client.get(path)
    text = await answer.text()
    assert answer.status == 500
    assert "secret" not in text
    assert "Traceback" not in text
    assert "RuntimeError" not in text


async def test_an_unknown_address_and_a_wrong_method(client: Client) -> None:
    assert (await client.get("/nothing")).status == 404
    answer = await client.post("/api/refuse")
    assert answer.status == 405
    assert "GET" in answer.headers["Allow"]


async def test_english_is_asked_for_and_remembered(client: Client) -> None:
    answer = await client.get("/nothing", params={"lang": "en"})
    assert 'lang="en"' in await answer.text()
    again = await client.get("/nothing")
    assert 'lang="en"' in await again.text()


async def test_every_answer_carries_the_security_headers(client: Client) -> None:
    answer = await client.get("/nothing")
    policy = answer.headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        (b"{", "", "json_invalid"),
        (b"\xff", "", "json_invalid"),
        (b"[]", "", "model_type"),
        (b'{"age": 3}', "name", "missing"),
        (b'{"name": "Ada Lovelace", "age": 3}', "name", "string_too_long"),
        (b'{"name": "Ada", "age": -1}', "age", "greater_than_equal"),
    ],
)
async def test_bad_json_is_told_field_by_field(client: Client, body: bytes, field: str, code: str) -> None:
    answer = await client.post("/api/guests", data=body)
    problem = await answer.json(content_type=None)
    assert answer.status == 422
    assert [(error["field"], error["code"]) for error in problem["errors"]][-1] == (field, code)
    assert all(error["message"] and "{" not in error["message"] for error in problem["errors"])


async def test_a_body_that_is_too_large_is_refused(client: Client) -> None:
    answer = await client.post("/api/guests", data=b"x" * (1024 * 1024 + 1))
    assert answer.status == 413
