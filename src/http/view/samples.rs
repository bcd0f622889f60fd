//! A sample of every page in every state, for the tests.

use super::*;
use crate::identity::api_key::State;
use crate::identity::password::{Reason, Suggestion, Weakness};
use crate::types::{Secret, Timestamp};

/// What the strings of a sample look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strings {
    /// As in daily life.
    Friendly,
    /// As an attacker chooses them.
    Hostile,
}

/// HTML, Unicode tricks, and what breaks attributes.
pub(super) const HOSTILE: &str =
    "\"><script>alert(1)</script>'\u{202e}live\u{2066}\u{2028}</title>{{7*7}}&lt;";

/// The moment of every sample.
const NOW: i64 = 1_800_000_000;

/// The samples of one language.
pub(super) struct Samples {
    t: Messages,
    strings: Strings,
}

impl Samples {
    /// Name, policy and HTML of every sample.
    pub(super) fn render(
        locale: Locale,
        strings: Strings,
    ) -> Vec<(&'static str, HeaderValue, String)> {
        let samples = Self { t: Messages::new(locale), strings };
        let mut out = samples.on_the_way_in();
        out.extend(samples.on_the_way_out());
        out.extend(samples.at_home());
        out.extend(samples.of_api_keys());
        out.extend(samples.of_new_api_keys());
        out
    }

    fn words(&self, friendly: &str) -> String {
        match self.strings {
            Strings::Friendly => friendly.to_owned(),
            Strings::Hostile => HOSTILE.to_owned(),
        }
    }

    fn link(&self, friendly: &str) -> Option<WebLink> {
        match self.strings {
            Strings::Friendly => WebLink::parse(friendly),
            Strings::Hostile => WebLink::parse(&format!("https://a.example/{HOSTILE}")),
        }
    }

    fn client(&self) -> Client {
        Client {
            name: self.words("Notes").into(),
            logo_uri: self.link("https://notes.example/logo.png"),
            client_uri: self.link("https://notes.example/"),
            policy_uri: self.link("https://notes.example/privacy"),
            tos_uri: self.link("https://notes.example/terms"),
        }
    }

    fn bare_client(&self) -> Client {
        Client { name: self.words("Paper Trail").into(), ..Client::default() }
    }

    fn alice(&self) -> Account {
        Account {
            id: self.words("a1"),
            username: self.words("alice").into(),
            name: Some(self.words("Alice Arden").into()),
            email: Some(self.words("alice@example.com").into()),
        }
    }

    fn scopes(&self, tokens: &[&str]) -> Vec<Asked> {
        let asked = |token: &str, permission| Asked { token: token.into(), permission };
        let words = PermissionWords {
            api: self.words("Notes API").into(),
            words: self.words("Read the notes on the board").into(),
        };
        let others =
            [asked(&self.words("notes:read"), Some(words)), asked(&self.words("birthdate"), None)];
        tokens.iter().map(|token| asked(token, None)).chain(others).collect()
    }

    fn form_action() -> Option<Source> {
        Source::of_redirect_uri("https://notes.example/callback")
    }

    fn sign_in(&self, client: Option<Client>, error: Option<SignInError>) -> SignIn {
        SignIn {
            t: self.t,
            flow: self.words("sealed"),
            csrf: self.words("token"),
            client,
            next: String::new(),
            username: if error.is_some() { self.words("alice") } else { String::new() },
            error,
            display: Display::Page,
            form_action: Self::form_action(),
        }
    }

    fn consent(&self, client: Client, trust: ClientTrust, tokens: &[&str]) -> Consent {
        Consent {
            t: self.t,
            flow: self.words("sealed"),
            csrf: self.words("token"),
            client,
            trust,
            account: self.alice(),
            scopes: self.scopes(tokens),
            display: Display::Page,
            form_action: Self::form_action(),
        }
    }

