### Doorward, français.

## Partout
cancel = Annuler
use-another-account = Utiliser un autre compte
privacy-policy = Politique de confidentialité
terms-of-service = Conditions d’utilisation
back-to = Retour à { $client }
go-to-account = Aller à votre compte

## Connexion
sign-in = Se connecter
sign-in-title-for = Se connecter à { $client }
sign-in-continue-to = pour continuer vers { $client }
sign-in-to-account = pour gérer votre compte
sign-in-to-confirm = Une clé d’API dure plus longtemps qu’une connexion : confirmez que c’est bien vous.
username = Nom d’utilisateur
password = Mot de passe
sign-in-failed = Ce nom d’utilisateur et ce mot de passe ne vont pas ensemble. Vérifiez-les et réessayez.
sign-in-too-many-seconds = { $count ->
    [one] Trop de tentatives. Réessayez dans une seconde.
   *[other] Trop de tentatives. Réessayez dans { $count } secondes.
}
sign-in-too-many-minutes = { $count ->
    [one] Trop de tentatives. Réessayez dans une minute.
   *[other] Trop de tentatives. Réessayez dans { $count } minutes.
}
sign-in-busy = Beaucoup de personnes se connectent en ce moment. Attendez un instant et réessayez.
sign-in-session-expired = Vous vous êtes absenté un moment. Connectez-vous de nouveau pour continuer.

## Consentement
consent-title = { $client } demande un accès
consent-intro = Si vous l’autorisez, cette application pourra :
consent-nothing-asked = Cette application veut seulement savoir que vous vous êtes connecté.
consent-signed-in-as = Connecté en tant que
consent-allow = Autoriser
consent-unverified = Personne n’a vérifié cette application. N’autorisez l’accès que si vous avez commencé vous-même et que vous faites confiance à sa provenance.
consent-native = C’est une application sur un appareil, et son nom ne peut pas être prouvé. N’autorisez l’accès que si vous venez de l’ouvrir vous-même.
consent-revoke-later = Vous pouvez revenir sur ce choix à tout moment sur la page de votre compte.

role-missing-title = { $client } a besoin d’un rôle que vous n’avez pas
role-missing-intro = Aucun rôle de votre compte ne permet cela :
role-missing-roles = Fait partie du rôle : { $roles }
role-missing-no-role = Aucun rôle ne donne encore cette autorisation.
role-missing-advice = Demandez le rôle aux responsables de l’application. Une fois que vous l’avez, recommencez depuis l’application.
role-missing-back = Retour à { $client }

scope-openid = Savoir qui vous êtes
scope-openid-explained = Un identifiant durable de votre compte et le moment de votre connexion.
scope-profile = Voir votre profil
scope-profile-explained = Nom, nom d’utilisateur, photo, langue et détails semblables.
scope-email = Voir votre adresse e-mail
scope-email-explained = L’adresse, et si elle a été vérifiée.
scope-address = Voir votre adresse postale
scope-address-explained = Rue, ville, code postal et pays.
scope-phone = Voir votre numéro de téléphone
scope-phone-explained = Le numéro, et s’il a été vérifié.
scope-roles = Voir vos rôles
scope-roles-explained = Ce que vous pouvez faire ici, par exemple « moderator » ou « admin ».
scope-groups = Voir vos groupes
scope-groups-explained = Les groupes dont vous faites partie ici.
scope-offline-access = Garder l’accès en votre absence
scope-offline-access-explained = L’application peut renouveler son accès sans vous demander de vous reconnecter.
scope-of-api = Chez { $api } :
scope-other-explained = Une permission que cette application utilise sous ce nom.

## Choisir un compte
select-account-title = Choisir un compte
select-account-title-for = Choisir un compte pour { $client }

