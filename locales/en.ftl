### Doorward, English. Every key here exists in every other catalogue; a test says so.

## Everywhere
cancel = Cancel
use-another-account = Use another account
privacy-policy = Privacy policy
terms-of-service = Terms of service
back-to = Back to { $client }
go-to-account = Go to your account

## Sign in
sign-in = Sign in
sign-in-title-for = Sign in to { $client }
sign-in-continue-to = to continue to { $client }
sign-in-to-account = to manage your account
sign-in-to-confirm = API keys outlive a sign-in, so please confirm that it is you.
username = Username
password = Password
sign-in-failed = That username and password do not match. Check both and try again.
sign-in-too-many-seconds = { $count ->
    [one] Too many attempts. Try again in one second.
   *[other] Too many attempts. Try again in { $count } seconds.
}
sign-in-too-many-minutes = { $count ->
    [one] Too many attempts. Try again in one minute.
   *[other] Too many attempts. Try again in { $count } minutes.
}
sign-in-busy = Many people are signing in right now. Wait a moment and try again.
sign-in-session-expired = You have been away for a while. Sign in again to go on.

## Consent
consent-title = { $client } asks for access
consent-intro = If you allow it, this app can:
consent-nothing-asked = This app asks for nothing beyond knowing that you signed in.
consent-signed-in-as = Signed in as
consent-allow = Allow
consent-unverified = Nobody has verified this app. Allow it only if you started this yourself and trust where it comes from.
consent-native = This is an app on a device, and its name cannot be proved. Allow it only if you have just opened it yourself.
consent-revoke-later = You can take this back at any time on your account page.

role-missing-title = { $client } needs a role that you do not have
role-missing-intro = No role of your account allows this:
role-missing-roles = Comes with the role: { $roles }
role-missing-no-role = No role gives this permission yet.
role-missing-advice = Ask the people who run the app for the role. Once you have it, start again in the app.
role-missing-back = Back to { $client }

scope-openid = Know who you are
scope-openid-explained = A lasting identifier of your account, and when you signed in.
scope-profile = See your profile
scope-profile-explained = Your name, username, picture, language and similar details.
scope-email = See your e-mail address
scope-email-explained = The address, and whether it has been verified.
scope-address = See your postal address
scope-address-explained = Street, town, postal code and country.
scope-phone = See your phone number
scope-phone-explained = The number, and whether it has been verified.
scope-roles = See your roles
scope-roles-explained = What you may do here, such as “moderator” or “admin”.
scope-groups = See your groups
scope-groups-explained = The groups that you are in here.
scope-offline-access = Keep access while you are away
scope-offline-access-explained = The app can renew its access without asking you to sign in again.
scope-of-api = At { $api }:
scope-other-explained = A permission that this app uses under this name.

## Choose an account
select-account-title = Choose an account
select-account-title-for = Choose an account for { $client }

## Sign out
confirm-sign-out-title = Sign out?
confirm-sign-out-text = This ends the session of { $username } in this browser.
confirm-sign-out-asked-by = { $client } asks to sign you out.
sign-out = Sign out
stay-signed-in = Stay signed in
signed-out-title = You are signed out
signed-out-text = Your session in this browser has ended. You can close this page.
sign-in-again = Sign in again

## Account
account-title = Your account
account-name = Name
account-email = E-mail
account-not-given = Not given
account-sessions = Where you are signed in
account-sessions-text = Each browser that is signed in to your account. End any that you do not know.
account-sessions-empty = No active sessions.
account-this-browser = This browser
account-session-signed-in = Signed in { $when }
account-session-last-seen = Last seen { $when }
account-session-end = End session
account-session-end-label = End session: { $session }
account-sessions-end-others = End all other sessions
account-apps = Apps with access
account-apps-text = Apps that you allowed to use your account.
account-apps-empty = You have not given any app access yet. When you do, it appears here.
account-app-since = Allowed { $when }
account-app-revoke = Remove access
account-app-revoke-label = Remove access: { $client }
account-notice-session-ended = The session has ended.
account-notice-others-ended = All other sessions have ended.
account-notice-app-revoked = The app no longer has access.