    fn role_missing(&self) -> RoleMissing {
        RoleMissing {
            t: self.t,
            flow: self.words("sealed"),
            csrf: self.words("token"),
            client: self.client(),
            account: self.alice(),
            missing: vec![
                MissingPermission {
                    words: self.words("Delete the notes of everybody").into(),
                    permission: self.words("notes:delete").into(),
                    roles: vec![self.words("moderator").into(), "admin".into()],
                },
                MissingPermission {
                    words: "notes:publish".into(),
                    permission: "notes:publish".into(),
                    roles: Vec::new(),
                },
            ],
            display: Display::Page,
            form_action: Self::form_action(),
        }
    }

    fn on_the_way_in(&self) -> Vec<(&'static str, HeaderValue, String)> {
        let all = ["openid", "profile", "email", "address", "phone", "roles", "offline_access"];
        let too_many = SignInError::TooMany { retry_after_seconds: 240 };
        let nothing = Consent {
            scopes: Vec::new(),
            ..self.consent(self.bare_client(), ClientTrust::PublicNative, &[])
        };
        let popup = SignIn {
            display: Display::Popup,
            ..self.sign_in(Some(self.client()), Some(SignInError::SessionExpired))
        };
        let again = SignIn {
            next: self.words("sealed"),
            username: self.words("alice"),
            ..self.sign_in(None, None)
        };
        let busy = SignIn {
            display: Display::Touch,
            ..self.sign_in(Some(self.bare_client()), Some(SignInError::Busy))
        };
        let select_account = SelectAccount {
            t: self.t,
            flow: self.words("sealed"),
            csrf: self.words("token"),
            client: Some(self.client()),
            accounts: vec![
                self.alice(),
                Account {
                    id: "b2".into(),
                    username: self.words("alice.work").into(),
                    ..Account::default()
                },
            ],
            display: Display::Page,
            form_action: Self::form_action(),
        };
        vec![
            sample("sign_in", &self.sign_in(None, None)),
            sample("sign_in_again", &again),
            sample("sign_in_for_client", &self.sign_in(Some(self.client()), None)),
            sample(
                "sign_in_failed",
                &self.sign_in(Some(self.bare_client()), Some(SignInError::Failed)),
            ),
            sample("sign_in_too_many", &self.sign_in(None, Some(too_many))),
            sample("sign_in_busy", &busy),
            sample("sign_in_popup", &popup),
            sample("consent", &self.consent(self.client(), ClientTrust::Verified, &all)),
            sample(
                "consent_unverified",
                &self.consent(self.bare_client(), ClientTrust::Unverified, &["openid", "email"]),
            ),
            sample("consent_nothing", &nothing),
            sample("select_account", &select_account),
            sample("role_missing", &self.role_missing()),
        ]
    }

    fn on_the_way_out(&self) -> Vec<(&'static str, HeaderValue, String)> {
        let back = self
            .link("https://notes.example/")
            .map(|href| BackLink { client: self.words("Notes").into(), href });
        let confirm = ConfirmSignOut {
            t: self.t,
            flow: self.words("sealed"),
            csrf: self.words("token"),
            client: Some(self.client()),
            username: self.words("alice").into(),
            form_action: Self::form_action(),
        };
        let error = ErrorPage {
            t: self.t,
            explanation: Explanation::ClientRequest,
            error: self.words("invalid_request").into(),
            description: Some(self.words("redirect_uri is not registered for this client").into()),
            error_id: "0197-5c1e-7a44".into(),
            hint: Some(self.words("registered: https://notes.example/callback").into()),
            back: back.clone(),
        };
        let fault = ErrorPage {
            explanation: Explanation::Fault,
            error: "server_error".into(),
            description: None,
            hint: None,
            back: None,
            ..error.clone()
        };
        let form_post = FormPost {
            t: self.t,
            redirect_uri: format!("https://notes.example/{}", self.words("callback")),
            fields: vec![
                ("code".into(), self.words("dwc_1")),
                ("state".into(), self.words("xyz")),
                (self.words("iss"), "https://id.example".into()),
            ],
        };
        vec![
            sample("confirm_sign_out", &confirm),
            sample("signed_out", &SignedOut { t: self.t, back }),
            sample("error", &error),
            sample("error_fault", &fault),
            sample("form_post", &form_post),
        ]
    }