## Déconnexion
confirm-sign-out-title = Se déconnecter ?
confirm-sign-out-text = Cela met fin à la session de { $username } dans ce navigateur.
confirm-sign-out-asked-by = { $client } demande à vous déconnecter.
sign-out = Se déconnecter
stay-signed-in = Rester connecté
signed-out-title = Vous êtes déconnecté
signed-out-text = Votre session dans ce navigateur est terminée. Vous pouvez fermer cette page.
sign-in-again = Se reconnecter

## Compte
account-title = Votre compte
account-name = Nom
account-email = E-mail
account-not-given = Non renseigné
account-sessions = Où vous êtes connecté
account-sessions-text = Chaque navigateur connecté à votre compte. Terminez les sessions que vous ne reconnaissez pas.
account-sessions-empty = Aucune session active.
account-this-browser = Ce navigateur
account-session-signed-in = Connexion { $when }
account-session-last-seen = Vu pour la dernière fois { $when }
account-session-end = Terminer
account-session-end-label = Terminer la session : { $session }
account-sessions-end-others = Terminer toutes les autres sessions
account-apps = Applications autorisées
account-apps-text = Les applications que vous avez autorisées à utiliser votre compte.
account-apps-empty = Aucune application n’a encore accès. Quand vous en autoriserez une, elle apparaîtra ici.
account-app-since = Accès donné { $when }
account-app-revoke = Retirer l’accès
account-app-revoke-label = Retirer l’accès : { $client }
account-notice-session-ended = La session est terminée.
account-notice-others-ended = Toutes les autres sessions sont terminées.
account-notice-app-revoked = L’application n’a plus accès.

