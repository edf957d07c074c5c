"""What people are told when signaling refuses, in French (English in locale/en.po)."""

from teleconsult.web.i18n import N_

ERROR_TEXTS = {
    "invalid_message": N_("Le service n’a pas compris un message de cette page. Rechargez-la."),
    "join_expected": N_("Cette page n’a pas pu entrer dans l’appel. Rechargez-la."),
    "ticket_refused": N_("Votre accès à cet appel n’a pas été reconnu. Rechargez la page."),
    "ticket_lapsed": N_("Votre accès à cet appel a expiré. Rechargez la page."),
    "ticket_spent": N_("Votre accès à cet appel a déjà servi. Rechargez la page."),
    "session_unknown": N_("La connexion à l’appel a été perdue. Elle va être refaite."),
    "superseded": N_("Cet appel est ouvert dans une autre fenêtre."),
    "foreign_origin": N_("Cette demande vient d’un autre site\u00a0: elle est refusée."),
    "not_allowed": N_("Vous n’avez pas le droit de faire cela dans cet appel."),
    "participant_unknown": N_("Cette personne n’est plus en attente."),
    "handover_pending": N_("Vous avez déjà demandé à un collègue de prendre la suite."),
    "handover_gone": N_("On ne vous demande plus de prendre la suite de cet entretien."),
    "invitation_revoked": N_("Cette invitation a été retirée."),
    "room_full": N_("Il y a déjà {capacity} personnes dans cet appel."),
    "call_over": N_("Cet appel est terminé."),
    "flooding": N_("Cette page envoie trop de messages. Rechargez-la."),
    "too_slow": N_("Votre connexion est trop lente. Elle va être refaite."),
    "directory_away": N_("Le service des appels est momentanément injoignable. Nouvel essai en cours, restez ici."),
    "no_node_free": N_("Tous les postes d’appel sont occupés. Nouvel essai en cours, restez ici."),
    "media_failed": N_("Le son et l’image n’ont pas pu s’établir. Nouvel essai en cours."),
    "document_unknown": N_("Ce document n’est plus en cours d’envoi."),
    "document_out_of_step": N_("L’envoi de ce document reprend d’un autre endroit."),
}
