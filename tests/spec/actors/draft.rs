//! A request in its parts, and what strangers do to one before they send it.

use http::{HeaderName, HeaderValue, Method, Request, header};
use proptest::prelude::*;

use super::{Browser, browser::Form, issuer::ISSUER};

/// Where a part of a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Query,
    Body,
    Header,
}

/// A name and its value.
#[derive(Debug, Clone)]
struct Part {
    place: Place,
    name: String,
    value: Vec<u8>,
}

/// A request that can still be altered.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    method: String,
    path: String,
    parts: Vec<Part>,
    raw_query: Option<&'static str>,
    raw_body: Option<&'static str>,
}

/// One thing that is done to a request. Numbers choose among what there is.
#[derive(Debug, Clone)]
pub(crate) enum Mutation {
    /// A bit of a value is turned.
    Flip { part: usize, byte: usize, bit: u8 },
    /// A part is left out.
    Drop { part: usize },
    /// A part is sent twice.
    Repeat { part: usize },
    /// A value gets a tail of `length` letters.
    Grow { part: usize, length: usize, letter: u8 },
    /// A value becomes one of [`HOSTILE`].
    Say { part: usize, what: usize },
    /// A value becomes a code, token, cookie or sealed value, living or dead, of any kind.
    Graft { part: usize, secret: usize },
    /// A value stands under another one of [`NAMES`].
    Rename { part: usize, name: usize },
    /// One of [`NAMES`] comes beside.
    Add { name: usize, what: usize },
    /// What was in the query comes in the body, and the other way round.
    Move { part: usize },
    /// Another method.
    Method { what: usize },
    /// Another path, or more behind this one.
    Path { what: usize },
    /// One of [`HEADERS`] comes beside, or instead.
    Header { what: usize, instead: bool },
    /// The query is this text.
    RawQuery { what: usize },
    /// The body is this text.
    RawBody { what: usize },
}

/// Short, so that none of them is a word that a log line has by chance.
const HOSTILE: [&str; 20] = [
    "",
    " ",
    "\0",
    "\r\nx: y",
    "<q9>\"'",
    "' OR 1=1 --",
    "../../..",
    "{}",
    "[[[[",
    "-1",
    "1e999",
    "99999999999",
    "null",
    "\u{202e}abc",
    "\u{feff}",
    "\u{10ffff}",
    "//evil.test",
    "%00%0d%0a",
    "dwc_",
    "e30.e30.",
];

/// What an honest value can wrongly be called. Nothing here is a secret, or every value were one.
const NAMES: [&str; 18] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "grant_type",
    "prompt",
    "max_age",
    "ui_locales",
    "claims",
    "resource",
    "request_uri",
    "acr_values",
    "action",
    "account",
    "token_type_hint",
    "client_assertion_type",
    "x",
];

const METHODS: [&str; 9] =
    ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "BREW"];

/// What stands behind a path, or replaces it when it begins the list.
const PATHS: [&str; 9] = ["/", "//", "/..", "/%2e%2e", "%00", ";a=b", "/.", "%ff", "/x/y"];

const RAW: [&str; 12] = [
    "",
    "%",
    "a=%zz",
    "a=%ff%fe",
    "&&&&==&=",
    "a=1&a=1",
    "=",
    "{\"grant_type\":1}",
    "<xml/>",
    "[]",
    "a[b]=c&a[]=d",
    "client_id=%00",
];

