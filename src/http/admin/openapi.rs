//! The OpenAPI 3.1 document, made from the table of routes and the types of their bodies.

use std::{sync::Arc, time::Duration};

use axum::{extract::State, response::Response};
use http::HeaderMap;
use utoipa::openapi::{
    Components, Content, HttpMethod, InfoBuilder, ObjectBuilder, OneOfBuilder, OpenApi,
    OpenApiBuilder, Paths, Ref, RefOr, Required, ResponseBuilder, Schema, SchemaFormat, Type,
    header::HeaderBuilder,
    path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
    request_body::RequestBodyBuilder,
    schema::KnownFormat,
    security::{AuthorizationCode, Flow, OAuth2, Scopes, SecurityRequirement, SecurityScheme},
};

use super::{
    page,
    problem::{FieldError, ProblemBody},
    query::PAGED,
    serve::Replayed,
    shape::Shape,
    table::{Condition, ROUTES, Route, Verb},
};
use crate::{
    http::{App, documents::Document, route},
    identity::role::built_in,
    protocol::issuer::Issuer,
};

/// How the document calls the way to a token.
const SIGN_IN: &str = "doorward";

/// The document. It says nothing that is not in the handbook: everybody may read it.
pub(super) async fn get(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let issuer = &app.ctx.protocol.issuer;
    let make = || Document::new(&describe(issuer), Duration::ZERO);
    let mut response = app.admin.document.get_or_init(make).answer(&headers);
    let own = response.headers_mut();
    own.remove(http::header::ACCESS_CONTROL_ALLOW_ORIGIN);
    own.remove("cross-origin-resource-policy");
    own.insert(http::header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    response
}

fn describe(issuer: &Issuer) -> OpenApi {
    let mut schemas: Vec<(String, RefOr<Schema>)> = Vec::new();
    let shapes = ROUTES.iter().flat_map(|row| [row.takes, row.gives]).flatten();
    let own = [Shape::of::<ProblemBody>(), Shape::of::<FieldError>(), Shape::of::<Replayed>()];
    for shape in shapes.chain(own) {
        (shape.collect)(&mut schemas);
    }
    let mut components = Components::new();
    components.schemas.extend(schemas);
    components.add_security_scheme(SIGN_IN, sign_in(issuer));
    let mut paths = Paths::new();
    for row in ROUTES {
        paths.add_path_operation(row.path, vec![http_method(row.verb)], operation(row));
    }
    let info = InfoBuilder::new()
        .title("Doorward administration")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Users, clients, APIs, roles and whatever else an administrator keeps. Every call \
             needs an access token for this API; what it must allow stands at each operation.",
        ));
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components)).build()
}

/// Authorization code with PKCE, at this server itself.
fn sign_in(issuer: &Issuer) -> SecurityScheme {
    let scopes = Scopes::from_iter(built_in::PERMISSIONS);
    let flow = AuthorizationCode::new(issuer.at(route::AUTHORIZE), issuer.at(route::TOKEN), scopes);
    SecurityScheme::OAuth2(OAuth2::new([Flow::AuthorizationCode(flow)]))
}

const fn http_method(verb: Verb) -> HttpMethod {
    match verb {
        Verb::Get => HttpMethod::Get,
        Verb::Post => HttpMethod::Post,
        Verb::Put => HttpMethod::Put,
        Verb::Patch => HttpMethod::Patch,
        Verb::Delete => HttpMethod::Delete,
    }
}

/// `users` of `/admin/api/v1/users/{id}`: what the operation is about.
fn noun(row: &Route) -> &'static str {
    row.path.split('/').nth(4).unwrap_or_default()
}

