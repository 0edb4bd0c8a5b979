"""What the emulator's tests share: a client that holds every answer against the contract, and a clock to set."""

from __future__ import annotations

import json
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


def end(**members: Any) -> dict[str, Any]:
    """An ``Endpoint`` that keeps the contract; ``None`` takes a member away."""
    usual = {"db_type": "mysql", "ip": "127.0.0.1", "db_port": 3306, "db_user": "reader", "db_password": "right"}
    return {name: value for name, value in {**usual, **members}.items() if value is not None}


def stored(job: str = JOB, **members: Any) -> dict[str, Any]:
    """A ``ModifyJobReq`` that stores both ends of a job; ``None`` takes a member away."""
    usual = {
        "job_id": job,
        "source_endpoint": end(),
        "target_endpoint": end(ip="127.0.0.2"),
        "node_type": "high",
        "engine_type": "mysql",
        "net_type": "eip",
        "store_db_info": True,
        "job_direction": "up",
        "replace_definer": True,
    }
    return {name: value for name, value in {**usual, **members}.items() if value is not None}


def cluster_end(**members: Any) -> dict[str, Any]:
    """A ``ClusterEndpoint`` that keeps the contract; ``None`` takes a member away."""
    usual = {
        "dbtype": "mysql",
        "nettype": "eip",
        "endpointtype": "so",
        "ip": "127.0.0.1:3306",
        "dbuser": "reader",
        "dbpassword": "right",
        "ssllink": False,
    }
    return {name: value for name, value in {**usual, **members}.items() if value is not None}


def cluster_job(*ends: Mapping[str, Any], job: str = JOB) -> dict[str, str]:
    """An entry of a cluster test."""
    return {"action": "testConnection", "job_id": job, "property": json.dumps(ends)}


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
        method: str = "POST",
        **body: Any,
    ) -> requests.Response:
        """Send a request and check that its answer keeps the contract."""
        world = self.emulator.world
        response = requests.request(
            method,
            f"{self.emulator.url}/v3/{project or world.project_id}/jobs/{operation}".rstrip("/"),
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

    def modify(self, *jobs: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Modify jobs; give the results."""
        return self._results("batch-modification", {"jobs": jobs}, "PUT")

    def precheck(self, *job_ids: str, mode: str = "forStartJob") -> list[dict[str, Any]]:
        """Request the pre-check of jobs; give the results."""
        return self._results("batch-precheck", {"jobs": [{"job_id": each, "precheck_mode": mode} for each in job_ids]})

    def checked(self, *job_ids: str) -> list[dict[str, Any]]:
        """Read the pre-checks of jobs; give the results."""
        return self._results("batch-precheck-result", {"jobs": job_ids})

    def start(self, *jobs: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Start jobs; give the results."""
        return self._results("batch-starting", {"jobs": jobs}, good_status=202)

    def cluster(self, *jobs: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Test connections of cluster jobs; give the results."""
        return self._results("cluster/batch-connection", {"jobs": jobs})

    def details(self, *job_ids: str, **page_req: int) -> list[dict[str, Any]]:
        """Read the details of jobs; give the results."""
        return self._results("batch-detail", {"jobs": job_ids, **({"page_req": page_req} if page_req else {})})

    def list_jobs(self, **filters: Any) -> list[str]:
        """List jobs; give their ids, in the order of the answer."""
        response = self.post("", json={"db_use_type": "migration", **filters})
        assert response.status_code == 200, response.text
        return [job["id"] for job in response.json()["jobs"]]

    def _results(
        self, operation: str, body: Mapping[str, Any], method: str = "POST", good_status: int = 200
    ) -> list[dict[str, Any]]:
        response = self.post(operation, method=method, json=body)
        assert response.status_code == good_status, response.text
        answer = response.json()
        results: list[dict[str, Any]] = answer["results"]
        assert answer["count"] == len(results)
        return results

    def status(self, *job_ids: str) -> list[str]:
        """Poll jobs, all on one page; give their statuses."""
        response = self.post("batch-status", json={"jobs": job_ids, "page_req": {"per_page": 0}})
        assert response.status_code == 200, response.text
        return [result["status"] for result in response.json()["results"]]
