"""The administrator's texts: what is written to people, edited with a preview and checked before it is kept."""

from typing import Any

from aiohttp import web
from pydantic import BaseModel, Field

from booking.keys import MAILER, SMS_SENDER
from booking.notifications.delivery import make_composer
from booking.notifications.kinds import SMS
from booking.notifications.plain_words import reason_text
from booking.office import words as read
from booking.office.words import ALL, NAMES, Editor
from booking.ports import DeliveryFailure
from booking.schemas import Phone
from booking.wording.kept import WORDBOOK, WORDS_ERROR_TEXTS, WordsChanged, WordsRefused, reset, save
from booking.wording.mobile import can_be_texted
from booking.wording.slots import BY_KEY, CHANNEL_LABELS, FIELD_LABELS, KIND_LABELS, LANGUAGES, RECIPIENT_LABELS, Slot
from booking.wording.words import Words
from teleconsult.accounts.guard import requires, signed_in
from teleconsult.accounts.roles import Role
from teleconsult.clock import utcnow
from teleconsult.database import new_id
from teleconsult.errors import NotFound
from teleconsult.web.forms import Form, read_form
from teleconsult.web.i18n import N_, gettext_for, language
from teleconsult.web.keys import SETTINGS
from teleconsult.web.kit import KIT
from teleconsult.web.problems import sentence
from teleconsult.web.render import render
from teleconsult.web.throttle import throttle

HOME = "/admin/words"
ONE = f"{HOME}/{{organisation}}/{{slot}}/{{language}}"
# Mails have inline styles, which our own pages may not have; and whatever is in one, it can run nothing.
FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
TESTS, TESTS_SECONDS = 10, 3600
TEST_SENT = N_("Le message d’essai est parti. Il arrive d’ordinaire en moins d’une minute.")
TEST_REFUSED = N_("Le message d’essai n’est pas parti : {reason}")
NOT_MOBILE = N_("Ce numéro n’est pas celui d’un portable.")
WHOSE = {
    "own": N_("Texte de l’organisme"),
    "general": N_("Texte écrit pour tous"),
    "built_in": N_("Texte d’origine"),
}


class WordsForm(BaseModel):
    """A text as it was typed; what it must be is judged elsewhere, so that all of it is shown again."""

    subject: str = ""
    opening: str = ""
    closing: str = ""
    version: int = Field(default=0, ge=0)


class TestForm(WordsForm):
    """Where a test goes: a text message to a number, a mail always to whoever asks."""

    phone: Phone | None = None


def _asked(request: web.Request) -> tuple[Slot, str, str | None]:
    """Return the text that an address names. Raises NotFound."""
    slot, spoken = BY_KEY.get(request.match_info["slot"]), request.match_info["language"]
    if slot is None or spoken not in LANGUAGES:
        raise NotFound
    organisation = request.match_info["organisation"]
    return slot, spoken, None if organisation == ALL else organisation


def _texts(form: Form[Any], slot: Slot) -> dict[str, str]:
    return {name: form.raw.get(name, "").replace("\r\n", "\n").strip() for name in slot.fields}


def _words(texts: dict[str, str]) -> Words:
    return Words(texts["opening"], texts.get("subject", ""), texts.get("closing", ""))


async def _editor(request: web.Request) -> Editor:
    slot, spoken, organisation = _asked(request)
    app = request.app
    return await read.editor(
        slot, spoken, organisation, now=utcnow(), origin=app[SETTINGS].origin,
        reader=gettext_for(app, language(request)), _=gettext_for(app, spoken),
    )  # fmt: skip


@requires(Role.ADMINISTRATOR)
async def show_list(request: web.Request) -> web.StreamResponse:
    """GET /admin/words?organisation=: every text, and whose words hold."""
    chosen = request.query.get("organisation") or None
    await read.organisation_named(chosen)
    context = {
        "section": "messages",
        "organisations": await read.organisations(),
        "chosen": chosen or "",
        "owner": chosen or ALL,
        "groups": await read.words_list(chosen),
        "whose": WHOSE,
        "names": NAMES,
    }
    return render(request, "booking/office/words.html", context)


