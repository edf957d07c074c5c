"""The sentences of what kiosks refuses."""

from teleconsult.web.i18n import N_

ERROR_TEXTS = {
    "terminal_unknown": N_("Cet écran n’est pas enregistré comme borne. Adressez-vous à l’accueil."),
    "enrolment_code_refused": N_(
        "Ce code n’est pas valable : il a peut-être déjà servi, ou ses 15 minutes sont passées."
    ),
    "house_unknown": N_("Cette maison n’existe pas, ou n’est pas la vôtre."),
    "kiosk_busy": N_("Quelqu’un utilise cette borne. Choisissez-en une autre, ou attendez un instant."),
    "reference_unknown": N_("Nous ne trouvons pas ce rendez-vous."),
    "picture_refused": N_("Cette image n’a pas pu être lue."),
}
