//! The configuration as an operator meets it.

use std::time::Duration;

use super::*;

/// Loads `file` (if any) with `environment` and `flags`.
fn load_with(
    file: Option<&str>,
    environment: &[(&str, &str)],
    flags: &Flags,
) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("doorward.toml");
    if let Some(text) = file {
        std::fs::write(&path, text).unwrap();
    }
    let environment = environment.iter().map(|(name, value)| (name.into(), value.into()));
    load(flags, environment, &path)
}

fn file(text: &str) -> Result<Config, ConfigError> {
    load_with(Some(text), &[], &Flags::default())
}

fn environment(name: &str, value: &str) -> Result<Config, ConfigError> {
    load_with(None, &[(name, value)], &Flags::default())
}

/// The message without the path of the temporary folder.
fn message(result: Result<Config, ConfigError>) -> String {
    let text = result.unwrap_err().to_string();
    text.split_once("/doorward.toml").map_or(text.clone(), |(_, rest)| format!("FILE{rest}"))
}

#[test]
fn nothing_configured_is_a_server_on_localhost() {
    let config = load_with(None, &[], &Flags::default()).unwrap();
    assert_eq!(config.issuer.as_str(), "http://localhost:8000");
    assert_eq!(config.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(config.management.listen.unwrap().to_string(), "127.0.0.1:9090");
    assert_eq!(config.database_url().to_string(), "sqlite://doorward-data/doorward.db");
    assert_eq!(config.master_key_file(), Path::new("doorward-data/master.key"));
    assert_eq!(changed(&config), []);
}

#[test]
fn the_example_says_the_defaults() {
    let example = example();
    assert_eq!(changed(&file(&example).unwrap()), [], "as it is");
    let is_setting = |line: &str| line.starts_with('#') && !line.starts_with("# ");
    let open: Vec<&str> =
        example.lines().map(|line| if is_setting(line) { &line[1..] } else { line }).collect();
    assert_eq!(
        open.iter().filter(|line| line.contains(" = ")).count(),
        source::rows(&Config::default()).len()
    );
    assert_eq!(changed(&file(&open.join("\n")).unwrap()), [], "uncommented");
}

#[test]
fn every_setting_has_a_name_of_its_own_and_help() {
    let rows = source::rows(&Config::default());
    let mut variables: Vec<String> = rows.iter().map(section::Setting::variable).collect();
    variables.sort();
    variables.dedup();
    assert_eq!(variables.len(), rows.len());
    assert!(
        !variables
            .iter()
            .any(|name| name == "DOORWARD_CONFIG" || name.starts_with("DOORWARD_TEST_"))
    );
    assert!(rows.iter().all(|row| !row.help.is_empty() && !row.about.is_empty()));
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let text = "listen = \"127.0.0.1:1\"\ndata_dir = \"file\"\n[sessions]\nidle = \"1h\"\n";
    let variables =
        [("DOORWARD_DATA_DIR", "env"), ("DOORWARD_LISTEN", "127.0.0.1:2"), ("HOME", "/")];
    let flags = Flags { listen: Some("127.0.0.1:3".to_owned()), ..Flags::default() };
    let config = load_with(Some(text), &variables, &flags).unwrap();
    assert_eq!(config.sessions.idle, Duration::from_hours(1));
    assert_eq!(config.data_dir, Path::new("env"));
    assert_eq!(config.listen.port(), 3);
}

#[test]
fn the_environment_reaches_every_section() {
    let idle = environment("DOORWARD_SESSIONS_IDLE", "12h").unwrap().sessions.idle;
    assert_eq!(idle, Duration::from_hours(12));
    let url = environment("DOORWARD_DATABASE_URL", "postgres://h/d").unwrap().database_url();
    assert!(matches!(url, DatabaseUrl::Postgres(_)));
    let trusted =
        environment("DOORWARD_PROXY_TRUSTED", "10.0.0.0/8,fd00::/8").unwrap().proxy.trusted;
    assert_eq!(trusted.len(), 2);
    assert_eq!(environment("DOORWARD_MANAGEMENT_LISTEN", "").unwrap().management.listen, None);
    assert!(environment("DOORWARD_TEST_ENGINE", "sqlite").is_ok());
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest() {
    for (text, expected) in [
        ("isuer = \"x\"", "FILE: there is no setting `isuer`; did you mean `issuer`?"),
        (
            "[session]\nidle = \"1h\"",
            "FILE: there is no setting `session`; did you mean `sessions`?",
        ),
        ("[sesions]", "FILE: there is no setting `sesions`; did you mean `sessions`?"),
        (
            "[sessions]\nidel = \"1h\"",
            "FILE: there is no setting `sessions.idel`; did you mean `sessions.idle`?",
        ),
        (
            "[sessions.idle]\nx = 1",
            "FILE: `sessions.idle` = { x = 1 } cannot be used; allowed: a time like \"90s\", \"15m\", \"12h\" or \"30d\"",
        ),
    ] {
        assert_eq!(message(file(text)), expected);
    }
    assert_eq!(
        message(file("sessions = 1")),
        "FILE: `sessions` = 1 cannot be used; allowed: a table: [sessions]"
    );
    assert_eq!(
        message(environment("DOORWARD_SESSION_IDLE", "1h")),
        "environment variable DOORWARD_SESSION_IDLE: there is no setting `DOORWARD_SESSION_IDLE`; \
         did you mean `DOORWARD_SESSIONS_IDLE`?"
    );
}

#[test]
fn a_bad_value_is_refused_with_what_is_allowed() {
    assert_eq!(
        message(file("[sessions]\nidle = 60")),
        "FILE: `sessions.idle` = 60 cannot be used; allowed: a time like \"90s\", \"15m\", \"12h\" or \"30d\""
    );
    assert_eq!(
        message(environment("DOORWARD_PASSWORDS_ARGON2_MEMORY", "1MiB")),
        "environment variable DOORWARD_PASSWORDS_ARGON2_MEMORY: `passwords.argon2_memory` = \
         \"1MiB\" cannot be used; allowed: from \"19MiB\" to \"256MiB\""
    );
    assert_eq!(
        message(environment("DOORWARD_TOKENS_REFRESH_WINDOW", "61s")),
        "environment variable DOORWARD_TOKENS_REFRESH_WINDOW: `tokens.refresh_window` = \"61s\" \
         cannot be used; allowed: from \"0s\" to \"1m\""
    );
    let flags = Flags { issuer: Some("http://id.example.com".to_owned()), ..Flags::default() };
    assert_eq!(
        message(load_with(None, &[], &flags)),
        "flag --issuer: `issuer` = \"http://id.example.com\" cannot be used; allowed: an https \
         URL; http is for localhost, 127.0.0.1 and [::1] only"
    );
}

#[test]
fn broken_toml_names_the_line_and_not_the_content() {
    let text = "listen = \"127.0.0.1:1\"\n[database]\nurl = \"postgres://u:hunter2@h/d\n";
    let message = message(file(text));
    assert!(message.starts_with("FILE: line 3: "), "{message}");
    assert!(!message.contains("hunter2"));
}

#[test]
fn a_database_url_is_never_repeated() {
    let message = message(environment("DOORWARD_DATABASE_URL", "mysql://u:hunter2@h/d"));
    assert!(message.contains("allowed: sqlite://"), "{message}");
    assert!(!message.contains("hunter2"));
}

#[test]
fn a_named_file_must_exist() {
    let missing = environment("DOORWARD_CONFIG", "/nonexistent/doorward.toml");
    assert!(matches!(missing, Err(ConfigError::Unreadable { .. })));
}

/// Which rule the settings of `text` break together.
fn conflict(text: &str) -> Conflict {
    match file(text) {
        Err(ConfigError::Conflict(conflict)) => conflict,
        other => panic!("{other:?}"),
    }
}

#[test]
fn https_needs_a_certificate_or_a_trusted_proxy() {
    let https = "issuer = \"https://id.example.com\"\n";
    let tls = "[tls]\ncertificate = \"c\"\nkey = \"k\"";
    assert_eq!(conflict(https), Conflict::HttpsWithoutTls);
    assert!(file(&format!("{https}{tls}")).is_ok());
    assert!(file(&format!("{https}[proxy]\ntrusted = [\"10.0.0.0/8\"]")).is_ok());
    assert_eq!(conflict(tls), Conflict::TlsWithoutHttps);
    assert_eq!(conflict(&format!("{https}[tls]\nkey = \"k\"")), Conflict::HalfTls);
    assert_eq!(conflict(&format!("{https}[tls]\ncertificate = \"c\"")), Conflict::HalfTls);
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    assert_eq!(
        conflict("[sessions]\nidle = \"2d\"\nabsolute = \"1d\""),
        Conflict::Above("sessions.idle", "sessions.absolute")
    );
    assert_eq!(
        conflict("[api_keys]\nmax_lifetime = \"30d\""),
        Conflict::Above("api_keys.default_lifetime", "api_keys.max_lifetime")
    );
    assert_eq!(conflict("listen = \"127.0.0.1:9090\""), Conflict::SameAddress);
}
