//! What every installation has, made at the first start and completed at every later one.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Context, ServiceError,
    client_registry::{self, ClientError, NewSecret},
};
use crate::{
    identity::role::{Name, Role, built_in},
    protocol::{
        api::Api,
        client::{ClientMetadata, TokenEndpointAuthMethod},
    },
    store::{self, StoreError, Tx},
    types::{
        ApiId, ClientId, Permission, ResourceUri, RoleId, Scope, Status, Timestamp, audit::Actor,
        origin::Origin,
    },
};

/// Makes Doorward's own API and its roles, or adds what a newer version brought. Nothing is written
/// when nothing is missing.
///
/// # Errors
/// [`ServiceError`] when the database does not answer, or the issuer is too long for an audience.
pub async fn ensure(ctx: &Arc<Context>) -> Result<(), ServiceError> {
    let audience = ctx.protocol.issuer.at(built_in::OWN_API_PATH);
    let audience = ResourceUri::parse(&audience).map_err(ServiceError::internal)?;
    if is_complete(ctx, &audience).await? {
        return Ok(());
    }
    let context = Arc::clone(ctx);
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                // One node after the other: the second finds everything done.
                store::administration::lock(tx).await?;
                let api = own_api(&context, tx, &audience).await?;
                let writes = built_in::PERMISSIONS.iter().map(|(name, _)| *name);
                let reads = built_in::of_an_auditor();
                let all = own_role(&context, api, built_in::ADMINISTRATOR, ALL, writes)?;
                let some = own_role(&context, api, built_in::AUDITOR, READS, reads)?;
                complete(tx, all, context.now()).await?;
                complete(tx, some, context.now()).await?;
                contain(tx, built_in::ADMIN, built_in::ADMINISTRATOR, context.now()).await
            })
        })
        .await?;
    Ok(())
}

/// The app as which the page of the admin API signs in.
pub const DOCS_CLIENT: &str = "doorward-swagger";

/// Makes the client of the page for trying the admin API out, where that page is served. It is public,
/// and asks its users as any app does. One that an operator deleted stays deleted.
///
/// # Errors
/// [`ServiceError`] when the database does not answer.
pub async fn ensure_docs_client(
    ctx: &Arc<Context>,
    redirect_path: &str,
) -> Result<(), ServiceError> {
    let id = ClientId::parse(DOCS_CLIENT).map_err(ServiceError::internal)?;
    if super::clients::find(ctx, &id).await?.is_some() {
        return Ok(());
    }
    let permissions: Vec<&str> = built_in::PERMISSIONS.iter().map(|(name, _)| *name).collect();
    let metadata = ClientMetadata {
        client_name: Some("Doorward administration (Swagger UI)".to_owned()),
        redirect_uris: vec![ctx.protocol.issuer.at(redirect_path)],
        scope: Scope::parse(&permissions.join(" ")).map_err(ServiceError::internal)?,
        token_endpoint_auth_method: TokenEndpointAuthMethod::None,
        ..ClientMetadata::default()
    };
    let origin = Origin::command_line("start".to_owned());
    let (id, secret) = (Some(id), NewSecret::Generated);
    match client_registry::create(ctx, id, metadata, secret, Actor::System, &origin).await {
        // Another node was quicker, or the client was deleted.
        Ok(_) | Err(ClientError::IdTaken) => Ok(()),
        Err(ClientError::Service(error)) => Err(error),
        Err(error) => Err(ServiceError::internal(error)),
    }
}

const ALL: &str = "Administers this server";
const READS: &str = "Looks at everything on this server, and changes nothing";

async fn is_complete(ctx: &Context, audience: &ResourceUri) -> Result<bool, ServiceError> {
    let model = super::access_model::read(&mut ctx.db.reader().await?.conn()).await?;
    let own = model.apis.find(audience).filter(|api| api.built_in);
    let has_all = own.is_some_and(|api| {
        built_in::PERMISSIONS.iter().all(|(name, _)| api.permissions.contains_key(*name))
    });
    let complete = |role: &str, needed: Vec<&str>| {
        let role = model.roles.find(role);
        role.is_some_and(|role| needed.iter().all(|name| role.permissions.contains(*name)))
    };
    let all = built_in::PERMISSIONS.iter().map(|(name, _)| *name);
    Ok(has_all
        && complete(built_in::ADMINISTRATOR, all.collect())
        && complete(built_in::AUDITOR, built_in::of_an_auditor().collect())
        && model
            .roles
            .find(built_in::ADMIN)
            .is_some_and(|role| role.contains.contains(built_in::ADMINISTRATOR)))
}

/// Doorward's own API, with all its permissions, under the issuer of today.
async fn own_api(
    ctx: &Context,
    tx: &mut Tx<'_>,
    audience: &ResourceUri,
) -> Result<ApiId, StoreError> {
    let now = ctx.now();
    let permissions = built_in::PERMISSIONS.iter().filter_map(|(name, words)| {
        Permission::parse(name).ok().map(|name| (name, (*words).to_owned()))
    });
    let known = store::api::all(tx).await?.into_iter().find(|api| api.built_in);
    let Some(mut api) = known else {
        let api = Api {
            id: ApiId::new(now, ctx.random()),
            audience: audience.clone(),
            name: built_in::OWN_API_NAME.to_owned(),
            status: Status::Enabled,
            permissions: permissions.collect(),
            built_in: true,
            created_at: now,
            updated_at: now,
        };
        store::api::insert(tx, &api).await?;
        return Ok(api.id);
    };
    api.permissions.extend(permissions);
    api.updated_at = now;
    store::api::update(tx, &api).await?;
    store::api::set_audience(tx, api.id, audience, now).await?;
    Ok(api.id)
}

fn own_role<'a>(
    ctx: &Context,
    api: ApiId,
    name: &str,
    description: &str,
    permissions: impl Iterator<Item = &'a str>,
) -> Result<Role, StoreError> {
    let now = ctx.now();
    Ok(Role {
        id: RoleId::new(now, ctx.random()),
        name: Name::parse(name).map_err(|_| StoreError::Corrupt("roles.name".to_owned()))?,
        description: description.to_owned(),
        api: Some(api),
        permissions: permissions.filter_map(|name| Permission::parse(name).ok()).collect(),
        contains: BTreeSet::new(),
        built_in: true,
        created_at: now,
        updated_at: now,
    })
}

/// Adds the role, or what it lacks.
async fn complete(tx: &mut Tx<'_>, role: Role, now: Timestamp) -> Result<(), StoreError> {
    let Some(mut known) = store::role::find(tx, role.name.as_str()).await? else {
        return store::role::insert(tx, &role).await;
    };
    known.permissions.extend(role.permissions);
    known.updated_at = now;
    store::role::update(tx, &known).await.map(|_| ())
}

/// Puts one role into another, if it is not there.
async fn contain(
    tx: &mut Tx<'_>,
    outer: &str,
    inner: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(mut role) = store::role::find(tx, outer).await? else { return Ok(()) };
    if role.contains.insert(inner.to_owned()) {
        role.updated_at = now;
        store::role::update(tx, &role).await?;
    }
    Ok(())
}
