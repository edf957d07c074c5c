"""Instants at the ends of time are refused where they come in: no zone can tell them."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from booking.journey.choices import wanted_in
from booking.pages.agent_appointment import FollowUpForm
from booking.pages.citizen import MoveForm
from booking.schemas import RescheduleRequest
from kiosks.schemas import SlotChoice

ENDS = ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2201-01-01T00:00:00Z", "253402300799"]
A_DAY = "2026-11-23T10:00:00+01:00"


@pytest.mark.parametrize("start", ENDS)
@pytest.mark.parametrize(
    ("form", "field", "given"),
    [
        (RescheduleRequest, "start", "{}"),
        (MoveForm, "start", "{}@house"),
        (FollowUpForm, "start", "{}"),
        (SlotChoice, "time", "house|{}"),
    ],
)
def test_the_ends_of_time_are_refused(form: type[BaseModel], field: str, given: str, start: str) -> None:
    def about(moment: str) -> dict[str, Any]:
        more = {"visit": "v", "service": "s"}
        return {name: more[name] for name in more if name in form.model_fields} | {field: given.format(moment)}

    with pytest.raises(ValidationError):
        form.model_validate(about(start))
    form.model_validate(about(A_DAY))


@pytest.mark.parametrize("start", ENDS)
def test_a_journey_to_the_ends_of_time_has_no_start(start: str) -> None:
    assert wanted_in({"service": "s", "slot": f"{start}@house"}) is None
    assert wanted_in({"service": "s", "slot": f"{A_DAY}@house"}) is not None
