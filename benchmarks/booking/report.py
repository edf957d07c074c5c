"""Figures as text, and the table of docs/performance.md."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

# (what, clients) -> the figure that the aim is about, the aim, and in words
AIMS = {
    ("slots, 7 days at one house", 1): ("p95 ms", 5, "p95 <= 5 ms"),
    ("slots, 7 days at one house", 16): ("p95 ms", 25, "p95 <= 25 ms"),
    ("availability, 50 houses", 1): ("p95 ms", 15, "p95 <= 15 ms"),
    ("book a free start", 32): ("per s", 1000, "1,000 a second"),
}
HEAD = (
    "what", "clients", "p50", "p95", "a second", "best round: p50", "p95", "a second", "server CPU a call",
    "database CPU a call", "aim", "met",
)  # fmt: skip
DOCUMENT = Path("docs/performance.md")
MARKS = "<!-- figures: {} -->\n", "<!-- end of figures -->"


def table(figures: Mapping[str, Any]) -> str:
    """Return the figures of one size as a Markdown table: medians of the rounds, and the best round."""
    lines = [
        markdown_line(HEAD),
        markdown_line(["---"] * len(HEAD)),
        *(markdown_line(_cells(row)) for row in figures["rows"]),
    ]
    return "\n".join(lines)


def rest(figures: Mapping[str, Any]) -> str:
    """Return what else was found, a line each."""
    lines = [f"{name}: {value}" for name, value in figures.items() if name != "rows"]
    lines.extend(f"{row['what']}, {row['clients']}: answers {row['statuses']}" for row in figures["rows"])
    return "\n".join(lines)


def conditions(machine: Mapping[str, Any], seconds: float, rounds: int) -> str:
    """Return one line about when and on what it was measured."""
    load = " to ".join(f"{machine[name][0]:.1f}" for name in ("load_before", "load_after"))
    return (
        f"{machine['at']}, {machine['cores']} cores (load average {load}), Python {machine['python']}, "
        f"{machine['processes']} server processes, {rounds} rounds of {seconds:g} seconds for each line; "
        "medians of the rounds, then the best round:"
    )


def outcome(figures: Mapping[str, Any]) -> str:
    """Return one line about statements, and about who was booked twice."""
    made, statements = figures["appointments after"] - figures["appointments before"], figures["statements"]
    return (
        f"Statements a call: {statements['slots']} for `slots`, {statements['availability']} for `availability`, "
        f"{statements['book']} for a booking. {made} appointments were booked; booked twice: "
        f"{figures['booked twice']}; "
        f"without agent and kiosk: {figures['appointments without agent and kiosk']}."
    )


def growth(sizes: Mapping[str, Mapping[str, Any]]) -> str:
    """Return how CPU a call (server and database) and the median grow with the world, as a Markdown table."""
    kinds = (("slots, 7 days at one house", 1), ("availability, 50 houses", 1), ("book a free start", 32))
    lines = [markdown_line(("world", "appointments", *(f"{what}, {clients} client(s)" for what, clients in kinds)))]
    lines.append(markdown_line(["---"] * (len(kinds) + 2)))
    for name, figures in sizes.items():
        if "rows" in figures:
            rows = {(row["what"], row["clients"]): row for row in figures["rows"]}
            cells = [
                f"{_ms(rows[kind]['server CPU ms'] + rows[kind]['database CPU ms'])} CPU; {_ms(rows[kind]['p50 ms'])}"
                for kind in kinds
            ]
            lines.append(markdown_line((name, figures["appointments before"], *cells)))
    return "\n".join(lines)


def write_down(text: str, name: str, document: Path = DOCUMENT) -> None:
    """Put a text between the marks of that name in a page of the documentation."""
    begin, end = MARKS[0].format(name), MARKS[1]
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    before = document.read_text()
    after = pattern.sub(lambda _: f"{begin}\n{text}\n\n{end}", before, count=1)
    if not pattern.search(before):
        raise SystemExit(f"{document} has no place for {name}")
    document.write_text(after)


def _cells(row: Mapping[str, Any]) -> Iterable[object]:
    figure, aim, words = AIMS.get((row["what"], row["clients"]), ("", 0, "none set"))
    return (
        row["what"], row["clients"], _ms(row["p50 ms"]), _ms(row["p95 ms"]), round(row["per s"]),
        _ms(row["best p50 ms"]), _ms(row["best p95 ms"]), round(row["best per s"]), _ms(row["server CPU ms"], 2),
        _ms(row["database CPU ms"], 2), words, _met(row, figure, aim),
    )  # fmt: skip


def _met(row: Mapping[str, Any], figure: str, aim: float) -> str:
    if not figure:
        return ""
    if _reaches(row[figure], figure, aim):
        return "yes"
    return "best round only" if _reaches(row[f"best {figure}"], figure, aim) else "**no**"


def _reaches(value: float, figure: str, aim: float) -> bool:
    return value >= aim if figure == "per s" else value <= aim


def _ms(value: float, digits: int = 1) -> str:
    return f"{value:.{digits}f} ms"


def markdown_line(cells: Iterable[object]) -> str:
    """Return a line of a Markdown table."""
    return "| " + " | ".join(str(each) for each in cells) + " |"
