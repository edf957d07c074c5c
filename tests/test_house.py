"""The house rules: floors, documents that tell the truth, every text in both languages, no stray addresses."""

import argparse
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from html.parser import HTMLParser
from pathlib import Path

import grimp
import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from teleconsult.cli import build_parser
from teleconsult.settings import Settings
from tests.rights import ROUTES

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("teleconsult", "signaling", "booking", "kiosks")
MAX_LINES = 400
METHODS = [("**/templates/**.html", "jinja2"), ("**/templates/**.txt", "jinja2"), ("**.py", "python")]
# As the pages are rendered (teleconsult/web/render.py): other options would find other texts.
JINJA = {
    "trimmed": "true",
    "silent": "false",
    "extensions": "jinja2.ext.do",
    "trim_blocks": "true",
    "lstrip_blocks": "true",
}
OPTIONS = {pattern: JINJA for pattern, method in METHODS if method == "jinja2"}
KEYWORDS = DEFAULT_KEYWORDS | {"N_": None, "gettext": None, "ngettext": (1, 2), "_": None}
REFERENCE = re.compile(r"""(?:src|href)=["'](/static/[^"'{}]+)["']|static\(["']([^"'{}]+)["']\)""")


def tracked(*patterns: str) -> list[Path]:
    """Return the files of the repository, committed or about to be, that match the patterns."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_imports_keep_to_the_floors() -> None:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_every_module_of_the_shell_has_a_floor() -> None:
    contract = (ROOT / "pyproject.toml").read_text()
    modules = {path.stem for path in (ROOT / "teleconsult").glob("*.py")} - {"__init__"}
    modules |= {path.parent.name for path in (ROOT / "teleconsult").glob("*/__init__.py")}
    missing = sorted(name for name in modules if not re.search(rf"teleconsult\.{name}\b", contract))
    assert not missing, f"add to the layers in pyproject.toml: {missing}"


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    documented = set(re.findall(r"^\| `(TELECONSULT_\w+)`", (ROOT / "docs/settings.md").read_text(), re.MULTILINE))
    assert documented == {f"TELECONSULT_{name.upper()}" for name in Settings.model_fields}


def commands(parser: argparse.ArgumentParser, prefix: str = "teleconsult") -> Iterator[tuple[str, set[str]]]:
    """Yield each command that can be typed, with its options."""
    nested = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not nested:
        options = {option for action in parser._actions for option in action.option_strings}
        yield prefix, options - {"-h", "--help"}
    for action in nested:
        for name, child in action.choices.items():
            yield from commands(child, f"{prefix} {name}")


def test_every_command_is_documented_and_every_documented_command_exists() -> None:
    text = (ROOT / "docs/commands.md").read_text()
    sections = dict(re.findall(r"^## `(teleconsult [^`]+)`\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    existing = dict(commands(build_parser()))
    assert set(sections) == set(existing)
    for name, options in existing.items():
        missing = sorted(option for option in options if f"`{option}" not in sections[name])
        assert not missing, f"docs/commands.md says nothing of {missing} under {name}"


def texts() -> Iterator[tuple[str, int, str]]:
    """Yield each French text of the packages with the file and line where it stands."""
    for package in PACKAGES:
        found = extract_from_dir(ROOT / package, method_map=METHODS, options_map=OPTIONS, keywords=KEYWORDS)
        for name, line, message, _comments, _context in found:
            if "/migrations/" in name:
                continue
            message = message if isinstance(message, tuple) else (message,)
            yield from ((f"{package}/{name}", line, text) for text in message[:1] if text)


def english() -> dict[str, str]:
    """Return the English text of each French one, from every package's locale/en.po."""
    catalog = {}
    for path in tracked("*/locale/en.po"):
        with path.open("rb") as file:
            for message in read_po(file, locale="en"):
                key, value = message.id, message.string
                if isinstance(key, tuple | list):
                    key, value = key[0], "" if not all(value) else value[0]
                if key and value and not message.fuzzy:
                    catalog[key] = value
    return catalog


def test_every_french_text_has_an_english_one() -> None:
    found, translated = list(texts()), english()
    assert len(found) > 200, "the extraction finds hardly anything: it is broken"
    missing = [f"{name}:{line}: {text}" for name, line, text in found if text not in translated]
    assert not missing, "\n".join(["no English text in any locale/en.po:", *missing])


def test_translations_keep_their_parameters() -> None:
    fields = re.compile(r"\{\w*\}|%\(\w+\)[sd]")
    wrong = [key for key, value in english().items() if set(fields.findall(value)) - set(fields.findall(key))]
    assert not wrong


def test_french_marks_stand_off_by_a_space_that_does_not_break() -> None:
    wrong = [f"{name}:{line}: {text}" for name, line, text in texts() if re.search(r"\w [:;?!](\s|$)|« | »", text)]
    assert not wrong, "\n".join(["use U+00A0 before : ; ? ! and inside « »:", *wrong])


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    # raises CycleError, which names the circle; imports that only types need count too
    TopologicalSorter({each: graph.find_modules_directly_imported_by(each) for each in graph.modules}).prepare()


