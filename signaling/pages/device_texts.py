"""What the call page says about microphone, camera and loudspeaker, in French (English in locale/en.po)."""

from teleconsult.web.i18n import N_

DEVICE_TEXTS = {
    "both_refused": N_(
        "Le navigateur n’a pas le droit d’utiliser la caméra et le micro : on ne vous voit ni ne vous entend."
    ),
    "both_busy": N_("Un autre programme utilise la caméra et le micro : on ne vous voit pas et on ne vous entend pas."),
    "both_none": N_(
        "Ni caméra ni micro : vous voyez et entendez les autres, mais ils ne vous voient et ne vous entendent pas."
    ),
    "camera_refused": N_(
        "Le navigateur n’a pas le droit d’utiliser la caméra : on vous entend mais on ne vous voit pas."
    ),
    "camera_busy": N_("Un autre programme utilise la caméra : on vous entend mais on ne vous voit pas."),
    "camera_none": N_("Pas de caméra : les autres vous entendent mais ne vous voient pas."),
    "microphone_refused": N_(
        "Le navigateur n’a pas le droit d’utiliser le micro : on vous voit mais on ne vous entend pas."
    ),
    "microphone_busy": N_("Un autre programme utilise le micro : on vous voit mais on ne vous entend pas."),
    "microphone_none": N_("Pas de micro : les autres vous voient mais ne vous entendent pas."),
    "do_refused": N_(
        "Ouvrez les réglages du site, à gauche de l’adresse, autorisez la caméra et le micro, puis réessayez."
    ),
    "do_busy": N_("Fermez les autres logiciels de visioconférence, puis réessayez."),
    "do_none": N_("Branchez un appareil : il est reconnu tout seul. Sinon, réessayez."),
    "do_kiosk": N_("Demandez à quelqu’un de la maison."),
    "camera_taken": N_("Un autre programme utilise cette caméra. Choisissez-en une autre ou fermez ce programme."),
    "microphone_taken": N_("Un autre programme utilise ce micro. Choisissez-en un autre ou fermez ce programme."),
    "camera_gone": N_("Cette caméra n’est pas disponible. Choisissez-en une autre."),
    "microphone_gone": N_("Ce micro n’est pas disponible. Choisissez-en un autre."),
    "camera_lost": N_("La caméra « {name} » a été débranchée et il n’y en a pas d’autre. Rebranchez-la."),
    "camera_replaced": N_("La caméra « {name} » a été débranchée. « {by} » la remplace."),
    "camera_instead": N_("La caméra que vous aviez choisie n’est pas là. « {by} » la remplace."),
    "camera_back": N_("La caméra « {name} » est revenue et sert de nouveau."),
    "microphone_lost": N_("Le micro « {name} » a été débranché et il n’y en a pas d’autre. Rebranchez-le."),
    "microphone_replaced": N_("Le micro « {name} » a été débranché. « {by} » le remplace."),
    "microphone_instead": N_("Le micro que vous aviez choisi n’est pas là. « {by} » le remplace."),
    "microphone_back": N_("Le micro « {name} » est revenu et sert de nouveau."),
    "speaker_lost": N_("Le haut-parleur « {name} » a été débranché. Le son sort par celui de l’ordinateur."),
    "speaker_back": N_("Le haut-parleur « {name} » est revenu et sert de nouveau."),
    "automatic": N_("Automatique"),
    "automaticNow": N_("Automatique : {name}"),
    "deviceChosen": N_("Votre choix est pris en compte et retenu sur cet appareil."),
    "chooseDevice": N_("Choisir l’appareil"),
    "tonePlayed": N_("Un son vient d’être joué. Rien entendu ? Montez le volume ou choisissez un autre haut-parleur."),
    "toneFailed": N_("Le son n’a pas pu être joué. Choisissez un autre haut-parleur."),
    "levelUnknown": N_("Le niveau apparaît dès que vous touchez la page."),
    "levelNone": N_("Parlez : votre micro n’entend rien pour l’instant."),
    "levelLow": N_("Votre micro vous entend faiblement. Rapprochez-vous."),
    "levelGood": N_("Votre micro vous entend bien."),
    "levelNoneMuted": N_("Micro coupé. Parlez : il n’entend rien pour l’instant."),
    "levelLowMuted": N_("Micro coupé. Il vous entend faiblement, les autres ne vous entendent pas."),
    "levelGoodMuted": N_("Micro coupé. Il vous entend bien, les autres ne vous entendent pas."),
    "speakingMuted": N_("Vous parlez mais votre micro est coupé."),
    "microphoneSilent": N_(
        "Votre micro ne capte aucun son : on ne vous entend peut-être pas."
        " Vérifiez le bouton du casque ou choisissez un autre micro."
    ),
    "microphone_on": N_("Micro rétabli."),
    "microphone_off": N_("Micro coupé."),
    "camera_on": N_("Caméra allumée."),
    "camera_off": N_("Caméra éteinte."),
    "speaks": N_("parle"),
    "blurStarts": N_("Le flou se prépare…"),
    "blurOn": N_("L’arrière-plan est flou pour les autres."),
    "blurOff": N_("L’arrière-plan est visible."),
    "blurSlow": N_("Cet ordinateur est trop lent pour le flou : il est arrêté, votre arrière-plan est visible."),
    "blurFailed": N_("Le flou ne fonctionne pas ici : il est arrêté, votre arrière-plan est visible."),
    "blurSlowOff": N_(
        "Cet ordinateur est trop lent pour le flou. "
        "Votre caméra est éteinte : rallumez-la si l’on peut voir derrière vous."
    ),
    "blurFailedOff": N_(
        "Le flou s’est arrêté. Votre caméra est éteinte : rallumez-la si l’on peut voir derrière vous."
    ),
}
