//! The flags of a client's metadata. Each is named after its member in RFC 7591 and OIDC Registration.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use anyhow::Context;
use clap::{
    Args, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};

use crate::{
    cli::{failure::Failure, keys::signing_alg, moment},
    protocol::{
        client::{
            AccessTokenFormat, ClientMetadata, ConsentPolicy, GrantType, TokenEndpointAuthMethod,
        },
        jose::{Alg, JwkSet, SigningAlg},
    },
    types::Scope,
};

/// What a client registers
#[derive(Debug, Args)]
#[command(next_help_heading = "Metadata")]
pub(super) struct MetadataArgs {
    /// The name that users see
    #[arg(long)]
    name: Option<String>,
    /// Its home page
    #[arg(long, value_name = "URL")]
    client_uri: Option<String>,
    /// Its logo
    #[arg(long, value_name = "URL")]
    logo_uri: Option<String>,
    /// What it does with people's data
    #[arg(long, value_name = "URL")]
    policy_uri: Option<String>,
    /// Its terms of service
    #[arg(long, value_name = "URL")]
    tos_uri: Option<String>,
    /// An e-mail address of those who answer for it; may be repeated
    #[arg(long = "contact", value_name = "EMAIL")]
    contacts: Vec<String>,
    /// Where users come back after signing in, character by character; may be repeated
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Where users may go after signing out; may be repeated
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<String>,
    /// A grant that it may use; may be repeated
    #[arg(long = "grant-type", value_parser = grant_type(), value_name = "GRANT")]
    grant_types: Vec<GrantType>,
    /// What it may ask for, separated by spaces; may be repeated
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// What of it the client cannot do without: users who hold no role for it are told so; may be
    /// repeated
    #[arg(long = "essential-scope", value_name = "SCOPE")]
    essential_scopes: Vec<String>,
    /// How it authenticates at the token endpoint
    #[arg(long, value_parser = auth_method(), value_name = "METHOD")]
    auth_method: Option<TokenEndpointAuthMethod>,
    /// The algorithm of its assertions (private_key_jwt, client_secret_jwt)
    #[arg(long, value_parser = assertion_alg(), value_name = "ALG")]
    auth_signing_alg: Option<Alg>,
    /// A file with its public keys, as a JWK set
    #[arg(long, value_name = "FILE")]
    jwks_file: Option<PathBuf>,
    /// JWT, which an API checks by itself, or opaque, which it introspects
    #[arg(long, value_parser = access_token_format(), value_name = "FORMAT")]
    access_token_format: Option<AccessTokenFormat>,
    /// The signature of its JWT access tokens
    #[arg(long, value_parser = signing_alg(), value_name = "ALG")]
    access_token_alg: Option<SigningAlg>,
    /// How long its access tokens live
    #[arg(long, value_parser = moment::parse_span, value_name = "SPAN")]
    access_token_lifetime: Option<Duration>,
    /// An API that its access tokens are for, beside this server; may be repeated
    #[arg(long = "access-token-audience", value_name = "AUDIENCE")]
    access_token_audience: Vec<String>,
    /// The signature of its ID tokens
    #[arg(long, value_parser = signing_alg(), value_name = "ALG")]
    id_token_alg: Option<SigningAlg>,
    /// Sign its UserInfo answers, with this algorithm
    #[arg(long, value_parser = signing_alg(), value_name = "ALG")]
    userinfo_alg: Option<SigningAlg>,
    /// Users who signed in longer ago must sign in again
    #[arg(long, value_parser = moment::parse_span, value_name = "SPAN")]
    default_max_age: Option<Duration>,
    /// An authentication context that it prefers, best first; may be repeated
    #[arg(long = "default-acr-value", value_name = "ACR")]
    default_acr_values: Vec<String>,
    /// Its ID tokens always carry auth_time
    #[arg(long, value_name = "true|false")]
    require_auth_time: Option<bool>,
    /// Require PKCE, as is the default
    #[arg(long, overrides_with = "no_pkce")]
    pkce: bool,
    /// Do not require PKCE: for old confidential clients only
    #[arg(long, overrides_with = "pkce")]
    no_pkce: bool,
    /// Whether users are asked before it gets what it wants
    #[arg(long, value_parser = consent(), value_name = "POLICY")]
    consent: Option<ConsentPolicy>,
    /// An audience that it answers for, as an API; it may introspect their tokens; may be repeated
    #[arg(long = "audience", value_name = "AUDIENCE")]
    audiences: Vec<String>,
}

