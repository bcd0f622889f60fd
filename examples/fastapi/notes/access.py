"""What a route asks for, as dependencies: a caller, a permission, a role."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, OAuth2AuthorizationCodeBearer, SecurityScopes

from .refusal import insufficient_scope, invalid_request, unauthenticated
from .settings import Settings
from .token import Caller

PERMISSIONS = {
    "notes:read": "Read the notes on the board",
    "notes:write": "Add notes to the board",
    "notes:delete": "Delete the notes of everybody",
    "notes:admin_access": "Ban users",
    "notes:data": "Read figures about the board",
}


class Access:
    """The dependencies of one API. They also tell OpenAPI, and so Swagger UI, how callers prove themselves."""

    def __init__(self, settings: Settings):
        issuer = settings.issuer.rstrip("/")
        oauth = OAuth2AuthorizationCodeBearer(
            authorizationUrl=f"{issuer}/authorize",
            tokenUrl=f"{issuer}/token",
            scopes={**PERMISSIONS, "roles": "Tell which roles I have"},
            scheme_name="Doorward",
            auto_error=False,
        )
        api_key = APIKeyHeader(name="X-API-Key", scheme_name="API key", auto_error=False)

        def caller(
            request: Request,
            _token: Annotated[str | None, Depends(oauth)],
            _key: Annotated[str | None, Depends(api_key)],
        ) -> Caller:
            return authenticate(request)

        def permitted(caller: Annotated[Caller, Depends(caller)], needed: SecurityScopes) -> Caller:
            for permission in needed.scopes:
                if permission not in caller.scope:
                    raise insufficient_scope("the access token lacks the scope that is needed here", permission)
            return caller

        self._caller, self._permitted = caller, permitted

    def permission(self, name: str):
        """A dependency: the caller, whose token has the permission `name`. Else 401, or 403."""
        return Security(self._permitted, scopes=[name])

    def role(self, name: str):
        """A dependency: the caller, whose user has the role `name`. Else 401, or 403."""

        def has_role(caller: Annotated[Caller, Security(self._caller, scopes=["roles"])]) -> Caller:
            if name not in caller.roles:
                raise insufficient_scope("the access token lacks the role that is needed here")
            return caller

        return Depends(has_role)


def authenticate(request: Request) -> Caller:
    """The caller of a request that presents exactly one credential, in a header. RFC 6750 section 2."""
    keys, values = request.headers.getlist("x-api-key"), request.headers.getlist("authorization")
    bearer = [value for value in values if value.split(" ", 1)[0].lower() == "bearer"]
    if "access_token" in request.query_params:
        raise invalid_request("an access token is never sent in the query")
    if len(keys) + len(bearer) > 1:
        raise invalid_request("several credentials were sent")
    checker = request.app.state.checker
    if keys:
        return checker.check_api_key(keys[0], address(request))
    if bearer:
        return checker.check(bearer[0][len("bearer") :].strip(), address(request))
    raise unauthenticated()


def address(request: Request) -> str | None:
    """From where the request comes, for keys that are bound to addresses. It is the other end of the connection,
    or what uvicorn was told to believe a proxy (`--forwarded-allow-ips`); this code reads no header for it."""
    return request.client.host if request.client else None