## Clés d’API
api-keys-title = Clés d’API
api-keys-text = Avec une clé, l’un de vos programmes appelle une API en votre nom, sans se connecter. Elle ne permet jamais plus que ce que vous pouvez faire vous-même.
api-keys-manage = Gérer les clés d’API
api-keys-yours = Vos clés
api-keys-empty = Vous n’avez pas de clé d’API. Créez-en une quand un script, un outil ou une application vous la demande.
api-keys-past = Plus valables
api-keys-past-text = Ces clés n’ouvrent plus rien. Elles disparaîtront d’ici dans quelques jours.
api-key-new = Nouvelle clé d’API
api-key-new-text = Donnez à chaque programme sa propre clé : vous verrez laquelle sert, et vous pourrez en révoquer une sans arrêter les autres.
api-key-created = Créée { $when }
api-key-last-used = Utilisée { $when }
api-key-never-used = Jamais utilisée
api-key-expires = Expire { $when }
api-key-works-until = Cesse de fonctionner { $when }
api-key-revoked = Révoquée
api-key-expired = Expirée { $when }
api-key-badge-replaced = Remplacée
api-key-badge-revoked = Révoquée
api-key-badge-expired = Expirée
api-key-lost = (vous ne l’avez plus)
api-key-rotate = Renouveler
api-key-rotate-label = Renouveler la clé { $key }
api-key-revoke = Révoquer
api-key-revoke-label = Révoquer la clé { $key }
api-key-notice-revoked = La clé est révoquée : elle n’ouvre plus rien.
api-key-notice-shown-before = Cette clé a déjà été créée et affichée, et elle ne l’est qu’une fois. Si vous ne l’avez pas copiée, révoquez-la et créez-en une autre.
api-key-name = Nom
api-key-name-help = Le programme qui s’en servira, par exemple « Sauvegarde à la maison ».
api-key-name-missing = Donnez un nom à la clé.
api-key-name-invalid = Un nom a 100 caractères au plus, sur une seule ligne.
api-key-permissions = Ce que la clé permet
api-key-about-you = À propos de vous
api-key-no-permission = Cochez au moins une chose qu’une API permet.
api-key-not-held = Vous ne pouvez pas faire l’une des choses cochées. Voici ce que vous pouvez faire maintenant.
api-key-days = Durée de validité
api-key-days-help = La clé cesse de fonctionner ensuite. Vous pouvez la renouveler avant.
api-key-lifetime-refused = { $count ->
    [one] Une clé est valable un jour au plus.
   *[other] Une clé est valable { $count } jours au plus.
}
api-key-addresses = Utilisable depuis ces adresses seulement
api-key-addresses-help = Par exemple 203.0.113.7 ou 10.0.0.0/8, séparées par une espace. Si le champ reste vide, la clé fonctionne de partout.
api-key-not-an-address = L’une d’elles n’est ni une adresse comme 203.0.113.7 ni un réseau comme 10.0.0.0/8.
api-key-too-many-addresses = { $count ->
    [one] Une seule adresse ou un seul réseau est possible.
   *[other] { $count } adresses et réseaux sont possibles au plus.
}
api-key-bound-to = Utilisable depuis { $addresses } seulement
api-key-too-many = { $count ->
    [one] Vous avez une clé, et il ne peut y en avoir plus. Révoquez-la pour en créer une autre.
   *[other] Vous avez { $count } clés, et il ne peut y en avoir plus. Révoquez-en une dont vous n’avez pas besoin pour en créer une autre.
}
api-key-problems = La clé n’est pas encore créée. Veuillez changer ce qui est indiqué ci-dessous.
api-key-nothing-offered = Votre compte n’a aucune permission qu’une clé pourrait contenir. Demandez un rôle aux responsables de l’API.
api-key-make = Créer la clé
api-key-made-title = Votre nouvelle clé d’API
api-key-shown-once = Copiez-la maintenant et gardez-la comme un mot de passe. Elle n’est affichée que cette fois, et personne ne pourra la montrer de nouveau.
api-key-text-label = Clé
api-key-copy = Copier la clé
api-key-copied = Copiée.
api-key-selected = La clé est sélectionnée : copiez-la avec le clavier.
api-key-done = C’est fait, je l’ai gardée
api-key-how-to-send = Les programmes l’envoient à l’API dans l’en-tête
api-key-former-until = La clé qu’elle remplace cesse de fonctionner { $when }.
api-key-former-ended = La clé qu’elle remplace ne fonctionne plus.
api-key-rotate-title = Renouveler « { $key } »
api-key-rotate-text = Vous recevez une nouvelle clé avec le même nom, les mêmes permissions et la même durée. L’ancienne fonctionne encore un moment, pour que rien ne s’arrête avant que la nouvelle soit en place.
api-key-overlap = L’ancienne clé fonctionne encore
api-key-overlap-help = Choisissez « plus du tout » si quelqu’un d’autre peut avoir la clé.
api-key-overlap-none = plus du tout
api-key-overlap-refused = L’ancienne clé ne peut pas fonctionner aussi longtemps.
api-key-nothing-held = Vous n’avez plus aucune permission de cette clé : elle ne peut pas être renouvelée. Révoquez-la.
api-key-revoke-title = Révoquer « { $key } » ?
api-key-revoke-text = Les programmes qui utilisent cette clé seront refusés aussitôt. Cela ne peut pas être annulé.
api-key-keep = Garder la clé

device-browser-on-system = { $browser } sur { $system }
device-unknown = Navigateur inconnu

time-just-now = à l’instant
time-minutes-ago = { $count ->
    [one] il y a une minute
   *[other] il y a { $count } minutes
}
time-hours-ago = { $count ->
    [one] il y a une heure
   *[other] il y a { $count } heures
}
time-days-ago = { $count ->
    [one] hier
   *[other] il y a { $count } jours
}
time-at-once = dans un instant
time-in-minutes = { $count ->
    [one] dans une minute
   *[other] dans { $count } minutes
}
time-in-hours = { $count ->
    [one] dans une heure
   *[other] dans { $count } heures
}
time-in-days = { $count ->
    [one] dans un jour
   *[other] dans { $count } jours
}
span-hours = { $count ->
    [one] une heure
   *[other] { $count } heures
}
span-days = { $count ->
    [one] un jour
   *[other] { $count } jours
}
time-date = le { $day } { $month } { $year }
time-month = { $count ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
}

