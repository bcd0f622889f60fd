//! The specifications that Doorward follows: where each one lives, and which tests speak for it.
//!
//! The README's table is made of this list. `tests/house` fails when a row has no home, when a home
//! does not name its specification, and when a module names one that has no row.

/// A specification, and its place in the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Specification {
    /// The name by which the code cites it.
    pub id: &'static str,
    /// Its title, as it stands on the document.
    pub title: &'static str,
    /// Where it can be read.
    pub url: &'static str,
    /// How much of it is here.
    pub status: Status,
    /// The files that are about it, the most important one first.
    pub home: &'static [&'static str],
    /// The modules of tests that are named after its clauses.
    pub tests: &'static [&'static str],
}

/// How much of a specification is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Everything that it asks of an authorization server.
    Full,
    /// A part, and which.
    Partial(&'static str),
}

const fn full(
    id: &'static str,
    title: &'static str,
    url: &'static str,
    home: &'static [&'static str],
    tests: &'static [&'static str],
) -> Specification {
    Specification { id, title, url, status: Status::Full, home, tests }
}

impl Specification {
    /// The same row for a specification of which only `part` is here.
    const fn only(self, part: &'static str) -> Self {
        Self { status: Status::Partial(part), ..self }
    }
}

/// Every specification: OAuth 2.0, OpenID Connect, JOSE, accounts, and what they stand on.
pub const SPECIFICATIONS: &[Specification] = &[
    full(
        "RFC 6749",
        "The OAuth 2.0 Authorization Framework",
        "https://www.rfc-editor.org/rfc/rfc6749.html",
        &["src/protocol/authorize/mod.rs", "src/service/token/mod.rs", "src/protocol/client_auth/mod.rs"],
        &["tests/spec/rfc6749_authorization_code.rs", "tests/spec/rfc6749_authorization_response.rs", "tests/spec/rfc6749_client_authentication.rs", "tests/spec/rfc6749_password_grant.rs", "tests/spec/rfc6749_redirect_uri.rs", "tests/spec/rfc6749_refresh_token.rs", "tests/spec/rfc6749_token_endpoint.rs"],
    )
    .only("the code, refresh token and client credentials grants; the password grant where an operator switches it on; never the implicit one (RFC 9700)"),
    full(
        "RFC 6750",
        "The OAuth 2.0 Authorization Framework: Bearer Token Usage",
        "https://www.rfc-editor.org/rfc/rfc6750.html",
        &["src/protocol/userinfo.rs", "src/resource_server/challenge.rs", "src/resource_server/presented.rs"],
        &["tests/spec/rfc6750_bearer.rs", "tests/spec/rfc6750_resource_server.rs"],
    )
    .only("the header and the form body, never the query, as RFC 9700 asks"),
    full(
        "RFC 7009",
        "OAuth 2.0 Token Revocation",
        "https://www.rfc-editor.org/rfc/rfc7009.html",
        &["src/service/revoke.rs"],
        &["tests/spec/rfc7009_revocation.rs"],
    ),
    full(
        "RFC 7521",
        "Assertion Framework for OAuth 2.0 Client Authentication and Authorization Grants",
        "https://www.rfc-editor.org/rfc/rfc7521.html",
        &["src/protocol/client_auth/presented.rs"],
        &[],
    )
    .only("client authentication"),
    full(
        "RFC 7523",
        "JSON Web Token (JWT) Profile for OAuth 2.0 Client Authentication and Authorization Grants",
        "https://www.rfc-editor.org/rfc/rfc7523.html",
        &["src/protocol/client_auth/assertion.rs", "src/store/client_assertion.rs"],
        &["tests/spec/rfc7523_client_assertions.rs"],
    )
    .only("client authentication"),
    full(
        "RFC 7591",
        "OAuth 2.0 Dynamic Client Registration Protocol",
        "https://www.rfc-editor.org/rfc/rfc7591.html",
        &["src/protocol/registration.rs", "src/protocol/client.rs"],
        &[],
    )
    .only("the metadata; clients are registered by the operator"),
    full(
        "RFC 7636",
        "Proof Key for Code Exchange by OAuth Public Clients",
        "https://www.rfc-editor.org/rfc/rfc7636.html",
        &["src/protocol/authorize/pkce.rs"],
        &["tests/spec/rfc7636_authorization_request.rs", "tests/spec/rfc7636_code_verifier.rs"],
    )
    .only("S256; plain is refused"),
    full(
        "RFC 7662",
        "OAuth 2.0 Token Introspection",
        "https://www.rfc-editor.org/rfc/rfc7662.html",
        &["src/protocol/token/introspection.rs", "src/service/introspect.rs", "src/resource_server/introspection.rs"],
        &["tests/spec/rfc7662_introspection.rs", "tests/spec/rfc7662_resource_server.rs"],
    ),
    full(
        "RFC 8252",
        "OAuth 2.0 for Native Apps",
        "https://www.rfc-editor.org/rfc/rfc8252.html",
        &["src/protocol/authorize/redirect_uri.rs", "src/protocol/registration.rs"],
        &["tests/spec/rfc8252_native_apps.rs"],
    ),
    full(
        "RFC 8414",
        "OAuth 2.0 Authorization Server Metadata",
        "https://www.rfc-editor.org/rfc/rfc8414.html",
        &["src/protocol/metadata.rs", "src/resource_server/issuer.rs"],
        &["tests/spec/rfc8414_metadata.rs"],
    )
    .only("all but signed metadata"),
    full(
        "RFC 8693",
        "OAuth 2.0 Token Exchange",
        "https://www.rfc-editor.org/rfc/rfc8693.html",
        &["src/protocol/grant/token_exchange.rs", "src/service/token/token_exchange.rs"],
        &["tests/spec/rfc8693_token_exchange.rs"],
    )
    .only("API keys of this server become access tokens; no actor tokens"),
    full(
        "RFC 8707",
        "Resource Indicators for OAuth 2.0",
        "https://www.rfc-editor.org/rfc/rfc8707.html",
        &[
            "src/protocol/grant/granted_scope.rs",
            "src/protocol/authorize/resource.rs",
            "src/protocol/api.rs",
            "src/types/resource.rs",
            "src/service/token/scope.rs",
        ],
        &["tests/spec/rfc8707_resource_indicators.rs"],
    ),
    full(
        "RFC 9068",
        "JSON Web Token (JWT) Profile for OAuth 2.0 Access Tokens",
        "https://www.rfc-editor.org/rfc/rfc9068.html",
        &["src/protocol/token/access.rs", "src/resource_server/validator.rs"],
        &["tests/spec/rfc9068_access_tokens.rs", "tests/spec/rfc9068_resource_server.rs"],
    ),
    full(
        "RFC 9207",
        "OAuth 2.0 Authorization Server Issuer Identification",
        "https://www.rfc-editor.org/rfc/rfc9207.html",
        &["src/protocol/authorize/response.rs"],
        &["tests/spec/rfc6749_authorization_response.rs"],
    ),
    full(
        "RFC 9457",
        "Problem Details for HTTP APIs",
        "https://www.rfc-editor.org/rfc/rfc9457.html",
        &["src/http/admin/problem.rs"],
        &["tests/spec/rfc9457_problem_details.rs"],
    )
    .only("for the admin API"),
    full(
        "RFC 6901",
        "JavaScript Object Notation (JSON) Pointer",
        "https://www.rfc-editor.org/rfc/rfc6901.html",
        &["src/http/admin/body.rs"],
        &["tests/spec/admin_users.rs"],
    )
    .only("written, in problems"),
    full(
        "RFC 6585",
        "Additional HTTP Status Codes",
        "https://www.rfc-editor.org/rfc/rfc6585.html",
        &["src/http/admin/condition.rs"],
        &["tests/spec/admin_conditions.rs"],
    )
    .only("428 and 429"),
    full(
        "RFC 9700",
        "Best Current Practice for OAuth 2.0 Security",
        "https://www.rfc-editor.org/rfc/rfc9700.html",
        &["src/protocol/authorize/redirect_uri.rs", "src/protocol/token/refresh/mod.rs"],
        &["tests/spec/races.rs"],
    )
    .only("all but sender-constrained tokens"),
    full(
        "RFC 9728",
        "OAuth 2.0 Protected Resource Metadata",
        "https://www.rfc-editor.org/rfc/rfc9728.html",
        &["src/resource_server/metadata.rs"],
        &["tests/spec/rfc9728_protected_resource_metadata.rs"],
    )
    .only("all but signed metadata, for APIs that use the library"),
    full(
        "OIDC Core",
        "OpenID Connect Core 1.0",
        "https://openid.net/specs/openid-connect-core-1_0.html",
        &[
            "src/protocol/authorize/mod.rs",
            "src/protocol/authorize/interaction.rs",
            "src/protocol/token/id_token.rs",
            "src/protocol/claims.rs",
            "src/protocol/userinfo.rs",
        ],
        &["tests/spec/oidc_core_authorization_request.rs", "tests/spec/oidc_core_claims_parameter.rs", "tests/spec/oidc_core_consent.rs", "tests/spec/oidc_core_id_token.rs", "tests/spec/oidc_core_prompt_and_max_age.rs", "tests/spec/oidc_core_userinfo.rs"],
    )
    .only("the code flow, signed; no request objects, encryption, pairwise subjects, aggregated claims"),
    full(
        "OIDC Discovery",
        "OpenID Connect Discovery 1.0",
        "https://openid.net/specs/openid-connect-discovery-1_0.html",
        &["src/protocol/metadata.rs"],
        &["tests/spec/oidc_discovery.rs"],
    )
    .only("all but WebFinger"),
    full(
        "OIDC Registration",
        "OpenID Connect Dynamic Client Registration 1.0",
        "https://openid.net/specs/openid-connect-registration-1_0.html",
        &["src/protocol/registration.rs", "src/protocol/client.rs"],
        &[],
    )
    .only("the metadata; clients are registered by the operator"),
    full(
        "RP-Initiated Logout",
        "OpenID Connect RP-Initiated Logout 1.0",
        "https://openid.net/specs/openid-connect-rpinitiated-1_0.html",
        &["src/protocol/logout/mod.rs", "src/service/logout.rs"],
        &["tests/spec/rp_initiated_logout.rs"],
    ),
    full(
        "Multiple Response Types",
        "OAuth 2.0 Multiple Response Type Encoding Practices",
        "https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html",
        &["src/protocol/authorize/response_mode.rs", "src/protocol/authorize/response.rs"],
        &[],
    )
    .only("the response modes query and fragment, with response type code"),
    full(
        "Form Post Response Mode",
        "OAuth 2.0 Form Post Response Mode",
        "https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html",
        &["src/protocol/authorize/response_mode.rs", "src/http/view/form_post.rs"],
        &["tests/spec/form_post_response_mode.rs"],
    ),
    full(
        "RFC 7515",
        "JSON Web Signature (JWS)",
        "https://www.rfc-editor.org/rfc/rfc7515.html",
        &["src/protocol/jose/verify/mod.rs", "src/protocol/jose/signing_key.rs"],
        &[],
    )
    .only("the compact serialization"),
    full(
        "RFC 7517",
        "JSON Web Key (JWK)",
        "https://www.rfc-editor.org/rfc/rfc7517.html",
        &["src/protocol/jose/jwk/mod.rs"],
        &[],
    )
    .only("public signature keys"),
    full(
        "RFC 7518",
        "JSON Web Algorithms (JWA)",
        "https://www.rfc-editor.org/rfc/rfc7518.html",
        &["src/protocol/jose/alg.rs", "src/protocol/jose/jwk/mod.rs"],
        &[],
    )
    .only("signatures: RS, PS and HS of all sizes, ES256 and ES384"),
    full(
        "RFC 7519",
        "JSON Web Token (JWT)",
        "https://www.rfc-editor.org/rfc/rfc7519.html",
        &["src/protocol/jose/claims.rs", "src/protocol/jose/verify/mod.rs"],
        &[],
    )
    .only("signed tokens"),
    full(
        "RFC 7638",
        "JSON Web Key (JWK) Thumbprint",
        "https://www.rfc-editor.org/rfc/rfc7638.html",
        &["src/protocol/jose/jwk/mod.rs"],
        &[],
    ),
    full(
        "RFC 8037",
        "CFRG Elliptic Curve Diffie-Hellman (ECDH) and Signatures in JOSE",
        "https://www.rfc-editor.org/rfc/rfc8037.html",
        &["src/protocol/jose/alg.rs", "src/protocol/jose/jwk/mod.rs"],
        &[],
    )
    .only("Ed25519 signatures"),
    full(
        "RFC 8725",
        "JSON Web Token Best Current Practices",
        "https://www.rfc-editor.org/rfc/rfc8725.html",
        &["src/protocol/jose/verify/mod.rs"],
        &["tests/spec/attacks_jose.rs"],
    ),
    full(
        "RFC 9864",
        "Fully-Specified Algorithms for JOSE and COSE",
        "https://www.rfc-editor.org/rfc/rfc9864.html",
        &["src/protocol/jose/alg.rs"],
        &[],
    )
    .only("Ed25519 is read as EdDSA"),
    full(
        "RFC 8176",
        "Authentication Method Reference Values",
        "https://www.rfc-editor.org/rfc/rfc8176.html",
        &["src/identity/session_policy.rs"],
        &[],
    )
    .only("pwd"),
    full(
        "RFC 8265",
        "Preparation, Enforcement, and Comparison of Internationalized Strings Representing Usernames and Passwords",
        "https://www.rfc-editor.org/rfc/rfc8265.html",
        &["src/identity/username.rs"],
        &[],
    )
    .only("the UsernameCaseMapped profile; passwords are normalised to NFC"),
    full(
        "RFC 8264",
        "PRECIS Framework: Preparation, Enforcement, and Comparison of Internationalized Strings in Application Protocols",
        "https://www.rfc-editor.org/rfc/rfc8264.html",
        &["src/identity/username.rs"],
        &[],
    )
    .only("what RFC 8265 takes from it"),
    full(
        "UTS 39",
        "Unicode Security Mechanisms",
        "https://www.unicode.org/reports/tr39/",
        &["src/identity/username.rs"],
        &[],
    )
    .only("confusable usernames"),
    full(
        "RFC 5321",
        "Simple Mail Transfer Protocol",
        "https://www.rfc-editor.org/rfc/rfc5321.html",
        &["src/identity/email.rs"],
        &[],
    )
    .only("the form of an address"),
    full(
        "RFC 5890",
        "Internationalized Domain Names for Applications (IDNA): Definitions and Document Framework",
        "https://www.rfc-editor.org/rfc/rfc5890.html",
        &["src/identity/email.rs"],
        &[],
    )
    .only("the domain of an address"),
    full(
        "RFC 9106",
        "Argon2 Memory-Hard Function for Password Hashing and Proof-of-Work Applications",
        "https://www.rfc-editor.org/rfc/rfc9106.html",
        &["src/identity/password/hash.rs"],
        &[],
    )
    .only("Argon2id"),
    full(
        "NIST SP 800-63B",
        "Digital Identity Guidelines: Authentication and Authenticator Management",
        "https://pages.nist.gov/800-63-4/sp800-63b.html",
        &["src/identity/password/mod.rs", "src/identity/lockout.rs", "src/identity/session_policy.rs"],
        &["tests/spec/lockout.rs"],
    )
    .only("passwords, throttling and sessions"),
    full(
        "RFC 3339",
        "Date and Time on the Internet: Timestamps",
        "https://www.rfc-editor.org/rfc/rfc3339.html",
        &["src/cli/moment.rs"],
        &[],
    )
    .only("moments on the command line"),
    full(
        "RFC 4647",
        "Matching of Language Tags",
        "https://www.rfc-editor.org/rfc/rfc4647.html",
        &["src/http/view/locale.rs"],
        &[],
    )
    .only("lookup"),
    full(
        "RFC 5869",
        "HMAC-based Extract-and-Expand Key Derivation Function (HKDF)",
        "https://www.rfc-editor.org/rfc/rfc5869.html",
        &["src/types/seal.rs"],
        &[],
    ),
    full(
        "RFC 8452",
        "AES-GCM-SIV: Nonce Misuse-Resistant Authenticated Encryption",
        "https://www.rfc-editor.org/rfc/rfc8452.html",
        &["src/types/seal.rs"],
        &[],
    )
    .only("AES-256"),
    full(
        "RFC 9562",
        "Universally Unique IDentifiers (UUIDs)",
        "https://www.rfc-editor.org/rfc/rfc9562.html",
        &["src/types/id.rs"],
        &[],
    )
    .only("version 7"),
    full(
        "RFC 9110",
        "HTTP Semantics",
        "https://www.rfc-editor.org/rfc/rfc9110.html",
        &["src/http/admin/condition.rs", "src/http/view/locale.rs", "src/protocol/client_auth/mod.rs"],
        &["tests/spec/admin_conditions.rs"],
    )
    .only("methods, content negotiation, authentication challenges, entity tags and conditions, Retry-After"),
    full(
        "RFC 6265",
        "HTTP State Management Mechanism",
        "https://www.rfc-editor.org/rfc/rfc6265.html",
        &["src/http/cookies.rs"],
        &[],
    )
    .only("what a server sends and reads, with the prefixes and SameSite of its successor"),
    full(
        "RFC 6797",
        "HTTP Strict Transport Security (HSTS)",
        "https://www.rfc-editor.org/rfc/rfc6797.html",
        &["src/http/layer/security_headers.rs"],
        &[],
    ),
    full(
        "CSP Level 3",
        "Content Security Policy Level 3",
        "https://www.w3.org/TR/CSP3/",
        &["src/http/view/content_security_policy.rs", "src/http/layer/security_headers.rs"],
        &[],
    )
    .only("the policies that a server sends"),
    full(
        "RFC 9325",
        "Recommendations for Secure Use of Transport Layer Security (TLS) and Datagram Transport Layer Security (DTLS)",
        "https://www.rfc-editor.org/rfc/rfc9325.html",
        &["src/server/tls.rs"],
        &[],
    ),
];