@requires(Role.ADMINISTRATOR)
async def show_editor(request: web.Request) -> web.StreamResponse:
    """GET /admin/words/{organisation}/{slot}/{language}."""
    return await _page(request, await _editor(request), None)


async def _page(
    request: web.Request, shown: Editor, form: Form[Any] | None, *, status: int = 200, **more: Any
) -> web.Response:
    slot, here = shown.slot, request.path if request.method == "GET" else request.path.rpartition("/")[0]
    base = f"{HOME}/{shown.organisation_id or ALL}/{slot.key}/{shown.language}"
    texts = {"subject": shown.shown.subject, "opening": shown.shown.opening, "closing": shown.shown.closing}
    reader = gettext_for(request.app, language(request))
    context = {
        "section": "messages",
        "here": here,
        "base": base,
        "list_url": HOME + (f"?organisation={shown.organisation_id}" if shown.organisation_id else ""),
        "editor": shown,
        "names": NAMES,
        "form": form,
        "texts": texts,
        "is_text": slot.channel == SMS,
        "labels": (KIND_LABELS[slot.kind], RECIPIENT_LABELS[slot.recipient], CHANNEL_LABELS[slot.channel]),
        "field_labels": FIELD_LABELS,
        "done": request.query.get("done", ""),
        "ask": request.query.get("ask", ""),
        "judged": read.judged(
            slot, _texts(form, slot) if form else texts, origin=request.app[SETTINGS].origin, reader=reader
        ),
        "has_gateway": SMS_SENDER in request.app,
        "me": signed_in(request).email,
    }
    return render(
        request, "booking/office/words_one.html", context | {"notice": None, "theirs": None} | more, status=status
    )


@requires(Role.ADMINISTRATOR)
async def submit(request: web.Request) -> web.StreamResponse:
    """POST /admin/words/{organisation}/{slot}/{language}: keep it, or say what is wrong beside it."""
    slot, spoken, organisation = _asked(request)
    form = await read_form(request, WordsForm)
    try:
        await save(
            slot, spoken, organisation, _texts(form, slot), version=form.value.version if form.value else -1,
            origin=request.app[SETTINGS].origin, actor_id=signed_in(request).id, now=utcnow(),
        )  # fmt: skip
    except WordsRefused as refused:
        reader = gettext_for(request.app, language(request))
        form.errors = read.errors_of(refused.params["problems"], reader)
        return await _page(request, await _editor(request), form, status=422)
    except WordsChanged as refused:
        shown = await _editor(request)
        problem = sentence(request, refused.code, {})
        return await _page(request, shown, form, status=409, notice=("error", problem), theirs=shown.shown)
    request.app[WORDBOOK].forget()
    raise web.HTTPSeeOther(f"{request.path}?done=saved")


@requires(Role.ADMINISTRATOR)
async def submit_reset(request: web.Request) -> web.StreamResponse:
    """POST .../reset: the built-in words again."""
    slot, spoken, organisation = _asked(request)
    form = await read_form(request, WordsForm)
    version = form.value.version if form.value else -1
    try:
        await reset(slot, spoken, organisation, version=version, actor_id=signed_in(request).id, now=utcnow())
    except WordsChanged as refused:
        shown = await _editor(request)
        problem = sentence(request, refused.code, {})
        return await _page(request, shown, None, status=409, notice=("error", problem), theirs=shown.shown)
    request.app[WORDBOOK].forget()
    raise web.HTTPSeeOther(f"{request.path.rpartition('/')[0]}?done=reset")


