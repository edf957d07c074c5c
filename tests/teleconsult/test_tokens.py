"""Signed capabilities."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleconsult.web.tokens import Signer, TokenExpired, TokenInvalid

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SIGNER = Signer("a secret of more than thirty-two characters")
END = NOW + timedelta(hours=1)


@given(st.text(max_size=100), st.sampled_from(["pass", "manage"]))
def test_what_was_issued_is_read_back(subject: str, purpose: str) -> None:
    assert SIGNER.read(purpose, SIGNER.issue(purpose, subject, END), NOW) == subject


def test_a_token_opens_one_purpose_only() -> None:
    token = SIGNER.issue("pass", "42", END)
    with pytest.raises(TokenInvalid):
        SIGNER.read("manage", token, NOW)


def test_a_token_ends() -> None:
    token = SIGNER.issue("pass", "42", END)
    assert SIGNER.read("pass", token, END - timedelta(seconds=1)) == "42"
    with pytest.raises(TokenExpired):
        SIGNER.read("pass", token, END)


def test_another_key_signs_nothing_here() -> None:
    token = Signer("another secret of more than thirty-two characters").issue("pass", "42", END)
    with pytest.raises(TokenInvalid):
        SIGNER.read("pass", token, NOW)


@given(st.text(max_size=200))
def test_noise_is_no_token(noise: str) -> None:
    with pytest.raises(TokenInvalid):
        SIGNER.read("pass", noise, NOW)


@given(st.integers(min_value=0), st.characters(codec="ascii", categories=["L", "N"]))
def test_a_changed_character_spoils_it(index: int, character: str) -> None:
    token = SIGNER.issue("pass", "42", END)
    place = index % (len(token) - 1)  # the last character of base64 may carry bits that mean nothing
    changed = token[:place] + character + token[place + 1 :]
    if changed == token:
        return
    with pytest.raises((TokenInvalid, TokenExpired)):
        SIGNER.read("pass", changed, NOW)