impl MetadataArgs {
    /// Writes what the flags say into `metadata`.
    pub(super) fn apply(self, metadata: &mut ClientMetadata) -> anyhow::Result<()> {
        let keys = self.jwks_file.as_deref().map(read_keys).transpose()?;
        let essential = scope(&self.essential_scopes)?;
        let scope = scope(&self.scopes)?;
        set_option(&mut metadata.client_name, self.name);
        set_option(&mut metadata.client_uri, self.client_uri);
        set_option(&mut metadata.logo_uri, self.logo_uri);
        set_option(&mut metadata.policy_uri, self.policy_uri);
        set_option(&mut metadata.tos_uri, self.tos_uri);
        set_list(&mut metadata.contacts, self.contacts);
        set_list(&mut metadata.redirect_uris, self.redirect_uris);
        set_list(&mut metadata.post_logout_redirect_uris, self.post_logout_redirect_uris);
        set_list(&mut metadata.audiences, self.audiences);
        set_list(&mut metadata.access_token_audience, self.access_token_audience);
        set_list(&mut metadata.default_acr_values, self.default_acr_values);
        if !self.grant_types.is_empty() {
            metadata.grant_types = self.grant_types.into_iter().collect::<BTreeSet<_>>();
        }
        set(&mut metadata.scope, scope);
        set(&mut metadata.essential_scope, essential);
        set(&mut metadata.token_endpoint_auth_method, self.auth_method);
        set_option(&mut metadata.token_endpoint_auth_signing_alg, self.auth_signing_alg);
        set_option(&mut metadata.jwks, keys);
        set(&mut metadata.access_token_format, self.access_token_format);
        set(&mut metadata.access_token_signed_response_alg, self.access_token_alg);
        let seconds = |span: Duration| span.as_secs();
        set_option(&mut metadata.access_token_lifetime, self.access_token_lifetime.map(seconds));
        set(&mut metadata.id_token_signed_response_alg, self.id_token_alg);
        set_option(&mut metadata.userinfo_signed_response_alg, self.userinfo_alg);
        set_option(&mut metadata.default_max_age, self.default_max_age.map(seconds));
        set(&mut metadata.require_auth_time, self.require_auth_time);
        set(&mut metadata.consent, self.consent);
        metadata.require_pkce = (metadata.require_pkce || self.pkce) && !self.no_pkce;
        Ok(())
    }
}

fn set<T>(field: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *field = given;
    }
}

fn set_option<T>(field: &mut Option<T>, given: Option<T>) {
    if given.is_some() {
        *field = given;
    }
}

fn set_list(field: &mut Vec<String>, given: Vec<String>) {
    if !given.is_empty() {
        *field = given;
    }
}

fn scope(given: &[String]) -> anyhow::Result<Option<Scope>> {
    if given.is_empty() {
        return Ok(None);
    }
    Ok(Some(Scope::parse(&given.join(" ")).map_err(Failure::usage)?))
}

fn read_keys(path: &std::path::Path) -> anyhow::Result<JwkSet> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    JwkSet::parse(&text).map_err(|error| {
        let failure = Failure::usage(format!("{}: {error}", path.display()));
        failure.hint("a JWK set with public keys is needed: {\"keys\": [ … ]}").into()
    })
}

/// A member that `client update --clear` sets back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ClearField {
    /// The name
    Name,
    /// The home page
    ClientUri,
    /// The logo
    LogoUri,
    /// The privacy policy
    PolicyUri,
    /// The terms of service
    TosUri,
    /// All contacts
    Contact,
    /// All redirect URIs
    RedirectUri,
    /// All redirect URIs after signing out
    PostLogoutRedirectUri,
    /// All grants
    GrantType,
    /// All scopes
    Scope,
    /// All essential scopes
    EssentialScope,
    /// The algorithm of assertions
    AuthSigningAlg,
    /// The public keys
    Jwks,
    /// The lifetime of access tokens
    AccessTokenLifetime,
    /// All APIs of access tokens
    AccessTokenAudience,
    /// All authentication contexts
    DefaultAcrValue,
    /// Signed UserInfo answers
    UserinfoAlg,
    /// The age of a sign-in that is too old
    DefaultMaxAge,
    /// All audiences
    Audience,
}

impl ClearField {
    /// Forgets what was registered.
    pub(super) fn clear(self, metadata: &mut ClientMetadata) {
        match self {
            Self::Name => metadata.client_name = None,
            Self::ClientUri => metadata.client_uri = None,
            Self::LogoUri => metadata.logo_uri = None,
            Self::PolicyUri => metadata.policy_uri = None,
            Self::TosUri => metadata.tos_uri = None,
            Self::Contact => metadata.contacts.clear(),
            Self::RedirectUri => metadata.redirect_uris.clear(),
            Self::PostLogoutRedirectUri => metadata.post_logout_redirect_uris.clear(),
            Self::GrantType => metadata.grant_types.clear(),
            Self::Scope => metadata.scope = Scope::default(),
            Self::EssentialScope => metadata.essential_scope = Scope::default(),
            Self::AuthSigningAlg => metadata.token_endpoint_auth_signing_alg = None,
            Self::Jwks => metadata.jwks = None,
            Self::AccessTokenLifetime => metadata.access_token_lifetime = None,
            Self::AccessTokenAudience => metadata.access_token_audience.clear(),
            Self::DefaultAcrValue => metadata.default_acr_values.clear(),
            Self::UserinfoAlg => metadata.userinfo_signed_response_alg = None,
            Self::DefaultMaxAge => metadata.default_max_age = None,
            Self::Audience => metadata.audiences.clear(),
        }
    }
}

