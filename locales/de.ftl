### Doorward, Deutsch.

## Überall
cancel = Abbrechen
use-another-account = Anderes Konto verwenden
privacy-policy = Datenschutzerklärung
terms-of-service = Nutzungsbedingungen
back-to = Zurück zu { $client }
go-to-account = Zu Ihrem Konto

## Anmelden
sign-in = Anmelden
sign-in-title-for = Bei { $client } anmelden
sign-in-continue-to = weiter zu { $client }
sign-in-to-account = um Ihr Konto zu verwalten
sign-in-to-confirm = API-Schlüssel überdauern eine Anmeldung. Bitte bestätigen Sie, dass Sie es sind.
username = Benutzername
password = Passwort
sign-in-failed = Benutzername und Passwort passen nicht zusammen. Prüfen Sie beides und versuchen Sie es noch einmal.
sign-in-too-many-seconds = { $count ->
    [one] Zu viele Versuche. Versuchen Sie es in einer Sekunde wieder.
   *[other] Zu viele Versuche. Versuchen Sie es in { $count } Sekunden wieder.
}
sign-in-too-many-minutes = { $count ->
    [one] Zu viele Versuche. Versuchen Sie es in einer Minute wieder.
   *[other] Zu viele Versuche. Versuchen Sie es in { $count } Minuten wieder.
}
sign-in-busy = Gerade melden sich sehr viele an. Warten Sie einen Augenblick und versuchen Sie es noch einmal.
sign-in-session-expired = Sie waren eine Weile nicht da. Melden Sie sich wieder an, um fortzufahren.

## Zustimmung
consent-title = { $client } bittet um Zugriff
consent-intro = Wenn Sie zustimmen, kann diese App:
consent-nothing-asked = Diese App möchte nur wissen, dass Sie sich angemeldet haben.
consent-signed-in-as = Angemeldet als
consent-allow = Erlauben
consent-unverified = Diese App hat niemand geprüft. Erlauben Sie den Zugriff nur, wenn Sie den Vorgang selbst begonnen haben und der Herkunft vertrauen.
consent-native = Dies ist eine App auf einem Gerät, deren Name sich nicht beweisen lässt. Erlauben Sie den Zugriff nur, wenn Sie sie gerade selbst geöffnet haben.
consent-revoke-later = Sie können dies jederzeit auf Ihrer Kontoseite zurücknehmen.

role-missing-title = { $client } braucht eine Rolle, die Sie nicht haben
role-missing-intro = Keine Rolle Ihres Kontos erlaubt das:
role-missing-roles = Gehört zur Rolle: { $roles }
role-missing-no-role = Noch keine Rolle enthält diese Berechtigung.
role-missing-advice = Bitten Sie die Betreiber der App um die Rolle. Sobald Sie sie haben, beginnen Sie in der App von vorn.
role-missing-back = Zurück zu { $client }

scope-openid = Wissen, wer Sie sind
scope-openid-explained = Eine dauerhafte Kennung Ihres Kontos und wann Sie sich angemeldet haben.
scope-profile = Ihr Profil sehen
scope-profile-explained = Name, Benutzername, Bild, Sprache und ähnliche Angaben.
scope-email = Ihre E-Mail-Adresse sehen
scope-email-explained = Die Adresse und ob sie bestätigt ist.
scope-address = Ihre Postanschrift sehen
scope-address-explained = Straße, Ort, Postleitzahl und Land.
scope-phone = Ihre Telefonnummer sehen
scope-phone-explained = Die Nummer und ob sie bestätigt ist.
scope-roles = Ihre Rollen sehen
scope-roles-explained = Was Sie hier dürfen, zum Beispiel „moderator“ oder „admin“.
scope-groups = Ihre Gruppen sehen
scope-groups-explained = Die Gruppen, zu denen Sie hier gehören.
scope-offline-access = Zugriff behalten, wenn Sie nicht da sind
scope-offline-access-explained = Die App kann ihren Zugriff erneuern, ohne dass Sie sich wieder anmelden.
scope-of-api = Bei { $api }:
scope-other-explained = Eine Berechtigung, die diese App unter diesem Namen nutzt.

## Konto wählen
select-account-title = Konto wählen
select-account-title-for = Konto für { $client } wählen

## Abmelden
confirm-sign-out-title = Abmelden?
confirm-sign-out-text = Damit endet die Sitzung von { $username } in diesem Browser.
confirm-sign-out-asked-by = { $client } bittet darum, Sie abzumelden.
sign-out = Abmelden
stay-signed-in = Angemeldet bleiben
signed-out-title = Sie sind abgemeldet
signed-out-text = Ihre Sitzung in diesem Browser ist beendet. Sie können diese Seite schließen.
sign-in-again = Wieder anmelden

