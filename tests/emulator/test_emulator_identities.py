"""What the emulator gives a server and a pod for their identity, and when it gives nothing."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from drs_calls import Clock
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

from airflow_provider_drs.emulator import contract
from airflow_provider_drs.emulator.accounts import Accounts
from airflow_provider_drs.emulator.faults import Fault
from airflow_provider_drs.emulator.identities import IdentityFacts
from airflow_provider_drs.emulator.scenario import ScenarioError, load_world
from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "emulator.md").read_text(encoding="utf-8")


class Server:
    """A server or a pod, whose requests are held against the contract, answers included."""

    def __init__(self, emulator: Emulator, clock: Clock) -> None:
        self.emulator, self.clock = emulator, clock
        self.facts = emulator.world.identities.facts

    def call(self, method: str, path: str, **request: Any) -> requests.Response:
        response = requests.request(method, self.emulator.url + path, timeout=10, **request)
        sent = RequestsOpenAPIRequest(requests.Request(method, self.emulator.url + path, **request))
        contract.load().validate_response(sent, RequestsOpenAPIResponse(response))
        return response

    def token(self, seconds: object = 60) -> requests.Response:
        headers = {"X-Metadata-Token-Ttl-Seconds": str(seconds)}
        return self.call("PUT", "/meta-data/latest/api/token", headers=headers)

    def key(self, token: str | None = None) -> requests.Response:
        headers = {"X-Metadata-Token": token} if token else {}
        return self.call("GET", "/openstack/latest/securitykey", headers=headers)

    def pod(self, token: str) -> requests.Response:
        return self.call("POST", "/v1/credentials", headers={"Authorization": token}, json={})


@pytest.fixture
def server() -> Iterator[Server]:
    clock = Clock()
    clock.now = time.time()
    with Emulator(World(accounts=Accounts(clock=clock))) as emulator:
        yield Server(emulator, clock)


def test_each_version_is_served_as_it_is_ordered(server):
    got = {}
    for metadata in ("optional", "required", "version 1", "none"):
        server.facts.metadata = metadata
        token = server.token()
        with_token = server.key(token.text).status_code if token.ok else None
        got[metadata] = (token.status_code, server.key().status_code, with_token)

    assert got == {
        "optional": (200, 200, 200),
        "required": (200, 401, 200),
        "version 1": (404, 200, None),
        "none": (404, 404, None),
    }


def test_a_token_ends_after_its_seconds_or_at_once(server):
    token = server.token(60).text
    server.clock.now += 59
    assert server.key(token).ok
    server.clock.now += 1
    assert server.key(token).status_code == 401
    token = server.token().text
    server.emulator.world.identities.expire_tokens()
    assert server.key(token).status_code == 401


@pytest.mark.parametrize("seconds", [0, 21601, "soon", ""])
def test_a_token_lives_for_six_hours_at_most(server, seconds):
    assert server.token(seconds).status_code == 400


def test_a_server_without_an_agency_is_told_so_in_words(server):
    server.facts.agency = False

    assert (server.key().status_code, server.key().text) == (401, "Please configure Cloud Service Agency first")


def test_a_pod_needs_its_token(server):
    assert server.pod("another").status_code == 401
    assert server.pod(server.facts.pod_token).json()["credentials"].keys() == {
        *("accessKeyId", "secretAccessKey", "securityToken", "expiration")
    }


def test_keys_differ_and_no_log_has_a_secret(server, caplog):
    caplog.set_level("INFO")
    first, second = server.key().json()["credential"], server.pod(server.facts.pod_token).json()["credentials"]

    assert first["access"] != second["accessKeyId"]
    assert "securitykey: " in caplog.text
    for secret in (first["secret"], first["securitytoken"], second["secretAccessKey"], server.facts.pod_token):
        assert secret not in caplog.text
    assert first["secret"] not in repr(server.emulator.world.accounts.keys)


@pytest.mark.parametrize(("kind", "status"), [("unavailable", 503), ("throttled", 429), ("short", 200), ("slow", 200)])
def test_the_token_may_meet_a_fault(server, kind, status):
    server.emulator.world.faults.order(Fault(kind, operation="token", seconds=0))
    headers = {"X-Metadata-Token-Ttl-Seconds": "60"}
    url = f"{server.emulator.url}/meta-data/latest/api/token"

    assert requests.put(url, headers=headers, timeout=10).status_code == status
    assert server.key(server.token().text).ok


def test_a_scenario_says_what_the_identity_is():
    world = load_world({"identity": {"metadata": "required", "agency": False, "lifetime": 60}})

    assert world.identities.facts == IdentityFacts(metadata="required", agency=False, lifetime=60)
    assert load_world({}).identities.facts == IdentityFacts()


@pytest.mark.parametrize("member", [{"metadata": "v3"}, {"agency": "x"}, {"lifetime": float("nan")}, {"x": 1}])
def test_a_mistake_in_it_is_named(member):
    with pytest.raises(ScenarioError, match=rf"identity\.{next(iter(member))}: "):
        load_world({"identity": member})


def test_the_guide_names_each_fact_with_its_default():
    table = GUIDE.partition("| member of `identity` |")[2].partition("\n\n")[0]
    for name, field in IdentityFacts.model_fields.items():
        (row,) = [line for line in table.splitlines() if line.startswith(f"| `{name}` |")]
        assert json.dumps(field.default).strip('"') in row
    (shown,) = re.findall(r"^identity: .*$", GUIDE, re.MULTILINE)
    assert load_world(yaml.safe_load(shown)).identities.facts.lifetime == 3600
