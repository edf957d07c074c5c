"""Input from people and programs, checked by a pydantic schema, with errors in the reader's language."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from teleconsult.errors import Invalid
from teleconsult.web.i18n import N_, gettext_for, language

S = TypeVar("S", bound=BaseModel)

TEXTS = {
    "missing": N_("Ce champ est obligatoire."),
    "string_too_short": N_("C’est trop court : {min_length} caractères au moins."),
    "string_too_long": N_("C’est trop long : {max_length} caractères au plus."),
    "string_type": N_("Écrivez un texte."),
    "string_pattern_mismatch": N_("Ce n’est pas écrit comme il faut."),
    "int_parsing": N_("Écrivez un nombre entier."),
    "float_parsing": N_("Écrivez un nombre."),
    "bool_parsing": N_("Répondez par oui ou par non."),
    "greater_than_equal": N_("Le nombre doit être au moins {ge}."),
    "less_than_equal": N_("Le nombre doit être au plus {le}."),
    "enum": N_("Choisissez une des réponses proposées."),
    "literal_error": N_("Choisissez une des réponses proposées."),
    "date_from_datetime_parsing": N_("Écrivez une date comme 2026-11-23."),
    "date_parsing": N_("Écrivez une date comme 2026-11-23."),
    "datetime_parsing": N_("Écrivez une date et une heure comme 2026-11-23T14:30:00+01:00."),
    "datetime_from_date_parsing": N_("Écrivez une date et une heure comme 2026-11-23T14:30:00+01:00."),
    "timezone_aware": N_("Indiquez le décalage horaire, par exemple +01:00."),
    "extra_forbidden": N_("Ce champ n’existe pas."),
    "json_invalid": N_("Ce n’est pas du JSON valable."),
    "model_type": N_("Envoyez un objet JSON."),
    "too_long": N_("C’est trop long : {max_length} au plus."),
}
EMPTY = {"string_too_short", "missing"}


@dataclass
class Form(Generic[S]):
    """A submitted form: `value` when it is right, else `errors` by field; `raw` is what was typed: nothing is lost."""

    value: S | None = None
    errors: dict[str, str] = field(default_factory=dict)
    raw: dict[str, str] = field(default_factory=dict)


def _text(request: web.Request, error: ErrorDetails) -> str:
    translate = gettext_for(request.app, language(request))
    code = error["type"]
    if code in EMPTY and error.get("input") in ("", None):
        return translate(TEXTS["missing"])
    if code in TEXTS:
        return translate(TEXTS[code]).format(**error.get("ctx", {}))
    return translate(error["msg"])


def _field(error: ErrorDetails) -> str:
    return ".".join(str(part) for part in error["loc"])


async def read_form(request: web.Request, schema: type[S]) -> Form[S]:
    """Read a posted form (no files). A blank field is one not given; repeated ones are a list if the schema says so."""
    posted = await request.post()
    raw = {key: str(value) for key, value in posted.items() if isinstance(value, str)}
    data: dict[str, Any] = {key: value.strip() for key, value in raw.items() if value.strip()}
    for name, info in schema.model_fields.items():
        if name in posted and getattr(info.annotation, "__origin__", None) in (list, tuple, set, frozenset):
            data[name] = [value for value in posted.getall(name) if isinstance(value, str) and value]
    try:
        return Form(value=schema.model_validate(data), raw=raw)
    except ValidationError as refused:
        return Form(errors={_field(error): _text(request, error) for error in refused.errors()}, raw=raw)


def is_text(value: str) -> bool:
    """Whether a text can be kept: PostgreSQL takes no NUL, and half of a surrogate pair is no character."""
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False


def _all_text(value: Any) -> bool:
    if isinstance(value, str):
        return is_text(value)
    if isinstance(value, Mapping):
        return all(is_text(key) and _all_text(each) for key, each in value.items())
    return not isinstance(value, Sequence) or all(_all_text(each) for each in value)


def _no_number(constant: str) -> float:
    raise ValueError(constant)  # NaN and Infinity are Python's, not JSON's (RFC 8259 6)


def _load(text: str) -> Any:
    data = json.loads(text, parse_constant=_no_number)
    if not _all_text(data):
        raise ValueError
    return data


async def read_json(request: web.Request, schema: type[S]) -> S:
    """Read a JSON body.

    Raises Invalid with `errors`: a list of {field, code, message}.
    """
    try:
        data = await request.json(loads=_load)
    except (ValueError, LookupError, RecursionError):
        # no JSON, no UTF-8, an unknown charset, a number of 5000 digits, a million brackets
        message = gettext_for(request.app, language(request))(TEXTS["json_invalid"])
        raise Invalid(errors=[{"field": "", "code": "json_invalid", "message": message}]) from None
    return validate(request, schema, data)


def validate(request: web.Request, schema: type[S], data: Any) -> S:
    """Check data (a JSON value, a query) against a schema. Raises Invalid as `read_json` does."""
    try:
        return schema.model_validate(data)
    except ValidationError as refused:
        raise Invalid(
            errors=[
                {"field": _field(error), "code": error["type"], "message": _text(request, error)}
                for error in refused.errors()
            ]
        ) from None