## Konto
account-title = Ihr Konto
account-name = Name
account-email = E-Mail
account-not-given = Keine Angabe
account-sessions = Wo Sie angemeldet sind
account-sessions-text = Jeder Browser, der in Ihrem Konto angemeldet ist. Beenden Sie jede Sitzung, die Sie nicht kennen.
account-sessions-empty = Keine aktiven Sitzungen.
account-this-browser = Dieser Browser
account-session-signed-in = Angemeldet { $when }
account-session-last-seen = Zuletzt gesehen { $when }
account-session-end = Sitzung beenden
account-session-end-label = Sitzung beenden: { $session }
account-sessions-end-others = Alle anderen Sitzungen beenden
account-apps = Apps mit Zugriff
account-apps-text = Apps, denen Sie erlaubt haben, Ihr Konto zu nutzen.
account-apps-empty = Noch hat keine App Zugriff. Sobald Sie einer zustimmen, steht sie hier.
account-app-since = Erlaubt { $when }
account-app-revoke = Zugriff entziehen
account-app-revoke-label = Zugriff entziehen: { $client }
account-notice-session-ended = Die Sitzung ist beendet.
account-notice-others-ended = Alle anderen Sitzungen sind beendet.
account-notice-app-revoked = Die App hat keinen Zugriff mehr.

