"""Who calls: an access token or an API key, checked. RFC 9068 section 4, RFC 7662."""

import hashlib
import ipaddress
import threading
import time
from dataclasses import dataclass
from typing import Any

import httpx
import jwt

from .refusal import invalid_token, unavailable
from .settings import Settings

# Only what has a key pair: with a shared secret, whoever can check could also sign.
ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA"]
REQUIRED = ["iss", "aud", "exp", "iat", "sub", "jti", "client_id"]
PATIENCE = 5.0
REMEMBERED = 4096


@dataclass(frozen=True)
class Caller:
    """What a token says, after every check."""

    subject: str
    scope: frozenset[str]
    roles: frozenset[str]
    username: str

    @classmethod
    def of(cls, claims: dict[str, Any]) -> "Caller":
        """Reads what a JWT and an answer of introspection have in common."""
        # A token that is bound to a key proves nothing in the hands of a mere bearer.
        if "cnf" in claims:
            raise invalid_token("the access token is bound to a key that was not proved")
        subject, scope, roles = claims.get("sub"), claims.get("scope", ""), claims.get("roles", [])
        if not isinstance(subject, str) or not isinstance(scope, str) or not isinstance(roles, list):
            raise invalid_token("the access token is not valid")
        username = claims.get("username")
        name = username if isinstance(username, str) else subject
        return cls(subject, frozenset(scope.split()), frozenset(map(str, roles)), name)


def is_address(text: str | None) -> bool:
    """Whether `text` is an IP address: a test client, for one, has a name."""
    try:
        ipaddress.ip_address(text or "")
    except ValueError:
        return False
    return True


class Checker:
    """Checks tokens for one API: JWTs with the issuer's keys, the rest by asking."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self._metadata: dict[str, Any] | None = None
        self._keys: jwt.PyJWKClient | None = None
        self._remembered: dict[bytes, tuple[float, Caller]] = {}
        self._lock = threading.Lock()
        self._http = httpx.Client(timeout=PATIENCE, follow_redirects=False)

    def check(self, token: str, address: str | None = None) -> Caller:
        """The caller behind `token`, who called from `address`. Raises Refusal."""
        if token.startswith("dw_"):
            return self.check_api_key(token, address)
        if not self._is_jwt(token):
            return self._ask(token)
        caller = self._check_offline(token)
        return self._ask(token) if self.settings.strict else caller

    def check_api_key(self, key: str, address: str | None = None) -> Caller:
        """The caller behind an API key, and behind nothing else. A key can be bound to addresses, so Doorward
        hears from where it was used. Raises Refusal."""
        if not key.startswith("dw_"):
            raise invalid_token("X-API-Key does not hold an API key")
        return self._ask(key, {"client_address": address} if is_address(address) else {})

    @staticmethod
    def _is_jwt(token: str) -> bool:
        return token.count(".") == 2

    def _check_offline(self, token: str) -> Caller:
        try:
            # An ID token is signed by the same keys, and is no access token. RFC 9068 section 4.
            if jwt.get_unverified_header(token).get("typ", "").lower() not in ("at+jwt", "application/at+jwt"):
                raise invalid_token("the access token is not valid")
            key = self._key_client().get_signing_key_from_jwt(token)
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                issuer=self.settings.issuer,
                audience=self.settings.audience,
                options={"require": REQUIRED},
            )
        except jwt.ExpiredSignatureError as error:
            raise invalid_token("the access token has expired") from error
        except jwt.InvalidAudienceError as error:
            raise invalid_token("the access token is for another audience") from error
        except jwt.PyJWKClientConnectionError as error:
            raise unavailable() from error
        except (jwt.PyJWTError, AttributeError) as error:
            raise invalid_token("the access token is not valid") from error
        return Caller.of(claims)

    def _key_client(self) -> jwt.PyJWKClient:
        """The issuer's keys: kept for five minutes; an unknown key has them read again, but not for every
        token that names one."""
        if self._keys is None:
            uri = self._discovered()["jwks_uri"]
            self._keys = jwt.PyJWKClient(uri, lifespan=300, cooldown_duration=60, timeout=PATIENCE)
        return self._keys

    def _discovered(self) -> dict[str, Any]:
        """What the issuer says about itself (RFC 8414), asked once. It must speak of itself."""
        if self._metadata is None:
            issuer = self.settings.issuer.rstrip("/")
            metadata = self._json(lambda: self._http.get(f"{issuer}/.well-known/openid-configuration"))
            if metadata.get("issuer") != self.settings.issuer:
                raise unavailable()
            self._metadata = metadata
        return self._metadata

    def _ask(self, token: str, beside: dict[str, str] | None = None) -> Caller:
        """Asks the issuer (RFC 7662), or remembers that it did. No token is kept, only its hash."""
        question = {"token": token, **(beside or {})}
        settings = self.settings
        if settings.client_id is None or settings.client_secret is None:
            raise invalid_token("the access token is not valid")
        name, now = hashlib.sha256(repr(question).encode()).digest(), time.monotonic()
        with self._lock:
            until, caller = self._remembered.get(name, (0.0, None))
        if caller is not None and now < until:
            return caller
        url, credentials = self._discovered()["introspection_endpoint"], (settings.client_id, settings.client_secret)
        claims = self._json(lambda: self._http.post(url, data=question, auth=credentials))
        if claims.get("active") is not True or claims.get("iss", settings.issuer) != settings.issuer:
            raise invalid_token("the access token is not valid")
        audience = claims.get("aud", [])
        if settings.audience not in ([audience] if isinstance(audience, str) else audience):
            raise invalid_token("the access token is for another audience")
        caller = Caller.of(claims)
        # Never longer than the token itself lives.
        left = claims.get("exp", float("inf")) - time.time()
        with self._lock:
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            self._remembered[name] = (now + min(settings.remember, left), caller)
        return caller

    @staticmethod
    def _json(send) -> dict[str, Any]:
        try:
            return send().raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise unavailable() from error
