"""What the call page says about looking at something together, in French (English in locale/en.po)."""

from teleconsult.web.i18n import N_

TOGETHER_TEXTS = {
    "shows": N_("{name} vous montre {document}."),
    "showsPage": N_("{name} vous montre la page {page} de {document}."),
    "showsScreen": N_("{name} vous montre son écran."),
    "showsScreenUnseen": N_(
        "{name} montre son écran. Remettez l’image pour le voir\u00a0: vous gardez le son seulement."
    ),
    "showsMissing": N_("{name} montre un document que vous n’avez pas reçu. Demandez-lui de vous l’envoyer."),
    "youShow": N_("Vous montrez {document} à tout le monde."),
    "youShowPage": N_("Vous montrez la page {page} de {document} à tout le monde."),
    "youShowScreen": N_("Vous montrez votre écran à tout le monde."),
    "yourScreen": N_("Votre écran"),
    "screenOf": N_("Écran de {name}"),
    "showBegin": N_("Montrer à tout le monde"),
    "showEnd": N_("Ne plus montrer"),
    "shareBegin": N_("Partager l’écran"),
    "shareEnd": N_("Arrêter le partage"),
    "screenReplaced": N_("Votre écran n’est plus montré."),
    "screenImpossible": N_(
        "Ce navigateur ne sait pas partager l’écran. Utilisez un ordinateur, ou envoyez un document."
    ),
    "screenRefused": N_(
        "Le partage de l’écran a été annulé ou refusé. Pour recommencer, choisissez un écran ou une fenêtre"
        " dans la question du navigateur."
    ),
    "screenFailed": N_("L’écran n’a pas pu être partagé. Réessayez, ou choisissez une autre fenêtre."),
}