## API-Schlüssel
api-keys-title = API-Schlüssel
api-keys-text = Mit einem Schlüssel ruft ein Programm von Ihnen eine API in Ihrem Namen auf, ohne Anmeldung. Er erlaubt nie mehr, als Sie selbst dürfen.
api-keys-manage = API-Schlüssel verwalten
api-keys-yours = Ihre Schlüssel
api-keys-empty = Sie haben keine API-Schlüssel. Legen Sie einen an, wenn ein Skript, ein Werkzeug oder eine App danach fragt.
api-keys-past = Nicht mehr gültig
api-keys-past-text = Diese Schlüssel öffnen nichts mehr. Nach einigen Tagen verschwinden sie von hier.
api-key-new = Neuer API-Schlüssel
api-key-new-text = Geben Sie jedem Programm einen eigenen Schlüssel: So sehen Sie, welcher benutzt wird, und können einen widerrufen, ohne die anderen anzuhalten.
api-key-created = Angelegt { $when }
api-key-last-used = Zuletzt benutzt { $when }
api-key-never-used = Noch nie benutzt
api-key-expires = Läuft { $when } ab
api-key-works-until = Endet { $when }
api-key-revoked = Widerrufen
api-key-expired = Abgelaufen { $when }
api-key-badge-replaced = Ersetzt
api-key-badge-revoked = Widerrufen
api-key-badge-expired = Abgelaufen
api-key-lost = (dürfen Sie nicht mehr)
api-key-rotate = Erneuern
api-key-rotate-label = Den Schlüssel { $key } erneuern
api-key-revoke = Widerrufen
api-key-revoke-label = Den Schlüssel { $key } widerrufen
api-key-notice-revoked = Der Schlüssel ist widerrufen: Er öffnet nichts mehr.
api-key-notice-shown-before = Dieser Schlüssel ist schon angelegt und angezeigt worden, und das geschieht nur einmal. Falls Sie ihn nicht kopiert haben, widerrufen Sie ihn und legen Sie einen anderen an.
api-key-name = Name
api-key-name-help = Welches Programm ihn benutzt, zum Beispiel „Sicherung zu Hause“.
api-key-name-missing = Geben Sie dem Schlüssel einen Namen.
api-key-name-invalid = Ein Name hat höchstens 100 Zeichen, in einer Zeile.
api-key-permissions = Was der Schlüssel erlaubt
api-key-about-you = Über Sie
api-key-no-permission = Kreuzen Sie mindestens eines an, das eine API erlaubt.
api-key-not-held = Eines davon dürfen Sie nicht. Hier steht, was Sie jetzt dürfen.
api-key-days = Gültigkeit
api-key-days-help = Danach gilt der Schlüssel nicht mehr. Sie können ihn vorher erneuern.
api-key-lifetime-refused = { $count ->
    [one] Ein Schlüssel gilt höchstens einen Tag.
   *[other] Ein Schlüssel gilt höchstens { $count } Tage.
}
api-key-addresses = Nur von diesen Adressen aus
api-key-addresses-help = Zum Beispiel 203.0.113.7 oder 10.0.0.0/8, mit einem Leerzeichen dazwischen. Bleibt das Feld leer, gilt der Schlüssel von überall.
api-key-not-an-address = Eines davon ist weder eine Adresse wie 203.0.113.7 noch ein Netz wie 10.0.0.0/8.
api-key-too-many-addresses = { $count ->
    [one] Höchstens eine Adresse oder ein Netz ist möglich.
   *[other] Höchstens { $count } Adressen und Netze sind möglich.
}
api-key-bound-to = Gilt nur von { $addresses } aus
api-key-too-many = { $count ->
    [one] Sie haben einen Schlüssel, mehr sind nicht möglich. Widerrufen Sie ihn, um einen anderen anzulegen.
   *[other] Sie haben { $count } Schlüssel, mehr sind nicht möglich. Widerrufen Sie einen, den Sie nicht brauchen, um einen anderen anzulegen.
}
api-key-problems = Der Schlüssel ist noch nicht angelegt. Bitte ändern Sie, was unten markiert ist.
api-key-nothing-offered = Ihr Konto hat keine Berechtigung, die ein Schlüssel enthalten könnte. Bitten Sie die Betreiber der API um eine Rolle.
api-key-make = Schlüssel anlegen
api-key-made-title = Ihr neuer API-Schlüssel
api-key-shown-once = Kopieren Sie ihn jetzt und verwahren Sie ihn wie ein Passwort. Er wird nur dieses eine Mal angezeigt, und niemand kann ihn noch einmal zeigen.
api-key-text-label = Schlüssel
api-key-copy = Schlüssel kopieren
api-key-copied = Kopiert.
api-key-selected = Der Schlüssel ist markiert: Kopieren Sie ihn mit der Tastatur.
api-key-done = Fertig, ich habe ihn verwahrt
api-key-how-to-send = Programme senden ihn der API im Header
api-key-former-until = Der Schlüssel, den er ersetzt, endet { $when }.
api-key-former-ended = Der Schlüssel, den er ersetzt, gilt nicht mehr.
api-key-rotate-title = „{ $key }“ erneuern
api-key-rotate-text = Sie bekommen einen neuen Schlüssel mit demselben Namen, denselben Berechtigungen und derselben Gültigkeit. Der alte gilt noch eine Weile, damit nichts stillsteht, bis der neue an seiner Stelle ist.
api-key-overlap = Der alte Schlüssel gilt noch
api-key-overlap-help = Wählen Sie „gar nicht mehr“, wenn jemand anders den Schlüssel haben könnte.
api-key-overlap-none = gar nicht mehr
api-key-overlap-refused = So lange kann der alte Schlüssel nicht gelten.
api-key-nothing-held = Sie haben keine Berechtigung dieses Schlüssels mehr, darum lässt er sich nicht erneuern. Widerrufen Sie ihn.
api-key-revoke-title = „{ $key }“ widerrufen?
api-key-revoke-text = Programme, die diesen Schlüssel benutzen, werden sofort abgewiesen. Das lässt sich nicht rückgängig machen.
api-key-keep = Schlüssel behalten

device-browser-on-system = { $browser } auf { $system }
device-unknown = Unbekannter Browser

time-just-now = gerade eben
time-minutes-ago = { $count ->
    [one] vor einer Minute
   *[other] vor { $count } Minuten
}
time-hours-ago = { $count ->
    [one] vor einer Stunde
   *[other] vor { $count } Stunden
}
time-days-ago = { $count ->
    [one] gestern
   *[other] vor { $count } Tagen
}
time-at-once = gleich
time-in-minutes = { $count ->
    [one] in einer Minute
   *[other] in { $count } Minuten
}
time-in-hours = { $count ->
    [one] in einer Stunde
   *[other] in { $count } Stunden
}
time-in-days = { $count ->
    [one] in einem Tag
   *[other] in { $count } Tagen
}
span-hours = { $count ->
    [one] eine Stunde
   *[other] { $count } Stunden
}
span-days = { $count ->
    [one] einen Tag
   *[other] { $count } Tage
}
time-date = am { $day }. { $month } { $year }
time-month = { $count ->
    [1] Januar
    [2] Februar
    [3] März
    [4] April
    [5] Mai
    [6] Juni
    [7] Juli
    [8] August
    [9] September
    [10] Oktober
    [11] November
   *[12] Dezember
}

