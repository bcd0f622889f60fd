//! A browser without JavaScript: keeps cookies, follows redirects within the server, reads the real
//! HTML and fills in the real forms.

use std::collections::BTreeMap;

use http::{HeaderMap, Method, StatusCode, header};
use scraper::{ElementRef, Html, Selector};

use super::issuer::{Issuer, Reply};

/// One person's browser.
pub(crate) struct Browser<'a> {
    issuer: &'a Issuer,
    /// The cookies by their names.
    pub(crate) cookies: BTreeMap<String, String>,
    /// The address that it sends from.
    pub(crate) peer: String,
    /// Headers that every request carries beside the browser's own.
    pub(crate) headers: HeaderMap,
}

/// Where a browser stands after it followed what it was told to.
#[derive(Debug)]
pub(crate) enum Place {
    /// On a page of the server.
    Page(Page),
    /// Sent away to another site, with this URL.
    Away(String),
}

/// A page that the server showed.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its address: path and query.
    pub(crate) address: String,
    /// The answer that brought it.
    pub(crate) reply: Reply,
}

/// A form of a page, with the values that it would send.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    /// Where it goes: path and query.
    pub(crate) action: String,
    /// Names and values, hidden ones included.
    pub(crate) fields: Vec<(String, String)>,
}

impl<'a> Browser<'a> {
    /// A fresh browser.
    pub(crate) fn new(issuer: &'a Issuer) -> Self {
        let peer = "192.0.2.1:40000".to_owned();
        Self { issuer, cookies: BTreeMap::new(), peer, headers: HeaderMap::new() }
    }

    /// Opens `address` and follows redirects until a page, or another site.
    pub(crate) async fn open(&mut self, address: &str) -> Place {
        let reply = self.send(Method::GET, address, None).await;
        self.follow(address.to_owned(), reply).await
    }

    /// Presses the button of `form` with this id, as a browser would: the button's own name and value
    /// travel with the fields.
    pub(crate) async fn submit(&mut self, form: &Form) -> Place {
        let body =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).finish();
        let reply = self.send(Method::POST, &form.action, Some(body)).await;
        self.follow(form.action.clone(), reply).await
    }

    /// One request, without following anything.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        address: &str,
        body: Option<String>,
    ) -> Reply {
        let mut request = http::Request::builder().method(&method).uri(address);
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        if method == Method::POST {
            request = request
                .header(header::ORIGIN, Issuer::url())
                .header("sec-fetch-site", "same-origin")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let mut request = request.body(body.unwrap_or_default()).unwrap();
        for (name, value) in &self.headers {
            request.headers_mut().insert(name, value.clone());
        }
        let reply = self.issuer.send_from(&self.peer, request).await;
        self.keep_cookies(&reply);
        reply
    }

    async fn follow(&mut self, mut address: String, mut reply: Reply) -> Place {
        for _ in 0..10 {
            if !reply.status.is_redirection() {
                return Place::Page(Page { address, reply });
            }
            assert_eq!(reply.status, StatusCode::SEE_OTHER, "redirects are 303 (RFC 9700 §4.12)");
            let location = reply.header(header::LOCATION).to_owned();
            let Some(path) = Issuer::path_of(&location) else { return Place::Away(location) };
            address = path;
            reply = self.send(Method::GET, &address, None).await;
        }
        panic!("ten redirects in a row, the last to {address}");
    }

    fn keep_cookies(&mut self, reply: &Reply) {
        for value in reply.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie::Cookie::parse(value.to_str().unwrap().to_owned()).unwrap();
            if cookie.max_age() == Some(cookie::time::Duration::ZERO) || cookie.value().is_empty() {
                self.cookies.remove(cookie.name());
            } else {
                self.cookies.insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
    }
}

impl Place {
    /// The page; panics when the browser was sent away.
    pub(crate) fn page(self) -> Page {
        match self {
            Self::Page(page) => page,
            Self::Away(url) => panic!("expected a page, was sent to {url}"),
        }
    }

    /// The other site; panics when a page was shown.
    pub(crate) fn away(self) -> String {
        match self {
            Self::Away(url) => url,
            Self::Page(page) => panic!(
                "expected to be sent away, was shown {} {}: {}",
                page.reply.status,
                page.address,
                page.text()
            ),
        }
    }
}

impl Page {
    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        self.reply.status
    }

    /// The path of the page, without its query.
    pub(crate) fn path(&self) -> &str {
        self.address.split('?').next().unwrap()
    }

    /// What a person reads, white space folded.
    pub(crate) fn text(&self) -> String {
        let html = Html::parse_document(&self.reply.text());
        let body = Selector::parse("body").unwrap();
        let words: Vec<&str> = html
            .select(&body)
            .flat_map(|element| element.text())
            .flat_map(str::split_whitespace)
            .collect();
        words.join(" ")
    }

    /// Whether the page has an element for `selector`.
    pub(crate) fn has(&self, selector: &str) -> bool {
        let html = Html::parse_document(&self.reply.text());
        html.select(&Selector::parse(selector).unwrap()).next().is_some()
    }

    /// The form around the button `button` (a CSS selector), ready to be sent with that button.
    pub(crate) fn form(&self, button: &str) -> Form {
        let html = Html::parse_document(&self.reply.text());
        let selector = Selector::parse(button).unwrap();
        let button_element = html
            .select(&selector)
            .next()
            .unwrap_or_else(|| panic!("no {button} on {}: {}", self.address, self.reply.text()));
        let form = button_element
            .ancestors()
            .filter_map(ElementRef::wrap)
            .find(|element| element.value().name() == "form")
            .expect("the button is in a form");
        let mut fields: Vec<(String, String)> = form
            .select(&Selector::parse("input[name]").unwrap())
            .filter(|input| {
                let kind = input.attr("type").unwrap_or("text");
                !matches!(kind, "checkbox" | "radio") || input.attr("checked").is_some()
            })
            .map(|input| {
                let value = input.attr("value").unwrap_or_default();
                (input.attr("name").unwrap().to_owned(), value.to_owned())
            })
            .collect();
        let chosen = Selector::parse("option[selected], option").unwrap();
        for select in form.select(&Selector::parse("select[name]").unwrap()) {
            let options: Vec<_> = select.select(&chosen).collect();
            let option = options.iter().find(|option| option.attr("selected").is_some());
            let value = option.or(options.first()).and_then(|option| option.attr("value"));
            let name = select.attr("name").unwrap().to_owned();
            fields.push((name, value.unwrap_or_default().to_owned()));
        }
        if let Some(name) = button_element.attr("name") {
            fields.push((name.to_owned(), button_element.attr("value").unwrap_or("").to_owned()));
        }
        let action = form.attr("action").unwrap_or(&self.address).to_owned();
        Form { action, fields }
    }
}

impl Form {
    /// Types `value` into the field `name`, which must be there.
    #[must_use]
    pub(crate) fn fill(mut self, name: &str, value: &str) -> Self {
        let field = self.fields.iter_mut().find(|(known, _)| known == name);
        field.unwrap_or_else(|| panic!("the form has no field {name}")).1 = value.to_owned();
        self
    }

    /// Ticks the box `name`.
    #[must_use]
    pub(crate) fn tick(mut self, name: &str) -> Self {
        self.fields.push((name.to_owned(), "yes".to_owned()));
        self
    }

    /// Takes the field `name` out of the form, as an attacker would.
    #[must_use]
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    /// The value of the field `name`.
    pub(crate) fn value(&self, name: &str) -> &str {
        &self.fields.iter().find(|(known, _)| known == name).unwrap().1
    }
}