const HEADERS: [(&str, &[u8]); 34] = [
    ("content-type", b"application/json"),
    ("content-type", b"multipart/form-data; boundary=x"),
    ("content-type", b"text/plain"),
    ("content-type", b"application/x-www-form-urlencoded; charset=utf-7"),
    ("content-type", b"\xff"),
    ("content-length", b"99999999"),
    ("content-length", b"-1"),
    ("content-encoding", b"gzip"),
    ("transfer-encoding", b"chunked"),
    ("host", b"evil.test"),
    ("host", b""),
    ("host", b"id.example:99999"),
    ("x-forwarded-host", b"evil.test"),
    ("x-forwarded-for", b"1.1.1.1, ::ffff:2.2.2.2, unknown, \"[::1]:9\""),
    ("x-forwarded-proto", b"http"),
    ("forwarded", b"for=\"[::1\";proto=;host=evil.test"),
    ("x-http-method-override", b"DELETE"),
    ("x-original-url", b"/account"),
    ("origin", b"https://evil.test"),
    ("origin", b"null"),
    ("sec-fetch-site", b"cross-site"),
    ("sec-fetch-mode", b"\x80"),
    ("authorization", b"Basic"),
    ("authorization", b"Basic Og=="),
    ("authorization", b"Basic //////8="),
    ("authorization", b"Bearer"),
    ("authorization", b"bearer \t x"),
    ("authorization", b"\xff\xfe"),
    ("cookie", b"=; ;; a; __Host-doorward-session=;"),
    ("cookie", b"\xff=\xfe"),
    ("accept", b"*;q=9,,;/"),
    ("accept-language", b"x-,,de-\xff;q=NaN"),
    ("if-none-match", b"W/\"\", *"),
    ("range", b"bytes=-1-,9-0"),
];

impl Draft {
    /// A request without a body.
    pub(crate) fn get(address: &str) -> Self {
        Self::of(Request::get(address).body(String::new()).unwrap())
    }

    /// The parts of an honest request.
    pub(crate) fn of(request: Request<String>) -> Self {
        let (head, body) = request.into_parts();
        let mut parts = Vec::new();
        for (place, text) in
            [(Place::Query, head.uri.query().unwrap_or_default()), (Place::Body, body.as_str())]
        {
            parts.extend(form_urlencoded::parse(text.as_bytes()).map(|(name, value)| Part {
                place,
                name: name.into_owned(),
                value: value.into_owned().into_bytes(),
            }));
        }
        parts.extend(head.headers.iter().map(|(name, value)| Part {
            place: Place::Header,
            name: name.to_string(),
            value: value.as_bytes().to_vec(),
        }));
        let (method, path) = (head.method.to_string(), head.uri.path().to_owned());
        Self { method, path, parts, raw_query: None, raw_body: None }
    }

