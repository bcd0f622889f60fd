//! A guess at a password, as a browser sends it.

use http::{HeaderValue, header};

use crate::process::{
    form::forms,
    http::{Call, Connection},
    subject::Target,
};

/// The form of the sign-in page with a name and a password.
pub(crate) async fn guess(
    target: &Target,
    connection: &mut Connection,
    username: &str,
    password: &str,
) -> Call {
    let page = connection.send(&Call::get("/login")).await.unwrap();
    let cookies = page.headers.get_all(header::SET_COOKIE).iter();
    let cookies = cookies.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap());
    let cookies = cookies.collect::<Vec<_>>().join("; ");
    let html = std::str::from_utf8(&page.body).unwrap();
    let form = forms(html).into_iter().find(|form| form.has_input("password")).unwrap();
    let fields = form.inputs.iter().map(|(name, value)| match name.as_str() {
        "username" => ("username", username),
        "password" => ("password", password),
        name => (name, value.as_str()),
    });
    let origin = format!("http://{}", target.authority);
    Call::post(form.action.as_str(), fields)
        .with(header::COOKIE, cookies.parse().unwrap())
        .with(header::ORIGIN, HeaderValue::from_str(&origin).unwrap())
        .with(header::ACCEPT, HeaderValue::from_static("text/html"))
}
