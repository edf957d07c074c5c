"""What is shown of the figures: each column with its heading and definition, and numbers as people write them."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from babel.numbers import format_decimal, format_percent

from teleconsult.web.i18n import LOCALES, N_


class Kind(StrEnum):
    """How a number is written."""

    COUNT = "#,##0"
    SHARE = "#,##0 %"
    TENTH = "#,##0.0"


@dataclass(frozen=True)
class Column:
    """One figure: where it is taken from, its heading and unit, and its definition in a sentence."""

    key: str
    heading: str
    kind: Kind
    definition: str

    def value(self, figures: object) -> float | None:
        """Return the number, None when there is nothing to tell from."""
        number = getattr(figures, self.key)
        return None if number is None else float(number)


COLUMNS = (
    Column(
        "bookings",
        N_("Rendez-vous pris"),
        Kind.COUNT,
        N_("Tous les rendez-vous dont le début tombe dans la période, quelle qu’en soit la suite."),
    ),
    Column(
        "held",
        N_("Tenus"),
        Kind.COUNT,
        N_("La personne est venue et la consultation a eu lieu."),
    ),
    Column(
        "no_shows",
        N_("Absences"),
        Kind.COUNT,
        N_("La personne n’est pas venue."),
    ),
    Column(
        "technical",
        N_("Échecs techniques"),
        Kind.COUNT,
        N_("Le matériel ou le réseau a empêché la consultation. Ce n’est l’absence de personne."),
    ),
    Column(
        "cancelled",
        N_("Annulés"),
        Kind.COUNT,
        N_("Annulés avant de commencer, par l’usager, l’agent ou la maison."),
    ),
    Column(
        "open",
        N_("À venir ou en cours"),
        Kind.COUNT,
        N_("À venir, en cours, ou que l’agent n’a pas encore clos."),
    ),
    Column(
        "attendance",
        N_("Présence"),
        Kind.SHARE,
        N_("Tenus ÷ (tenus + absences). Les annulations et les échecs techniques n’y entrent pas."),
    ),
    Column(
        "delay_days_median",
        N_("Délai médian (jours)"),
        Kind.TENTH,
        N_(
            "Du moment de la prise de rendez-vous au premier créneau libre à ce moment-là, même si un autre a été "
            "choisi. La moitié des délais sont plus courts. En jours de 24 heures."
        ),
    ),
    Column(
        "delay_days_mean",
        N_("Délai moyen (jours)"),
        Kind.TENTH,
        N_("La moyenne de ces mêmes délais."),
    ),
    Column(
        "call_minutes_mean",
        N_("Durée moyenne d’appel (minutes)"),
        Kind.TENTH,
        N_(
            "De l’entrée de l’usager, admis par l’agent, à la fin de l’appel. "
            "Les appels jamais établis n’y entrent pas."
        ),
    ),
    Column(
        "walk_ins",
        N_("Dont sans rendez-vous"),
        Kind.COUNT,
        N_("Reçus tout de suite, à une borne, par le premier agent libre. Ils comptent parmi les rendez-vous pris."),
    ),
    Column(
        "wait_minutes_median",
        N_("Attente médiane sans rendez-vous (minutes)"),
        Kind.TENTH,
        N_(
            "De l’entrée dans la file à l’accueil par l’agent. La moitié des attentes sont plus courtes. "
            "Qui est parti sans être reçu n’y entre pas."
        ),
    ),
    Column(
        "answers",
        N_("Avis"),
        Kind.COUNT,
        N_("Réponses à «\u00a0De façon générale, comment ça s’est passé\u00a0?\u00a0», une par rendez-vous."),
    ),
    Column(
        "satisfaction",
        N_("Satisfaction (sur 10)"),
        Kind.TENTH,
        N_("Moyenne des avis\u00a0: mal 0, moyen 5, bien 10."),
    ),
    Column(
        "good_share",
        N_("Part de «\u00a0bien\u00a0»"),
        Kind.SHARE,
        N_("Avis «\u00a0bien\u00a0» ÷ tous les avis."),
    ),
    Column(
        "km",
        N_("Kilomètres évités"),
        Kind.COUNT,
        N_(
            "Pour chaque consultation tenue\u00a0: l’aller et retour de la maison au bureau le plus proche du service, "
            "à vol d’oiseau × 1,3 (estimation de la route). Le trajet du domicile à la maison n’est pas connu\u00a0: "
            "il n’est pas déduit."
        ),
    ),
    Column(
        "co2e_kg",
        N_("CO₂e évité (kg)"),
        Kind.COUNT,
        N_("Ces kilomètres × le facteur d’émission en vigueur le jour du rendez-vous."),
    ),
)
BY_KEY = {column.key: column for column in COLUMNS}
NOTHING = "–"


def write_number(number: float | None, kind: Kind, language: str) -> str:
    """Return a number as `fr` or `en` writes it, a dash for none."""
    if number is None:
        return NOTHING
    locale = LOCALES[language]
    if kind is Kind.SHARE:
        return str(format_percent(number, locale=locale))
    return str(format_decimal(number, format=kind.value, locale=locale))


def number_writer(language: str) -> Callable[[Column, object], str]:
    """Return the function from a column and figures to the text of the cell."""
    return lambda column, figures: write_number(column.value(figures), column.kind, language)


def write_exactly(number: float, language: str) -> str:
    """Return a number with all its decimals."""
    return str(format_decimal(number, locale=LOCALES[language], decimal_quantization=False))
