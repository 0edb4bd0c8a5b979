"""What the emulator's tests share: a client that holds every answer against the contract, and a clock to set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

from airflow_provider_drs.emulator import contract
from airflow_provider_drs.emulator.server import Emulator


def job_id(number: int) -> str:
    return f"11111111-2222-4333-8444-5555555jb{number:03}"


JOB = job_id(101)


def entry(**members: Any) -> dict[str, Any]:
    """An entry that keeps the contract; ``None`` takes a member away."""
    usual = {
        "id": JOB,
        "net_type": "eip",
        "db_type": "postgresql",
        "ip": "127.0.0.1",
        "db_port": 5432,
        "db_user": "reader",
        "db_password": "right",
        "end_point_type": "so",
    }
    return {name: value for name, value in {**usual, **members}.items() if value is not None}


class Clock:
    """Stands still until a test moves it."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Drs:
    """Calls a running emulator as a well-behaved client would."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def post(
        self,
        operation: str,
        *,
        headers: Mapping[str, str | None] | None = None,
        project: str | None = None,
        **body: Any,
    ) -> requests.Response:
        """Send a request and check that its answer keeps the contract."""
        world = self.emulator.world
        response = requests.post(
            f"{self.emulator.url}/v3/{project or world.project_id}/jobs/{operation}",
            headers={"X-Auth-Token": world.token, **(headers or {})},
            timeout=30,
            **body,
        )
        contract.load().validate_response(RequestsOpenAPIRequest(response.request), RequestsOpenAPIResponse(response))
        assert response.headers["X-Request-Id"]
        return response

    def connect(self, *entries: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Test connections; give the results."""
        response = self.post("batch-connection", json={"jobs": entries})
        assert response.status_code == 200, response.text
        answer = response.json()
        assert answer["count"] == len(answer["results"]) == len(entries)
        results: list[dict[str, Any]] = answer["results"]
        return results

    def status(self, *job_ids: str) -> list[str]:
        """Poll jobs, all on one page; give their statuses."""
        response = self.post("batch-status", json={"jobs": job_ids, "page_req": {"per_page": 0}})
        assert response.status_code == 200, response.text
        return [result["status"] for result in response.json()["results"]]