## API keys
api-keys-title = API keys
api-keys-text = A key lets a program of yours call an API as you, without signing in. It never allows more than you may do yourself.
api-keys-manage = Manage API keys
api-keys-yours = Your keys
api-keys-empty = You have no API keys. Make one when a script, a tool or an app asks you for it.
api-keys-past = No longer valid
api-keys-past-text = These keys open nothing any more. They disappear from here after some days.
api-key-new = New API key
api-key-new-text = Give each program a key of its own: then you can see which one is used, and revoke one without stopping the others.
api-key-created = Made { $when }
api-key-last-used = Last used { $when }
api-key-never-used = Never used
api-key-expires = Expires { $when }
api-key-works-until = Stops working { $when }
api-key-revoked = Revoked
api-key-expired = Expired { $when }
api-key-badge-replaced = Replaced
api-key-badge-revoked = Revoked
api-key-badge-expired = Expired
api-key-lost = (no longer yours)
api-key-rotate = Rotate
api-key-rotate-label = Rotate the key { $key }
api-key-revoke = Revoke
api-key-revoke-label = Revoke the key { $key }
api-key-notice-revoked = The key is revoked: it opens nothing any more.
api-key-notice-shown-before = This key was made and shown already, and is shown only once. If you did not copy it, revoke it and make another.
api-key-name = Name
api-key-name-help = Which program will use it, such as “Backup at home”.
api-key-name-missing = Give the key a name.
api-key-name-invalid = A name has at most 100 characters, on one line.
api-key-permissions = What the key allows
api-key-about-you = About you
api-key-no-permission = Tick at least one thing that an API allows.
api-key-not-held = You may not do one of the things that you ticked. What is listed here is what you may do now.
api-key-days = Lifetime
api-key-days-help = The key stops working after this time. You can rotate it before.
api-key-lifetime-refused = { $count ->
    [one] A key lives for one day at most.
   *[other] A key lives for { $count } days at most.
}
api-key-addresses = Usable from these addresses alone
api-key-addresses-help = Such as 203.0.113.7 or 10.0.0.0/8, with a space between two. Leave it empty and the key works from anywhere.
api-key-not-an-address = One of these is neither an address such as 203.0.113.7 nor a network such as 10.0.0.0/8.
api-key-too-many-addresses = { $count ->
    [one] At most one address or network is possible.
   *[other] At most { $count } addresses and networks are possible.
}
api-key-bound-to = Usable from { $addresses } alone
api-key-too-many = { $count ->
    [one] You have one key, and there can be no more. Revoke it to make another.
   *[other] You have { $count } keys, and there can be no more. Revoke one that you do not need to make another.
}
api-key-problems = The key is not made yet. Please change what is marked below.
api-key-nothing-offered = Your account has no permission that a key could hold. Ask the people who run the API for a role.
api-key-make = Make the key
api-key-made-title = Your new API key
api-key-shown-once = Copy it now and keep it like a password. It is shown this once, and nobody can show it again.
api-key-text-label = Key
api-key-copy = Copy the key
api-key-copied = Copied.
api-key-selected = The key is selected: copy it with your keyboard.
api-key-done = Done, I have kept it
api-key-how-to-send = Programs send it to the API in the header
api-key-former-until = The key that it replaces stops working { $when }.
api-key-former-ended = The key that it replaces has stopped working.
api-key-rotate-title = Rotate “{ $key }”
api-key-rotate-text = You get a new key with the same name, permissions and lifetime. The old one works for a while longer, so that nothing stops while you put the new one in its place.
api-key-overlap = The old key still works for
api-key-overlap-help = Choose “no time at all” if somebody else may have the key.
api-key-overlap-none = no time at all
api-key-overlap-refused = The old key cannot work for so long.
api-key-nothing-held = You no longer hold any permission of this key, so it cannot be rotated. Revoke it.
api-key-revoke-title = Revoke “{ $key }”?
api-key-revoke-text = Programs that use this key will be refused at once. This cannot be undone.
api-key-keep = Keep the key

