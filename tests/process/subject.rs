//! Where requests go.

/// Paths of the endpoints that a sign-in needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paths {
    pub(crate) authorize: &'static str,
    pub(crate) token: &'static str,
}

/// A server, and what it calls itself.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The `Host` of every request, which is also the origin's.
    pub(crate) authority: String,
    pub(crate) paths: Paths,
}

impl Target {
    /// Doorward under the issuer `http://localhost:port`.
    pub(crate) fn of_issuer(port: u16) -> Self {
        let paths = Paths { authorize: "/authorize", token: "/token" };
        Self { authority: format!("localhost:{port}"), paths }
    }
}
