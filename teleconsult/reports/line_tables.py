"""What is shown of lines: the columns with their definitions, a table by kiosk and one by office, and what to do."""

from collections.abc import Sequence

from teleconsult.reports.columns import Column, Kind
from teleconsult.reports.line_gather import AT_HOME, Lines
from teleconsult.reports.lines import LineFigures, advice, line_figures, lines_by
from teleconsult.reports.sheets import LineGrouping, Sheet
from teleconsult.web.i18n import N_, Gettext

HOME_NAME = N_("Chez l’usager")

LINE_COLUMNS = (
    Column(
        "calls", N_("Appels"), Kind.COUNT, N_("Appels terminés, un par rendez-vous, dont la connexion a été relevée.")
    ),
    Column(
        "failed",
        N_("Échoués par la technique"),
        Kind.COUNT,
        N_(
            "La connexion a été perdue sans retour, le son et l’image ne sont jamais venus, ou le serveur s’est arrêté,"
            " et l’appel n’a pas repris. Qui raccroche n’y entre pas."
        ),
    ),
    Column("failed_share", N_("Part échouée"), Kind.SHARE, N_("Appels échoués par la technique ÷ appels.")),
    Column(
        "bad",
        N_("Mauvaise connexion"),
        Kind.COUNT,
        N_(
            "Appels échoués de ce côté, ou dont au moins un dixième s’est passé avec une connexion faible "
            "(moins de 40 sur 100) ou sans image pour garder le son."
        ),
    ),
    Column("bad_share", N_("Part mauvaise"), Kind.SHARE, N_("Appels à mauvaise connexion ÷ appels.")),
    Column(
        "quality_median",
        N_("Qualité médiane (sur 100)"),
        Kind.COUNT,
        N_(
            "D’après les pertes, le délai et la gigue, chaque seconde, dans les deux sens\u00a0: 80 et plus est bon, "
            "moins de 40 est faible. La médiane des médianes des appels."
        ),
    ),
    Column(
        "loss_median", N_("Pertes médianes"), Kind.SHARE, N_("Part des paquets perdus, dans le pire des deux sens.")
    ),
    Column(
        "reconnections",
        N_("Reconnexions"),
        Kind.COUNT,
        N_("Nombre de fois où quelqu’un a perdu la connexion, ou rechargé la page, et est revenu."),
    ),
    Column("udp", N_("UDP direct"), Kind.SHARE, N_("Le meilleur chemin. Parts des appels dont le chemin est connu.")),
    Column("turn_udp", N_("TURN en UDP"), Kind.SHARE, N_("Par un serveur TURN, en UDP\u00a0: presque aussi bon.")),
    Column(
        "turn_tcp",
        N_("TURN en TCP"),
        Kind.SHARE,
        N_("Le réseau ferme l’UDP\u00a0: chaque perte devient une attente, l’image et le son s’arrêtent par moments."),
    ),
    Column(
        "turn_tls",
        N_("TURN en TLS"),
        Kind.SHARE,
        N_("Le réseau ne laisse passer que le web\u00a0: comme en TCP, au mieux."),
    ),
    Column("turn", N_("TURN, voie inconnue"), Kind.SHARE, N_("Le navigateur n’a pas dit par quelle voie.")),
)

# {bad} of {calls}, then what to have done. {ports} is what the relay listens on.
TROUBLES = N_("{place}\u00a0: mauvaise connexion pour {bad} appels sur {calls}.")
ADVICE = {
    "closed": N_(
        "Son réseau est fermé à l’UDP\u00a0: demandez à son responsable d’ouvrir, vers l’extérieur, les ports UDP"
        " {ports} du service. Rien d’autre n’est à changer."
    ),
    "failing": N_(
        "Des appels s’y coupent pour de bon\u00a0: faites vérifier le câble, la prise et l’accès à Internet, "
        "puis lancez le test de l’appel sur place."
    ),
    "lossy": N_(
        "Son réseau perd des données\u00a0: branchez le poste par câble plutôt qu’en Wi-Fi, "
        "puis lancez le test de l’appel sur place."
    ),
    "slow": N_(
        "Son réseau est lent ou encombré\u00a0: demandez à son responsable de réserver 2 Mbit/s dans chaque sens "
        "aux appels, puis lancez le test de l’appel sur place."
    ),
}
ANY_PORTS = N_("(voir la documentation de l’installation)")


def build_line_table(grouping: LineGrouping, lines: Lines, translate: Gettext) -> Sheet[LineGrouping, LineFigures]:
    """Return a table of lines; places without a call are left out. What people had at home is one row."""
    if grouping is LineGrouping.OFFICE:
        groups = lines_by(lambda side: side.place, lines.offices)
        return Sheet(grouping, tuple(sorted(groups.items())), line_figures(lines.offices))
    groups = lines_by(lambda side: side.place, lines.kiosks)
    rows = [(named.name, groups[named.id]) for named in lines.names if named.id in groups]
    if AT_HOME in groups:
        rows.append((translate(HOME_NAME), groups[AT_HOME]))
    return Sheet(grouping, tuple(rows), line_figures(lines.kiosks))


def troubles(
    tables: Sequence[Sheet[LineGrouping, LineFigures]], translate: Gettext, ports: str
) -> list[tuple[str, str]]:
    """Return, for each kiosk or office whose line is often bad, a sentence that says so and what to have done."""
    home = translate(HOME_NAME)
    return [
        (
            translate(TROUBLES, place=place, bad=figures.bad, calls=figures.calls),
            translate(ADVICE[what], ports=ports or translate(ANY_PORTS)),
        )
        for table in tables
        for place, figures in table.rows
        if place != home and (what := advice(figures)) is not None
    ]
