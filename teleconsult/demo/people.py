"""Who is in the demonstration, and with which login. One password for all: it is no secret."""

from dataclasses import dataclass

from teleconsult.accounts.roles import Role
from teleconsult.web.i18n import N_

PASSWORD = "demo"  # noqa: S105 - printed by the demonstration itself
PARTNER_KEY = "demo-partner-key"
PARTNER_NAME = "Partenaire de démonstration"

AGENT_EMAIL = "agent@demo.example"
WALK_IN_EMAIL = "agent2@demo.example"  # who is on duty at any hour for people without an appointment
ADVISER_EMAIL = "conseiller@demo.example"
ADMINISTRATOR_EMAIL = "admin@demo.example"
# What the sign-in page offers to fill in: role, e-mail, password
LOGINS = [
    (N_("Agent de l’État"), AGENT_EMAIL, PASSWORD),
    (N_("Agent de l’État, sans rendez-vous"), WALK_IN_EMAIL, PASSWORD),
    (N_("Conseiller France services"), ADVISER_EMAIL, PASSWORD),
    (N_("Administrateur"), ADMINISTRATOR_EMAIL, PASSWORD),
]


@dataclass(frozen=True)
class Officer:
    """A State officer: for which organisation and services, and when (minutes since midnight, Monday is 0)."""

    email: str
    name: str
    organisation: str
    services: tuple[str, ...]
    hours: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Person:
    """Someone else who signs in; `houses` are the national numbers of an adviser's houses."""

    email: str
    name: str
    role: Role
    houses: tuple[str, ...] = ()


def _week(*blocks: tuple[int, int], days: range = range(5)) -> tuple[tuple[int, int, int], ...]:
    return tuple((day, start, end) for day in days for start, end in blocks)


MORNING, AFTERNOON = (9 * 60, 12 * 60 + 30), (13 * 60 + 30, 17 * 60)
EARLY, LATE = (8 * 60 + 30, 12 * 60), (14 * 60, 18 * 60)

OFFICERS = (
    Officer(AGENT_EMAIL, "Camille Moreau", "ddt", ("renover-logement", "aides-agricoles"), _week(MORNING, AFTERNOON)),
    Officer(WALK_IN_EMAIL, "Hugo Lefèvre", "ddt", ("renover-logement",), _week(EARLY, AFTERNOON)),
    Officer("agent3@demo.example", "Inès Garnier", "ddets", ("droits-travail",), _week(MORNING, LATE)),
    Officer("agent4@demo.example", "Malik Roussel", "ddfip", ("impots",), _week(EARLY, AFTERNOON)),
    Officer("agent5@demo.example", "Jeanne Faure", "prefecture", ("titre-sejour",), _week(MORNING, AFTERNOON)),
    Officer(
        "agent6@demo.example",
        "Yanis Chevalier",
        "prefecture",
        ("titre-sejour",),
        _week(MORNING, days=range(3)) + _week(LATE),
    ),
)
OTHERS = (
    Person(ADVISER_EMAIL, "Dominique Petit", Role.STAFF, ("773", "1233", "166")),
    Person("conseiller2@demo.example", "Sacha Fontaine", Role.STAFF, ("260", "2617", "1922")),
    Person(ADMINISTRATOR_EMAIL, "Alex Bernard", Role.ADMINISTRATOR),
)
