//! The file that declares, read and put in its canonical form.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::Context as _;
use clap::ValueEnum as _;
use serde_json::{Map, Value, json};

use super::reference::Reference;
use crate::{
    cli::{client::preset::Preset, failure::Failure, nearest::nearest},
    identity::{EmailAddress, Username, role::Name, user::Profile},
    protocol::client::ClientMetadata,
    service::{
        declared::{Desired, Fields, Kind, Object, SECRET_AS_DECLARED, Secrets, metadata_fields},
        users::claims,
    },
    types::{ClientId, Permission, ResourceUri},
};

/// What a file declares, and where its secrets are.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// What is declared.
    pub(super) desired: Desired,
    references: BTreeMap<(Kind, String), Reference>,
}

/// The form of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// A text.
    Text,
    /// A text, or nothing when it is empty.
    Email,
    /// True or false.
    Flag,
    /// Names, each of them once, in any order.
    Names,
    /// Permissions, each of them once, in any order.
    Permissions,
    /// Permissions and the words for them.
    Words,
    /// Claims and their values.
    Claims,
    /// Where a secret is.
    Reference,
    /// A kind of client, for the fields that follow from it.
    Preset,
}

/// The fields of each kind, those of a client's metadata aside.
const fn shapes(kind: Kind) -> &'static [(&'static str, Shape)] {
    match kind {
        Kind::Api => {
            &[("name", Shape::Text), ("enabled", Shape::Flag), ("permissions", Shape::Words)]
        }
        Kind::Role => &[
            ("description", Shape::Text),
            ("api", Shape::Text),
            ("permissions", Shape::Permissions),
            ("contains", Shape::Names),
        ],
        Kind::Group => &[("description", Shape::Text), ("roles", Shape::Names)],
        Kind::User => &[
            ("email", Shape::Email),
            ("email_verified", Shape::Flag),
            ("enabled", Shape::Flag),
            ("roles", Shape::Names),
            ("groups", Shape::Names),
            ("claims", Shape::Claims),
            ("password", Shape::Reference),
        ],
        Kind::Client => &[
            ("type", Shape::Preset),
            ("enabled", Shape::Flag),
            ("roles", Shape::Names),
            ("secret", Shape::Reference),
        ],
    }
}

/// The failure that an unknown name is, with the nearest known one.
fn unknown<'a>(at: &str, known: impl Iterator<Item = &'a str> + Clone) -> Failure {
    let name = at.rsplit(": ").next().unwrap_or(at);
    let failure = Failure::usage(format!("{at}: there is no such key"));
    match nearest(name, known.clone()) {
        None => failure.hint(format!("the keys are {}", known.collect::<Vec<_>>().join(", "))),
        near @ Some(_) => failure.did_you_mean(near),
    }
}

fn wrong(at: &str, must: &str) -> Failure {
    Failure::usage(format!("{at}: must be {must}"))
}

