"""A real Doorward, the API as a real server, and people who sign in through the real pages."""

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
import uvicorn

from browser import SignIn
from notes.main import app
from notes.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = os.environ.get("DOORWARD_BIN", str(ROOT / "target/debug/doorward"))
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("DOORWARD_")}
STARTED_WITHIN = 30.0
PASSWORDS = {
    "alice": "tulip-harbour-ninety",
    "mod": "lantern-brook-seventy",
    "admin": "fern-lighthouse-sixty",
}
ROLES = {"alice": "user", "mod": "moderator", "admin": "admin"}
PERMISSIONS = ["notes:read", "notes:write", "notes:delete", "notes:admin_access", "notes:data"]
SCOPE = " ".join(["openid", "roles", *PERMISSIONS])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class World:
    """Everything that runs, and how to reach it."""

    issuer: str
    data_dir: str
    api: str
    app_id: str = ""
    docs_id: str = ""
    machine: tuple[str, str] = ("", "")
    introspector: tuple[str, str] = ("", "")
    bans: tuple[str, str] = ("", "")

    def cli(self, *arguments: str, stdin: str = "") -> dict:
        """Runs `doorward …` beside the server and returns what it says as JSON."""
        command = [PROGRAM, *arguments, "--json", "--issuer", self.issuer, "--data-dir", self.data_dir]
        done = subprocess.run(command, input=stdin, text=True, capture_output=True, env=ENVIRONMENT, check=False)
        assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stderr}{done.stdout}"
        return json.loads(done.stdout)

    def token(self, username: str, scope: str = SCOPE, **parameters: str) -> dict:
        """The answer of the token endpoint, after a sign-in with the forms."""
        sign_in = SignIn(self.issuer, self.app_id, f"{self.api}/callback")
        return sign_in.run(username, PASSWORDS[username], scope, **parameters)

    def settings(self) -> Settings:
        return Settings(self.issuer, self.api, *self.introspector, *self.bans, docs_client_id=self.docs_id)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    port, api_port = free_port(), free_port()
    data_dir = str(tmp_path_factory.mktemp("doorward"))
    world = World(f"http://localhost:{port}", data_dir, f"http://localhost:{api_port}")
    arguments = ["--issuer", world.issuer, "--listen", f"127.0.0.1:{port}", "--data-dir", data_dir]
    server = subprocess.Popen(
        [PROGRAM, "serve", *arguments, "--management-listen", ""],
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until_answered(f"{world.issuer}/ready", server)
        register(world)
        yield world
    finally:
        server.terminate()
        server.wait(timeout=20)


def register(world: World) -> None:
    """What an operator does once: the README has the same commands."""
    named = [part for name in PERMISSIONS for part in ("--permission", name)]
    world.cli("api", "create", world.api, "--name", "Notes API", *named)
    for role, permissions in {"user": ["notes:read", "notes:write"], "moderator": ["notes:delete"]}.items():
        for permission in permissions:
            world.cli("role", "update", role, "--permission", permission)
    world.cli("role", "update", "moderator", "--contains", "user")
    world.cli("role", "update", "admin", "--permission", "notes:admin_access", "--contains", "moderator")
    for username, role in ROLES.items():
        password = f"{PASSWORDS[username]}\n"
        world.cli("user", "create", username, "--password-stdin", "--role", role, stdin=password)
    world.cli("role", "create", "reader-of-figures", "--permission", "notes:data")
    world.cli("role", "grant", "reader-of-figures", "--user", "mod")
    scope = ["--scope", SCOPE]
    app_client = ["--type", "spa", "--name", "Notes", "--redirect-uri", f"{world.api}/callback"]
    world.app_id = world.cli("client", "create", *app_client, *scope)["client_id"]
    docs = ["--type", "spa", "--name", "Swagger UI", "--redirect-uri", f"{world.api}/docs/oauth2-redirect"]
    world.docs_id = world.cli("client", "create", *docs, *scope)["client_id"]
    api = world.cli("client", "create", "--type", "api", "--name", "Notes API", "--audience", world.api)
    world.introspector = (api["client_id"], api["client_secret"])
    bans = ["--type", "machine", "--name", "Notes bans", "--scope", "doorward:users:read doorward:users:write"]
    made = world.cli("client", "create", *bans)
    world.bans = (made["client_id"], made["client_secret"])
    rights = ["--permission", "doorward:users:read", "--permission", "doorward:users:write"]
    world.cli("role", "create", "notes-bans", *rights, "--contains", "moderator")
    world.cli("role", "grant", "notes-bans", "--client", made["client_id"])
    machine = ["--type", "machine", "--name", "Nightly export", "--scope", "notes:data"]
    made = world.cli("client", "create", *machine, "--access-token-format", "opaque")
    world.machine = (made["client_id"], made["client_secret"])
    world.cli("role", "create", "exporter", "--permission", "notes:data")
    world.cli("role", "grant", "exporter", "--client", made["client_id"])


def until_answered(url: str, process: subprocess.Popen | None = None) -> None:
    """Waits until `url` answers 200."""
    deadline = time.monotonic() + STARTED_WITHIN
    while True:
        assert process is None or process.poll() is None, "doorward stopped"
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, f"{url} does not answer"
        time.sleep(0.05)


def serve(settings: Settings) -> tuple[uvicorn.Server, threading.Thread]:
    port = httpx.URL(settings.audience).port
    assert port is not None
    server = uvicorn.Server(uvicorn.Config(app(settings), host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until_answered(f"{settings.audience}/.well-known/oauth-protected-resource")
    return server, thread


@pytest.fixture(scope="session")
def api(world: World) -> Iterator[httpx.Client]:
    """The API, which checks JWTs alone and asks about the rest."""
    server, thread = serve(world.settings())
    with httpx.Client(base_url=world.api) as client:
        yield client
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture
def strict(world: World) -> Iterator[httpx.Client]:
    """The same API in process, which asks about every token and remembers no answer."""
    from fastapi.testclient import TestClient

    with TestClient(app(replace(world.settings(), strict=True, remember=0.0))) as client:
        yield client


@pytest.fixture(scope="session")
def tokens(world: World) -> dict[str, str]:
    """One access token for each of the three users."""
    return {username: world.token(username)["access_token"] for username in ROLES}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
