//! Every setting: its type, default, rule and help. `doorward config example` prints this table.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::database::DatabaseUrl;
use super::issuer::{Issuer, Transport};
use super::section::settings;
use super::value::{Anything, Bytes, Value, quoted};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const YEAR: Duration = Duration::from_hours(365 * 24);

settings! {
    /// Everything that an operator can set.
    pub struct Config {
        /// The public URL of this server, as browsers and apps know it: https without a path, or
        /// http on localhost.
        issuer: Issuer = local_issuer(), Anything;
        /// The address and port of the public listener.
        listen: SocketAddr = (Ipv4Addr::LOCALHOST, 8_000).into(), Anything;
        /// The folder of the database file and of the master key.
        data_dir: PathBuf = "doorward-data".into(), Anything;
    }
    sections {
        /// https without a proxy.
        tls: Tls;
        /// The reverse proxy in front of this server.
        proxy: Proxy;
        /// Where the rows are.
        database: Database;
        /// The second listener.
        management: Management;
        /// What is logged.
        log: Log;
        /// Browser sessions.
        sessions: Sessions;
        /// Signing in.
        sign_in: SignIn;
        /// Passwords and their hashes.
        passwords: Passwords;
        /// Lifetimes of what clients get.
        tokens: Tokens;
        /// API keys of users and machines.
        api_keys: ApiKeys;
        /// The keys that sign tokens.
        keys: Keys;
        /// What one request and all connections may use.
        limits: Limits;
        /// The admin API.
        admin: Admin;
        /// What is only here for apps that move over from other ways of signing in.
        legacy: Legacy;
        /// How the server ends.
        shutdown: Shutdown;
    }
}

settings! {
    /// https without a proxy: both files or neither. They are read again when they change.
    pub struct Tls {
        /// The certificate and its chain, PEM, the server's own certificate first.
        certificate: Option<PathBuf> = None, Anything;
        /// The private key of the certificate, PEM.
        key: Option<PathBuf> = None, Anything;
    }
}

settings! {
    /// The reverse proxy in front of this server.
    pub struct Proxy {
        /// The networks of the proxies whose X-Forwarded-For and X-Request-Id are believed.
        trusted: Vec<IpNet> = Vec::new(), Anything;
    }
}

settings! {
    /// Where the rows are.
    pub struct Database {
        /// sqlite://path or postgres://user:password@host/database; empty: doorward.db in data_dir.
        url: Option<DatabaseUrl> = None, Anything;
        /// Connections to PostgreSQL.
        connections: u32 = 16, 1..=1_000;
        /// Connections that read SQLite; one more writes.
        read_connections: u32 = 4, 1..=64;
    }
}

settings! {
    /// The listener of /metrics, /live and /ready. Plain http: keep it off the internet.
    pub struct Management {
        /// Its address and port; empty: none.
        listen: Option<SocketAddr> = Some((Ipv4Addr::LOCALHOST, 9_090).into()), Anything;
    }
}

settings! {
    /// What is logged, to standard error.
    pub struct Log {
        /// "text" for people, "json" for machines.
        format: LogFormat = LogFormat::Text, Anything;
        /// The level, or a filter such as "info,doorward=debug".
        filter: String = "info".to_owned(), Anything;
    }
}

settings! {
    /// Browser sessions.
    pub struct Sessions {
        /// A session ends when it was not used for so long.
        idle: Duration = DAY, MINUTE..=YEAR;
        /// A session ends so long after the sign-in, however much it is used.
        absolute: Duration = 30 * DAY, MINUTE..=YEAR;
    }
}

settings! {
    /// Signing in, and the limits on guessing.
    pub struct SignIn {
        /// How long a page may stay open before the app must ask again.
        flow: Duration = HOUR, 5 * MINUTE..=DAY;
        /// Wrong passwords in a row, of one user, before each further try must wait.
        free_failures: u32 = 5, 1..=20;
        /// The longest wait between two tries.
        longest_wait: Duration = 5 * MINUTE, SECOND..=HOUR;
        /// Wrong passwords in a row after which only a known device or an administrator helps.
        most_failures: u32 = 100, 10..=100;
        /// How long a browser that signed in stays a known device.
        known_device: Duration = 90 * DAY, DAY..=YEAR;
        /// Wrong passwords an hour from one address (IPv6: one /64), over all users.
        failures_per_address: u32 = 300, 10..=100_000;
    }
}

settings! {
    /// Passwords and their hashes (argon2id).
    pub struct Passwords {
        /// Memory of one hash. Raising it re-hashes passwords as their users sign in.
        argon2_memory: Bytes = Bytes::kib(19 * 1_024), Bytes::kib(19 * 1_024)..=Bytes::kib(256 * 1_024);
        /// Passes over the memory.
        argon2_iterations: u32 = 2, 2..=16;
        /// Lanes of one hash.
        argon2_parallelism: u32 = 1, 1..=4;
        /// Hashes at the same time; 0: as many as there are cores.
        threads: u32 = 0, 0..=256;
        /// How much work may wait for a thread; beyond it sign-ins are answered 503.
        queue: Duration = 2 * SECOND, SECOND..=30 * SECOND;
    }
}