impl Document {
    /// Reads the file at `path`.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        Self::parse(&text, folder)
    }

    /// Reads the text of a file in `folder`.
    pub(super) fn parse(text: &str, folder: &Path) -> anyhow::Result<Self> {
        let table: toml::Table =
            text.parse().map_err(|error| Failure::usage(format!("{error}")))?;
        let top = serde_json::to_value(table)?;
        let mut document = Self::default();
        for (key, value) in top.as_object().into_iter().flatten() {
            match (key.as_str(), Kind::ALL.into_iter().find(|kind| kind.as_str() == key)) {
                ("owner", _) => document.desired.owner = owner(value)?,
                ("prune", _) => document.desired.prune = prune(value)?,
                (_, Some(kind)) => {
                    let objects = value.as_object().ok_or_else(|| wrong(key, "tables"))?;
                    for (name, members) in objects {
                        document.object(kind, name, members, folder)?;
                    }
                }
                (_, None) => {
                    let known = Kind::ALL.into_iter().map(Kind::as_str);
                    return Err(unknown(key, known.chain(["owner", "prune"])).into());
                }
            }
        }
        if document.desired.owner.is_empty() {
            let failure =
                Failure::usage("owner: the file needs a name that its objects are known by");
            return Err(failure.hint("owner = \"shop\"").into());
        }
        Ok(document)
    }

    fn object(
        &mut self,
        kind: Kind,
        name: &str,
        members: &Value,
        folder: &Path,
    ) -> anyhow::Result<()> {
        let of = format!("{} {name}", kind.as_str());
        let members = members.as_object().ok_or_else(|| wrong(&of, "a table"))?;
        let name = canonical_name(kind, &of, name)?;
        let mut fields = Fields::new();
        let mut metadata = Map::new();
        let defaults = metadata_fields(&ClientMetadata::default())?;
        for (field, value) in members {
            let at = format!("{of}: {field}");
            let shape = shapes(kind).iter().find(|(known, _)| known == field);
            match shape.map(|(_, shape)| *shape) {
                Some(Shape::Reference) => {
                    let reference = Reference::parse(&at, value, folder)?;
                    self.references.insert((kind, name.clone()), reference);
                    if kind == Kind::Client {
                        fields.insert(field.clone(), SECRET_AS_DECLARED.into());
                    }
                }
                Some(Shape::Preset) => {
                    for (field, value) in of_preset(&at, value)? {
                        metadata.entry(field).or_insert(value);
                    }
                }
                Some(shape) => {
                    fields.insert(field.clone(), canonical(shape, &at, value)?);
                }
                None if kind == Kind::Client && defaults.contains_key(field) => {
                    let is_option = defaults.get(field).is_some_and(Value::is_null);
                    let is_none = is_option && value.as_str() == Some("");
                    let value = if is_none { Value::Null } else { value.clone() };
                    metadata.insert(field.clone(), value);
                }
                None => {
                    let own = shapes(kind).iter().map(|(known, _)| *known);
                    let more = defaults.keys().map(String::as_str);
                    let more = more.filter(|_| kind == Kind::Client);
                    return Err(unknown(&at, own.chain(more)).into());
                }
            }
        }
        fields.extend(canonical_metadata(&of, metadata)?);
        if self.desired.objects.iter().any(|other| other.kind == kind && other.name == name) {
            return Err(Failure::usage(format!("{of}: is declared twice")).into());
        }
        self.desired.objects.push(Object { kind, name, fields });
        Ok(())
    }

    /// The secrets of those objects that `wanted` says, read from where they are.
    pub(super) fn secrets_of(
        &self,
        wanted: impl Fn(Kind, &str) -> bool,
    ) -> Result<Secrets, Failure> {
        self.references
            .iter()
            .filter(|((kind, name), _)| wanted(*kind, name))
            .map(|((kind, name), reference)| {
                let secret = reference.resolve(&format!("{} {name}", kind.as_str()))?;
                Ok(((*kind, name.clone()), secret))
            })
            .collect()
    }
}

fn owner(value: &Value) -> Result<String, Failure> {
    let text = value.as_str().ok_or_else(|| wrong("owner", "a text"))?;
    let name = Name::parse(text).map_err(|error| Failure::usage(format!("owner: {error}")))?;
    Ok(name.to_string())
}

fn prune(value: &Value) -> Result<BTreeSet<Kind>, Failure> {
    let names = canonical(Shape::Names, "prune", value)?;
    let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
    let kind = |name: &str| {
        let known = || Kind::ALL.into_iter().map(Kind::as_str);
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == name);
        kind.ok_or_else(|| {
            Failure::usage(format!("prune: there is no kind `{name}`"))
                .hint(format!("the kinds are {}", known().collect::<Vec<_>>().join(", ")))
        })
    };
    names.map(kind).collect()
}

fn canonical_name(kind: Kind, of: &str, name: &str) -> Result<String, Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::usage(format!("{of}: {error}"));
    match kind {
        Kind::Api => ResourceUri::parse(name)
            .map(|uri| uri.to_string())
            .map_err(|error| Failure::usage(format!("{of}: the audience {error}"))),
        Kind::Role | Kind::Group => {
            Name::parse(name).map(|name| name.to_string()).map_err(|error| refused(&error))
        }
        Kind::User => {
            Username::parse(name).map(|name| name.as_str().to_owned()).map_err(|e| refused(&e))
        }
        Kind::Client => {
            ClientId::parse(name).map(|id| id.as_str().to_owned()).map_err(|error| refused(&error))
        }
    }
}

