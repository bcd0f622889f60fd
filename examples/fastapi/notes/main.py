"""The API: each route says who may call it.

Run it with `uvicorn --factory notes.main:app --port 8003`.
"""

from typing import Annotated

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, PlainTextResponse

from . import refusal
from .access import PERMISSIONS, Access
from .ban import BanError, Users
from .board import Board, Figures, NewNote, Note
from .docs import add_docs
from .settings import Settings
from .token import Caller, Checker

METADATA = "/.well-known/oauth-protected-resource"


def app(settings: Settings | None = None) -> FastAPI:
    """The API for `settings`, or for those of the environment."""
    settings = settings or Settings.from_environment()
    api = FastAPI(title="Notes API", docs_url=None, redoc_url=None)
    api.state.checker = Checker(settings)
    api.state.metadata_url = settings.audience.rstrip("/") + METADATA
    api.add_exception_handler(refusal.Refusal, refusal.answer)
    access = Access(settings)
    add_routes(api, access, Board())
    add_bans(api, access, Users(settings))
    add_metadata(api, settings)
    add_docs(api, settings)
    return api


def add_routes(api: FastAPI, access: Access, board: Board) -> None:
    """The routes, each with what it asks for."""

    @api.get("/notes", dependencies=[access.permission("notes:read")])
    def list_notes() -> list[Note]:
        return board.all()

    @api.post("/notes", status_code=201)
    def add_note(new: NewNote, caller: Annotated[Caller, access.permission("notes:write")]) -> Note:
        return board.add(caller.subject, caller.username, new.text)

    @api.delete("/notes/{id}", status_code=204, dependencies=[access.permission("notes:delete")])
    def delete_note(id: int) -> None:
        if not board.remove(id):
            raise HTTPException(404, "There is no such note.")

    @api.get("/dead-zone", dependencies=[access.role("admin")], response_class=PlainTextResponse)
    def dead_zone() -> str:
        return "Nobody lives here."

    @api.get("/data", dependencies=[access.permission("notes:data")])
    def data() -> Figures:
        return board.figures()


def add_bans(api: FastAPI, access: Access, users: Users) -> None:
    """The routes that ban a user and take that back."""

    @api.post("/users/{user}/ban", status_code=204, dependencies=[access.permission("notes:admin_access")])
    def ban(user: str) -> None:
        users.ban(user)

    @api.delete("/users/{user}/ban", status_code=204, dependencies=[access.permission("notes:admin_access")])
    def lift(user: str) -> None:
        users.lift(user)

    @api.exception_handler(BanError)
    async def not_banned(_request: Request, error: BanError) -> JSONResponse:
        return JSONResponse({"error": error.words}, error.status)


def add_metadata(api: FastAPI, settings: Settings) -> None:
    """What a client without any setting of its own needs to know. RFC 9728."""

    @api.get(METADATA, include_in_schema=False)
    def metadata() -> dict[str, object]:
        return {
            "resource": settings.audience,
            "authorization_servers": [settings.issuer],
            "scopes_supported": list(PERMISSIONS),
            "bearer_methods_supported": ["header"],
            "resource_name": "Notes API",
        }
