"""What the test before the call says, in French (English in locale/en.po). `{x}` is filled in by the script."""

from teleconsult.web.i18n import N_

CHECK_TEXTS = {
    "step_socket": N_("Liaison avec le service"),
    "step_camera": N_("Caméra"),
    "step_microphone": N_("Micro"),
    "step_speaker": N_("Haut-parleur ou casque"),
    "step_path": N_("Chemin du son et de l’image"),
    "step_turn_udp": N_("Passage de secours par UDP"),
    "step_turn_tcp": N_("Passage de secours par TCP"),
    "step_turn_tls": N_("Passage de secours chiffré (TLS)"),
    "step_quality": N_("Qualité de l’aller-retour"),
    "light_none": N_("sans objet"),
    "light_running": N_("en cours"),
    "light_green": N_("bon"),
    "light_orange": N_("à surveiller"),
    "light_red": N_("bloquant"),
    "running": N_("Essai en cours…"),
    "notTested": N_("Non testé."),
    "socketOpen": N_("Le service répond."),
    "socketClosed": N_(
        "Le service ne répond pas. Vérifiez le réseau, ou demandez d’ouvrir les WebSockets vers le service."
    ),
    "noSocket": N_("Impossible à tester sans liaison avec le service."),
    "cameraMissing": N_("Aucune caméra. Branchez-en une et autorisez-la dans le navigateur."),
    "cameraStopped": N_("La caméra ne donne pas d’image. Est-elle utilisée par un autre programme ?"),
    "cameraWorks": N_("La caméra fonctionne ({width} × {height})."),
    "speak": N_("Parlez : le micro écoute…"),
    "microphoneMissing": N_("Aucun micro. Branchez-en un et autorisez-le dans le navigateur."),
    "microphoneSilent": N_("Le micro est branché mais n’entend rien. Est-il coupé sur l’appareil ?"),
    "microphoneWorks": N_("Le micro entend."),
    "soundBlocked": N_("Le navigateur attend un clic avant d’écouter. Recommencez avec le bouton."),
    "tone": N_("Un son va être joué…"),
    "toneHeard": N_("Le son joué a été entendu par le micro."),
    "listen": N_("Un son a été joué. L’avez-vous entendu ?"),
    "heard": N_("Vous avez entendu le son."),
    "notHeard": N_("Le son n’est pas sorti. Vérifiez le volume et la prise du casque."),
    "noPath": N_(
        "Ni le son ni l’image ne passent : c’est votre réseau qui est fermé."
        " Donnez le rapport à votre service informatique."
    ),
    "noPathUntrusted": N_(
        "Ni le son ni l’image ne passent : votre réseau ferme l’UDP, et ce poste refuse le certificat du secours"
        " chiffré (TLS). Donnez le rapport à votre service informatique."
    ),
    "noPathNoQuality": N_("Impossible à tester : ni le son ni l’image ne passent."),
    "pathUnknown": N_("Le son et l’image passent, mais le navigateur ne dit pas par où."),
    "direct": N_("Le son et l’image passent directement (UDP)."),
    "directTcp": N_("Le son et l’image passent directement, mais par TCP : la qualité peut baisser."),
    "relayUdp": N_("Le son et l’image passent par le serveur de secours (UDP)."),
    "relayTcp": N_("Votre réseau ferme l’UDP : le son et l’image passent par le secours TCP, la qualité peut baisser."),
    "relayTls": N_("Votre réseau ferme l’UDP : le son et l’image passent par le secours TLS, la qualité peut baisser."),
    "relayOnlyTls": N_("Ici, seul le secours chiffré (TLS) passe, le reste est fermé : la qualité peut baisser."),
    "notOffered": N_("Le service n’en propose pas."),
    "wayOpen": N_("Ouvert."),
    "wayClosed": N_("Fermé par le réseau, ou par une règle du navigateur."),
    "wayTlsClosed": N_("Fermé par le réseau, ou ce poste refuse le certificat du serveur de secours."),
    "wayUntrusted": N_(
        "Le serveur de secours répond, mais ce poste refuse son certificat : installez l’autorité qui l’a signé, ou"
        " vérifiez son nom et sa date."
    ),
    "nothingBack": N_("Rien ne revient du service."),
    "good": N_("Bonne : pertes {loss} %, aller-retour {trip} ms, gigue {jitter} ms, débit {kilobits} kbit/s."),
    "fair": N_("Moyenne : pertes {loss} %, aller-retour {trip} ms, gigue {jitter} ms, débit {kilobits} kbit/s."),
    "poor": N_("Mauvaise : pertes {loss} %, aller-retour {trip} ms, gigue {jitter} ms, débit {kilobits} kbit/s."),
    "all_green": N_("Tout est prêt pour un appel."),
    "all_orange": N_("L’appel est possible, mais un point est à surveiller."),
    "all_red": N_("Un appel n’est pas possible ainsi. Voyez les points bloquants."),
    "all_running": N_("Essai en cours, une demi-minute environ…"),
}
