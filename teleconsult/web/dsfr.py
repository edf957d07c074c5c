"""The State's design system in place of our style sheets, for a deployer who is entitled to it and has its files."""

from pathlib import Path

from aiohttp import web

from teleconsult.web.keys import SETTINGS
from teleconsult.web.kit import KIT, add_static

STYLESHEET = "dsfr.min.css"


class DsfrMissing(ValueError):
    """The folder named in TELECONSULT_DSFR_DIST holds no style sheet of the design system."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"TELECONSULT_DSFR_DIST: there is no {STYLESHEET} in {folder}")


def setup(app: web.Application) -> None:
    """Serve the folder of the setting under `/static/dsfr/`, and have pages link it. Raises DsfrMissing."""
    folder = app[SETTINGS].dsfr_dist
    app[KIT].template_globals["dsfr"] = folder is not None
    if folder is None:
        return
    if not (folder / STYLESHEET).is_file():
        raise DsfrMissing(folder)
    add_static(app, "dsfr", folder)
