"""HTML from templates, in the reader's language."""

import hashlib
from pathlib import Path
from typing import Any

import segno
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from teleconsult.web.i18n import TRANSLATIONS, format_day, format_day_time, format_time, language, other_language
from teleconsult.web.keys import ACCOUNT, REQUEST_ID, SETTINGS
from teleconsult.web.kit import KIT, Kit

QR_SCALE = 6


class Templates:
    """One template environment for each language; built when first used, once every package is registered."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._environments: dict[str, Environment] = {}

    def environment(self, language: str) -> Environment:
        """Return the environment whose texts and dates are in `language`."""
        if language not in self._environments:
            self._environments[language] = self._build(language)
        return self._environments[language]

    def _build(self, language: str) -> Environment:
        kit = self._app[KIT]
        environment = Environment(
            loader=FileSystemLoader(kit.template_folders),
            autoescape=True,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        catalog = self._app[TRANSLATIONS].catalog(language)
        environment.install_gettext_callables(catalog.gettext, catalog.ngettext, newstyle=True)  # type: ignore[attr-defined]
        environment.policies["ext.i18n.trimmed"] = True
        environment.globals.update(
            static=StaticUrls(kit), page_data=page_data, language=language, settings_demo=self._app[SETTINGS].demo
        )
        environment.globals.update(kit.template_globals)
        environment.filters.update(
            day=lambda when, timezone: format_day(when, timezone, language),
            clock_time=lambda when, timezone: format_time(when, timezone, language),
            day_time=lambda when, timezone: format_day_time(when, timezone, language),
            qr=qr_svg,
        )
        return environment


TEMPLATES: web.AppKey[Templates] = web.AppKey("templates", Templates)


class StaticUrls:
    """Addresses of static files, with a fingerprint that changes when the file does."""

    def __init__(self, kit: Kit) -> None:
        self._folders = kit.static_folders
        self._known: dict[str, tuple[float, str]] = {}

    def __call__(self, path: str) -> str:
        """Return the address of `<package>/<file>`."""
        name, _, rest = path.partition("/")
        file = self._folders[name] / rest
        changed = file.stat().st_mtime
        known = self._known.get(path)
        if known is None or known[0] != changed:
            known = (changed, _fingerprint(file))
            self._known[path] = known
        return f"/static/{path}?v={known[1]}"


def _fingerprint(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def page_data(data: dict[str, Any]) -> Markup:
    """Return a block of JSON for the page's scripts, read with `JSON.parse`; it is data, so a strict CSP lets it be."""
    return Markup('<script type="application/json" id="page-data">{}</script>').format(htmlsafe_json_dumps(data))


def qr_svg(text: str) -> Markup:
    """Return a QR code (ISO/IEC 18004) of a text as inline SVG."""
    code = segno.make(text, error="m", micro=False)
    return Markup(code.svg_inline(scale=QR_SCALE, omitsize=True, dark="#000", light="#fff"))  # noqa: S704


def render(
    request: web.Request, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> web.Response:
    """Return a page.

    Every template also sees `request_path`, `other_language_url`, `request_id`, `account` and the globals of the kit.
    """
    environment = request.app[TEMPLATES].environment(language(request))
    html = environment.get_template(template).render(
        request_path=request.path,
        other_language_url=str(request.rel_url.update_query(lang=other_language(language(request)))),
        request_id=request.get(REQUEST_ID, ""),
        account=request.get(ACCOUNT),
        **(context or {}),
    )
    return web.Response(text=html, content_type="text/html", status=status)


def render_text(app: web.Application, template: str, language: str, context: dict[str, Any]) -> str:
    """Return the text of a template outside a request (mails), in `language`."""
    return app[TEMPLATES].environment(language).get_template(template).render(**context)
