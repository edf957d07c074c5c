"""The figures as the tables of docs/performance/signaling.md."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.booking.report import markdown_line

DOCUMENT = Path("docs/performance/signaling.md")
IDLE = (
    "sockets", "opened", "KB each", "core % at rest", "joins/s", "join p50 ms", "join p99 ms", "CPU us/join", "lost",
)  # fmt: skip
RELAY = ("messages/s", "p50 ms", "p99 ms", "CPU us/message", "sent", "heard")
RATIOS = ("KB each", "core % at rest", "CPU us/join", "CPU us/message", "p50 ms", "p99 ms")
AIMS = (("click p50 ms", 400), ("click p95 ms", 1000))


def tables(figures: Mapping[str, Any]) -> str:
    """Return all of it as Markdown."""
    idle = {name: row for name, row in figures.items() if "KB each" in row}
    relay = {name: row for name, row in figures.items() if "heard" in row}
    parts = [_table(("connection", *IDLE), idle), _table(("passed on by", *RELAY), relay), _ratios(figures)]
    if calls := figures.get("calls in Chromium"):
        parts.append(_calls(calls))
    return "\n\n".join(parts)


def conditions(machine: Mapping[str, Any]) -> str:
    """Return one line about when and on what it was measured."""
    load = " to ".join(f"{machine[name][0]:.1f}" for name in ("load_before", "load_after"))
    return (
        f"{machine['at']}, {machine['cores']} cores shared with database and load generator (load average {load}), "
        f"Python {machine['python']}, `make bench-signaling{machine['arguments']}`:"
    )


def _table(head: Sequence[str], rows: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [markdown_line(head), markdown_line(["---"] * len(head))]
    lines.extend(markdown_line([name, *(row[each] for each in head[1:])]) for name, row in rows.items())
    return "\n".join(lines)


def _ratios(figures: Mapping[str, Any]) -> str:
    """Ours divided by PeerJS's, where both were measured: below 1 we need less."""
    pairs = {ours: f"PeerJS: {peer}" for ours, peer in BESIDE.items()}
    lines = [markdown_line(("ours by PeerJS's", *RATIOS)), markdown_line(["---"] * (len(RATIOS) + 1))]
    for ours, peer in pairs.items():
        if ours in figures and peer in figures:
            mine, theirs = figures[ours], figures[peer]
            cells = [
                round(mine[each] / theirs[each], 2) if each in mine and theirs.get(each) else "" for each in RATIOS
            ]
            lines.append(markdown_line((ours, *cells)))
    return "\n".join(lines)


def _calls(calls: Mapping[str, Any]) -> str:
    met = [f"{name} {calls[name]} (aim {aim}: {'met' if calls[name] <= aim else '**missed**'})" for name, aim in AIMS]
    return (
        f"{calls['calls']} calls of two Chromiums, click to the first picture, both sides: {', '.join(met)}; from "
        f"opening the agent's page: p50 {calls['page p50 ms']} ms, p95 {calls['page p95 ms']} ms."
    )


# ours -> what of PeerJS's stands beside it
BESIDE = {
    "kiosk, nobody there (event stream)": "socket",
    "kiosk, citizen waits (WebSocket)": "socket",
    "typed text, steady": "messages, steady",
    "typed text, fast": "messages, fast",
}
