"""What the call page says of connections, in French (English in locale/en.po)."""

from teleconsult.web.i18n import N_

QUALITY_TEXTS = {
    "line_excellent": N_("Connexion bonne"),
    "line_good": N_("Connexion moyenne"),
    "line_poor": N_("Connexion faible"),
    "line_lost": N_("Connexion très faible"),
    "own_excellent": N_("Connexion bonne"),
    "own_good": N_("Connexion moyenne"),
    "own_poor": N_("Votre connexion est faible"),
    "own_lost": N_("Votre connexion est très faible"),
    "ownClosed": N_("réseau fermé, appel par un détour"),
    "ownPaused": N_(
        "Votre connexion est faible\u00a0: l’image est coupée pour garder le son."
        " Elle revient d’elle-même, ne touchez à rien."
    ),
    "ownPoor": N_(
        "Votre connexion est faible. C’est de votre côté\u00a0: on peut vous voir mal ou vous entendre par moments."
    ),
    "ownPoorClosed": N_(
        "Votre connexion est faible. C’est de votre côté\u00a0: votre réseau est fermé aux appels,"
        " qui n’y passent que par un détour."
    ),
    "otherPaused": N_("La connexion de {name} est faible\u00a0: {name} vous entend, mais ne vous voit plus."),
    "otherPoor": N_("La connexion de {name} est faible. Le son et l’image peuvent s’interrompre."),
    "well": N_("La connexion est rétablie."),
    "picturesPaused": N_("Image arrêtée pour que le son reste. Elle revient d’elle-même."),
    "youSoundOnly": N_("Vous avez gardé le son seulement."),
    "theySoundOnly": N_("{name} a gardé le son seulement."),
    "theyDoNotSee": N_("ne vous voit plus, vous entend"),
    "soundOnlyState": N_("son seulement"),
    "soundOnly": N_("Garder le son seulement"),
    "picturesBack": N_("Remettre l’image"),
}
