"""Put a space that does not break (U+00A0) before : ; ? ! and inside « » in the French texts of the packages.

usage: french_spaces.py FILE...      (`make format` gives it every file that holds texts)

Touches texts only: string literals of Python (not docstrings or queries), translated parts of templates and the msgids
of catalogs, so that texts and catalogs keep matching.
"""

import io
import re
import sys
import tokenize
from pathlib import Path

NO_BREAK = "\u00a0"
BEFORE = re.compile(r"(?<=[\w)»}%’]) (?=[:;?!](?:[\s\"'<{\\]|$))")
INSIDE = re.compile(r"(?<=«) | (?=»)")
# A question mark in a query is a parameter, and a placeholder of a style or format is not French either.
NOT_TEXT = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|WHERE)\b")
TRANSLATED = re.compile(r"\{%-? *trans\b.*?%\}.*?\{%-? *endtrans *-?%\}|\b_\(\s*\"[^\"]*\"|\b_\(\s*'[^']*'", re.DOTALL)
BLOCK_TAG = re.compile(r"(\{%.*?%\})", re.DOTALL)


def spaced(text: str) -> str:
    """Return a French text with the spaces that must not break."""
    return INSIDE.sub(NO_BREAK, BEFORE.sub(NO_BREAK, text))


def python(source: str) -> str:
    """Return a Python source with the spaces of its strings put right; docstrings and queries stay as they are."""
    lines = source.splitlines(keepends=True)
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    for token in tokens:
        is_text = token.type == tokenize.STRING and not token.string.lstrip("rbfuRBFU").startswith('"""')
        if is_text and token.start[0] == token.end[0] and not NOT_TEXT.search(token.string):
            row, start, end = token.start[0] - 1, token.start[1], token.end[1]
            # The replacement has as many characters as what it replaces: later positions stay true.
            lines[row] = lines[row][:start] + spaced(token.string) + lines[row][end:]
    return "".join(lines)


def template(source: str) -> str:
    """Return a template with the spaces of its translated parts put right."""

    def put_right(found: re.Match[str]) -> str:
        parts = BLOCK_TAG.split(found[0])
        return "".join(part if part.startswith("{%") else spaced(part) for part in parts)

    return TRANSLATED.sub(put_right, source)


def catalog(source: str) -> str:
    """Return a catalog with the spaces of its French side put right."""
    french = False
    lines = []
    for line in source.splitlines(keepends=True):
        if line.startswith(("msgid", "msgstr", "#")):
            french = line.startswith("msgid")
        lines.append(spaced(line) if french else line)
    return "".join(lines)


RULES = {".py": python, ".html": template, ".txt": template, ".po": catalog}


def main() -> int:
    """Put the named files right and say which ones changed."""
    for name in sys.argv[1:]:
        path = Path(name)
        source = path.read_text(encoding="utf-8")
        result = RULES[path.suffix](source)
        if result != source:
            path.write_text(result, encoding="utf-8")
            print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
