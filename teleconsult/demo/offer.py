"""What the State bodies of the demonstration offer, by everyday names, and where their offices are."""

from dataclasses import dataclass
from typing import Any

DEPARTMENTS = ("28", "45")
ORLEANS, CHARTRES = "45000 Orléans", "28000 Chartres"


@dataclass(frozen=True)
class Body:
    """A State body with its offices: (address, latitude, longitude)."""

    slug: str
    name: str
    name_en: str
    offices: tuple[tuple[str, float, float], ...]

    @property
    def office_rows(self) -> list[dict[str, Any]]:
        """The offices as they are stored."""
        return [{"address": address, "latitude": lat, "longitude": lon} for address, lat, lon in self.offices]


@dataclass(frozen=True)
class Reason:
    """A reason for a visit. Durations in minutes; `documents` are (French, English); `keywords` are everyday words."""

    slug: str
    body: str
    name: str
    name_en: str
    summary: str
    summary_en: str
    minutes: int
    documents: tuple[tuple[str, str], ...]
    keywords: tuple[str, ...]
    at_home: bool = False
    walk_in: bool = False

    @property
    def modes(self) -> list[str]:
        """Where the citizen may sit."""
        return ["kiosk", "home"] if self.at_home else ["kiosk"]


BODIES = (
    Body(
        "ddt",
        "Direction départementale des territoires (DDT)",
        "Land and housing office (DDT)",
        (
            (f"Cité administrative Coligny, 131 rue du Faubourg Bannier, {ORLEANS}", 47.9137, 1.9001),
            (f"17 place de la République, {CHARTRES}", 48.4467, 1.4869),
        ),
    ),
    Body(
        "ddets",
        "Direction départementale de l’emploi, du travail et des solidarités (DDETS)",
        "Work and social cohesion office (DDETS)",
        (
            (f"Cité administrative Coligny, 131 rue du Faubourg Bannier, {ORLEANS}", 47.9137, 1.9001),
            (f"15 place de la République, {CHARTRES}", 48.4469, 1.4873),
        ),
    ),
    Body(
        "ddfip",
        "Direction départementale des finances publiques (DDFIP)",
        "Tax office (DDFIP)",
        (
            (f"4 place du Martroi, {ORLEANS}", 47.9026, 1.9090),
            (f"3 place de la République, {CHARTRES}", 48.4472, 1.4880),
        ),
    ),
    Body(
        "prefecture",
        "Préfecture",
        "Prefecture",
        (
            (f"181 rue de Bourgogne, {ORLEANS}", 47.9020, 1.9139),
            (f"1 place de la République, {CHARTRES}", 48.4474, 1.4884),
        ),
    ),
)

REASONS = (
    Reason(
        "renover-logement",
        "ddt",
        "Rénover ou adapter mon logement",
        "Renovate or adapt my home",
        "Aides pour isoler, changer de chauffage ou adapter un logement à l’âge ou au handicap.",
        "Grants to insulate, change the heating or adapt a home to age or disability.",
        25,
        (
            ("Votre dernier avis d’imposition", "Your latest tax notice"),
            ("Les devis des travaux, si vous en avez", "Quotes for the works, if you have any"),
        ),
        ("MaPrimeRénov’", "ANAH", "travaux", "isolation", "chauffage", "pompe à chaleur", "handicap", "heating"),
        walk_in=True,
    ),
    Reason(
        "aides-agricoles",
        "ddt",
        "Aides aux agriculteurs (PAC)",
        "Aid for farmers (CAP)",
        "Déclarer ses surfaces, suivre un paiement, s’installer.",
        "Declare your land, follow a payment, set up a farm.",
        25,
        (
            ("Votre numéro PACAGE", "Your PACAGE number"),
            ("Le courrier reçu, s’il y en a un", "The letter you received, if any"),
        ),
        ("Telepac", "ferme", "exploitation agricole", "paysan", "farm"),
    ),
    Reason(
        "droits-travail",
        "ddets",
        "Mes droits au travail",
        "My rights at work",
        "Contrat, salaire, licenciement, rupture conventionnelle, congés.",
        "Contract, pay, dismissal, agreed termination, leave.",
        25,
        (
            ("Votre contrat de travail", "Your employment contract"),
            ("Vos trois derniers bulletins de paie", "Your last three payslips"),
        ),
        ("patron", "employeur", "prud’hommes", "heures supplémentaires", "démission", "fiche de paie", "dismissal"),
        at_home=True,
    ),
    Reason(
        "impots",
        "ddfip",
        "Impôts\u00a0: ma déclaration, mon avis",
        "Taxes: my return, my notice",
        "Comprendre un avis, corriger une déclaration, demander un délai de paiement.",
        "Understand a notice, correct a return, ask for more time to pay.",
        15,
        (
            ("Votre numéro fiscal", "Your tax number"),
            ("L’avis ou le courrier dont vous voulez parler", "The notice or letter you want to discuss"),
        ),
        ("trésor public", "taxe foncière", "revenus", "prélèvement à la source", "amende", "tax"),
        at_home=True,
    ),
    Reason(
        "titre-sejour",
        "prefecture",
        "Titre de séjour\u00a0: préparer ou suivre ma demande",
        "Residence permit: prepare or follow my application",
        "Les pièces à réunir, l’état du dossier, le renouvellement.",
        "What to gather, where the file stands, renewal.",
        25,
        (
            ("Votre passeport ou titre de séjour", "Your passport or residence permit"),
            ("Un justificatif de domicile de moins de six mois", "Proof of address under six months old"),
        ),
        ("carte de séjour", "visa", "étranger", "récépissé", "ANEF", "nationalité", "immigration"),
    ),
)
STEP_MINUTES = 30
BUFFER_AFTER_MINUTES = 5
