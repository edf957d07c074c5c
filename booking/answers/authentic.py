"""Whether a mail is from whom it says, by the word of our own mail server (Authentication-Results, RFC 8601). Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

MOST_CHARACTERS = 4000
METHOD = re.compile(r"\s*([a-z0-9-]+)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)", re.IGNORECASE)
PROPERTY = re.compile(r"([a-z0-9-]+\.[a-z0-9_.-]+)\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)
# Where each method says for whom it vouches (RFC 8601 2.7)
VOUCHED = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom", "smtp.mail"), "dmarc": ("header.from",)}


class Verdict(StrEnum):
    """What our mail server found: the sender's domain vouches, denies, or nothing was said."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class _Finding:
    method: str
    result: str
    domains: tuple[str, ...]


def judge(headers: Sequence[str], *, authserv_id: str, sender: str) -> Verdict:
    """Return what the headers of our own server say of a mail from `sender`.

    DMARC decides where it was looked at (RFC 7489). Else a DKIM or SPF that passes for the sender's own domain vouches
    for it, so that a forwarded mail, whose SPF fails, still counts; and one that fails denies it. Others' headers are
    not read: the server removes those that came with its own name (RFC 8601 5).
    """
    domain = sender.rpartition("@")[2]
    found = [finding for header in headers for finding in _findings(header, authserv_id)] if authserv_id else []
    by_dmarc = {each.result for each in found if each.method == "dmarc"}
    vouched = any(each.result == "pass" and _aligned(each, domain) for each in found)
    if "fail" in by_dmarc:
        return Verdict.FAIL
    if vouched and domain:
        return Verdict.PASS
    if any(each.result == "fail" for each in found if each.method in ("dkim", "spf")):
        return Verdict.FAIL
    return Verdict.NONE


def _aligned(finding: _Finding, domain: str) -> bool:
    """Whether a finding is about the sender's domain, one above or one below it (RFC 7489 3.1, relaxed)."""
    return any(
        each == domain or (each.count(".") and domain.endswith(f".{each}")) or each.endswith(f".{domain}")
        for each in finding.domains
    )


def _findings(header: str, authserv_id: str) -> Iterator[_Finding]:
    named, *methods = _without_comments(header[:MOST_CHARACTERS]).split(";")
    if named.split()[:1] != [] and named.split()[0].casefold() == authserv_id.casefold():
        for text in methods:
            matched = METHOD.match(text)
            if matched:
                method = matched.group(1).casefold()
                properties = {name.casefold(): value for name, value in PROPERTY.findall(text)}
                values = (properties.get(name, "") for name in VOUCHED.get(method, ()))
                domains = tuple(each.rpartition("@")[2].casefold().rstrip(".") for each in values if each)
                yield _Finding(method, matched.group(2).casefold(), domains)


def _without_comments(text: str) -> str:
    """Return a header without what stands in brackets (RFC 5322 3.2.2), where anybody may write anything."""
    kept, depth, quoted, escaped = [], 0, False, False
    for char in text:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
            continue
        elif char == '"' and not depth:
            quoted = not quoted
            continue
        elif not quoted and char == "(":
            depth += 1
        elif not quoted and char == ")" and depth:
            depth -= 1
            continue
        if not depth and not (quoted and char in ";="):
            kept.append(char)
    return "".join(kept)
