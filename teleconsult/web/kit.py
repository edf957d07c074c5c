"""What a package gives to the application: templates, static files, texts, and the sentences of its refusals."""

import importlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from teleconsult.web.i18n import TRANSLATIONS


@dataclass
class Kit:
    """What all packages have given so far."""

    template_folders: list[Path] = field(default_factory=list)
    static_folders: dict[str, Path] = field(default_factory=dict)
    error_texts: dict[str, str] = field(default_factory=dict)
    template_globals: dict[str, Any] = field(default_factory=dict)


KIT: web.AppKey[Kit] = web.AppKey("kit", Kit)


def add_package(app: web.Application, package: str, texts: dict[str, str] | None = None) -> None:
    """Register a package by its dotted name.

    `texts` maps the code of each refusal to a French sentence, which may name the refusal's parameters in braces.
    Templates lie in `<package>/templates`, static files in `<package>/static/<last part of the name>` (served under
    `/static/<last part>/`), English texts in `<package>/locale/en.po`.
    """
    folder = Path(importlib.import_module(package).__path__[0])
    name = package.rpartition(".")[2]
    kit = app[KIT]
    kit.error_texts.update(texts or {})
    app[TRANSLATIONS].english.load(folder / "locale" / "en.po")
    if (folder / "templates").is_dir():
        kit.template_folders.append(folder / "templates")
    if (folder / "static" / name).is_dir():
        add_static(app, name, folder / "static" / name)


def add_static(app: web.Application, name: str, folder: Path) -> None:
    """Serve a folder's files under `/static/<name>/`."""
    app[KIT].static_folders[name] = folder
    app.router.add_static(f"/static/{name}", folder)
