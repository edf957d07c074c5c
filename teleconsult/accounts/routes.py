"""Routes and chores of the accounts."""

from aiohttp import web

from teleconsult.accounts.pages import show_sign_in, submit_sign_in, submit_sign_out
from teleconsult.accounts.sessions import drop_expired
from teleconsult.clock import utcnow
from teleconsult.web.i18n import N_
from teleconsult.web.kit import KIT
from teleconsult.web.ticks import add_tick

ERROR_TEXTS = {
    "wrong_credentials": N_("L’adresse ou le mot de passe n’est pas le bon. Vérifiez les deux et réessayez."),
}
HOUR = 3600


async def _drop_expired(_app: web.Application) -> None:
    await drop_expired(utcnow())


def setup(app: web.Application) -> None:
    """Add sign-in and sign-out."""
    app[KIT].error_texts.update(ERROR_TEXTS)
    app.router.add_get("/sign-in", show_sign_in)
    app.router.add_post("/sign-in", submit_sign_in)
    app.router.add_post("/sign-out", submit_sign_out)
    add_tick(app, "sessions", HOUR, _drop_expired)