    fn at_home(&self) -> Vec<(&'static str, HeaderValue, String)> {
        let setup = Setup {
            t: self.t,
            token: self.words("one-time"),
            csrf: self.words("token"),
            username: String::new(),
            email: String::new(),
            problems: Vec::new(),
        };
        let weakness = Weakness { reason: Reason::Common, suggestion: Suggestion::AddWords };
        let wrong = Setup {
            username: self.words("admin"),
            email: self.words("admin@"),
            problems: vec![
                SetupProblem::UsernameTaken,
                SetupProblem::PasswordRefused(weakness),
                SetupProblem::PasswordsDiffer,
                SetupProblem::EmailInvalid,
            ],
            ..setup.clone()
        };
        let account = self.account();
        let empty = AccountPage {
            sessions: Vec::new(),
            apps: Vec::new(),
            notice: None,
            account: Account { name: None, email: None, ..self.alice() },
            ..account.clone()
        };
        vec![
            sample("account", &account),
            sample("account_empty", &empty),
            sample("setup", &setup),
            sample("setup_problems", &wrong),
            sample("setup_done", &SetupDone { t: self.t, username: self.words("admin").into() }),
        ]
    }

    fn of_api_keys(&self) -> Vec<(&'static str, HeaderValue, String)> {
        let keys = self.api_keys();
        let empty = ApiKeysPage {
            keys: Vec::new(),
            past: Vec::new(),
            full_at: None,
            notice: None,
            ..keys.clone()
        };
        let made = |former_until| ApiKeyMade {
            t: self.t,
            name: self.words("Backup at home").into(),
            text: Secret::new(self.words("dw_019a0000_5ec7e7_c0ffee00")),
            expires_at: Timestamp::from_unix(NOW + 90 * 86_400),
            former_until,
            now: Timestamp::from_unix(NOW),
        };
        let until = Timestamp::from_unix(NOW + 86_400);
        let rotate = RotateApiKey {
            t: self.t,
            csrf: self.words("token"),
            id: self.words("k1"),
            start: "dw_019a000000007abc".into(),
            name: self.words("Backup at home").into(),
            overlaps: vec![0, 1, 24, 168],
            chosen: 24,
            problem: None,
        };
        let refused = RotateApiKey { problem: Some(RotateProblem::NothingHeld), ..rotate.clone() };
        let revoke = RevokeApiKey {
            t: self.t,
            csrf: self.words("token"),
            id: self.words("k1"),
            start: "dw_019a000000007abc".into(),
            name: self.words("Backup at home").into(),
            last_used_at: Some(Timestamp::from_unix(NOW - 300)),
            now: Timestamp::from_unix(NOW),
        };
        vec![
            sample("api_keys", &keys),
            sample("api_keys_empty", &empty),
            sample("api_key_made", &made(None)),
            sample("api_key_made_by_rotation", &made(Some(until))),
            sample("api_key_rotate", &rotate),
            sample("api_key_rotate_refused", &refused),
            sample("api_key_revoke", &revoke),
        ]
    }

    fn of_new_api_keys(&self) -> Vec<(&'static str, HeaderValue, String)> {
        let new = self.new_api_key();
        let wrong = NewApiKey {
            name: self.words("Backup at home"),
            days: 30,
            addresses: self.words("192.0.2.300"),
            problems: vec![
                NewApiKeyProblem::NameInvalid,
                NewApiKeyProblem::NoPermission,
                NewApiKeyProblem::Lifetime { most: 365 },
                NewApiKeyProblem::NotAnAddress,
            ],
            ..new.clone()
        };
        let full =
            NewApiKey { problems: vec![NewApiKeyProblem::TooMany { most: 20 }], ..wrong.clone() };
        let nothing = NewApiKey { offered: new.offered[1..].to_vec(), ..new.clone() };
        vec![
            sample("api_key_new", &new),
            sample("api_key_new_problems", &wrong),
            sample("api_key_new_too_many", &full),
            sample("api_key_new_nothing_offered", &nothing),
        ]
    }

