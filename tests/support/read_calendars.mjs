// Reads iCalendar objects with ical.js: a JSON list of texts on standard input, a JSON list of what each says out.
// Zones are taken from the VTIMEZONE in each object and from nowhere else.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const text = (component, name) => component.getFirstPropertyValue(name)?.toString() ?? null;

function person(property) {
  const named = (name) => property.getParameter(name) ?? null;
  return {
    address: property.getFirstValue(),
    cn: named("cn"),
    cutype: named("cutype"),
    role: named("role"),
    partstat: named("partstat"),
    rsvp: named("rsvp"),
  };
}

function read(source) {
  const calendar = new ICAL.Component(ICAL.parse(source));
  ICAL.TimezoneService.reset();
  for (const zone of calendar.getAllSubcomponents("vtimezone")) {
    ICAL.TimezoneService.register(new ICAL.Timezone(zone));
  }
  return {
    method: text(calendar, "method"),
    events: calendar.getAllSubcomponents("vevent").map((component) => {
      const event = new ICAL.Event(component);
      const conference = component.getFirstProperty("conference");
      return {
        uid: event.uid,
        sequence: event.sequence,
        stamp: component.getFirstPropertyValue("dtstamp").toUnixTime(),
        start: event.startDate.toUnixTime(),
        end: event.endDate.toUnixTime(),
        zone: event.startDate.zone.tzid,
        wall: event.startDate.toString(),
        summary: event.summary,
        description: event.description,
        location: event.location,
        status: text(component, "status"),
        transp: text(component, "transp"),
        geo: component.getFirstPropertyValue("geo"),
        url: text(component, "url"),
        conference: conference ? conference.getFirstValue() : null,
        organizer: person(component.getFirstProperty("organizer")),
        attendees: component.getAllProperties("attendee").map(person),
        alarms: component.getAllSubcomponents("valarm").map((alarm) => ({
          action: text(alarm, "action"),
          description: text(alarm, "description"),
          seconds: alarm.getFirstPropertyValue("trigger").toSeconds(),
        })),
      };
    }),
  };
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf-8")).map(read)));
