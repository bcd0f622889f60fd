"""Banning: this API has no sessions to end, so it asks Doorward's admin API to disable the user."""

import threading
import time

import httpx

from .settings import Settings
from .token import PATIENCE

SCOPE = "doorward:users:read doorward:users:write"
# A token that is about to end is not used any more.
MARGIN = 30.0


class BanError(Exception):
    """Why somebody is not banned: a status, and words for people."""

    def __init__(self, status: int, words: str):
        super().__init__(words)
        self.status, self.words = status, words


class Users:
    """The users of Doorward, as far as this API may touch them.

    The API acts for itself, with a service client of its own (RFC 6749 section 4.4): the caller's token is for
    this API and is handed on to nobody. So the caller's right is checked here, by the permission of the route,
    and Doorward holds the API to its own: it disables nobody who may do more than the API itself.
    """

    def __init__(self, settings: Settings):
        self._settings = settings
        self._http = httpx.Client(timeout=PATIENCE, follow_redirects=False)
        self._token, self._until = "", 0.0
        self._lock = threading.Lock()

    def ban(self, username: str) -> None:
        """Every session, grant and token of the user is dead when this returns. Raises BanError."""
        self._switch(username, "disable")

    def lift(self, username: str) -> None:
        """The user can sign in again; what ended stays ended. Raises BanError."""
        self._switch(username, "enable")

    def _switch(self, username: str, action: str) -> None:
        found = self._ask("GET", "users", params={"username": username})["items"]
        if not found:
            raise BanError(404, "there is no such user")
        self._ask("POST", f"users/{found[0]['id']}/{action}")

    def _ask(self, method: str, path: str, **request) -> dict:
        issuer = self._settings.issuer.rstrip("/")
        try:
            headers = {"Authorization": f"Bearer {self._access_token()}"}
            answer = self._http.request(method, f"{issuer}/admin/api/v1/{path}", headers=headers, **request)
            problem = "" if answer.is_success else answer.json()["type"].rsplit("/", 1)[-1]
            if problem in ("last-administrator", "beyond-your-rights"):
                raise BanError(409, "this user may do more than this API, and cannot be banned from here")
            return answer.raise_for_status().json() if answer.content else {}
        except (httpx.HTTPError, ValueError, LookupError) as error:
            raise BanError(503, "Doorward did not do it") from error

    def _access_token(self) -> str:
        """A token for the admin API and for nothing else (RFC 8707), kept while it lives."""
        settings = self._settings
        if settings.admin_client_id is None or settings.admin_client_secret is None:
            raise BanError(501, "nobody can be banned from here")
        issuer = settings.issuer.rstrip("/")
        form = {"grant_type": "client_credentials", "scope": SCOPE, "resource": f"{issuer}/admin/api"}
        credentials = (settings.admin_client_id, settings.admin_client_secret)
        with self._lock:
            if time.monotonic() >= self._until:
                answer = self._http.post(f"{issuer}/token", data=form, auth=credentials).raise_for_status().json()
                self._token = answer["access_token"]
                self._until = time.monotonic() + answer.get("expires_in", 0) - MARGIN
            return self._token
