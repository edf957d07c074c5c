"""From a refusal to what is shown: one table of statuses, one sentence, two forms (HTML, RFC 9457)."""

import json
from typing import Any, cast

from aiohttp import web
from pydantic_core import to_jsonable_python

from teleconsult import errors
from teleconsult.web.i18n import N_, gettext_for, language
from teleconsult.web.keys import REQUEST_ID
from teleconsult.web.kit import KIT
from teleconsult.web.render import render

STATUSES: dict[type[errors.DomainError], int] = {
    errors.NotFound: 404,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.Conflict: 409,
    errors.Expired: 410,
    errors.Invalid: 422,
    errors.TooManyRequests: 429,
    errors.Unavailable: 503,
}

ERROR_TEXTS = {
    "error": N_("Quelque chose n’a pas fonctionné. Réessayez dans un instant."),
    "not_found": N_("Cette page n’existe pas ou n’existe plus."),
    "method_not_allowed": N_("Cette action n’est pas possible ici."),
    "payload_too_large": N_("Ce que vous envoyez est trop volumineux."),
    "unauthenticated": N_("Connectez-vous pour continuer."),
    "forbidden": N_("Vous n’avez pas le droit de faire cela."),
    "conflict": N_("Quelqu’un a modifié cela entre-temps. Rechargez la page."),
    "expired": N_("Ce lien n’est plus valable."),
    "invalid": N_("Certaines informations manquent ou sont à corriger."),
    "too_many_requests": N_("Trop de demandes à la fois. Réessayez dans {retry_after} secondes."),
    "unavailable": N_("Le service n’est pas disponible pour l’instant. Réessayez dans un instant."),
    "token_invalid": N_("Ce lien n’est pas valable. Vérifiez qu’il est complet."),
    "token_expired": N_("Ce lien n’est plus valable : sa durée est dépassée."),
    "cross_origin": N_("Cette demande vient d’un autre site : elle est refusée."),
    "internal": N_("Une erreur est survenue de notre côté. Rien n’est perdu : réessayez dans un instant."),
}
TITLES = {
    404: N_("Page introuvable"),
    401: N_("Connexion nécessaire"),
    403: N_("Accès refusé"),
    409: N_("Ce n’est plus possible"),
    410: N_("Lien expiré"),
    422: N_("Informations à corriger"),
    429: N_("Un instant"),
    503: N_("Service indisponible"),
    500: N_("Erreur"),
}


def status_of(error: errors.DomainError) -> int:
    """Return the HTTP status of a refusal, by its kind."""
    return next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 400)


def sentence(request: web.Request, code: str, params: dict[str, Any]) -> str:
    """Return the sentence of a refusal in the reader's language."""
    texts = request.app[KIT].error_texts
    return gettext_for(request.app, language(request))(texts.get(code, texts["error"])).format(**params)


def wants_json(request: web.Request) -> bool:
    """Whether the caller is a program: the API, or an `Accept` that prefers JSON."""
    return request.path.startswith(("/api/", "/signaling/")) or "json" in request.headers.get("Accept", "")


def problem_response(
    request: web.Request, status: int, code: str, params: dict[str, Any], headers: dict[str, str] | None = None
) -> web.Response:
    """Return a refusal as `application/problem+json` (RFC 9457) or as a page, whichever the caller reads."""
    detail = sentence(request, code, params)
    title = gettext_for(request.app, language(request))(TITLES.get(status, TITLES[500]))
    extra = dict(headers or {})
    if "retry_after" in params:
        extra["Retry-After"] = str(params["retry_after"])
    if not wants_json(request):
        context = {"title": title, "message": detail, "status": status, "code": code}
        response = render(request, "teleconsult/error.html", context, status=status)
        response.headers.update(extra)
        return response
    about = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail}
    body = _plain(params) | about | {"request_id": request.get(REQUEST_ID, "")}
    return web.Response(
        text=json.dumps(body, ensure_ascii=False),
        status=status,
        content_type="application/problem+json",
        headers=extra,
    )


def _plain(params: dict[str, Any]) -> dict[str, Any]:
    """Return parameters as JSON values: instants as RFC 3339, dataclasses and models as objects, nothing as nothing."""
    given = {key: value for key, value in params.items() if value is not None}
    return cast("dict[str, Any]", to_jsonable_python(given, fallback=str))
