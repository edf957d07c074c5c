"""What people type, and what they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.journey.wording import best, likeness, plain, relevance, words

SERVICES = {
    "car": (("carte grise", "immatriculation", "voiture"), "Véhicule : papiers et certificat"),
    "stay": (("titre de séjour", "visa", "carte de séjour"), "Titre de séjour : préparer ou suivre ma demande"),
    "tax": (("impots", "déclaration de revenus", "trésor public"), "Impôts : ma déclaration, mon avis"),
    "housing": (("APL", "logement", "chauffage", "MaPrimeRénov"), "Rénover ou adapter mon logement"),
}


def meant(asked: str) -> list[str]:
    return best((relevance(asked, keywords=keywords, texts=(name,)), key) for key, (keywords, name) in SERVICES.items())


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("carte grise", "car"), ("Carte-Grise", "car"), ("crate grise", "car"), ("cartes grises", "car"),
        ("je voudrais refaire la carte grise de ma voiture", "car"), ("imatriculation", "car"),
        ("impôts", "tax"), ("IMPOTS", "tax"), ("impot", "tax"), ("impotss", "tax"), ("trézor public", "tax"),
        ("apl", "housing"), ("APL", "housing"), ("mon logment", "housing"), ("maprimerenov", "housing"),
        ("titre sejour", "stay"), ("carte de sejour", "stay"),
    ],
)  # fmt: skip
def test_everyday_words_find_their_service(asked: str, key: str) -> None:
    assert meant(asked)[0] == key


@pytest.mark.parametrize("asked", ["", "   ", "???", "xyzzy", "apx", "pêche à la ligne"])
def test_nothing_is_found_for_nothing_known(asked: str) -> None:
    assert meant(asked) == []


def test_a_near_miss_does_not_hide_the_right_one() -> None:
    assert meant("carte grise") == ["car"]


def test_short_words_must_be_right() -> None:
    assert likeness("apl", "apl") == 1
    assert likeness("aal", "apl") == 0
    assert likeness("caf", "cap") == 0


@given(st.text())
def test_plain_is_plain_already(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@given(st.text(), st.lists(st.text(), max_size=3))
def test_relevance_is_a_percentage(asked: str, known: list[str]) -> None:
    assert 0 <= relevance(asked, keywords=known, texts=known) <= 100


@given(st.text(alphabet=st.characters(codec="latin-1"), min_size=1))
def test_everything_means_itself(text: str) -> None:
    if words(text):
        assert relevance(text, keywords=(), texts=(text,)) == pytest.approx(100)
