"""Swagger UI, from files of this machine, which signs in with Doorward: authorization code with PKCE."""

from pathlib import Path

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html, get_swagger_ui_oauth2_redirect_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from .settings import Settings

FILES = Path(fastapi_offline.__file__).parent / "static"
REDIRECT = "/docs/oauth2-redirect"


def add_docs(app: FastAPI, settings: Settings) -> None:
    """Adds `/docs`, where a public client signs in: it has no secret, PKCE protects its code."""
    app.mount("/docs-files", StaticFiles(directory=FILES), name="docs-files")
    sign_in = {
        "clientId": settings.docs_client_id or "",
        "usePkceWithAuthorizationCodeGrant": True,
        # The tokens are for this API (RFC 8707), and the sign-in is a window that this page opened and waits
        # for (OIDC Core section 3.1.2.1): any other is cut off from its opener by Doorward's headers.
        "additionalQueryStringParams": {"resource": settings.audience, "display": "popup"},
    }

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url=app.openapi_url or "",
            title=app.title,
            oauth2_redirect_url=REDIRECT,
            init_oauth=sign_in,
            swagger_js_url="/docs-files/swagger-ui-bundle.js",
            swagger_css_url="/docs-files/swagger-ui.css",
            swagger_favicon_url="/docs-files/favicon.png",
        )

    @app.get(REDIRECT, include_in_schema=False)
    def redirect() -> HTMLResponse:
        return get_swagger_ui_oauth2_redirect_html()
