//! Every page, in every language, with kind and with hostile strings.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use scraper::{Html, Selector};

use super::samples::{HOSTILE, Samples, Strings};
use super::*;
use crate::http::assets::Asset;

fn elements<'a>(html: &'a Html, selector: &str) -> Vec<scraper::ElementRef<'a>> {
    let selector = Selector::parse(selector).unwrap();
    let mut found: Vec<_> = html.select(&selector).collect();
    found.shrink_to_fit();
    found
}

fn for_each_sample(strings: Strings, check: impl Fn(&str, &str)) {
    for locale in Locale::ALL {
        for (name, _, html) in Samples::render(locale, strings) {
            check(&format!("{name} ({})", locale.tag()), &html);
        }
    }
}

#[test]
fn pages_look_as_they_did() {
    for (name, policy, html) in Samples::render(Locale::English, Strings::Friendly) {
        let html = html
            .replace(Asset::Stylesheet.url(), "/static/doorward.css")
            .replace(Asset::Logo.url(), "/static/doorward.svg")
            .replace(Asset::FormPost.url(), "/static/form_post.js")
            .replace(Asset::Copy.url(), "/static/copy.js");
        insta::assert_snapshot!(name, format!("{}\n\n{html}", policy.to_str().unwrap()));
    }
}

#[test]
fn every_template_has_a_sample() {
    let rendered = Samples::render(Locale::English, Strings::Friendly);
    let parts =
        ["base", "own_niche", "client_niche", "client_links", "hidden_fields", "back_link", "bar"];
    for path in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")).unwrap() {
        let path = path.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let has_sample = rendered.iter().any(|(name, _, _)| *name == stem);
        assert!(has_sample || parts.contains(&stem), "{stem} has no sample");
    }
}

#[test]
fn no_template_trusts_its_values() {
    for path in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")).unwrap() {
        let path = path.unwrap().path();
        let template = fs::read_to_string(&path).unwrap();
        for forbidden in ["safe", "escape", "<style", " style=", "javascript:", " on"] {
            let allowed = template.matches(forbidden).count();
            assert_eq!(allowed, 0, "{forbidden} in {}", path.display());
        }
    }
}

#[test]
fn hostile_strings_come_out_as_text() {
    for_each_sample(Strings::Hostile, |name, source| {
        assert!(!source.contains("<script>"), "{name}");
        assert!(!source.contains(HOSTILE), "{name}");
        assert!(!source.contains("</title>{{"), "{name}");
        let html = Html::parse_document(source);
        for script in elements(&html, "script") {
            let own = [Asset::FormPost, Asset::Copy].map(Asset::url);
            assert!(script.attr("src").is_some_and(|src| own.contains(&src)), "{name}");
        }
        for link in elements(&html, "[href], [src]") {
            let target = link.attr("href").or(link.attr("src")).unwrap();
            assert!(target.starts_with('/') || target.starts_with("https://"), "{name}: {target}");
        }
    });
}

#[test]
fn names_cannot_turn_the_direction_of_a_page() {
    for (name, _, source) in Samples::render(Locale::English, Strings::Hostile) {
        let html = Html::parse_document(&source);
        for heading in elements(&html, "title, h1, h2, p, strong, button, dd") {
            let text: String = heading.text().collect();
            assert!(!text.contains(['\u{202e}', '\u{2028}']), "{name}: {text:?}");
            let count = |mark: char| text.matches(mark).count();
            assert_eq!(count('\u{2066}'), 0, "{name}: {text:?}");
            assert_eq!(count('\u{2068}'), count('\u{2069}'), "{name}: {text:?}");
        }
    }
}

#[test]
fn every_page_has_a_language_a_title_and_one_heading() {
    for_each_sample(Strings::Friendly, |name, source| {
        let html = Html::parse_document(source);
        let tag = elements(&html, "html")[0].attr("lang").unwrap();
        assert!(name.ends_with(&format!("({tag})")), "{name}");
        assert_eq!(elements(&html, "h1").len(), 1, "{name}");
        assert_eq!(elements(&html, "main").len(), 1, "{name}");
        let title: String = elements(&html, "title")[0].text().collect();
        assert!(title.ends_with(" · Doorward") && title.len() > 14, "{name}: {title}");
    });
}

#[test]
fn every_field_has_a_label_and_every_reference_a_target() {
    for_each_sample(Strings::Friendly, |name, source| {
        let html = Html::parse_document(source);
        let ids: Vec<_> = elements(&html, "[id]").iter().map(|e| e.attr("id").unwrap()).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{name}: an id twice");
        for field in elements(&html, "input:not([type=hidden]), select, textarea") {
            let label = format!("label[for={}]", field.attr("id").unwrap());
            assert_eq!(elements(&html, &label).len(), 1, "{name}: {label}");
            assert!(field.attr("autocomplete").is_some(), "{name}: {label}");
        }
        for attribute in ["aria-describedby", "aria-labelledby"] {
            for element in elements(&html, &format!("[{attribute}]")) {
                for id in element.attr(attribute).unwrap().split(' ') {
                    assert!(ids.contains(&id), "{name}: {attribute} {id}");
                }
            }
        }
        for image in elements(&html, "img") {
            assert_eq!(image.attr("alt"), Some(""), "{name}: all pictures are ornaments");
        }
    });
}

#[test]
fn forms_post_and_outside_links_tell_nothing() {
    for_each_sample(Strings::Friendly, |name, source| {
        let html = Html::parse_document(source);
        for form in elements(&html, "form") {
            assert_eq!(form.attr("method"), Some("post"), "{name}");
        }
        for link in elements(&html, "a[href^=http]") {
            assert_eq!(link.attr("rel"), Some("noopener noreferrer"), "{name}");
        }
    });
}

#[test]
fn an_error_is_announced_and_tied_to_its_fields() {
    for (name, _, source) in Samples::render(Locale::English, Strings::Friendly) {
        let html = Html::parse_document(&source);
        for error in elements(&html, "#error") {
            assert_eq!(error.attr("role"), Some("alert"), "{name}");
            let tied = elements(&html, "[aria-describedby~=error], .wrong");
            // What is wrong with no field can be mended on another page.
            assert!(!tied.is_empty() || name == "api_key_new_too_many", "{name}");
        }
        for field in elements(&html, "[aria-invalid]") {
            let about = field.attr("aria-describedby").unwrap_or_default();
            assert!(about.ends_with("error"), "{name}: {about}");
        }
    }
}

#[test]
fn a_popup_keeps_its_opener_and_nothing_else_does() {
    for (display, expected) in [
        (Display::Popup, Some("unsafe-none")),
        (Display::Page, None),
        (Display::Touch, None),
        (Display::Wap, None),
    ] {
        let page = SelectAccount {
            t: Messages::default(),
            flow: String::new(),
            csrf: String::new(),
            client: None,
            accounts: Vec::new(),
            display,
            form_action: None,
        };
        let response = render(StatusCode::OK, &page);
        let policy = response.headers().get(OPENER_POLICY).map(|value| value.to_str().unwrap());
        assert_eq!(policy, expected, "{display:?}");
    }
}

#[test]
fn a_page_comes_with_its_type_language_and_policy() {
    let page = FormPost {
        t: Messages::new(Locale::French),
        redirect_uri: "com.example.app:/cb".into(),
        fields: Vec::new(),
    };
    let response = render(StatusCode::BAD_REQUEST, &page);
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(response.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
    assert_eq!(response.headers()[CONTENT_LANGUAGE], "fr");
    let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("form-action 'self' com.example.app:;"), "{policy}");
    assert!(policy.contains("script-src 'self'"), "{policy}");
}
