"""Text messages: the alphabet, what a text takes, what French becomes in it, and shortening that keeps links whole."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.wording.gsm7 import (
    BASIC,
    ESCAPE,
    EXTENSION,
    LINK,
    PART,
    UCS2_PARTS,
    WHOLE,
    Alphabet,
    decode,
    encode,
    is_gsm7,
    measure,
    ready,
    shorten,
    split,
    transliterate,
)
from booking.wording.mobile import can_be_texted, masked

GSM = "".join(char for code, char in enumerate(BASIC) if code != ESCAPE) + "".join(EXTENSION)
FRENCH = (
    string.ascii_letters + string.digits + " \n'-,;:!?./()\"%&+«»’…–—œŒæÆàâäçéèêëîïôöùûüÿÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸ€°\u00a0\u202f"
)
gsm_texts = st.text(alphabet=GSM, max_size=500)
words = st.text(alphabet=FRENCH.replace("/", "").replace(":", ""), max_size=60)
links = st.text(alphabet=string.ascii_letters + string.digits + "-_", min_size=1, max_size=60).map(
    lambda path: f"https://rdv.example.fr/s/{path}"
)


def test_the_tables_are_those_of_the_standard() -> None:
    assert len(BASIC) == 128
    assert len(set(BASIC)) == 128
    for char, code in {"@": 0, "é": 5, "à": 127, "Δ": 16, "_": 17, "É": 31, " ": 32, "¡": 64, "§": 95, "¿": 96}.items():
        assert encode(char) == bytes([code])
    for char, codes in {"€": "1b65", "[": "1b3c", "{": "1b28", "\\": "1b2f", "^": "1b14", "~": "1b3d"}.items():
        assert encode(char).hex() == codes


@given(gsm_texts)
def test_what_is_encoded_is_read_again(text: str) -> None:
    assert decode(encode(text)) == text
    assert measure(text).length == len(encode(text))


@pytest.mark.parametrize(
    ("text", "alphabet", "length", "parts"),
    [
        ("", "gsm7", 0, 0),
        ("a" * 160, "gsm7", 160, 1),
        ("a" * 161, "gsm7", 161, 2),
        ("a" * 306, "gsm7", 306, 2),
        ("a" * 307, "gsm7", 307, 3),
        ("€" * 80, "gsm7", 160, 1),
        # an escape sequence is not torn: 76 of 2 septets fill 152 of 153
        ("€" * 153, "gsm7", 306, 3),
        ("ê" + "a" * 69, "ucs2", 70, 1),
        ("ê" + "a" * 70, "ucs2", 71, 2),
        ("ê" + "a" * 133, "ucs2", 134, 2),
        ("😀" * 35, "ucs2", 70, 1),
        # nor is a surrogate pair: 33 of 2 units fill 66 of 67
        ("😀" * 67, "ucs2", 134, 3),
    ],
)
def test_what_a_text_takes(text: str, alphabet: str, length: int, parts: int) -> None:
    size = measure(text)
    assert (size.alphabet, size.length, size.parts) == (alphabet, length, parts)


@given(st.one_of(gsm_texts, st.text(max_size=300)))
def test_parts_are_whole_full_and_as_many_as_measured(text: str) -> None:
    size, parts = measure(text), split(text)
    assert "".join(parts) == text
    assert len(parts) == size.parts
    room = WHOLE[size.alphabet] if size.parts <= 1 else PART[size.alphabet]
    for part in parts:
        taken = len(encode(part)) if size.alphabet is Alphabet.GSM7 else len(part.encode("utf-16-be", "surrogatepass"))
        assert taken <= room * (1 if size.alphabet is Alphabet.GSM7 else 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("à é è ù ò ì É", "à é è ù ò ì É"),
        (
            "Rappel : rendez-vous à 14\u00a0h\u00a030, être à l’heure…",
            "Rappel : rendez-vous à 14 h 30, etre à l'heure...",
        ),
        ("Ça, c’est l’œuvre de Noël", "Ça, c'est l'oeuvre de Noel"),
        ("« Maison d’accueil » – n° 4 — 12 €", '" Maison d\'accueil " - no 4 - 12 €'),
        ("Łódź, Þór, Ŝi, ﬁn, ２３, ٣", "Lodz, Thor, Si, fin, 23, 3"),
        ("Bravo 👍🏽 !\u200b", "Bravo  !"),
        ("ligne\r\nautre\tmot", "ligne\nautre mot"),
        ("e\u0301te\u0301", "été"),
    ],
)
def test_french_is_read_well_in_gsm7(text: str, expected: str) -> None:
    assert transliterate(text) == expected


@pytest.mark.parametrize("text", ["موعدك غدا على الساعة 14", "Ваш приём завтра", "明日の予約 ê"])
def test_what_other_scripts_write_stays(text: str) -> None:
    assert transliterate(text) == text
    assert measure(ready(text)).alphabet is Alphabet.UCS2


@given(st.text(alphabet=FRENCH, max_size=300))
def test_french_never_needs_more_than_gsm7(text: str) -> None:
    assert is_gsm7(transliterate(text))


@given(st.text(max_size=200))
def test_transliterating_twice_changes_nothing(text: str) -> None:
    once = transliterate(text)
    assert transliterate(once) == once


@given(st.lists(st.one_of(words, links), max_size=8).map(" ".join), st.integers(1, 3))
def test_shortened_texts_fit_and_their_links_are_whole(text: str, parts: int) -> None:
    text = transliterate(text)
    found = LINK.findall(text)
    shorter = shorten(text, parts=parts)
    assert LINK.findall(shorter) == found
    if measure(shorter).parts > parts:
        assert measure(" ".join(found)).parts > parts or shorter.split() == found
    if measure(text).parts <= parts:
        assert shorter == text


@given(st.text(max_size=400))
def test_whatever_is_written_goes_out_in_one_part_unless_it_needs_ucs2(text: str) -> None:
    size = measure(ready(text))
    if not LINK.search(transliterate(text)):
        assert size.parts <= (1 if size.alphabet is Alphabet.GSM7 else UCS2_PARTS)


def test_text_is_cut_between_words_before_its_link() -> None:
    link = "https://rdv.example.fr/s/abcdefghijklmnopqrstuvwxyz"
    text = ready("Rappel de votre rendez-vous " + "avec la direction départementale " * 6 + link)
    assert measure(text).parts == 1
    assert text.endswith("... " + link)
    assert text.removesuffix("... " + link).split()[-1] in {"avec", "la", "direction", "départementale"}


@pytest.mark.parametrize(
    "phone",
    [
        "+33612345678", "+33752345678", "+590690123456", "+596696123456", "+594694123456", "+262692123456",
        "+262639012345", "+508551234", "+687751234", "+68987123456", "+681821234", "+4915112345678", "+12025551234",
    ],
)  # fmt: skip
def test_mobiles_are_texted(phone: str) -> None:
    assert can_be_texted(phone)


@pytest.mark.parametrize(
    "phone",
    [
        "+33238123456", "+262262123456", "+590590123456", "+33899123456", "+33970123456", "+18005551234",
        "+4990012345678", "+33700123456", "0612345678", "", "+33", "numéro",
    ],
)  # fmt: skip
def test_landlines_premium_rates_and_machines_are_not(phone: str) -> None:
    assert not can_be_texted(phone)


def test_countries_can_be_limited() -> None:
    assert can_be_texted("+262692123456", frozenset({"FR", "RE"}))
    assert not can_be_texted("+4915112345678", frozenset({"FR", "RE"}))


def test_masked_number_tells_nobody_else() -> None:
    assert masked("+33612345678") == "+336 … 78"
    assert masked("") == ""
