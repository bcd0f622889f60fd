//! Problem details. RFC 9457.

use http::header;
use serde_json::{Value, json};

use crate::actors::{Issuer, admin::Admin};

/// "Consumers MUST use the type URI (after resolution, if necessary) as the problem type's primary
/// identifier."
mod section_3_1 {
    use super::*;

    #[tokio::test]
    async fn a_problem_has_type_title_status_and_instance() {
        let issuer = Issuer::start().await;
        let root = Admin::root(&issuer).await;
        let reply = root.ask("POST /users", json!({"username": ""})).await;
        let body = reply.problem(400, "invalid-request");
        assert_eq!(body["title"], "The request cannot be used");
        let instance = format!("urn:doorward:request:{}", reply.header("x-request-id"));
        assert_eq!(body["instance"], instance);
        assert!(body["errors"][0]["detail"].is_string());
        for name in body.as_object().unwrap().keys() {
            let known = ["type", "title", "status", "detail", "instance", "errors"];
            assert!(known.contains(&name.as_str()), "{name}");
        }
    }

    #[tokio::test]
    async fn the_status_of_the_problem_is_that_of_the_answer() {
        let issuer = Issuer::start().await;
        let root = Admin::root(&issuer).await;
        for line in ["GET /none", "PUT /users", "DELETE /roles/user", "POST /users"] {
            let reply = root.ask(line, Value::Null).await;
            assert_eq!(reply.json()["status"], reply.status.as_u16(), "{line}");
        }
    }
}

/// "When "type" contains a URI, it is RECOMMENDED that it dereferences to human-readable documentation".
mod section_4 {
    use super::*;

    #[tokio::test]
    async fn the_type_answers_what_it_means() {
        let issuer = Issuer::start().await;
        let root = Admin::root(&issuer).await;
        let reply = root.ask("DELETE /roles/user", Value::Null).await;
        let body = reply.problem(428, "precondition-required");
        let address = body["type"].as_str().unwrap();
        let path = address.strip_prefix("https://id.example").unwrap();
        let page = issuer.fetch(path).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.header(header::CONTENT_TYPE), "text/plain; charset=utf-8");
        assert!(page.text().contains("If-Match"), "{}", page.text());
        issuer.fetch("/admin/api/problems/none").await.problem(404, "not-found");
    }
}

/// "Problem details ... are not a debugging tool for the underlying implementation".
mod section_5 {
    use super::*;

    #[tokio::test]
    async fn a_problem_repeats_nothing_of_a_token() {
        let issuer = Issuer::start().await;
        let bearer = Admin::bearer(&issuer, "a-token-of-somebody");
        let reply = bearer.ask("GET /users", Value::Null).await;
        reply.problem(401, "unauthorized");
        assert!(!reply.text().contains("a-token-of-somebody"));
    }
}

/// "The problem details format ... is not limited to" what a handler finds: a program that reads problems
/// reads them from the edge of the server as well.
mod section_3 {
    use super::*;

    /// The fitting answer, whoever asks.
    async fn refused(
        admin: &Admin<'_>,
        line: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> Value {
        let reply = admin.send(line, headers, &body).await;
        let type_of = reply.header(header::CONTENT_TYPE);
        assert_eq!(type_of, "application/problem+json", "{line}: {}", reply.text());
        let problem = reply.json();
        assert_eq!(problem["status"], reply.status.as_u16());
        let instance = format!("urn:doorward:request:{}", reply.header("x-request-id"));
        assert_eq!(problem["instance"], instance);
        problem
    }

    #[tokio::test]
    async fn what_the_edge_refuses_is_a_problem() {
        let issuer = Issuer::start().await;
        let nobody = Admin::bearer(&issuer, "none");
        let large = json!({"username": "x".repeat(17 * 1024)});
        let long = format!("GET /users?username={}", "x".repeat(17 * 1024));
        let zipped = [("content-encoding", "gzip")];
        for (line, headers, body, kind) in [
            ("POST /users", &[][..], large, "content-too-large"),
            (long.as_str(), &[], Value::Null, "uri-too-long"),
            ("POST /users", &zipped, json!({}), "unsupported-media-type"),
            ("GET /users", &[("host", "a/b")], Value::Null, "invalid-request"),
        ] {
            let problem = refused(&nobody, line, headers, body).await;
            let address = problem["type"].as_str().unwrap();
            let path = address.strip_prefix("https://id.example").unwrap();
            assert_eq!(path, format!("/admin/api/problems/{kind}"));
            assert_eq!(issuer.fetch(path).await.status, 200, "{path}");
        }
    }

    #[tokio::test]
    async fn a_name_that_is_no_text_is_a_problem() {
        let issuer = Issuer::start().await;
        let root = Admin::root(&issuer).await;
        for line in [
            "GET /users/%FF",
            "GET /admin/api/none/%FF",
            "GET /admin/api/problems/%FF",
            "GET /admin/api/docs/%FF",
        ] {
            let problem = refused(&root, line, &[], Value::Null).await;
            assert_eq!(problem["status"], 404, "{line}: {problem}");
        }
    }

    #[tokio::test]
    async fn a_person_reads_a_page_and_an_app_reads_oauth() {
        let issuer = Issuer::start().await;
        let zipped = [("content-encoding", "gzip"), ("accept", "text/html")];
        let page = issuer.post("/admin/api/v1/users", &zipped, "").await;
        assert_eq!(page.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
        let zipped = [("content-encoding", "gzip")];
        let reply = issuer.post("/token", &zipped, "grant_type=none").await;
        assert_eq!(reply.json()["error"], "invalid_request");
    }
}
