"""What happens around every request: an identifier and a log line, refusals shown, the language, other sites out."""

import secrets
import time
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from teleconsult.errors import DomainError, Forbidden, Invalid, NotFound
from teleconsult.web.forms import is_text
from teleconsult.web.i18n import COOKIE, COOKIE_SECONDS, LANGUAGES, choose_language
from teleconsult.web.keys import LANGUAGE, REQUEST_ID, SETTINGS
from teleconsult.web.problems import problem_response, status_of

log = structlog.get_logger(__name__)

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
# nginx's own number for it: there is none in RFC 9110
ASKER_GONE = 499
FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}
HTTP_CODES = {400: "invalid", 404: "not_found", 405: "method_not_allowed", 413: "payload_too_large", 403: "forbidden"}
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; "
        "media-src 'self' blob:; font-src 'self' data:; connect-src 'self' blob:; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class CrossOrigin(Forbidden):
    code = "cross_origin"


@web.middleware
async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an identifier, and log one line without addresses, names or tokens: the route, not the path."""
    request[REQUEST_ID] = secrets.token_hex(8)
    request[LANGUAGE] = choose_language(request)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request[REQUEST_ID])
    started = time.monotonic()
    status = ASKER_GONE
    try:
        response = await handler(request)
        status = response.status
        return response
    except web.HTTPException as redirect:
        status = redirect.status
        raise
    finally:
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "unknown"
        if not route.startswith("/static/"):
            took = round((time.monotonic() - started) * 1000, 1)
            log.info("request", method=request.method, route=route, status=status, ms=took)


@web.middleware
async def show_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every refusal and every failure into an answer that a person or a program understands."""
    try:
        return await handler(request)
    except DomainError as error:
        return problem_response(request, status_of(error), error.code, error.params)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        code = HTTP_CODES.get(error.status, "error")
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return problem_response(request, error.status, code, {}, allow)
    except web.RequestPayloadError:
        return problem_response(request, 400, "invalid", {})
    except Exception as error:
        if isinstance(error, ConnectionError) and request.transport is None:
            # as on a train, in the middle of a document: nobody reads the answer, and nothing failed here
            return web.Response(status=ASKER_GONE)
        log.exception("request_failed")
        return problem_response(request, 500, "internal", {})


@web.middleware
async def keep_other_sites_out(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what another site makes a browser send (Fetch Metadata, then Origin), unless cookies play no part."""
    if request.method not in SAFE_METHODS and "Authorization" not in request.headers and not _same_origin(request):
        raise CrossOrigin
    return await handler(request)


def _same_origin(request: web.Request) -> bool:
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        return fetch_site in ("same-origin", "none")
    return origin_allowed(request)


def origin_allowed(request: web.Request) -> bool:
    """Whether `Origin` is ours: the public address, or the host asked for. Programs that send none are no browsers."""
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        return False
    return origin == request.app[SETTINGS].origin or host == request.host


@web.middleware
async def refuse_malformed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what no browser sends and no database keeps: broken forms, and texts with NUL in them."""
    if not is_text(request.path):
        raise NotFound
    if not all(is_text(part) for pair in request.query.items() for part in pair):
        raise Invalid
    if request.content_type in FORMS and request.method not in SAFE_METHODS:
        await _check_form(request)
    return await handler(request)


async def _check_form(request: web.Request) -> None:
    try:
        posted = await request.post()
    except (ValueError, LookupError, RuntimeError, AssertionError) as broken:
        # a wrong boundary, an unknown charset, bytes that are no text: aiohttp has no one error for it
        raise Invalid from broken
    if not all(is_text(part) for pair in posted.items() for part in pair if isinstance(part, str)):
        raise Invalid


@web.middleware
async def remember_language(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keep a language chosen with `?lang=` for the next pages."""
    response = await handler(request)
    chosen = request.query.get("lang")
    if chosen in LANGUAGES and not response.prepared:
        secure = request.app[SETTINGS].secure
        response.set_cookie(COOKIE, chosen, max_age=COOKIE_SECONDS, samesite="Lax", secure=secure, httponly=True)
    return response


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Send the security headers with every answer; no cache keeps a page, static files are checked each time."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    static = request.path.startswith("/static/")
    response.headers.setdefault("Cache-Control", "no-cache" if static else "no-store")
    if request.app[SETTINGS].secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
