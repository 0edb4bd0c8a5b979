"""The identity of a server or a pod: its keys are fetched once for all threads, and renewed ahead of their end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from samples import endpoint, job_id
from virtual_time import VirtualTime

from airflow_provider_drs.api.auth import IdentityAuth, Metadata, PodIdentity, tokens
from airflow_provider_drs.api.auth.iam import Iam
from airflow_provider_drs.api.auth.identity import KEY_MARGIN
from airflow_provider_drs.api.auth.tokens import RENEWAL_COOLDOWN
from airflow_provider_drs.api.batch import run_tests
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.errors import DrsCredentialError, DrsUnreachableError
from airflow_provider_drs.emulator.accounts import Accounts
from airflow_provider_drs.emulator.faults import Fault
from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World

ENDPOINTS = parse_endpoints([endpoint(number) for number in range(30)])
LIFETIME = 86_400


class Clock:
    def __init__(self) -> None:
        self.now = float(int(time.time()))

    def __call__(self) -> float:
        return self.now


class Cloud:
    """An emulator whose clock stands still, and the identities that it serves."""

    def __init__(self, kind: str, folder: Path, probe: Callable[[Any], None] = lambda _: None) -> None:
        self.clock = Clock()
        self.world = World(ready_after_polls=0, accounts=Accounts(clock=self.clock))
        self.emulator = Emulator(self.world, probe=probe)
        self.token_file = folder / "token"
        self.token_file.write_text(f"{self.world.identities.facts.pod_token}\n")
        self._kind = kind

    def service(self) -> Metadata | PodIdentity:
        if self._kind == "agency":
            return Metadata(self.emulator.url, max_attempts=1)
        environ = {
            "HC_CONTAINER_CREDENTIALS_FULL_URI": f"{self.emulator.url}/v1/credentials",
            "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(self.token_file),
        }
        return PodIdentity(environ, max_attempts=1)

    def client(self) -> DrsClient:
        auth = IdentityAuth(self.service(), clock=self.clock)
        return DrsClient(self.emulator.url, self.world.project_id, auth, pacer=VirtualTime().pacer())

    def ask(self) -> object:
        with self.client() as drs:
            return drs.job_statuses([job_id(1)])

    @property
    def fetched(self) -> int:
        return len(self.world.accounts.keys)


@pytest.fixture(autouse=True)
def no_key_of_another_test(monkeypatch):
    """Empty the cache: its key is a URL, and two tests may get the same port."""
    monkeypatch.setattr(tokens, "_shared", {})


@pytest.fixture(params=["agency", "pod"])
def cloud(request, tmp_path) -> Iterator[Cloud]:
    cloud = Cloud(request.param, tmp_path)
    with cloud.emulator:
        yield cloud


def test_the_service_accepts_the_key_and_iam_tells_the_project(cloud):
    assert cloud.ask() == {job_id(1): "CONFIGURATION"}
    auth = IdentityAuth(cloud.service(), clock=cloud.clock)

    assert Iam(cloud.emulator.url).project_id("emulator-1", auth.authenticated) == cloud.world.project_id
    assert cloud.fetched == 1, "all clients of the process share the key"


def test_a_key_is_replaced_40_minutes_before_its_end(cloud):
    assert KEY_MARGIN == 40 * 60
    for wait, fetched in [(0, 1), (LIFETIME - KEY_MARGIN - 1, 1), (1, 2)]:
        cloud.clock.now += wait
        cloud.ask()
        assert cloud.fetched == fetched


def test_a_key_that_has_less_than_40_minutes_left_is_used_for_a_minute(cloud):
    cloud.world.identities.facts.lifetime = KEY_MARGIN
    for wait, fetched in [(0, 1), (RENEWAL_COOLDOWN - 1, 1), (1, 2)]:
        cloud.clock.now += wait
        cloud.ask()
        assert cloud.fetched == fetched


def test_a_refused_key_is_renewed_once_and_the_call_repeated(cloud):
    cloud.ask()
    cloud.world.accounts.expire_keys()

    assert cloud.ask() == {job_id(1): "CONFIGURATION"}
    assert cloud.fetched == 2


def test_a_new_key_that_is_refused_is_not_renewed_for_a_minute(cloud):
    cloud.ask()
    cloud.world.accounts.expire_keys()
    cloud.ask()
    cloud.world.accounts.expire_keys()
    for _ in range(3):
        with pytest.raises(DrsCredentialError):
            cloud.ask()

    assert cloud.fetched == 2
    cloud.clock.now += RENEWAL_COOLDOWN
    assert cloud.ask() == {job_id(1): "CONFIGURATION"}


def test_a_key_is_used_while_its_service_is_down_and_until_its_end(cloud):
    cloud.ask()
    cloud.world.faults.order(Fault("unavailable", "securitykey", status=500, times=99))
    cloud.world.faults.order(Fault("unavailable", "credentials", times=99))
    cloud.clock.now += LIFETIME - 1

    assert cloud.ask() == {job_id(1): "CONFIGURATION"}


@pytest.mark.parametrize("kind", ["agency", "pod"])
@pytest.mark.parametrize("end", ["by the clock", "by the service"])
def test_a_key_that_ends_during_30_calls_on_8_threads_is_fetched_once_and_every_verdict_arrives(tmp_path, kind, end):
    tested = 0
    lock = Lock()

    def end_the_key_at_the_twelfth(_: object) -> None:
        nonlocal tested
        with lock:
            tested += 1
            if tested == 12 and end == "by the clock":
                own.clock.now += LIFETIME
            elif tested == 12:
                own.world.accounts.expire_keys()

    own = Cloud(kind, tmp_path, end_the_key_at_the_twelfth)
    with own.emulator, own.client() as drs:
        report = run_tests(drs, ENDPOINTS, batch_size=1, max_concurrency=8)

    assert own.fetched == 2
    assert [verdict.passed for verdict in report.endpoints] == [True] * 30


def test_a_run_where_no_key_is_given_asks_once_and_reports_every_endpoint(cloud):
    cloud.world.identities.facts.agency = False
    cloud.token_file.write_text("another-token")
    with cloud.client() as drs:
        report = run_tests(drs, ENDPOINTS, batch_size=1, max_concurrency=8)

    assert {(verdict.text, verdict.attempts) for verdict in report.failed} == {(report.failed[0].text, 0)}
    assert len(report.failed) == 30
    cloud.world.identities.facts.agency = True
    cloud.token_file.write_text(cloud.world.identities.facts.pod_token)
    with pytest.raises(DrsCredentialError):
        cloud.ask()
    cloud.clock.now += RENEWAL_COOLDOWN
    assert cloud.ask() == {job_id(1): "CONFIGURATION"}


def test_no_service_is_asked_once_a_minute_too(cloud):
    client = cloud.client()
    cloud.emulator.__exit__(None, None, None)
    with client as drs:
        report = run_tests(drs, ENDPOINTS, batch_size=1, max_concurrency=8)

    assert {type(error) for error in report.errors} == {DrsUnreachableError}
    assert cloud.fetched == 0
