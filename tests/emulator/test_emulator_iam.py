"""Who is let in: users that log in at IAM, tokens that end, and access keys that sign."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from drs_calls import JOB, Clock
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

from airflow_provider_drs.api.auth import AkSkAuth
from airflow_provider_drs.api.errors import DrsCredentialError
from airflow_provider_drs.emulator import contract
from airflow_provider_drs.emulator.accounts import LOCK_AFTER, LOCK_SECONDS, Accounts
from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World

CANARY = "canary-7d1f-canary"


class Cloud:
    """An emulator with a clock, and a caller that holds every answer against the contract."""

    def __init__(self, emulator: Emulator, clock: Clock) -> None:
        self.emulator = emulator
        self.clock = clock
        self.accounts = emulator.world.accounts

    def call(self, method: str, path: str, **request: Any) -> requests.Response:
        url = self.emulator.url + path
        response = requests.request(method, url, timeout=10, **request)
        sent = RequestsOpenAPIRequest(requests.Request(method, url, **request))
        contract.load().validate_response(sent, RequestsOpenAPIResponse(response))
        return response

    def log_in(self, **changes: Any) -> requests.Response:
        user = {"name": self.accounts.user, "password": self.accounts.password, **changes}
        user["domain"] = {"name": self.accounts.domain}
        identity = {"methods": ["password"], "password": {"user": user}}
        scope = {"project": {"id": self.emulator.world.project_id}}
        body = {"auth": {"identity": identity, "scope": scope}}
        return self.call("POST", "/v3/auth/tokens", json=body)

    def status(self, **proof: Any) -> requests.Response:
        path = f"/v3/{self.emulator.world.project_id}/jobs/batch-status"
        return self.call("POST", path, json={"jobs": [JOB]}, **proof)

    def signed(self, secret_key: str) -> AkSkAuth:
        return AkSkAuth(self.accounts.access_key, secret_key, clock=self.clock)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    clock = Clock()
    clock.now = time.time()  # the answers are dated, and the signer looks at that
    with Emulator(World(accounts=Accounts(password=CANARY, clock=clock))) as emulator:
        yield Cloud(emulator, clock)


def code(response: requests.Response) -> str:
    actual: str = response.json()["error_code"]
    return actual


def test_a_user_gets_a_token_that_opens_drs_until_it_ends(cloud):
    answer = cloud.log_in()
    token = {"X-Auth-Token": answer.headers["X-Subject-Token"]}

    assert answer.status_code == 201
    assert CANARY not in answer.text
    assert cloud.status(headers=token).status_code == 200
    cloud.clock.now += cloud.accounts.lifetime
    assert code(cloud.status(headers=token)) == "APIGW.0307"


def test_a_token_can_be_ended_on_demand_and_others_stay(cloud):
    first, second = ({"X-Auth-Token": cloud.log_in().headers["X-Subject-Token"]} for _ in range(2))

    cloud.accounts.expire(first["X-Auth-Token"])

    assert code(cloud.status(headers=first)) == "APIGW.0307"
    assert cloud.status(headers=second).status_code == 200


@pytest.mark.parametrize("changes", [{"password": "wrong"}, {"name": "nobody"}])
def test_a_wrong_login_is_refused_as_iam_does_it(cloud, changes):
    answer = cloud.log_in(**changes)

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == 401
    assert cloud.accounts.issued == []


def test_the_project_of_a_region_is_found_and_of_another_is_not(cloud):
    token = {"X-Auth-Token": cloud.emulator.world.token}

    actual = cloud.call("GET", "/v3/projects", params={"name": cloud.accounts.region}, headers=token)
    none = cloud.call("GET", "/v3/projects", params={"name": "elsewhere-1"}, headers=token)

    assert [project["id"] for project in actual.json()["projects"]] == [cloud.emulator.world.project_id]
    assert none.json()["projects"] == []


def test_a_right_signature_is_let_in_and_a_wrong_one_is_not(cloud):
    assert cloud.status(auth=cloud.signed(cloud.accounts.secret_key)).status_code == 200
    assert code(cloud.status(auth=cloud.signed("another-key"))) == "APIGW.0301"


def test_a_signature_of_a_wrong_time_is_refused(cloud):
    late = AkSkAuth(cloud.accounts.access_key, cloud.accounts.secret_key, clock=lambda: cloud.clock.now - 3600)

    with pytest.raises(DrsCredentialError, match="60 minutes behind"):
        cloud.status(auth=late)


def test_five_bad_signatures_in_a_row_lock_the_key_for_five_minutes(cloud):
    good, bad = cloud.signed(cloud.accounts.secret_key), cloud.signed("another-key")
    for _ in range(LOCK_AFTER):
        cloud.status(auth=bad)

    assert code(cloud.status(auth=good)) == "APIGW.0301"
    cloud.clock.now += LOCK_SECONDS
    assert cloud.status(auth=good).status_code == 200


def test_a_good_signature_in_between_keeps_the_key_open(cloud):
    good, bad = cloud.signed(cloud.accounts.secret_key), cloud.signed("another-key")
    for _ in range(LOCK_AFTER):
        cloud.status(auth=bad)
        assert cloud.status(auth=good).status_code == 200


def test_the_jobs_can_be_listed_by_who_is_let_in(cloud):
    path = f"/v3/{cloud.emulator.world.project_id}/jobs"
    body = {"cur_page": 1, "per_page": 1, "db_use_type": "migration"}

    let_in = cloud.call("POST", path, json=body, headers={"X-Auth-Token": cloud.emulator.world.token})
    not_let_in = cloud.call("POST", path, json=body, headers={"X-Auth-Token": "wrong"})

    assert let_in.status_code == 200
    assert code(not_let_in) == "DRS.M00100"


def test_a_login_that_breaks_the_contract_is_refused_without_repeating_it(cloud):
    answer = cloud.call("POST", "/v3/auth/tokens", json={"auth": {"password": CANARY}})

    assert answer.status_code == 400
    assert CANARY not in answer.text
