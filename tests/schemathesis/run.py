"""Schemathesis against the admin API: an empty Doorward, a token of an administrator, many requests.

`schemathesis.toml` beside this file says what is checked. Arguments are handed on to `st run`.
"""

import base64
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRAM = os.environ.get("DOORWARD_BIN", str(ROOT / "target/debug/doorward"))
SCHEMATHESIS = str(Path(sys.executable).parent / "st")
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("DOORWARD_")}
STARTED_WITHIN = 30.0
ROBOT = "schemathesis-robot"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="doorward-schemathesis-") as data_dir:
        port = free_port()
        issuer = f"http://localhost:{port}"
        server = start(issuer, port, data_dir)
        try:
            until_ready(issuer, server)
            cli = Cli(issuer, data_dir)
            return check(issuer, administrator(issuer, cli), things(cli))
        finally:
            server.terminate()
            server.wait(timeout=20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(issuer: str, port: int, data_dir: str) -> subprocess.Popen:
    arguments = ["--issuer", issuer, "--listen", f"127.0.0.1:{port}", "--data-dir", data_dir]
    return subprocess.Popen(
        [PROGRAM, "serve", *arguments, "--management-listen", ""],
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def until_ready(issuer: str, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + STARTED_WITHIN
    while True:
        if server.poll() is not None:
            sys.exit("doorward stopped")
        try:
            with urllib.request.urlopen(f"{issuer}/ready") as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        if time.monotonic() > deadline:
            sys.exit(f"{issuer}/ready does not answer")
        time.sleep(0.05)


class Cli:
    """`doorward …` beside the server: what it says, as JSON."""

    def __init__(self, issuer: str, data_dir: str) -> None:
        self.flags = ["--json", "--issuer", issuer, "--data-dir", data_dir]

    def __call__(self, *arguments: str) -> dict:
        command = [PROGRAM, *arguments, *self.flags]
        done = subprocess.run(command, text=True, capture_output=True, env=ENVIRONMENT, check=False)
        if done.returncode != 0:
            sys.exit(f"{' '.join(arguments)}\n{done.stderr}{done.stdout}")
        return json.loads(done.stdout)


def administrator(issuer: str, cli: Cli) -> str:
    """An opaque token of a machine that may do everything with Doorward."""
    scope = " ".join(cli("role", "show", "doorward-administrator")["permissions"])
    machine = ["--type", "machine", "--id", ROBOT, "--scope", scope, "--access-token-format", "opaque"]
    secret = cli("client", "create", *machine)["client_secret"]
    cli("role", "grant", "doorward-administrator", "--client", ROBOT)
    body = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": scope}).encode()
    request = urllib.request.Request(f"{issuer}/token", data=body)
    credentials = base64.b64encode(f"{ROBOT}:{secret}".encode()).decode()
    request.add_header("Authorization", f"Basic {credentials}")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["access_token"]


def things(cli: Cli) -> dict[str, str]:
    """One of each noun, and its name in addresses."""
    api = cli("api", "create", "https://notes.example", "--name", "Notes", "--permission", "notes:read")
    cli("role", "create", "reader", "--permission", "notes:read")
    cli("group", "create", "staff")
    user = cli("user", "create", "alice", "--no-password", "--role", "reader")
    cli("client", "create", "--type", "machine", "--id", "batch", "--scope", "notes:read")
    cli("role", "grant", "reader", "--client", "batch")
    named = ["--name", "Backup", "--permission", "notes:read"]
    key = cli("api-key", "create", "--user", "alice", *named)
    return {
        "users": user["id"],
        "members": user["id"],
        "clients": "batch",
        "apis": api["id"],
        "roles": "reader",
        "groups": "staff",
        "api-keys": key["id"],
    }


def check(issuer: str, token: str, there: dict[str, str]) -> int:
    environment = {
        **ENVIRONMENT,
        "DOORWARD_ROBOT": ROBOT,
        "DOORWARD_THERE": json.dumps(there),
        "DOORWARD_TOKEN": token,
        "PYTHONPATH": str(HERE),
        "SCHEMATHESIS_HOOKS": "hooks",
    }
    command = [SCHEMATHESIS, "--config-file", str(HERE / "schemathesis.toml"), "run"]
    command += [*sys.argv[1:], f"{issuer}/admin/api/openapi.json"]
    with tempfile.TemporaryDirectory(prefix="schemathesis-") as work:
        return subprocess.run(command, env=environment, cwd=work, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