/// The value as the server would say it.
fn canonical(shape: Shape, at: &str, value: &Value) -> Result<Value, Failure> {
    match shape {
        Shape::Text => value.as_str().map(Value::from).ok_or_else(|| wrong(at, "a text")),
        Shape::Flag => value.as_bool().map(Value::from).ok_or_else(|| wrong(at, "true or false")),
        Shape::Email => email(at, value),
        Shape::Names => names(at, value).map(|names| json!(names)),
        Shape::Permissions => {
            let names = names(at, value)?;
            names.iter().try_for_each(|name| permission(at, name))?;
            Ok(json!(names))
        }
        Shape::Words => {
            let must = "a table of permissions and the words for them";
            let words = value.as_object().ok_or_else(|| wrong(at, must))?;
            for (name, words) in words {
                permission(at, name)?;
                words.as_str().ok_or_else(|| wrong(at, must))?;
            }
            Ok(value.clone())
        }
        Shape::Claims => of_claims(at, value),
        Shape::Reference | Shape::Preset => Err(wrong(at, "something else")),
    }
}

fn email(at: &str, value: &Value) -> Result<Value, Failure> {
    let text = value.as_str().ok_or_else(|| wrong(at, "a text"))?;
    if text.is_empty() {
        return Ok(Value::Null);
    }
    let email = EmailAddress::parse(text);
    Ok(email.map_err(|error| Failure::usage(format!("{at}: {error}")))?.canonical().into())
}

fn names(at: &str, value: &Value) -> Result<BTreeSet<String>, Failure> {
    let must = || wrong(at, "a list of names");
    let items = value.as_array().ok_or_else(must)?;
    items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(must)).collect()
}

fn permission(at: &str, name: &str) -> Result<(), Failure> {
    let parsed = Permission::parse(name);
    parsed.map(drop).map_err(|error| Failure::usage(format!("{at}: `{name}`: {error}")))
}

/// `claim = value`, those of the address below `address`.
fn of_claims(at: &str, value: &Value) -> Result<Value, Failure> {
    let members = value.as_object().ok_or_else(|| wrong(at, "a table of claims"))?;
    let mut profile = Profile::default();
    let mut pairs = Vec::new();
    for (name, value) in members {
        match value {
            Value::Object(parts) => pairs.extend(
                parts.iter().map(|(part, value)| (format!("{name}.{part}"), value.clone())),
            ),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => pairs.push((name.clone(), value.clone())),
        }
    }
    // A number that is set counts as unproven: what proves it comes after it.
    pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, value) in pairs {
        let text = match &value {
            Value::String(text) => text.clone(),
            Value::Bool(flag) => flag.to_string(),
            Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                return Err(wrong(&format!("{at}: {name}"), "a text"));
            }
        };
        claims::set(&mut profile, &name, &text).map_err(|error| {
            Failure::usage(format!("{at}: {error}")).did_you_mean(nearest(&name, claims::CLAIMS))
        })?;
    }
    serde_json::to_value(profile).map_err(Failure::failed)
}

/// What follows from a kind of client.
fn of_preset(at: &str, value: &Value) -> anyhow::Result<Vec<(String, Value)>> {
    let text = value.as_str().ok_or_else(|| wrong(at, "a text"))?;
    let preset = Preset::from_str(text, false).map_err(|_| {
        let all = Preset::value_variants().iter().filter_map(clap::ValueEnum::to_possible_value);
        let all: Vec<String> = all.map(|value| value.get_name().to_owned()).collect();
        Failure::usage(format!("{at}: there is no type `{text}`"))
            .hint(format!("the types are {}", all.join(", ")))
    })?;
    let decided = ["application_type", "grant_types", "scope", "token_endpoint_auth_method"];
    let fields = metadata_fields(&preset.metadata())?.into_iter();
    Ok(fields.filter(|(field, _)| decided.contains(&field.as_str())).collect())
}

/// The members as the server would say them.
fn canonical_metadata(of: &str, given: Map<String, Value>) -> anyhow::Result<Fields> {
    let stated: BTreeSet<String> = given.keys().cloned().collect();
    let mut whole = metadata_fields(&ClientMetadata::default())?;
    for (field, value) in given {
        whole.insert(field.clone(), value);
        let value = Value::Object(whole.clone().into_iter().collect());
        // One after the other, so that the error names the field.
        serde_json::from_value::<ClientMetadata>(value)
            .map_err(|error| Failure::usage(format!("{of}: {field}: {error}")))?;
    }
    let metadata: ClientMetadata =
        serde_json::from_value(Value::Object(whole.into_iter().collect()))?;
    let fields = metadata_fields(&metadata)?.into_iter();
    Ok(fields.filter(|(field, _)| stated.contains(field)).collect())
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