    /// What `browser` would send for `form`.
    pub(crate) fn submit(browser: &Browser<'_>, form: &Form) -> Self {
        let body =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).finish();
        let request = Request::post(&form.action)
            .header(header::ORIGIN, ISSUER)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        Self::of(request.body(body).unwrap()).of_browser(browser)
    }

    /// The same with the cookies of `browser`.
    #[must_use]
    pub(crate) fn of_browser(mut self, browser: &Browser<'_>) -> Self {
        let pairs: Vec<String> = browser.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        self.parts.push(Part {
            place: Place::Header,
            name: header::COOKIE.to_string(),
            value: pairs.join("; ").into_bytes(),
        });
        self
    }

    /// Does `mutation`, with `secrets` to graft.
    pub(crate) fn mutate(&mut self, mutation: &Mutation, secrets: &[String]) {
        match *mutation {
            Mutation::Flip { part, byte, bit } => self.value(part, |value| {
                let length = value.len().max(1);
                if let Some(byte) = value.get_mut(byte % length) {
                    *byte ^= 1 << bit;
                }
            }),
            Mutation::Drop { part } if !self.parts.is_empty() => {
                self.parts.remove(part % self.parts.len());
            }
            Mutation::Repeat { part } if !self.parts.is_empty() => {
                self.parts.push(self.parts[part % self.parts.len()].clone());
            }
            Mutation::Drop { .. } | Mutation::Repeat { .. } => {}
            Mutation::Grow { part, length, letter } => {
                self.value(part, |value| value.resize(value.len() + length, letter));
            }
            Mutation::Say { part, what } => {
                self.value(part, |value| *value = pick(&HOSTILE, what).as_bytes().to_vec());
            }
            Mutation::Graft { part, secret } => {
                let secret = &secrets[secret % secrets.len()];
                self.value(part, |value| *value = secret.as_bytes().to_vec());
            }
            Mutation::Rename { part, name } => {
                self.part(part, |part| pick(&NAMES, name).clone_into(&mut part.name));
            }
            Mutation::Add { name, what } => self.parts.push(Part {
                place: if self.method == "POST" { Place::Body } else { Place::Query },
                name: pick(&NAMES, name).to_owned(),
                value: pick(&HOSTILE, what).as_bytes().to_vec(),
            }),
            Mutation::Move { part } => self.part(part, |part| {
                part.place = match part.place {
                    Place::Query => Place::Body,
                    Place::Body => Place::Query,
                    Place::Header => Place::Header,
                };
            }),
            Mutation::Method { what } => pick(&METHODS, what).clone_into(&mut self.method),
            Mutation::Path { what } => self.path.push_str(pick(&PATHS, what)),
            Mutation::Header { what, instead } => self.say_header(what, instead),
            Mutation::RawQuery { what } => self.raw_query = Some(pick(&RAW, what)),
            Mutation::RawBody { what } => self.raw_body = Some(pick(&RAW, what)),
        }
    }

    /// The request; `None` when no client can say this in HTTP.
    pub(crate) fn request(&self) -> Option<Request<String>> {
        let query = self.raw_query.map_or_else(|| self.encode(Place::Query), str::to_owned);
        let mark = if query.is_empty() { "" } else { "?" };
        let body = self.raw_body.map_or_else(|| self.encode(Place::Body), str::to_owned);
        let uri: http::Uri = format!("{}{mark}{query}", self.path).parse().ok()?;
        let method = Method::from_bytes(self.method.as_bytes()).ok()?;
        let mut request = Request::builder().method(method).uri(uri).body(body).ok()?;
        for part in self.parts.iter().filter(|part| part.place == Place::Header) {
            let name = HeaderName::from_bytes(part.name.as_bytes()).ok()?;
            request.headers_mut().append(name, HeaderValue::from_bytes(&part.value).ok()?);
        }
        Some(request)
    }

    fn say_header(&mut self, what: usize, instead: bool) {
        let (name, value) = pick(&HEADERS, what);
        if instead {
            self.parts.retain(|part| part.place != Place::Header || part.name != name);
        }
        let (place, name) = (Place::Header, name.to_owned());
        self.parts.push(Part { place, name, value: value.to_vec() });
    }

    fn part(&mut self, number: usize, change: impl FnOnce(&mut Part)) {
        let length = self.parts.len().max(1);
        if let Some(part) = self.parts.get_mut(number % length) {
            change(part);
        }
    }

    fn value(&mut self, number: usize, change: impl FnOnce(&mut Vec<u8>)) {
        self.part(number, |part| change(&mut part.value));
    }

    fn encode(&self, place: Place) -> String {
        let parts = self.parts.iter().filter(|part| part.place == place);
        let encode = |bytes: &[u8]| form_urlencoded::byte_serialize(bytes).collect::<String>();
        let pairs =
            parts.map(|part| format!("{}={}", encode(part.name.as_bytes()), encode(&part.value)));
        pairs.collect::<Vec<_>>().join("&")
    }
}

fn pick<T: Copy>(from: &[T], number: usize) -> T {
    from[number % from.len()]
}

/// Any mutation.
pub(crate) fn mutation() -> impl Strategy<Value = Mutation> {
    let n = any::<usize>;
    prop_oneof![
        (n(), n(), 0..8_u8).prop_map(|(part, byte, bit)| Mutation::Flip { part, byte, bit }),
        n().prop_map(|part| Mutation::Drop { part }),
        n().prop_map(|part| Mutation::Repeat { part }),
        (n(), prop_oneof![1..300_usize, 1_000..20_000_usize], b'a'..=b'z')
            .prop_map(|(part, length, letter)| Mutation::Grow { part, length, letter }),
        (n(), n()).prop_map(|(part, what)| Mutation::Say { part, what }),
        (n(), n()).prop_map(|(part, secret)| Mutation::Graft { part, secret }),
        (n(), n()).prop_map(|(part, name)| Mutation::Rename { part, name }),
        (n(), n()).prop_map(|(name, what)| Mutation::Add { name, what }),
        n().prop_map(|part| Mutation::Move { part }),
        n().prop_map(|what| Mutation::Method { what }),
        n().prop_map(|what| Mutation::Path { what }),
        (n(), any::<bool>()).prop_map(|(what, instead)| Mutation::Header { what, instead }),
        n().prop_map(|what| Mutation::RawQuery { what }),
        n().prop_map(|what| Mutation::RawBody { what }),
    ]
}
