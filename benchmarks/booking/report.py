"""Figures as text."""

from typing import Any

HEAD = ("what", "clients", "p50 ms", "p95 ms", "per s", "server CPU ms", "database CPU ms", "statuses")


def table(figures: dict[str, Any]) -> str:
    """Return the figures of one size as a Markdown table, with the rest below."""
    lines = [_line(HEAD), _line(["---"] * len(HEAD))]
    for row in figures["rows"]:
        lines.append(_line([row[name] for name in HEAD]))
    rest = {name: value for name, value in figures.items() if name != "rows"}
    return "\n".join([*lines, *(f"{name}: {value}" for name, value in rest.items())])


def _line(cells: Any) -> str:
    return "| " + " | ".join(str(each) for each in cells) + " |"
