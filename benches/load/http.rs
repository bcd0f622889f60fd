//! A lean HTTP/1.1 client: one keep-alive connection on the loopback address, no pool, no redirects.

use anyhow::Context;
use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, Method, Request, header},
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// A request that can be sent any number of times.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Call {
    /// `GET path`.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        let (method, path) = (Method::GET, path.into());
        Self { method, path, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// `POST path` with a form.
    pub(crate) fn post<'a>(
        path: impl Into<String>,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let call = Self { method: Method::POST, body: body.into(), ..Self::get(path) };
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        call.with(header::CONTENT_TYPE, form)
    }

    /// With a header more.
    pub(crate) fn with(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// With the credentials of a client, if it has any.
    pub(crate) fn authorized(self, authorization: Option<HeaderValue>) -> Self {
        match authorization {
            Some(value) => self.with(header::AUTHORIZATION, value),
            None => self,
        }
    }

    /// Method and path, without the query: for messages.
    pub(crate) fn name(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        format!("{} {path}", self.method)
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// One keep-alive connection.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    port: u16,
    authority: HeaderValue,
}

impl Connection {
    /// Connects to the loopback `port`; `authority` is the `Host` of every request.
    pub(crate) async fn open(port: u16, authority: &str) -> anyhow::Result<Self> {
        let sender = connect(port).await?;
        Ok(Self { sender, port, authority: HeaderValue::from_str(authority)? })
    }

    /// Sends `call` and reads the whole answer. A connection that the server closed is opened again.
    pub(crate) async fn send(&mut self, call: &Call) -> anyhow::Result<Answer> {
        if self.sender.is_closed() {
            self.sender = connect(self.port).await?;
        }
        let mut request = Request::new(Full::new(call.body.clone()));
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = call.path.parse().context("a path")?;
        *request.headers_mut() = call.headers.clone();
        request.headers_mut().insert(header::HOST, self.authority.clone());
        self.sender.ready().await?;
        let (parts, body) = self.sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, LONGEST_ANSWER).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!(error))?.to_bytes();
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }
}

async fn connect(port: u16) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}