@requires(Role.ADMINISTRATOR)
async def check(request: web.Request) -> web.StreamResponse:
    """POST .../check: what is wrong with what is typed, and what a text message becomes (JSON)."""
    slot, spoken, organisation = _asked(request)
    texts = _texts(await read_form(request, WordsForm), slot)
    reader = gettext_for(request.app, language(request))
    answer = read.judged(slot, texts, origin=request.app[SETTINGS].origin, reader=reader)
    if slot.channel == SMS:
        name = await read.organisation_named(organisation)
        composer = make_composer(request.app)
        answer["sample"] = read.sample_text(composer, slot, spoken, _words(texts), organisation=name, now=utcnow())
    return web.json_response(answer)


@requires(Role.ADMINISTRATOR)
async def preview(request: web.Request) -> web.StreamResponse:
    """GET or POST .../preview?part=html|text: the mail as it would be sent, what is typed in it, for a framed page."""
    slot, spoken, organisation = _asked(request)
    if slot.channel == SMS:
        raise NotFound
    if request.method == "POST":
        words = _words(_texts(await read_form(request, WordsForm), slot))
    else:
        words = (await _editor(request)).shown
    name, email = await read.organisation_named(organisation), signed_in(request).email
    composer = make_composer(request.app)
    mail = read.sample_mail(composer, slot, spoken, words, organisation=name, email=email, now=utcnow())
    plain = request.query.get("part") == "text"
    body = mail.get_body(("plain",) if plain else ("html",))
    text = str(body.get_content()) if body else ""
    kind = "text/plain" if plain else "text/html"
    headers = {"Content-Security-Policy": FRAME_POLICY}
    return web.Response(text=text, content_type=kind, charset="utf-8", headers=headers)


@requires(Role.ADMINISTRATOR)
async def send_test(request: web.Request) -> web.StreamResponse:
    """POST .../test: what is typed, sent to the administrator alone."""
    slot, _, _ = _asked(request)
    throttle(request, "words_test", TESTS, TESTS_SECONDS, who=signed_in(request).id)
    form, shown = await read_form(request, TestForm), await _editor(request)
    reader = gettext_for(request.app, language(request))
    phone = (form.value.phone if form.value else None) or ""
    if slot.channel == SMS and not form.errors and not can_be_texted(phone):
        form.errors["phone"] = reader(NOT_MOBILE)
    if form.errors:
        return await _page(request, shown, form, status=422)
    try:
        await _send(request, shown, form, phone)
    except DeliveryFailure as failed:
        reason = reader(TEST_REFUSED, reason=reason_text(failed.reason, reader))
        return await _page(request, shown, form, notice=("error", reason))
    return await _page(request, shown, form, notice=("success", reader(TEST_SENT)))


async def _send(request: web.Request, shown: Editor, form: Form[Any], phone: str) -> None:
    slot, composer, now = shown.slot, make_composer(request.app), utcnow()
    words = _words(_texts(form, slot))
    name = await read.organisation_named(shown.organisation_id)
    if slot.channel == SMS:
        text, _, _ = read.sample_text(composer, slot, shown.language, words, organisation=name, now=now)
        await request.app[SMS_SENDER].send(phone, text, reference=new_id())
        return
    email = signed_in(request).email
    mail = read.sample_mail(composer, slot, shown.language, words, organisation=name, email=email, now=now)
    # Each test is a message of its own: the sample's name would make mailboxes take the second for the first.
    mail.replace_header("Message-ID", f"<{new_id()}@{composer.sender.rpartition('@')[2]}>")
    await request.app[MAILER].send(mail, recipient=email)


def setup(app: web.Application) -> None:
    """Add the pages."""
    app[KIT].error_texts.update(WORDS_ERROR_TEXTS)
    app.router.add_get(HOME, show_list)
    app.router.add_get(ONE, show_editor)
    app.router.add_post(ONE, submit)
    app.router.add_post(f"{ONE}/reset", submit_reset)
    app.router.add_post(f"{ONE}/check", check)
    app.router.add_get(f"{ONE}/preview", preview)
    app.router.add_post(f"{ONE}/preview", preview)
    app.router.add_post(f"{ONE}/test", send_test)
