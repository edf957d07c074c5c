"""axe-core's judgement of a page."""

from functools import cache
from pathlib import Path

from playwright.async_api import Page

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
INSTALL = "axe-core is missing: `.venv/bin/python scripts/javascript.py tools` (or `make test`, which does it)"
RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.map(found => ({
    rule: found.id,
    help: found.help,
    nodes: found.nodes.map(node => node.html.slice(0, 200) + " " + (node.any[0]?.message ?? "")),
}))"""


@cache
def axe_source() -> str:
    """Return axe-core's script; FileNotFoundError names the command that installs it."""
    if not AXE.exists():
        raise FileNotFoundError(INSTALL)
    return AXE.read_text(encoding="utf-8")


async def assert_accessible(page: Page) -> None:
    """Fail with the rule and the element for everything that axe-core finds wrong on the page as it stands."""
    await page.evaluate(axe_source())
    violations = await page.evaluate(RUN)
    lines = [f"{found['rule']}: {found['help']}\n    " + "\n    ".join(found["nodes"]) for found in violations]
    assert not violations, "\n".join([f"axe-core on {page.url}:", *lines])