    fn new_api_key(&self) -> NewApiKey {
        let offered = |number, name: &str, words: Option<&str>| OfferedPermission {
            number,
            name: self.words(name),
            words: words.map(|words| self.words(words).into()),
            is_chosen: number == 1,
        };
        NewApiKey {
            t: self.t,
            csrf: self.words("token"),
            form: self.words("sealed"),
            name: String::new(),
            offered: vec![
                OfferedApi {
                    name: Some(self.words("Notes API").into()),
                    permissions: vec![
                        offered(1, "notes:read", Some("Read the notes")),
                        offered(2, "notes:write", Some("Add notes")),
                    ],
                },
                OfferedApi {
                    name: None,
                    permissions: vec![offered(3, "roles", None), offered(4, "groups", None)],
                },
            ],
            lifetimes: vec![7, 30, 90, 365],
            days: 90,
            addresses: String::new(),
            problems: Vec::new(),
        }
    }

    fn api_keys(&self) -> ApiKeysPage {
        let at = |seconds: i64| Timestamp::from_unix(NOW + seconds);
        let permission = |name: &str, words: Option<&str>, is_held| ApiKeyPermission {
            name: self.words(name).into(),
            words: words.map(|words| self.words(words).into()),
            is_held,
        };
        let live = ApiKeyRow {
            id: self.words("k1"),
            start: "dw_019a000000007abc".into(),
            name: self.words("Backup at home").into(),
            permissions: vec![
                permission("notes:read", Some("Read the notes"), true),
                permission("notes:delete", Some("Delete the notes of everybody"), false),
                permission("roles", None, true),
            ],
            addresses: vec![self.words("192.0.2.0/24").into(), "2001:db8::7/128".into()],
            created_at: at(-90_000),
            last_used_at: Some(at(-300)),
            expires_at: at(80 * 86_400),
            state: State::Live,
        };
        let replaced = ApiKeyRow {
            id: "k2".into(),
            last_used_at: None,
            expires_at: at(7_200),
            state: State::Rotated,
            ..live.clone()
        };
        let past = |state| ApiKeyRow { state, expires_at: at(-7_200), ..live.clone() };
        ApiKeysPage {
            t: self.t,
            csrf: self.words("token"),
            keys: vec![live.clone(), replaced],
            past: vec![past(State::Revoked), past(State::Expired)],
            full_at: Some(20),
            notice: Some(ApiKeysNotice::Revoked),
            now: at(0),
        }
    }

    fn account(&self) -> AccountPage {
        let now = Timestamp::from_unix(NOW);
        let ago = |seconds: i64| Timestamp::from_unix(now.unix() - seconds);
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let here = Session {
            id: self.words("s1"),
            user_agent: Some(self.words(firefox)),
            address: Some(self.words("192.0.2.17").into()),
            signed_in_at: ago(7_300),
            last_seen_at: ago(10),
            is_current: true,
        };
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 \
                      Mobile/15E148 Safari/604.1";
        let phone = Session {
            id: "s2".into(),
            user_agent: Some(iphone.into()),
            address: Some("2001:db8:85a3:8d3:1319:8a2e:370:7348".into()),
            signed_in_at: ago(40 * 86_400),
            last_seen_at: ago(3 * 86_400),
            is_current: false,
        };
        let unknown = Session {
            id: "s3".into(),
            user_agent: None,
            address: None,
            signed_in_at: ago(86_400),
            last_seen_at: ago(300),
            is_current: false,
        };
        let app = |client, since| App {
            client_id: self.words("notes"),
            client,
            scopes: self.scopes(&["openid", "profile", "email"]),
            since,
        };
        AccountPage {
            t: self.t,
            csrf: self.words("token"),
            account: self.alice(),
            sessions: vec![here, phone, unknown],
            apps: vec![app(self.client(), ago(90_000)), app(self.bare_client(), ago(8_000_000))],
            notice: Some(AccountNotice::SessionEnded),
            now,
        }
    }
}

fn sample(name: &'static str, page: &impl Page) -> (&'static str, HeaderValue, String) {
    (name, page.policy().header_value(), page.render().unwrap())
}