fn operation(row: &Route) -> Operation {
    let mut operation = OperationBuilder::new()
        .tag(noun(row))
        .operation_id(Some(operation_id(row)))
        .summary(Some(row.summary))
        .description(Some(format!("Needs `{}`.", row.permission)))
        .security(SecurityRequirement::new(SIGN_IN, [row.permission]));
    for parameter in parameters(row) {
        operation = operation.parameter(parameter);
    }
    if let Some(shape) = row.takes {
        let content = Content::new(Some(Ref::from_schema_name((shape.name)())));
        let body = RequestBodyBuilder::new()
            .content("application/json", content)
            .required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    for (status, response) in responses(row) {
        operation = operation.response(status.to_string(), response);
    }
    operation.build()
}

/// The method and the path in words: `patch-users-id`.
fn operation_id(row: &Route) -> String {
    let verb = match row.verb {
        Verb::Get => "get",
        Verb::Post => "post",
        Verb::Put => "put",
        Verb::Patch => "patch",
        Verb::Delete => "delete",
    };
    let parts = row.path.split('/').skip(4).map(|part| part.trim_matches(['{', '}']));
    std::iter::once(verb).chain(parts).collect::<Vec<_>>().join("-")
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// What a parameter of the path or of the query holds.
fn kind_of(parameter: &str, place: &ParameterIn) -> ObjectBuilder {
    let number = |format| {
        let format = SchemaFormat::KnownFormat(format);
        ObjectBuilder::new().schema_type(Type::Integer).format(Some(format))
    };
    match parameter {
        "id" | "user" => text().format(Some(SchemaFormat::Custom("uuid".to_owned()))),
        "from" | "until" => number(KnownFormat::Int64),
        "limit" => number(KnownFormat::Int32).minimum(Some(1)).maximum(Some(page::MOST)),
        // A path without it is another path.
        _ => text().min_length(matches!(place, ParameterIn::Path).then_some(1)),
    }
}

fn parameters(row: &Route) -> Vec<Parameter> {
    let parameter = |name: &str, place: ParameterIn, required: Required, schema: ObjectBuilder| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(place)
            .required(required)
            .schema(Some(schema))
    };
    let mut all = Vec::new();
    for part in row.path.split('/').filter_map(|part| part.strip_prefix('{')) {
        let name = part.trim_end_matches('}');
        let kind = kind_of(name, &ParameterIn::Path);
        all.push(parameter(name, ParameterIn::Path, Required::True, kind).build());
    }
    let paged: &[&str] = if row.paged { &PAGED } else { &[] };
    for name in row.filters.iter().chain(paged) {
        let kind = kind_of(name, &ParameterIn::Query);
        all.push(parameter(name, ParameterIn::Query, Required::False, kind).build());
    }
    match row.condition {
        Condition::None => {}
        Condition::IfMatch => {
            let tag = text().pattern(Some("^(\\*|\"[0-9]{1,18}\")$"));
            let place = parameter("If-Match", ParameterIn::Header, Required::True, tag);
            let what = "The `ETag` of what is changed; `*` for whatever is there.";
            all.push(place.description(Some(what)).build());
        }
    }
    if row.verb == Verb::Post {
        let schema = text().min_length(Some(1)).max_length(Some(128)).pattern(Some("^[!-~]+$"));
        let key = parameter("Idempotency-Key", ParameterIn::Header, Required::False, schema);
        let what = "A text of your own, so that the request is carried out once, however often it \
                    is sent within 24 hours.";
        all.push(key.description(Some(what)).build());
    }
    all
}

fn responses(row: &Route) -> Vec<(u16, utoipa::openapi::Response)> {
    let json = |name: &str| Content::new(Some(Ref::from_schema_name(name)));
    let mut success = ResponseBuilder::new().description("It is done");
    if let Some(shape) = row.gives {
        let name = (shape.name)();
        // What is told of a request that was carried out before has the same status.
        let content = if row.verb == Verb::Post && row.status == 200 {
            let one = OneOfBuilder::new().item(Ref::from_schema_name(name));
            Content::new(Some(one.item(Ref::from_schema_name("Replayed"))))
        } else {
            json(&name)
        };
        success = success.description("The answer").content("application/json", content);
    }
    if row.status == 201 {
        let place = HeaderBuilder::new().description(Some("Where it is from now on"));
        success = success.header("Location", place.build());
    }
    let mut all = vec![(row.status, success.build())];
    if row.verb == Verb::Post && row.status != 200 {
        let replayed = ResponseBuilder::new()
            .description("The request with this `Idempotency-Key` was carried out before")
            .content("application/json", json("Replayed"));
        all.push((200, replayed.build()));
    }
    for (status, description) in refusals(row) {
        let problem = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", json("Problem"));
        all.push((status, problem.build()));
    }
    all
}

/// What can be answered instead.
fn refusals(row: &Route) -> Vec<(u16, &'static str)> {
    let mut all = vec![
        (400, "The request cannot be used"),
        (401, "An access token is needed"),
        (403, "The access token, or its bearer, may not do this"),
        (408, "The request took too long to arrive"),
        (414, "The address is too long"),
        (429, "Too many requests"),
        (503, "The server cannot answer now"),
    ];
    if row.path.contains('{') {
        all.push((404, "There is no such thing"));
    }
    if row.verb != Verb::Get {
        all.push((409, "Something else is in the way"));
        all.push((413, "The body is too large"));
        all.push((415, "The body is no JSON"));
    }
    if row.verb == Verb::Post {
        all.push((422, "The `Idempotency-Key` belongs to another request"));
    }
    if row.condition == Condition::IfMatch {
        all.push((412, "It was changed meanwhile"));
        all.push((428, "`If-Match` is needed"));
    }
    all
}
