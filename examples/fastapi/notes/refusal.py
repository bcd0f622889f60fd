"""How a request is refused. RFC 6750 section 3, RFC 9728 section 5.1."""

from fastapi import Request
from fastapi.responses import JSONResponse, Response


class Refusal(Exception):
    """A status, and the error that the challenge and the body name."""

    def __init__(self, status: int, error: str | None = None, description: str = "", scope: str | None = None):
        super().__init__(description or "nothing was presented")
        self.status, self.error, self.description, self.scope = status, error, description, scope


def unauthenticated() -> Refusal:
    """Nothing was presented: 401 with a bare challenge, since no error was made yet."""
    return Refusal(401)


def invalid_request(description: str) -> Refusal:
    """The request presents its credentials in a way that nobody can read for sure: 400."""
    return Refusal(400, "invalid_request", description)


def invalid_token(description: str) -> Refusal:
    """What was presented is worth nothing: 401."""
    return Refusal(401, "invalid_token", description)


def insufficient_scope(description: str, scope: str | None = None) -> Refusal:
    """It is known who calls, and that is not enough: 403, with the scope that would do."""
    return Refusal(403, "insufficient_scope", description, scope)


def unavailable() -> Refusal:
    """The issuer cannot be asked, so nobody gets in: 503."""
    return Refusal(503, "temporarily_unavailable", "the access token cannot be checked at the moment")


async def answer(request: Request, refusal: Refusal) -> Response:
    """The answer, with the challenge that belongs to it."""
    headers = {"Cache-Control": "no-store"}
    if refusal.status == 503:
        headers["Retry-After"] = "5"
    else:
        headers["WWW-Authenticate"] = challenge(refusal, request.app.state.metadata_url)
    if refusal.error is None:
        return Response(None, refusal.status, headers)
    return JSONResponse({"error": refusal.error, "error_description": refusal.description}, refusal.status, headers)


def challenge(refusal: Refusal, metadata_url: str) -> str:
    """The `WWW-Authenticate` header."""
    parts = ['realm="Notes API"']
    if refusal.error:
        parts += [f'error="{refusal.error}"', f'error_description="{refusal.description}"']
    if refusal.scope:
        parts.append(f'scope="{refusal.scope}"')
    parts.append(f'resource_metadata="{metadata_url}"')
    return "Bearer " + ", ".join(parts)