## Erreurs
error-request = Impossible de répondre à cette demande
error-request-text = Vous n’avez rien fait de mal : l’application d’où vous venez s’est trompée. Retournez-y et réessayez ; si cela se reproduit, prévenez ses responsables.
error-expired = Cette page a expiré
error-expired-text = La page est restée ouverte trop longtemps, ou la connexion s’est terminée dans un autre onglet. Retournez à l’application et recommencez.
error-refused = Vous n’y êtes pas autorisé
error-refused-text = Votre compte n’a pas ce qu’il faut ici. Adressez-vous aux responsables de ce service.
error-not-found = Il n’y a rien ici
error-not-found-text = L’adresse est peut-être mal écrite, ou le lien a déjà servi.
error-too-many = Trop de demandes
error-too-many-text = Attendez un peu et réessayez.
error-busy = Nous sommes débordés
error-busy-text = Le service ne peut pas répondre pour l’instant. Attendez un peu et réessayez.
error-fault = Une erreur s’est produite de notre côté
error-fault-text = Elle a été notée. Réessayez dans un instant.
error-details = Détails
error-code = Erreur
error-description = Description
error-hint = Pour les développeurs
error-id = Identifiant de l’erreur

## Retour à l’application
form-post-title = Un instant
form-post-text = Nous vous ramenons à l’application. Si rien ne se passe, continuez ici.
continue = Continuer

## Premier administrateur
setup-title = Créer le premier compte administrateur
setup-text = Ce serveur est neuf. Le compte que vous créez ici peut tout faire : donnez-lui un mot de passe solide.
setup-password-again = Mot de passe, encore une fois
setup-password-help = Au moins 8 caractères ; 15 ou plus, c’est mieux. Quelques mots rares conviennent bien.
setup-email = E-mail
optional = facultatif
setup-create = Créer l’administrateur
setup-problems = Veuillez corriger ceci :
setup-username-invalid = Ce nom d’utilisateur ne convient pas. Utilisez des lettres, des chiffres et de la ponctuation, sans espace et sans @.
setup-username-taken = Ce nom d’utilisateur est pris.
setup-password-refused = Ce mot de passe ne convient pas.
setup-passwords-differ = Les deux mots de passe ne sont pas identiques.
setup-email-invalid = Ce n’est pas une adresse e-mail.
setup-done-title = L’administrateur est prêt
setup-done-text = Le compte { $username } a été créé, et le lien d’installation ne fonctionne plus. Connectez-vous pour continuer.

## Pourquoi un mot de passe est faible, et ce qui aide
weak-too-short = Il est trop court : il faut au moins { $count } caractères.
weak-too-long = Il est trop long : { $count } caractères au plus sont possibles.
weak-common = C’est un mot de passe courant, ou presque.
weak-personal = Il est formé à partir de votre nom ou de votre adresse.
weak-repeats = Les répétitions sont faciles à deviner.
weak-sequence = Les suites comme « abc » ou « 6543 » sont faciles à deviner.
weak-keyboard-pattern = Les motifs au clavier sont faciles à deviner.
weak-date = Les dates et les années sont faciles à deviner.
weak-name = Les noms sont faciles à deviner.
weak-word = Un seul mot est facile à deviner.
weak-guessable = Il serait vite deviné.
advice-add-words = Utilisez plusieurs mots rares qui ne vont pas ensemble.
advice-shorten = Choisissez-en un plus court.
advice-avoid-repeats = Évitez de répéter des caractères ou des mots.
advice-avoid-sequences = Évitez les suites de lettres, de chiffres et de touches.
advice-avoid-dates = Évitez les dates et les années.
advice-avoid-personal = Évitez les noms et ce que l’on sait de vous.
advice-disguise = Les majuscules, les mots à l’envers et les signes à la place des lettres n’aident guère : ajoutez plutôt des mots.
