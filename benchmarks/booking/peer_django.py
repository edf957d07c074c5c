"""Runs in the peer's own environment: `python peer_django.py postgres://...` prints its figures as one line of JSON.

Through Django's test client, in the same process and without a network, which flatters it.
"""

import json
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta
from types import ModuleType
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.urls import include, path

DAYS_BOOKED = 40
RACERS = 20


def configure(url: str) -> None:
    """Set Django up for a database, with the package's pages under /."""
    parts = urlsplit(url)
    urls = ModuleType("urls")
    sys.modules["urls"] = urls
    settings.configure(
        SECRET_KEY="benchmark", ROOT_URLCONF="urls", USE_TZ=True, TIME_ZONE="Europe/Paris", ALLOWED_HOSTS=["*"],
        DATABASES={"default": {
            "ENGINE": "django.db.backends.postgresql", "NAME": parts.path[1:], "USER": parts.username,
            "HOST": parts.hostname, "PORT": parts.port,
        }},
        INSTALLED_APPS=[
            "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
            "django.contrib.messages", "appointment",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[{
            "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
            "OPTIONS": {"context_processors": [
                "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]},
        }],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DEBUG_PROPAGATE_EXCEPTIONS=True, LOGGING_CONFIG=None,
    )  # fmt: skip
    django.setup()
    urls.urlpatterns = [path("", include("appointment.urls"))]


def next_workday() -> date:
    """Return a weekday some days ahead."""
    day = datetime.now(UTC).date() + timedelta(days=10)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return day


def make_offer() -> tuple[int, int]:
    """One service, one agent with weekly hours; return their numbers."""
    from datetime import time as clock

    from appointment.models import Service, StaffMember, WorkingHours
    from django.contrib.auth import get_user_model

    user = get_user_model().objects.create_user("agent", "agent@example.org", "x", first_name="Agent")
    service = Service.objects.create(name="Service", duration=timedelta(minutes=25), price=0)
    agent = StaffMember.objects.create(
        user=user, slot_duration=30, lead_time=clock(9), finish_time=clock(17), appointment_buffer_time=5
    )
    agent.services_offered.add(service)
    for weekday in range(1, 6):
        WorkingHours.objects.create(staff_member=agent, day_of_week=weekday, start_time=clock(9), end_time=clock(17))
    return service.pk, agent.pk


def time_slots(service: int, agent: int, seconds: float = 5) -> dict[str, float]:
    """Ask for the slots of one agent and one day, again and again."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"X-Requested-With": "XMLHttpRequest"})
    query = {"selected_date": next_workday().isoformat(), "staff_member": agent, "service_id": service}

    def ask() -> None:
        answer = client.get("/ajax/available_slots/", query)
        assert answer.json()["available_slots"], answer.content

    with CaptureQueriesContext(connection) as queries:
        ask()
    statements = len(queries)
    took = []
    end, used = time.monotonic() + seconds, time.process_time()
    while time.monotonic() < end:
        began = time.perf_counter()
        ask()
        took.append(1000 * (time.perf_counter() - began))
    took.sort()
    return {
        "slots of one agent and day, p50 ms": round(took[len(took) // 2], 1),
        "p95 ms": round(took[int(0.95 * len(took))], 1),
        "process CPU ms": round(1000 * (time.process_time() - used) / len(took), 1),
        "statements": statements,
    }


def race(service: int, agent: int) -> dict[str, int]:
    """Let twenty signed-in people submit one slot at once, each in a thread with a connection of its own."""
    from appointment.models import Appointment
    from django.contrib.auth import get_user_model
    from django.db import connections
    from django.test import Client

    people = [get_user_model().objects.create_user(f"p{n}", f"p{n}@example.org", "x") for n in range(RACERS)]
    barrier = threading.Barrier(RACERS)
    statuses: list[str] = []

    def book(person: object, number: int) -> None:
        client = Client()
        client.force_login(person)
        barrier.wait()
        asked = client.post(
            "/request-submit/",
            {
                "date": next_workday().isoformat(), "start_time": "10:00", "end_time": "10:25", "service": service,
                "staff_member": agent,
            },
        )  # fmt: skip
        if asked.status_code == 302:
            done = client.post(
                asked["Location"],
                {
                    "name": f"Person {number}", "email": f"p{number}@example.org", "phone_0": "FR",
                    "phone_1": "612345678", "address": "Rue", "payment_type": "full",
                },
            )  # fmt: skip
            statuses.append(f"submitted {done.status_code}")
        else:
            statuses.append(f"refused {asked.status_code}")
        connections.close_all()

    threads = [threading.Thread(target=book, args=(person, number)) for number, person in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "people who ask for one slot at once": RACERS,
        "appointments made of it": Appointment.objects.count(),
        **{name: statuses.count(name) for name in sorted(set(statuses))},
    }


def main(url: str) -> None:
    """Measure and print."""
    configure(url)
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    # the package comes without migrations
    call_command("migrate", verbosity=0, run_syncdb=True)
    service, agent = make_offer()
    print(json.dumps(time_slots(service, agent) | race(service, agent)))


main(sys.argv[1])
