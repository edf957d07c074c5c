"""Text messages and what they cost: the GSM 7-bit alphabet, French text that stays readable in it, parts. Pure.

3GPP TS 23.038 6.2.1 (default alphabet and its extension table) and TS 23.040 9.2.3.24.1 (concatenation).
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

# By code, from 0 to 127; 27 escapes to the extension table. (\x20: `make format` minds the spaces of French sentences.)
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ\x20!\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
ESCAPE = 27
EXTENSION = {"\f": 10, "^": 20, "{": 40, "}": 41, "\\": 47, "[": 60, "~": 61, "]": 62, "|": 64, "€": 101}
CODES = {char: bytes([code]) for code, char in enumerate(BASIC) if code != ESCAPE} | {
    char: bytes([ESCAPE, code]) for char, code in EXTENSION.items()
}
# Septets, or UTF-16 units, that one message takes; and each part of a longer one, beside the header that joins them.
WHOLE = {"gsm7": 160, "ucs2": 70}
PART = {"gsm7": 153, "ucs2": 67}
# A text that GSM 7-bit cannot write (Arabic, Cyrillic) holds less than half as much.
UCS2_PARTS = 3
REPLACED = dict.fromkeys("’‘‚`´", "'") | dict.fromkeys("“”„«»", '"') | dict.fromkeys("–—‐‑−·•", "-")
REPLACED |= {"…": "...", "×": "x", "°": "o", "œ": "oe", "Œ": "OE", "ı": "i", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D"}
REPLACED |= {"ħ": "h", "þ": "th", "Þ": "Th", "ð": "d", "\t": " ", "\u2028": "\n", "\u2029": "\n"}
# Controls, formats, surrogates, unassigned: they print nothing.
SILENT = {"Cc", "Cf", "Cs", "Cn", "Co"}
LINK = re.compile(r"(https?://\S+)")
ELLIPSIS = "..."


class Alphabet(StrEnum):
    """How a message is coded on the air."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


@dataclass(frozen=True)
class Size:
    """What a text takes: `length` in septets or UTF-16 units, and the messages (`parts`) that are paid for."""

    alphabet: Alphabet
    length: int
    parts: int


def is_gsm7(text: str) -> bool:
    """Whether every character is in the default alphabet or its extension table."""
    return all(char in CODES for char in text)


def encode(text: str) -> bytes:
    """Return a text's septets, one an octet, extensions escaped; precondition: `is_gsm7`."""
    return b"".join(CODES[char] for char in text)


def decode(septets: bytes) -> str:
    """Return the text of septets, one an octet; what the tables do not know is read as a space (TS 23.038 6.2.1.1)."""
    extension = {code: char for char, code in EXTENSION.items()}
    codes, text = iter(septets), ""
    for code in codes:
        if code == ESCAPE:
            text += extension.get(next(codes, 0), " ")
        else:
            text += BASIC[code] if code < len(BASIC) else " "
    return text


def measure(text: str) -> Size:
    """Return what a text takes as it stands, be it in GSM 7-bit or, if it must, in UCS-2."""
    alphabet = Alphabet.GSM7 if is_gsm7(text) else Alphabet.UCS2
    length = sum(_units(char, alphabet) for char in text)
    return Size(alphabet, length, sum(1 for _ in _parts(text, alphabet, length)))


def split(text: str) -> list[str]:
    """Return the parts in which a text is sent; no escape sequence and no surrogate pair is torn."""
    size = measure(text)
    return list(_parts(text, size.alphabet, size.length))


def _parts(text: str, alphabet: Alphabet, length: int) -> Iterator[str]:
    room = WHOLE[alphabet] if length <= WHOLE[alphabet] else PART[alphabet]
    part, used = "", 0
    for char in text:
        units = _units(char, alphabet)
        if used + units > room:
            yield part
            part, used = "", 0
        part += char
        used += units
    if part:
        yield part


def _units(char: str, alphabet: Alphabet) -> int:
    if alphabet is Alphabet.GSM7:
        return len(CODES[char])
    return 2 if ord(char) > 0xFFFF else 1


def transliterate(text: str) -> str:
    """Return a text in GSM 7-bit as it is best read: é and à stay, ê and ç lose their marks, œ is oe.

    What other scripts write cannot be so written: then the whole text stays as it is, without what prints nothing.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = "".join(_plain(char) for char in unicodedata.normalize("NFC", text))
    if is_gsm7(plain):
        return plain
    return "".join(char for char in text if char == "\n" or unicodedata.category(char) not in SILENT)


def _plain(char: str) -> str:
    if char in CODES and char != "\f":
        return char
    if char in REPLACED:
        return REPLACED[char]
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.digit(char))
    # Only letters and numbers of other scripts are worth a second message: marks and symbols are left out.
    marked = unicodedata.normalize("NFKD", char)
    letters = "".join(REPLACED.get(each, each) for each in marked if unicodedata.category(each)[0] in "LNPSZ")
    if is_gsm7(letters) and letters.strip():
        return letters
    return char if category[0] in "LN" else " " if category[0] == "Z" else ""


def shorten(text: str, *, parts: int = 1) -> str:
    """Return a text that takes no more than `parts`, cut between words from its end, with dots where it was cut.

    Links stay whole, and are never lost: a text whose links alone take more is returned with these alone.
    """
    if measure(text).parts <= parts:
        return text
    pieces = LINK.split(text)
    for index in range(len(pieces) - 1 if len(pieces) % 2 else len(pieces) - 2, -1, -2):
        piece, followed = pieces[index], index < len(pieces) - 1
        for end in range(len(piece) - 1, -1, -1):
            if end and not piece[end].isspace() and " " in piece[:end].strip():
                continue  # in the middle of a word, and not of the first
            pieces[index] = _cut(piece[:end], followed)
            shorter = "".join(pieces)
            if measure(shorter).parts <= parts:
                return shorter
        pieces[index] = " " if followed and index else ""
    return "".join(pieces)


def _cut(kept: str, followed: bool) -> str:
    kept = kept.rstrip()
    if not kept:
        return " " if followed else ""
    return kept + ELLIPSIS + (" " if followed else "")


def ready(text: str) -> str:
    """Return a text as it is sent: in GSM 7-bit and one part if it can be so written, else in a few."""
    plain = transliterate(text)
    return shorten(plain, parts=1 if is_gsm7(plain) else UCS2_PARTS)