settings! {
    /// Lifetimes of what clients get.
    pub struct Tokens {
        /// An authorization code.
        code: Duration = MINUTE, 10 * SECOND..=10 * MINUTE;
        /// An access token. Short, because an API that does not introspect sees no revocation.
        access_token: Duration = 10 * MINUTE, MINUTE..=DAY;
        /// An ID token.
        id_token: Duration = 10 * MINUTE, MINUTE..=DAY;
        /// The longest token that is issued; many servers refuse headers of 8 KiB.
        max_token_bytes: Bytes = Bytes::kib(4), Bytes::kib(1)..=Bytes::kib(64);
        /// How long after a rotation the previous refresh token yields the same successor again.
        refresh_window: Duration = 30 * SECOND, Duration::ZERO..=MINUTE;
        /// A public client's refresh token ends when it was not used for so long.
        public_refresh_idle: Duration = 7 * DAY, MINUTE..=YEAR;
        /// A public client must send its user to sign in again after so long.
        public_refresh_absolute: Duration = 30 * DAY, MINUTE..=5 * YEAR;
        /// A confidential client's refresh token ends when it was not used for so long.
        confidential_refresh_idle: Duration = 30 * DAY, MINUTE..=YEAR;
        /// A confidential client must send its user to sign in again after so long.
        confidential_refresh_absolute: Duration = YEAR, MINUTE..=5 * YEAR;
    }
}

settings! {
    /// API keys of users and machines.
    pub struct ApiKeys {
        /// How long a key lives when nobody says how long.
        default_lifetime: Duration = 90 * DAY, HOUR..=5 * YEAR;
        /// The longest that a key can live. Keys that were made before keep their end.
        max_lifetime: Duration = YEAR, HOUR..=5 * YEAR;
        /// The longest that a key lives on beside the one that took its place.
        max_overlap: Duration = 7 * DAY, Duration::ZERO..=30 * DAY;
        /// Live keys of one owner; while keys are rotated there may be twice as many.
        most: u32 = 20, 1..=500;
        /// A token that a key was exchanged for. An API that does not introspect sees no revocation.
        token_lifetime: Duration = 5 * MINUTE, 10 * SECOND..=HOUR;
    }
}

settings! {
    /// The keys that sign tokens.
    pub struct Keys {
        /// How long clients may keep the JWKS. A new key is published twice as long before it signs.
        jwks_max_age: Duration = 15 * MINUTE, MINUTE..=DAY;
        /// How long a key signs before the next one takes over.
        lifetime: Duration = 90 * DAY, DAY..=5 * YEAR;
    }
}

settings! {
    /// What one request and all connections may use.
    pub struct Limits {
        /// The body of a request.
        body: Bytes = Bytes::kib(16), Bytes::kib(16)..=Bytes::kib(1_024);
        /// All headers of a request together.
        headers: Bytes = Bytes::kib(32), Bytes::kib(8)..=Bytes::kib(128);
        /// The path and query of a request.
        uri: Bytes = Bytes::kib(16), Bytes::kib(4)..=Bytes::kib(64);
        /// The whole of a request, from its headers to the answer.
        request_timeout: Duration = 10 * SECOND, SECOND..=5 * MINUTE;
        /// The headers of a request, the TLS handshake, and the pause between two requests.
        header_timeout: Duration = 10 * SECOND, SECOND..=MINUTE;
        /// Connections at the same time; further ones are closed at once.
        connections: u32 = 10_000, 16..=1_000_000;
        /// Requests at the same time on one HTTP/2 connection.
        http2_streams: u32 = 100, 1..=1_000;
    }
}

settings! {
    /// The admin API: JSON under /admin/api/v1, for the bearers of access tokens with its permissions.
    pub struct Admin {
        /// Whether it is served.
        enabled: bool = true, Anything;
        /// Whether the page for trying it out is; empty: where the issuer is http on localhost.
        docs: Option<bool> = None, Anything;
    }
}

settings! {
    /// What is only here for apps that move over from other ways of signing in.
    pub struct Legacy {
        /// Whether clients that are registered for grant_type=password may send the passwords of their
        /// users. Such an app sees every password: leave it off as soon as the apps have moved.
        password_grant: bool = false, Anything;
    }
}

settings! {
    /// How the server ends on SIGTERM or SIGINT.
    pub struct Shutdown {
        /// How long to go on accepting while /ready says 503, so that a load balancer notices.
        notice: Duration = Duration::ZERO, Duration::ZERO..=MINUTE;
        /// How long requests in progress may take to finish.
        drain: Duration = 25 * SECOND, Duration::ZERO..=5 * MINUTE;
    }
}

impl Config {
    /// The database that is to be opened.
    #[must_use]
    pub fn database_url(&self) -> DatabaseUrl {
        self.database.url.clone().unwrap_or_else(|| DatabaseUrl::in_data_dir(&self.data_dir))
    }

    /// The file of the master key, which seals the keys and seeds of the database.
    #[must_use]
    pub fn master_key_file(&self) -> PathBuf {
        self.data_dir.join("master.key")
    }

    /// Whether the page for trying the admin API out is served.
    #[must_use]
    pub fn serves_admin_docs(&self) -> bool {
        let developing = match self.transport() {
            Transport::LocalHttp => true,
            Transport::Https => false,
        };
        self.admin.enabled && self.admin.docs.unwrap_or(developing)
    }

    /// Whether browsers reach the server over TLS.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.issuer.transport()
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One readable line an event.
    Text,
    /// One JSON object an event.
    Json,
}

impl Value for LogFormat {
    const ALLOWED: &'static str = "\"text\" or \"json\"";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(Self::ALLOWED.to_owned()),
        }
    }

    fn to_toml(&self) -> String {
        quoted(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

/// Where a server without configuration answers.
#[expect(clippy::expect_used, reason = "a constant, which every test of the defaults parses")]
fn local_issuer() -> Issuer {
    Issuer::parse("http://localhost:8000").expect("the default issuer is one")
}