/// The flag that sets the member which a rule of the registration begins with.
pub(super) fn flag_of(rule: &str) -> Option<&'static str> {
    let (member, _) = rule.split_once(':')?;
    let flag = match member {
        "client_name" => "--name",
        "client_uri" => "--client-uri",
        "logo_uri" => "--logo-uri",
        "policy_uri" => "--policy-uri",
        "tos_uri" => "--tos-uri",
        "contacts" => "--contact",
        "redirect_uris" => "--redirect-uri",
        "post_logout_redirect_uris" => "--post-logout-redirect-uri",
        "grant_types" => "--grant-type",
        "scope" => "--scope",
        "essential_scope" => "--essential-scope",
        "jwks" => "--jwks-file",
        "token_endpoint_auth_signing_alg" => "--auth-signing-alg",
        "access_token_lifetime" => "--access-token-lifetime",
        "access_token_audience" => "--access-token-audience",
        "default_acr_values" => "--default-acr-value",
        "require_pkce" => "--no-pkce",
        "audiences" => "--audience",
        _ => return None,
    };
    Some(flag)
}

/// A parser of one of the `known` names, which clap lists and corrects.
fn one_of<T>(known: &'static [(&'static str, T)]) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    PossibleValuesParser::new(known.iter().map(|(name, _)| *name)).try_map(move |name| {
        known.iter().find(|(known, _)| *known == name).map(|(_, value)| *value).ok_or("unknown")
    })
}

fn grant_type() -> impl TypedValueParser<Value = GrantType> {
    PossibleValuesParser::new(GrantType::ALL.iter().map(|grant| grant.as_str())).try_map(|name| {
        GrantType::ALL.iter().copied().find(|grant| grant.as_str() == name).ok_or("unknown")
    })
}

fn auth_method() -> impl TypedValueParser<Value = TokenEndpointAuthMethod> {
    let all = TokenEndpointAuthMethod::ALL;
    PossibleValuesParser::new(all.iter().map(|method| method.as_str())).try_map(move |name| {
        all.iter().copied().find(|method| method.as_str() == name).ok_or("unknown")
    })
}

fn assertion_alg() -> impl TypedValueParser<Value = Alg> {
    PossibleValuesParser::new(Alg::ALL.map(Alg::name)).try_map(|name| Alg::parse(&name))
}

fn access_token_format() -> impl TypedValueParser<Value = AccessTokenFormat> {
    one_of(&[("jwt", AccessTokenFormat::Jwt), ("opaque", AccessTokenFormat::Opaque)])
}

fn consent() -> impl TypedValueParser<Value = ConsentPolicy> {
    one_of(&[("ask", ConsentPolicy::Ask), ("implied", ConsentPolicy::Implied)])
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Flags {
        #[command(flatten)]
        metadata: MetadataArgs,
    }

    fn applied(flags: &[&str], mut to: ClientMetadata) -> ClientMetadata {
        let flags = std::iter::once("test").chain(flags.iter().copied());
        Flags::try_parse_from(flags).unwrap().metadata.apply(&mut to).unwrap();
        to
    }

    #[test]
    fn no_flag_changes_nothing() {
        let mut metadata = ClientMetadata { require_pkce: false, ..ClientMetadata::default() };
        metadata.redirect_uris.push("https://a.example/cb".to_owned());
        assert_eq!(applied(&[], metadata.clone()), metadata);
    }

    #[test]
    fn a_list_replaces_the_old_one() {
        let mut metadata = ClientMetadata::default();
        metadata.redirect_uris.push("https://old.example/cb".to_owned());
        let flags =
            ["--redirect-uri", "https://a.example/cb", "--redirect-uri", "https://b.example/cb"];
        let metadata = applied(&flags, metadata);
        assert_eq!(metadata.redirect_uris, ["https://a.example/cb", "https://b.example/cb"]);
    }

    #[test]
    fn scopes_add_up_and_pkce_comes_back() {
        let metadata = applied(
            &["--scope", "openid email", "--scope", "roles", "--no-pkce"],
            ClientMetadata::default(),
        );
        assert_eq!(metadata.scope.to_string(), "email openid roles");
        assert!(!metadata.require_pkce);
        assert!(applied(&["--pkce"], metadata).require_pkce);
    }

    #[test]
    fn every_cleared_field_is_the_default() {
        for field in ClearField::value_variants() {
            let mut metadata = ClientMetadata::default();
            metadata.grant_types.clear();
            let before = metadata.clone();
            field.clear(&mut metadata);
            assert_eq!(metadata, before, "{field:?}");
        }
    }

    #[test]
    fn unknown_values_name_the_nearest() {
        let error =
            Flags::try_parse_from(["test", "--auth-method", "client_secret_basik"]).unwrap_err();
        assert!(error.to_string().contains("'client_secret_basic'"), "{error}");
    }
}
