"""The back office's forms: declared as lists of questions, shown and read alike, for whoever may change the offer.

A sheet is one form with its address. Answers that are wrong are shown again with what is wrong beside each; a refusal
is shown above them; a change leads back to the page it belongs to, which says that it is done.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

import structlog
from aiohttp import web
from pydantic import BaseModel

from booking.lifecycle import Actor, ActorKind
from booking.office.record import Changed
from teleconsult.accounts.guard import requires, signed_in
from teleconsult.accounts.roles import Role
from teleconsult.clock import utcnow
from teleconsult.errors import Conflict, Invalid
from teleconsult.web.events import EVENTS, Event, publish
from teleconsult.web.forms import Form, read_form
from teleconsult.web.i18n import N_, Gettext, gettext_for, language
from teleconsult.web.problems import sentence, status_of
from teleconsult.web.render import render

log = structlog.get_logger(__name__)

S = TypeVar("S", bound=BaseModel)
ID = "[0-9a-f]{32}"
SAVED = N_("C’est enregistré.")


@dataclass(frozen=True)
class Input:
    """A question. `kind`: text, email, tel, number, date, time, url, password, lines, select, checks (several), or yes.

    `label` and `hint` are French texts; `options` are (value, text) pairs, the texts in the reader's language.
    """

    name: str
    label: str
    kind: str = "text"
    hint: str = ""
    required: bool = True
    options: Sequence[tuple[str, str]] = ()
    attrs: Mapping[str, Any] = field(default_factory=dict)
    legend: str = ""  # begins a new part of the form


@dataclass(frozen=True)
class Asked:
    """Who asks for a form, about what (the parts of its address), and when."""

    where: Mapping[str, str]
    actor: Actor
    now: datetime
    language: str
    translate: Gettext

    def __getitem__(self, name: str) -> str:
        return self.where[name]


# what a verb did: the change, and what else happened because of it
Told = Changed | tuple[Event, ...]
Locate = Callable[[web.Request], Awaitable[Mapping[str, str]]]


async def by_address(request: web.Request) -> Mapping[str, str]:
    """Return what the address names."""
    return request.match_info


@dataclass(frozen=True)
class Access:
    """Who may use sheets, and what these are about."""

    role: Role
    section: str
    locate: Locate = by_address


ADMINISTRATORS = Access(Role.ADMINISTRATOR, "offer")


@dataclass(frozen=True, kw_only=True)
class Sheet(Generic[S]):
    """A form: its address, its questions, its first answers, and the verb that takes the new ones.

    `back` is where it comes from and leads to, with the parts of the address in braces, and `{new}` for what is made.
    """

    path: str
    title: str
    schema: type[S]
    inputs: Callable[[Asked], Awaitable[Sequence[Input]]]
    save: Callable[[Asked, S], Awaitable[Told]]
    values: Callable[[Asked], Awaitable[Mapping[str, Any]]]
    back: str
    after: str = ""
    intro: str = ""
    button: str = N_("Enregistrer")


@dataclass(frozen=True, kw_only=True)
class Action:
    """Something done with one click: its address (POST), and the verb."""

    path: str
    run: Callable[[Asked], Awaitable[Told]]
    back: str


async def no_values(_asked: Asked) -> Mapping[str, Any]:
    """Begin with nothing filled in."""
    return {}


async def asked_by(request: web.Request, access: Access) -> Asked:
    """Return who asks for what."""
    spoken = language(request)
    where = await access.locate(request)
    kind = ActorKind.AGENT if access.role is Role.AGENT else ActorKind.STAFF
    actor = Actor(kind, where["agent"] if access.role is Role.AGENT else signed_in(request).id)
    return Asked(where, actor, utcnow(), spoken, gettext_for(request.app, spoken))


def add_sheet(app: web.Application, sheet: Sheet[Any], access: Access = ADMINISTRATORS) -> None:
    """Serve a form at its address."""

    @requires(access.role)
    async def show(request: web.Request) -> web.StreamResponse:
        asked = await asked_by(request, access)
        return await _page(request, sheet, asked, access)

    @requires(access.role)
    async def submit(request: web.Request) -> web.StreamResponse:
        asked = await asked_by(request, access)
        form = await read_form(request, sheet.schema)
        if form.value is None:
            return await _page(request, sheet, asked, access, form=form, status=422)
        try:
            told = await sheet.save(asked, form.value)
        except (Conflict, Invalid) as refused:
            problem = sentence(request, refused.code, refused.params)
            status = status_of(refused)
            return await _page(request, sheet, asked, access, form=form, problem=problem, status=status)
        return await _go_on(request, told, sheet.after or sheet.back, asked)

    app.router.add_get(sheet.path, show)
    app.router.add_post(sheet.path, submit)


def add_action(app: web.Application, action: Action, access: Access = ADMINISTRATORS) -> None:
    """Serve an action at its address; it leads back, refused or done."""

    @requires(access.role)
    async def submit(request: web.Request) -> web.StreamResponse:
        asked = await asked_by(request, access)
        return await _go_on(request, await action.run(asked), action.back, asked)

    app.router.add_post(action.path, submit)


async def _go_on(request: web.Request, told: Told, back: str, asked: Asked) -> web.Response:
    """Publish what happened and lead back to a page that says so."""
    events = (told,) if isinstance(told, Changed) else told
    await publish(request.app, events)
    made = next((event.subject_id for event in events if isinstance(event, Changed)), "")
    raise web.HTTPSeeOther(back.format(**asked.where, new=made) + "?done=saved")


async def _page(
    request: web.Request,
    sheet: Sheet[Any],
    asked: Asked,
    access: Access,
    *,
    form: Form[Any] | None = None,
    problem: str = "",
    status: int = 200,
) -> web.Response:
    inputs = await sheet.inputs(asked)
    values = await sheet.values(asked)
    if form is not None:
        values = await _typed(request, inputs)
        form.errors = {name.partition(".")[0]: text for name, text in form.errors.items()}
    context = {
        "section": access.section,
        "sheet": sheet,
        "inputs": inputs,
        "values": values,
        "form": form,
        "problem": problem,
        "back": sheet.back.format(**asked.where),
    }
    return render(request, "booking/office/form.html", context, status=status)


async def _typed(request: web.Request, inputs: Sequence[Input]) -> dict[str, Any]:
    """Return what was answered, so that nothing typed is lost: every ticked box, and none that was unticked."""
    posted = await request.post()
    return {
        each.name: [str(value) for value in posted.getall(each.name, [])]
        if each.kind == "checks"
        else ""
        if each.kind == "password"
        else str(posted.get(each.name, ""))
        for each in inputs
    }


def setup_audit(app: web.Application) -> None:
    """Write a line in the log for every change of the offer: what, and by which account. Never a name."""

    async def write_line(changed: Changed) -> None:
        log.info(
            "offer_changed",
            subject=changed.subject,
            subject_id=changed.subject_id,
            action=changed.action,
            actor_kind=changed.actor_kind,
            actor_id=changed.actor_id,
        )

    app[EVENTS].subscribe(Changed, write_line)
