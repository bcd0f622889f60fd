//! What people do with a browser again and again, and what they see.

use scraper::{Html, Selector};

use super::{
    Browser,
    browser::{Page, Place},
    issuer::{ISSUER, PASSWORD},
    relying_party::{press_on, response_parameters},
};

impl Browser<'_> {
    /// Signs in for the account page, outside of any app's request.
    pub(crate) async fn sign_in(&mut self, username: &str) -> Page {
        let page = self.open("/login").await.page();
        let place = self.try_password(&page, username, PASSWORD).await.page();
        assert_eq!((place.status().as_u16(), place.path()), (200, "/account"), "{}", place.text());
        place
    }

    /// Types a name and a password into a sign-in page.
    pub(crate) async fn try_password(
        &mut self,
        page: &Page,
        username: &str,
        password: &str,
    ) -> Place {
        let form = page.form("#sign-in").fill("username", username).fill("password", password);
        self.submit(&form).await
    }

    /// Presses a button of a page.
    pub(crate) async fn press(&mut self, page: &Page, button: &str) -> Place {
        self.submit(&page.form(button)).await
    }

    /// Goes on from `place` as a friendly `username` would, until the browser is sent away.
    pub(crate) async fn go_on(&mut self, mut place: Place, username: &str) -> String {
        for _ in 0..5 {
            place = match place {
                Place::Away(url) => return url,
                Place::Page(page) => press_on(self, page, username).await,
            };
        }
        panic!("the sign-in does not end: {place:?}")
    }
}

impl Page {
    /// What a person reads in the element for `selector`; empty when there is none.
    pub(crate) fn text_of(&self, selector: &str) -> String {
        let html = Html::parse_document(&self.reply.text());
        let element = html.select(&Selector::parse(selector).unwrap()).next();
        let text: String = element.map(|found| found.text().collect()).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Where the link for `selector` leads.
    pub(crate) fn href(&self, selector: &str) -> String {
        let html = Html::parse_document(&self.reply.text());
        let link = html.select(&Selector::parse(selector).unwrap()).next();
        let link = link.unwrap_or_else(|| panic!("no {selector} on {}", self.address));
        link.attr("href").expect("a link leads somewhere").to_owned()
    }

    /// The error code of an error page.
    pub(crate) fn error_code(&self) -> String {
        assert!(self.status().is_client_error(), "{} {}", self.status(), self.text());
        self.text_of("#error-code")
    }

    /// The page without what differs between two visits: flows, anti-forgery values, error ids.
    pub(crate) fn scrubbed(&self) -> String {
        let text = self.reply.text();
        let html = Html::parse_document(&text);
        let hidden = Selector::parse("input[type=hidden]").unwrap();
        let mut values: Vec<String> = html
            .select(&hidden)
            .filter_map(|input| input.attr("value"))
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
            .collect();
        values.push(self.text_of("#error-id"));
        values.retain(|value| !value.is_empty());
        values.iter().fold(text, |text, value| text.replace(value.as_str(), "…"))
    }
}

/// The code of a successful answer, after checking what every answer must have.
pub(crate) fn granted(url: &str) -> String {
    let answer = answer(url);
    answer.get("code").unwrap_or_else(|| panic!("no code in {url}")).clone()
}

/// The error of a refusing answer, after checking what every answer must have.
pub(crate) fn refused(url: &str) -> String {
    let answer = answer(url);
    assert!(!answer.contains_key("code"), "{url}");
    answer.get("error").unwrap_or_else(|| panic!("no error in {url}")).clone()
}

fn answer(url: &str) -> std::collections::BTreeMap<String, String> {
    let answer = response_parameters(url);
    assert_eq!(answer.get("iss").map(String::as_str), Some(ISSUER), "{url}");
    assert_eq!(answer.get("state").map(String::as_str), Some("the state"), "{url}");
    answer
}
