"""The public interface described by what it is made of: each operation names its pydantic models, and routes, checks
and the OpenAPI 3.1 description all come from the same list."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import models_json_schema

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

REF = "#/components/schemas/{model}"
DESCRIPTION_PATH = "/api/v1/openapi.json"
PROBLEM_TYPE = "application/problem+json"
REFUSALS = {
    401: "Nobody, or nobody known",
    403: "Not for this caller",
    404: "No such thing",
    409: "Somebody else was faster, or it is no longer possible",
    410: "The capability has expired",
    422: "Cannot be understood, or nobody could do it",
    429: "Too many requests: see Retry-After",
}


class FieldError(BaseModel):
    """What is wrong with one field of a request."""

    field: str
    code: str
    message: str


class Problem(BaseModel):
    """A refusal (RFC 9457). `code` is stable and for programs, `detail` is for people."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: list[FieldError] | None = None


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One call.

    `name` (operationId) and `summary` are for readers; `path` has `{parameters}`; `refusals` are statuses, `problems`
    the model of those that say more than `Problem`; `auth` tells whether a bearer token is useless, possible or needed.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    handler: Handler
    name: str
    summary: str
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    body_required: bool = True
    answers: Mapping[int, type[BaseModel] | None] = field(default_factory=dict)
    refusals: tuple[int, ...] = ()
    problems: Mapping[int, type[Problem]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    auth: Literal["none", "optional", "needed"] = "none"


OPERATIONS: web.AppKey[list[Operation]] = web.AppKey("operations", list)


def add_operations(app: web.Application, operations: Iterable[Operation]) -> None:
    """Serve operations and have them described."""
    if OPERATIONS not in app:
        served: list[Operation] = []
        app[OPERATIONS] = served
        app.router.add_get(DESCRIPTION_PATH, show_description)
    for operation in operations:
        app[OPERATIONS].append(operation)
        app.router.add_route(operation.method, operation.path, operation.handler)


async def show_description(request: web.Request) -> web.StreamResponse:
    """GET /api/v1/openapi.json."""
    served = request.app[OPERATIONS]
    return web.json_response(describe(served))


def describe(operations: Iterable[Operation]) -> dict[str, Any]:
    """Return the OpenAPI 3.1.0 description of operations."""
    listed = list(operations)
    incoming = [(each.body, "validation") for each in listed if each.body]
    outgoing = [(model, "serialization") for each in listed for model in each.answers.values() if model]
    refused = [(_problem(each, status), "serialization") for each in listed for status in each.refusals]
    pairs: list[Any] = [*dict.fromkeys([*incoming, *outgoing, *refused])]
    refs, schemas = models_json_schema(pairs, by_alias=True, ref_template=REF)
    paths: dict[str, dict[str, Any]] = {
        DESCRIPTION_PATH: {"get": {"operationId": "describe", "summary": "This description", "responses": _plain()}}
    }
    for each in listed:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Teleconsult", "version": "1", "description": "Video-consultation appointments"},
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _problem(each: Operation, status: int) -> type[Problem]:
    return each.problems.get(status, Problem)


def _plain() -> dict[str, Any]:
    return {"200": {"description": "OK", "content": {"application/json": {"schema": {"type": "object"}}}}}


def _operation(each: Operation, refs: Mapping[Any, Any]) -> dict[str, Any]:
    answers = {
        str(status): _answer(refs[(model, "serialization")] if model else None, "application/json", "Done")
        for status, model in each.answers.items()
    }
    refusals = {
        str(status): _answer(refs[(_problem(each, status), "serialization")], PROBLEM_TYPE, REFUSALS[status])
        for status in each.refusals
    }
    described: dict[str, Any] = {
        "operationId": each.name,
        "summary": each.summary,
        "parameters": _parameters(each),
        "responses": answers | refusals,
    }
    if each.body:
        content = {"application/json": {"schema": refs[(each.body, "validation")]}}
        described["requestBody"] = {"required": each.body_required, "content": content}
    if each.auth != "none":
        described["security"] = [{"bearer": []}] if each.auth == "needed" else [{}, {"bearer": []}]
    return described


def _answer(schema: Any, content_type: str, description: str) -> dict[str, Any]:
    content = {"content": {content_type: {"schema": schema}}} if schema else {}
    return {"description": description, **content}


def _parameters(each: Operation) -> list[dict[str, Any]]:
    """Return the parameters of path, query and headers (OpenAPI 3.1, 4.8.12). Lists in a query are comma-separated."""
    named = [part.strip("{}") for part in each.path.split("/") if part.startswith("{")]
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in named
    ]
    if each.query:
        schema = each.query.model_json_schema(by_alias=True)
        required = schema.get("required", [])
        found.extend(
            {"name": name, "in": "query", "required": name in required, "explode": False, "schema": of}
            for name, of in schema["properties"].items()
        )
    found.extend(
        {"name": name, "in": "header", "required": False, "description": what, "schema": {"type": "string"}}
        for name, what in each.headers.items()
    )
    return found