## Fehler
error-request = Diese Anfrage lässt sich nicht beantworten
error-request-text = Sie haben nichts falsch gemacht: Die App, von der Sie kommen, hat einen Fehler. Gehen Sie zurück und versuchen Sie es noch einmal; bleibt es dabei, sagen Sie es den Betreibern der App.
error-expired = Diese Seite ist abgelaufen
error-expired-text = Die Seite war zu lange offen, oder die Anmeldung wurde in einem anderen Tab beendet. Gehen Sie zurück zur App und beginnen Sie von vorn.
error-refused = Das dürfen Sie nicht
error-refused-text = Ihrem Konto fehlt, was hier nötig ist. Fragen Sie die Betreiber dieses Dienstes.
error-not-found = Hier ist nichts
error-not-found-text = Vielleicht ist die Adresse falsch geschrieben, oder der Link wurde schon benutzt.
error-too-many = Zu viele Anfragen
error-too-many-text = Warten Sie ein wenig und versuchen Sie es noch einmal.
error-busy = Gerade ist zu viel los
error-busy-text = Der Dienst kann im Augenblick nicht antworten. Warten Sie ein wenig und versuchen Sie es noch einmal.
error-fault = Bei uns ist etwas schiefgegangen
error-fault-text = Der Fehler ist vermerkt. Versuchen Sie es gleich noch einmal.
error-details = Einzelheiten
error-code = Fehler
error-description = Beschreibung
error-hint = Für Entwickler
error-id = Fehlerkennung

## Zurück zur App
form-post-title = Einen Augenblick
form-post-text = Wir bringen Sie zurück zur App. Wenn nichts geschieht, geht es hier weiter.
continue = Weiter

## Erste Verwalterin, erster Verwalter
setup-title = Das erste Administratorkonto anlegen
setup-text = Dieser Server ist neu. Das Konto, das Sie hier anlegen, darf alles: Geben Sie ihm ein starkes Passwort.
setup-password-again = Passwort wiederholen
setup-password-help = Mindestens 8 Zeichen, besser 15 oder mehr. Einige seltene Wörter eignen sich gut.
setup-email = E-Mail
optional = freiwillig
setup-create = Administratorkonto anlegen
setup-problems = Bitte ändern Sie Folgendes:
setup-username-invalid = Dieser Benutzername geht nicht. Erlaubt sind Buchstaben, Ziffern und Satzzeichen, ohne Leerzeichen und ohne @.
setup-username-taken = Dieser Benutzername ist vergeben.
setup-password-refused = Dieses Passwort geht nicht.
setup-passwords-differ = Die beiden Passwörter sind nicht gleich.
setup-email-invalid = Das ist keine E-Mail-Adresse.
setup-done-title = Das Administratorkonto ist bereit
setup-done-text = Das Konto { $username } ist angelegt, und der Einrichtungslink gilt nicht mehr. Melden Sie sich an, um fortzufahren.

## Warum ein Passwort schwach ist und was hilft
weak-too-short = Es ist zu kurz: Es braucht mindestens { $count } Zeichen.
weak-too-long = Es ist zu lang: Höchstens { $count } Zeichen sind möglich.
weak-common = Es ist ein häufiges Passwort oder ähnelt einem.
weak-personal = Es ist aus Ihrem Namen oder Ihrer Adresse gebildet.
weak-repeats = Wiederholungen sind leicht zu erraten.
weak-sequence = Folgen wie „abc“ oder „6543“ sind leicht zu erraten.
weak-keyboard-pattern = Muster auf der Tastatur sind leicht zu erraten.
weak-date = Daten und Jahreszahlen sind leicht zu erraten.
weak-name = Namen sind leicht zu erraten.
weak-word = Ein einzelnes Wort ist leicht zu erraten.
weak-guessable = Es wäre bald erraten.
advice-add-words = Nehmen Sie mehrere seltene Wörter, die nicht zusammengehören.
advice-shorten = Nehmen Sie ein kürzeres.
advice-avoid-repeats = Lassen Sie wiederholte Zeichen und Wörter weg.
advice-avoid-sequences = Lassen Sie Reihen von Buchstaben, Ziffern und Tasten weg.
advice-avoid-dates = Lassen Sie Daten und Jahreszahlen weg.
advice-avoid-personal = Lassen Sie Namen weg und was andere über Sie wissen.
advice-disguise = Großbuchstaben, rückwärts geschriebene Wörter und Zeichen statt Buchstaben helfen kaum: Fügen Sie lieber Wörter hinzu.