def test_files_stay_short() -> None:
    patterns = [f"{package}/**.{kind}" for package in PACKAGES for kind in ("py", "js", "css", "html")]
    files = [path for path in tracked(*patterns) if not {"migrations", "locale", "vendor"} & set(path.parts)]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files}
    assert not {name: length for name, length in lengths.items() if length > MAX_LINES}


class InlineFinder(HTMLParser):
    """Collects what a strict content security policy would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in names and names.get("type") != "application/json"):
            self.found.append(f"{self.getpos()[0]}: <{tag}>")
        self.found += [f"{self.getpos()[0]}: {name}" for name in names if name == "style" or name.startswith("on")]


def test_templates_have_no_inline_script_or_style() -> None:
    templates = tracked(*(f"{package}/**.html" for package in PACKAGES))
    assert templates
    wrong = {}
    for path in templates:
        finder = InlineFinder()
        finder.feed(path.read_text())
        if finder.found:
            wrong[str(path.relative_to(ROOT))] = finder.found
    assert not wrong


def static_file(reference: str) -> Path:
    """Return the file that an address below /static/ stands for."""
    name, _, rest = reference.removeprefix("/static/").partition("/")
    if name == "vendor":
        return ROOT / "teleconsult/static/vendor" / rest
    nested = ROOT / "teleconsult" / name
    folder = nested if nested.is_dir() else ROOT / name
    return folder / "static" / name / rest


def test_every_asset_that_is_named_exists() -> None:
    missing = []
    for path in tracked(*(f"{package}/**.{kind}" for package in PACKAGES for kind in ("html", "js", "css"))):
        text = path.read_text()
        named = [first or second for first, second in REFERENCE.findall(text)]
        named += re.findall(r"""(?:from|import\(?) ?["'](/static/[^"']+)["']""", text)
        # dsfr/ is the deployer's own folder, which is never in this repository.
        named = [name for name in named if not name.startswith("dsfr/")]
        missing += [f"{path.relative_to(ROOT)}: {name}" for name in named if not static_file(name).is_file()]
        if path.suffix == ".css":
            urls = re.findall(r"""url\(["']?(?!data:|#)([^"')]+)["']?\)|@import ["']([^"']+)["']""", text)
            local = [first or second for first, second in urls]
            missing += [f"{path.relative_to(ROOT)}: {name}" for name in local if not (path.parent / name).is_file()]
    assert not missing


def test_every_page_of_somebody_at_work_is_linked_from_another() -> None:
    linked = "\n".join(path.read_text() for path in tracked(*(f"{package}/**.html" for package in PACKAGES)))
    routes = [line.strip() for who in ("agent", "adviser", "administrator") for line in ROUTES[who].splitlines()]
    pages = [line.removeprefix("GET ") for line in routes if re.fullmatch(r"GET [a-z/-]+(?<!/live)(?<!/board)", line)]
    assert "/agent/check" in pages
    lonely = [page for page in [*pages, "/kiosk/check"] if not re.search(rf'[("]{page}["?#{{]', linked)]
    assert not lonely, f"no page leads to {lonely}"


@pytest.mark.parametrize("name", [path.stem for path in sorted((ROOT / "scripts").glob("*.py"))])
def test_every_script_finds_what_it_imports(name: str) -> None:
    importlib.import_module(f"scripts.{name}")


def test_links_between_documents_lead_somewhere() -> None:
    documents = tracked("*.md", "docs/**.md")
    assert documents
    broken = []
    for path in documents:
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", path.read_text()):
            if not (path.parent / target).exists():
                broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert not broken


# Spelled in parts, so that this file does not find itself.
FORBIDDEN = {
    "a registry's address": r"registry\.npm" + r"js|pypi\." + r"org|python" + r"hosted",
    "a path of one machine": r"/work/" + r"(main|shared)|/(root|home)/" + r"(?!<)\w+/|/opt/" + r"(wheels|pypi)",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_address_of_one_machine_or_registry_is_committed(what: str) -> None:
    wrong = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        wrong += [f"{path.relative_to(ROOT)}: {hit[0]}" for hit in re.finditer(FORBIDDEN[what], text)]
    assert not wrong


def test_no_lock_file_is_committed() -> None:
    assert not tracked("package-lock.json", "yarn.lock", "uv.lock", "poetry.lock")


def test_every_dependency_is_pinned() -> None:
    pinned = {
        line.partition("==")[0].lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text().split()
    }
    project = (ROOT / "pyproject.toml").read_text()
    needed = {name.lower().replace("_", "-") for name in re.findall(r'^    "([\w-]+)[><=~\[]', project, re.MULTILINE)}
    assert len(needed) > 20
    assert not needed - pinned
