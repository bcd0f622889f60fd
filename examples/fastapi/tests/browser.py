"""A browser as far as a sign-in needs one: cookies, redirects, forms."""

import base64
import hashlib
import secrets
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx


class Form(HTMLParser):
    """The first form that posts: where to, with which fields."""

    def __init__(self, page: str):
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None and attributes.get("method") == "post":
            self.action, self._inside = attributes.get("action", ""), True
        elif tag == "input" and self._inside and "name" in attributes:
            self.fields[attributes["name"]] = attributes.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


class SignIn:
    """The authorization code flow with PKCE of a public client. RFC 6749 section 4.1, RFC 7636."""

    def __init__(self, issuer: str, client_id: str, redirect_uri: str):
        self.issuer, self.client_id, self.redirect_uri = issuer, client_id, redirect_uri
        self._http = httpx.Client()

    def run(self, username: str, password: str, scope: str, **parameters: str) -> dict:
        verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": scope,
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **parameters,
        }
        answer = self._follow(self._http.get(f"{self.issuer}/authorize", params=query))
        answer = self._submit(answer, username=username, password=password, action="sign-in")
        if answer.is_success:
            answer = self._submit(answer, action="allow")
        back = parse_qs(urlsplit(answer.headers["location"]).query)
        assert back["state"] == [state] and back["iss"] == [self.issuer], back
        form = {
            "grant_type": "authorization_code",
            "code": back["code"][0],
            "redirect_uri": self.redirect_uri,
            "client_id": self.client_id,
            "code_verifier": verifier,
        }
        tokens = self._http.post(f"{self.issuer}/token", data=form)
        assert tokens.status_code == 200, tokens.text
        return tokens.json()

    def _submit(self, page: httpx.Response, **typed: str) -> httpx.Response:
        form = Form(page.text)
        assert form.action is not None, page.text
        headers = {"Origin": self.issuer, "Referer": str(page.url)}
        url = urljoin(str(page.url), form.action)
        return self._follow(self._http.post(url, data={**form.fields, **typed}, headers=headers))

    def _follow(self, answer: httpx.Response) -> httpx.Response:
        """Goes on until there is a page, or the way leads back to the app."""
        while answer.is_redirect:
            target = urljoin(str(answer.url), answer.headers["location"])
            if target.startswith(self.redirect_uri):
                return answer
            answer = self._http.get(target)
        return answer
