//! The OpenAPI document and the page that shows it.

use doorward::http::admin::table::{Condition, ROUTES, Verb};
use http::header;
use serde_json::Value;

use crate::actors::Issuer;

async fn document(issuer: &Issuer) -> Value {
    let reply = issuer.fetch("/admin/api/openapi.json").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header(header::CONTENT_TYPE), "application/json");
    assert!(!reply.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    reply.json()
}

const fn method(verb: Verb) -> &'static str {
    match verb {
        Verb::Get => "get",
        Verb::Post => "post",
        Verb::Put => "put",
        Verb::Patch => "patch",
        Verb::Delete => "delete",
    }
}

#[tokio::test]
async fn the_document_describes_every_route_and_nothing_else() {
    let issuer = Issuer::start().await;
    let document = document(&issuer).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut described = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (name, operation) in methods.as_object().unwrap() {
            let fits = |row: &&_| {
                let row: &doorward::http::admin::table::Route = row;
                row.path == path && method(row.verb) == name
            };
            let row = ROUTES.iter().find(fits).unwrap_or_else(|| panic!("{name} {path}"));
            assert_eq!(operation["security"][0]["doorward"][0], row.permission, "{name} {path}");
            let conditional = operation["parameters"]
                .as_array()
                .is_some_and(|all| all.iter().any(|parameter| parameter["name"] == "If-Match"));
            assert_eq!(conditional, row.condition == Condition::IfMatch, "{name} {path}");
            assert!(operation["responses"][row.status.to_string()].is_object(), "{name} {path}");
            described += 1;
        }
    }
    assert_eq!(described, ROUTES.len());
}

#[tokio::test]
async fn operations_have_names_of_their_own_and_references_lead_somewhere() {
    let issuer = Issuer::start().await;
    let document = document(&issuer).await;
    let text = document.to_string();
    let mut names = std::collections::BTreeSet::new();
    for piece in text.split("\"operationId\":\"").skip(1) {
        let name = piece.split('"').next().unwrap();
        assert!(names.insert(name.to_owned()), "{name} twice");
    }
    let mut references = 0;
    for piece in text.split("\"#/").skip(1) {
        let pointer = format!("/{}", piece.split('"').next().unwrap());
        assert!(document.pointer(&pointer).is_some(), "{pointer} leads nowhere");
        references += 1;
    }
    assert!(references > ROUTES.len());
}

#[tokio::test]
async fn what_takes_no_other_members_says_so() {
    let issuer = Issuer::start().await;
    let document = document(&issuer).await;
    for name in
        ["NewUser", "UserPatch", "NewClient", "ClientMetadata", "NewRole", "NewApi", "NewApiKey"]
    {
        let schema = &document["components"]["schemas"][name];
        assert_eq!(schema["additionalProperties"], false, "{name}: {schema}");
    }
}

#[tokio::test]
async fn no_other_origin_may_call() {
    let issuer = Issuer::start().await;
    for path in ["/admin/api/v1/users", "/admin/api/openapi.json"] {
        let reply = issuer.fetch_with(path, "origin", "https://evil.example").await;
        for name in reply.headers.keys() {
            assert!(!name.as_str().starts_with("access-control-"), "{path}: {name}");
        }
        assert_eq!(reply.header("cross-origin-resource-policy"), "same-origin", "{path}");
        let preflight = issuer.call(http::Method::OPTIONS, path).await;
        assert_eq!(preflight.status, 405, "{path}");
    }
}

#[tokio::test]
async fn the_page_loads_its_own_files_and_no_inline_script() {
    let issuer = Issuer::start().await;
    let front = issuer.fetch("/admin/api/docs").await;
    assert_eq!(front.header(header::LOCATION), "/admin/api/docs/index.html");
    let page = issuer.fetch("/admin/api/docs/index.html").await;
    let policy = page.header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("script-src 'self';"), "{policy}");
    let html = scraper::Html::parse_document(&page.text());
    let scripts = scraper::Selector::parse("script").unwrap();
    assert!(html.select(&scripts).count() > 0);
    for script in html.select(&scripts) {
        assert_eq!(script.text().collect::<String>().trim(), "");
        let source = script.value().attr("src").unwrap().trim_start_matches("./");
        let reply = issuer.fetch(&format!("/admin/api/docs/{source}")).await;
        assert_eq!(reply.status, 200, "{source}");
    }
    let config = issuer.fetch("/admin/api/docs/swagger-initializer.js").await.text();
    assert!(config.contains("/admin/api/openapi.json") && config.contains("doorward-swagger"));
    issuer.fetch("/admin/api/docs/none.js").await.problem(404, "not-found");
}
