"""Texts are judged before they are kept, so that filling them in can never fail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.notifications.kinds import Kind, Recipient
from booking.wording.check import problems, warnings
from booking.wording.placeholders import LABELS, braces, fill
from booking.wording.slots import SLOTS, Slot
from booking.wording.texts import TEXTS
from tests.booking.meetings import ORIGIN, translator

SMS = Slot(Kind.REMINDER, Recipient.CITIZEN, "sms")
MAIL = Slot(Kind.LATE, Recipient.CITIZEN, "email")
GOOD = "Rappel {when} à {site} : {link}"


def codes(slot: Slot, **texts: str) -> list[tuple[str, str, int | None]]:
    return [(each.field, each.code, each.at) for each in problems(slot, texts, origin=ORIGIN)]


@pytest.mark.parametrize("kind", list(TEXTS))
@pytest.mark.parametrize("language", ["fr", "en"])
def test_built_in_text_messages_pass_their_own_judgement(kind: Kind, language: str) -> None:
    text = translator(language)(TEXTS[kind])
    assert codes(Slot(kind, Recipient.CITIZEN, "sms"), opening=text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (GOOD, []),
        ("", [("opening", "empty", None)]),
        (" \n ", [("opening", "empty", None)]),
        ("{when} {lien} {link}", [("opening", "unknown", 7)]),
        ("{when} {link} {name}", [("opening", "unknown", 14)]),
        ("{when} {link", [("opening", "unclosed", 7), ("opening", "missing", None)]),
        ("when} {when} {link}", [("opening", "unclosed", 4)]),
        ("{when {when} {link}", [("opening", "unclosed", 0)]),
        ("{} {when} {link}", [("opening", "unknown", 0)]),
        ("{When} {when} {link}", [("opening", "unknown", 0)]),
        ("{when!r} {when} {link}", [("opening", "unknown", 0)]),
        ("{0} {when} {link}", [("opening", "unknown", 0)]),
        ("Rappel {when}", [("opening", "missing", None)]),
        ("Rappel\x00 {when} {link}", [("opening", "character", 6)]),
        ("\u202eRappel {when} {link}", [("opening", "character", 0)]),
        (GOOD + "x" * 60, [("opening", "cut", None)]),
        (GOOD + "x" * 600, [("opening", "too_long", None)]),
    ],
)
def test_what_is_wrong_with_a_text_message_and_where(text: str, found: list[tuple[str, str, int | None]]) -> None:
    assert codes(SMS, opening=text) == found


def test_a_mail_is_judged_field_by_field() -> None:
    assert codes(MAIL, subject="Retard {when}", opening="Vers {time}", closing="") == []
    assert codes(MAIL, subject="Retard", opening="Vers {time}") == [("subject", "missing", None)]
    assert codes(MAIL, subject="Retard\n{when}", opening="x", closing="{") == [
        ("subject", "one_line", 6), ("opening", "missing", None), ("closing", "unclosed", 0),
    ]  # fmt: skip
    assert codes(MAIL, subject="x" * 200 + "{when}", opening="{time}", closing="") == [("subject", "too_long", None)]
    agent = Slot(Kind.INVITATION, Recipient.AGENT, "email")
    assert codes(agent, subject="{when}", opening="{name} {initial}", closing="") == [("opening", "unknown", 0)]


@pytest.mark.parametrize(
    ("text", "found"),
    [(GOOD, []), (GOOD + "x" * 25, ["abbreviated"]), ("تذكير {when} {link}", ["scripts"]), ("", [])],
)
def test_what_an_administrator_ought_to_know(text: str, found: list[str]) -> None:
    assert [each.code for each in warnings(SMS, {"opening": text}, origin=ORIGIN)] == found


def test_everything_that_may_be_inserted_has_a_name() -> None:
    for slot in SLOTS:
        assert set(slot.allowed()) <= set(LABELS)
        for field in slot.fields:
            assert set(slot.required(field)) <= set(slot.allowed())


@given(st.text(), st.dictionaries(st.sampled_from(sorted(LABELS)), st.text()))
def test_filling_in_never_fails(text: str, values: dict[str, str]) -> None:
    assert isinstance(fill(text, values), str)


texts = st.lists(
    st.one_of(st.text(max_size=20), st.sampled_from(["{when}", "{link}", "{site}", "{", "}", "{name}"])), max_size=12
).map("".join)


@given(texts)
def test_what_is_kept_leaves_no_brace_when_it_is_sent(text: str) -> None:
    if not problems(SMS, {"opening": text}, origin=ORIGIN):
        filled = fill(text, dict.fromkeys(SMS.allowed(), "x"))
        assert braces(filled) == []
        assert "x" in filled