device-browser-on-system = { $browser } on { $system }
device-unknown = Unknown browser

time-just-now = just now
time-minutes-ago = { $count ->
    [one] one minute ago
   *[other] { $count } minutes ago
}
time-hours-ago = { $count ->
    [one] one hour ago
   *[other] { $count } hours ago
}
time-days-ago = { $count ->
    [one] yesterday
   *[other] { $count } days ago
}
time-at-once = in a moment
time-in-minutes = { $count ->
    [one] in one minute
   *[other] in { $count } minutes
}
time-in-hours = { $count ->
    [one] in one hour
   *[other] in { $count } hours
}
time-in-days = { $count ->
    [one] in one day
   *[other] in { $count } days
}
span-hours = { $count ->
    [one] one hour
   *[other] { $count } hours
}
span-days = { $count ->
    [one] one day
   *[other] { $count } days
}
time-date = on { $day } { $month } { $year }
time-month = { $count ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}

## Errors
error-request = This request cannot be answered
error-request-text = You did nothing wrong: the app that sent you here made a mistake. Go back to it and try again; if it happens again, tell the people who run it.
error-expired = This page has expired
error-expired-text = The page was open for too long, or the sign-in was finished in another tab. Go back to the app and start again.
error-refused = You are not allowed to do this
error-refused-text = Your account does not have what is needed here. Ask the people who run this service.
error-not-found = There is nothing here
error-not-found-text = The address may be mistyped, or the link may have been used already.
error-too-many = Too many requests
error-too-many-text = Wait a little and try again.
error-busy = We are busy right now
error-busy-text = The service cannot answer at the moment. Wait a little and try again.
error-fault = Something went wrong on our side
error-fault-text = It has been written down. Try again in a moment.
error-details = Details
error-code = Error
error-description = Description
error-hint = For developers
error-id = Error id

## Back to the app
form-post-title = One moment
form-post-text = We are taking you back to the app. If nothing happens, continue here.
continue = Continue

## First administrator
setup-title = Create the first administrator
setup-text = This server is new. The account you create here can do everything, so give it a strong password.
setup-password-again = Password again
setup-password-help = At least 8 characters; 15 or more is better. A few uncommon words work well.
setup-email = E-mail
optional = optional
setup-create = Create administrator
setup-problems = Please change this:
setup-username-invalid = This username cannot be used. Use letters, digits and punctuation, without spaces and without @.
setup-username-taken = This username is taken.
setup-password-refused = The password cannot be used.
setup-passwords-differ = The two passwords are not the same.
setup-email-invalid = This is not an e-mail address.
setup-done-title = The administrator is ready
setup-done-text = The account { $username } has been created, and the setup link no longer works. Sign in to go on.

## Why a password is weak, and what would help
weak-too-short = It is too short: it needs at least { $count } characters.
weak-too-long = It is too long: at most { $count } characters are possible.
weak-common = It is a common password, or close to one.
weak-personal = It is built from your name or address.
weak-repeats = Repeats are easy to guess.
weak-sequence = Sequences such as “abc” or “6543” are easy to guess.
weak-keyboard-pattern = Patterns on the keyboard are easy to guess.
weak-date = Dates and years are easy to guess.
weak-name = Names are easy to guess.
weak-word = A single word is easy to guess.
weak-guessable = It would be guessed soon.
advice-add-words = Use several uncommon words that do not belong together.
advice-shorten = Use a shorter one.
advice-avoid-repeats = Leave out repeated characters and words.
advice-avoid-sequences = Leave out rows of letters, digits and keys.
advice-avoid-dates = Leave out dates and years.
advice-avoid-personal = Leave out names, and what others know about you.
advice-disguise = Capitals, words spelt backwards and signs for letters hardly help: add words instead.
