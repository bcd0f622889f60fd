"""Who gets 200, 401 and 403, and what the refusals say."""

import time

import httpx
import jwt
import pytest
from conftest import World, bearer
from cryptography.hazmat.primitives.asymmetric import ec

ROUTES = [
    ("GET", "/notes"),
    ("POST", "/notes"),
    ("DELETE", "/notes/1"),
    ("GET", "/dead-zone"),
    ("POST", "/users/alice/ban"),
    ("DELETE", "/users/alice/ban"),
    ("GET", "/data"),
]


def challenge(answer: httpx.Response) -> str:
    return answer.headers["www-authenticate"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_rfc6750_section_3_1_nothing_presented_is_a_bare_401(api: httpx.Client, method: str, path: str):
    answer = api.request(method, path)
    assert answer.status_code == 401
    assert challenge(answer).startswith("Bearer realm=")
    assert "error" not in challenge(answer)
    metadata = challenge(answer).split('resource_metadata="')[1].split('"')[0]
    assert httpx.get(metadata).json()["scopes_supported"]


@pytest.mark.parametrize(
    ("username", "method", "path", "status", "needed"),
    [
        ("alice", "GET", "/notes", 200, None),
        ("alice", "POST", "/notes", 201, None),
        ("alice", "DELETE", "/notes/999", 403, "notes:delete"),
        ("alice", "GET", "/dead-zone", 403, None),
        ("alice", "POST", "/users/mod/ban", 403, "notes:admin_access"),
        ("alice", "DELETE", "/users/mod/ban", 403, "notes:admin_access"),
        ("alice", "GET", "/data", 403, "notes:data"),
        ("mod", "POST", "/notes", 201, None),
        ("mod", "DELETE", "/notes/999", 404, None),
        ("mod", "GET", "/dead-zone", 403, None),
        ("mod", "POST", "/users/alice/ban", 403, "notes:admin_access"),
        ("admin", "DELETE", "/notes/999", 404, None),
        ("admin", "GET", "/dead-zone", 200, None),
        ("admin", "POST", "/users/nobody-of-that-name/ban", 404, None),
        ("admin", "DELETE", "/users/nobody-of-that-name/ban", 404, None),
        ("admin", "POST", "/users/admin/ban", 409, None),
        ("admin", "GET", "/data", 403, "notes:data"),
    ],
)
def test_three_users_and_every_route(
    api: httpx.Client, tokens: dict[str, str], username: str, method: str, path: str, status: int, needed: str | None
):
    body = {"text": f"by {username}"} if method == "POST" else None
    answer = api.request(method, path, json=body, headers=bearer(tokens[username]))
    assert answer.status_code == status, answer.text
    if status == 403:
        assert answer.json()["error"] == "insufficient_scope"
        assert 'error="insufficient_scope"' in challenge(answer)
        assert (f'scope="{needed}"' in challenge(answer)) if needed else ("scope=" not in challenge(answer))


def test_a_note_is_added_listed_and_deleted(api: httpx.Client, tokens: dict[str, str]):
    note = api.post("/notes", json={"text": "Water the plants"}, headers=bearer(tokens["alice"])).json()
    assert note in api.get("/notes", headers=bearer(tokens["mod"])).json()
    assert api.delete(f"/notes/{note['id']}", headers=bearer(tokens["mod"])).status_code == 204
    assert note not in api.get("/notes", headers=bearer(tokens["alice"])).json()


@pytest.mark.parametrize("text", ["", "x" * 501, None])
def test_what_is_no_note_is_422(api: httpx.Client, tokens: dict[str, str], text: str | None):
    assert api.post("/notes", json={"text": text}, headers=bearer(tokens["alice"])).status_code == 422


def test_rfc9068_section_4_forged_and_foreign_tokens_are_invalid_token(api: httpx.Client, world: World, tokens):
    good = tokens["admin"]
    signed, signature = good.rsplit(".", 1)
    claims = jwt.decode(good, options={"verify_signature": False})
    header = jwt.get_unverified_header(good)
    ours = ec.generate_private_key(ec.SECP256R1())
    typed = {"typ": "at+jwt", "kid": header["kid"]}
    bad = {
        "another signature": f"{signed}.{signature[::-1]}",
        "another key under a known kid": jwt.encode(claims, ours, "ES256", typed),
        "an unknown kid": jwt.encode(claims, ours, "ES256", {**typed, "kid": "nobody"}),
        "no algorithm": jwt.encode(claims, None, "none", typed),
        "a shared secret": jwt.encode(claims, "x" * 32, "HS256", typed),
        "nonsense": "a.b.c",
        "an opaque nonsense": "nonsense",
        "an ID token": world.token("admin")["id_token"],
    }
    for name, token in bad.items():
        answer = api.get("/dead-zone", headers=bearer(token))
        assert answer.status_code == 401, name
        assert 'error="invalid_token"' in challenge(answer), name
        assert token not in answer.text, name


def test_rfc9068_section_4_a_token_for_others_is_invalid_token(api: httpx.Client, world: World):
    for_userinfo = world.token("alice", "openid")["access_token"]
    answer = api.get("/notes", headers=bearer(for_userinfo))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    assert "another audience" in answer.json()["error_description"]


def test_rfc6750_section_2_two_credentials_and_a_query_are_invalid_request(api: httpx.Client, tokens):
    good = bearer(tokens["alice"])
    for answer in [
        api.get("/notes", headers={**good, "X-API-Key": "dw_a_b_c"}),
        api.get("/notes", headers=[*good.items(), *good.items()]),
        api.get("/notes", headers=[("X-API-Key", "dw_a_b_c"), ("X-API-Key", "dw_a_b_c")]),
        api.get("/notes", params={"access_token": tokens["alice"]}),
        api.get("/notes", params={"access_token": tokens["alice"]}, headers=good),
    ]:
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_rfc7662_an_opaque_token_is_asked_about(api: httpx.Client, world: World):
    form = {"grant_type": "client_credentials", "scope": "notes:data"}
    machine = httpx.post(f"{world.issuer}/token", data=form, auth=world.machine).json()["access_token"]
    assert "." not in machine
    assert api.get("/data", headers=bearer(machine)).status_code == 200
    refused = api.get("/notes", headers=bearer(machine))
    assert (refused.status_code, 'scope="notes:read"' in challenge(refused)) == (403, True)


@pytest.mark.parametrize("key", ["", "dw_nobody_nothing_000000", "a.b.c", "Bearer x"])
def test_what_is_no_api_key_is_invalid_token(api: httpx.Client, key: str):
    answer = api.get("/data", headers={"X-API-Key": key})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


def test_a_positive_answer_is_remembered_and_no_longer_than_asked_for(world: World):
    from notes.main import app
    from fastapi.testclient import TestClient

    form = {"grant_type": "client_credentials", "scope": "notes:data"}
    machine = httpx.post(f"{world.issuer}/token", data=form, auth=world.machine).json()["access_token"]
    api = app(world.settings())
    checker = api.state.checker
    client = TestClient(api)
    assert client.get("/data", headers=bearer(machine)).status_code == 200
    httpx.post(f"{world.issuer}/revoke", data={"token": machine}, auth=world.machine).raise_for_status()
    assert client.get("/data", headers=bearer(machine)).status_code == 200, "remembered"
    checker._remembered = {name: (time.monotonic(), caller) for name, (_, caller) in checker._remembered.items()}
    assert client.get("/data", headers=bearer(machine)).status_code == 401, "asked again"


def test_a_disabled_user_is_out_at_once_where_the_api_asks(strict: httpx.Client, api: httpx.Client, world: World):
    world.cli("user", "create", "bob", "--password-stdin", "--role", "user", stdin="otter-pavement-eighty\n")
    from conftest import PASSWORDS

    PASSWORDS["bob"] = "otter-pavement-eighty"
    token = world.token("bob")["access_token"]
    assert strict.get("/notes", headers=bearer(token)).status_code == 200
    world.cli("user", "disable", "bob")
    deadline = time.monotonic() + 10  # the command writes beside the server, which hears of it within a second
    while strict.get("/notes", headers=bearer(token)).status_code != 401:
        assert time.monotonic() < deadline
    assert api.get("/notes", headers=bearer(token)).status_code == 200, "a stateless check believes it to its end"


def test_a_banned_user_is_out_at_once_and_can_come_back(strict: httpx.Client, world: World, tokens: dict[str, str]):
    from conftest import PASSWORDS

    PASSWORDS["carol"] = "walnut-ferry-eighty-two"
    world.cli("user", "create", "carol", "--password-stdin", "--role", "user", stdin=f"{PASSWORDS['carol']}\n")
    token = world.token("carol")["access_token"]
    assert strict.get("/notes", headers=bearer(token)).status_code == 200
    admin = bearer(tokens["admin"])
    for _ in range(2):
        assert strict.post("/users/carol/ban", headers=admin).status_code == 204
    assert strict.get("/notes", headers=bearer(token)).status_code == 401
    with pytest.raises(KeyError):  # the sign-in page again, and no way back to the app
        world.token("carol")
    assert strict.delete("/users/carol/ban", headers=admin).status_code == 204
    assert strict.get("/notes", headers=bearer(token)).status_code == 401, "what ended stays ended"
    assert strict.get("/notes", headers=bearer(world.token("carol")["access_token"])).status_code == 200


@pytest.mark.parametrize("user", ["alice%2F..%2Fadmin", "alice?username=admin", "%00", "a" * 300])
def test_no_name_of_a_user_changes_what_is_asked(strict: httpx.Client, tokens: dict[str, str], user: str):
    answer = strict.post(f"/users/{user}/ban", headers=bearer(tokens["admin"]))
    assert answer.status_code in (404, 503), answer.text
    assert strict.get("/notes", headers=bearer(tokens["alice"])).status_code == 200


def test_without_a_client_for_it_nobody_is_banned(world: World, tokens: dict[str, str]):
    from dataclasses import replace

    from fastapi.testclient import TestClient
    from notes.main import app

    powerless = TestClient(app(replace(world.settings(), admin_client_id=None)))
    assert powerless.post("/users/alice/ban", headers=bearer(tokens["admin"])).status_code == 501
    wrong = TestClient(app(replace(world.settings(), admin_client_secret="wrong")))
    assert wrong.post("/users/alice/ban", headers=bearer(tokens["admin"])).status_code == 503


def test_an_api_key_reads_the_figures_until_it_is_revoked(strict: httpx.Client, world: World):
    make = ["api-key", "create", "--user", "mod", "--permission", "notes:data"]
    made = world.cli(*make, "--name", "Figures")
    for headers in ({"X-API-Key": made["key"]}, bearer(made["key"])):
        assert strict.get("/data", headers=headers).status_code == 200
        assert strict.get("/notes", headers=headers).status_code == 403
    world.cli("api-key", "revoke", made["id"])
    deadline = time.monotonic() + 10  # the command writes beside the server, which hears of it within a second
    while strict.get("/data", headers={"X-API-Key": made["key"]}).status_code != 401:
        assert time.monotonic() < deadline


def test_a_key_that_is_bound_to_addresses_works_from_there(api: httpx.Client, world: World):
    make = ["api-key", "create", "--user", "mod", "--permission", "notes:data"]
    here = world.cli(*make, "--name", "Here", "--allow-address", "127.0.0.0/8")["key"]
    elsewhere = world.cli(*make, "--name", "Elsewhere", "--allow-address", "192.0.2.0/24")["key"]
    assert api.get("/data", headers={"X-API-Key": here}).status_code == 200
    assert api.get("/data", headers={"X-API-Key": elsewhere}).status_code == 401


def test_when_the_issuer_is_away_nobody_gets_in(world: World, tokens):
    from dataclasses import replace

    from conftest import free_port
    from fastapi.testclient import TestClient
    from notes.main import app

    away = TestClient(app(replace(world.settings(), issuer=f"http://localhost:{free_port()}")))
    for headers in (bearer(tokens["alice"]), bearer("opaque"), {"X-API-Key": "dw_a_b_c"}):
        answer = away.get("/notes", headers=headers)
        assert (answer.status_code, "www-authenticate" in answer.headers) == (503, False)
        assert int(answer.headers["retry-after"]) > 0
