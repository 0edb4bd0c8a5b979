"""The emulator over HTTP: who is let in, and what it answers."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from drs_calls import JOB, Drs, entry, job_id

from airflow_provider_drs.emulator.errors import RefusedError
from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World


def passes(_: Any) -> None:
    """The probe of tests that are not about dialling."""


@pytest.mark.parametrize("headers", [{"X-Auth-Token": None}, {"X-Auth-Token": "stale"}])
@pytest.mark.parametrize("operation", ["batch-connection", "batch-status"])
def test_nobody_gets_in_without_the_token(operation: str, headers: dict[str, str | None]) -> None:
    with Emulator() as emulator:
        response = Drs(emulator).post(operation, headers=headers, json={})
    assert (response.status_code, response.json()["error_code"]) == (403, "DRS.M00100")


def test_another_project_is_refused() -> None:
    with Emulator() as emulator:
        response = Drs(emulator).post("batch-status", project="another", json={"jobs": [JOB]})
    assert (response.status_code, response.json()["error_code"]) == (403, "DRS.M00261")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v3/p/jobs/batch-status"),
        ("POST", "/v3/p/jobs/batch-status/"),
        ("POST", "/v3/p/jobs/batch-creation"),
        ("GET", "/"),
    ],
)
def test_what_is_not_emulated_does_not_exist(method: str, path: str) -> None:
    with Emulator() as emulator:
        response = requests.request(method, emulator.url + path, timeout=30)
    assert (response.status_code, response.json()["error_code"]) == (404, "APIGW.0101")
    assert response.headers["X-Request-Id"]


def test_every_answer_has_a_request_id_of_its_own() -> None:
    with Emulator() as emulator:
        answers = [Drs(emulator).post("batch-status", json={"jobs": [JOB]}) for _ in range(3)]
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 3


def test_a_waiting_client_sees_a_job_become_ready() -> None:
    with Emulator(World(ready_after_polls=1)) as emulator:
        drs = Drs(emulator)
        assert [drs.status(JOB), drs.status(JOB)] == [["CREATING"], ["CONFIGURATION"]]


def test_a_job_can_be_changed_while_the_emulator_runs() -> None:
    with Emulator() as emulator:
        drs = Drs(emulator)
        assert drs.status(JOB) == ["CREATING"]
        emulator.world.set_status(JOB, "CREATE_FAILED")
        assert drs.status(JOB) == ["CREATE_FAILED"]
        emulator.world.set_status(JOB, "A_STATUS_NOBODY_KNOWS")
        assert drs.status(JOB) == ["A_STATUS_NOBODY_KNOWS"]


def test_without_a_page_request_five_jobs_come_back_and_are_counted() -> None:
    jobs = [job_id(n) for n in range(6)]
    with Emulator() as emulator:
        answer = Drs(emulator).post("batch-status", json={"jobs": jobs}).json()
    assert [result["id"] for result in answer["results"]] == jobs[:5]
    assert answer["count"] == 5


def test_a_page_request_is_honoured() -> None:
    jobs = [job_id(n) for n in range(6)]
    with Emulator() as emulator:
        drs = Drs(emulator)
        second = drs.post("batch-status", json={"jobs": jobs, "page_req": {"cur_page": 2, "per_page": 4.0}})
        beyond = drs.post("batch-status", json={"jobs": jobs, "page_req": {"cur_page": 3, "per_page": 4}})
        too_large = drs.post("batch-status", json={"jobs": jobs, "page_req": {"per_page": 101}})
    assert [result["id"] for result in second.json()["results"]] == jobs[4:]
    assert (beyond.status_code, beyond.json()["error_code"]) == (400, "DRS.M00211")
    assert (too_large.status_code, too_large.json()["error_code"]) == (400, "DRS.M00202")


def test_a_job_named_twice_in_a_status_call_is_refused() -> None:
    with Emulator() as emulator:
        drs = Drs(emulator)
        twice = drs.post("batch-status", json={"jobs": [JOB, JOB]})
        twice_and_malformed = drs.post("batch-status", json={"jobs": ["job", "job"]})
    assert (twice.status_code, twice.json()["error_code"]) == (400, "DRS.M00301")
    assert (twice_and_malformed.status_code, twice_and_malformed.json()["error_code"]) == (400, "DRS.M00202")


def test_a_status_call_with_absent_jobs_is_refused_and_names_the_culprits() -> None:
    world = World(any_job=False)
    world.add_job(JOB)
    world.add_job(job_id(2))
    world.delete(job_id(2))
    with Emulator(world) as emulator:
        response = Drs(emulator).post("batch-status", json={"jobs": [JOB, job_id(2), job_id(3)]})
    assert response.status_code == 400
    answer = response.json()
    assert [(result["id"], result["error_code"]) for result in answer["results"]] == [
        (job_id(2), "DRS.M05004"),
        (job_id(3), "DRS.M00289"),
    ]
    assert all(result["error_message"] for result in answer["results"])
    assert answer["count"] == 2


def test_a_good_connection_passes_without_any_error_member() -> None:
    with Emulator(World(ready_after_polls=0), probe=passes) as emulator:
        assert Drs(emulator).connect(entry()) == [{"id": JOB, "status": "success", "success": True}]


def test_each_entry_of_a_connection_test_has_its_own_result_in_its_own_place() -> None:
    world = World(any_job=False)
    for number in range(4):
        world.add_job(job_id(number), "CONFIGURATION")
    world.set_status(job_id(1), "CREATING")
    world.delete(job_id(2))

    def right_password_only(tested: Any) -> None:
        if tested["db_password"] != "right":
            raise RefusedError("DRS.KE0002", "wrong password")

    entries = [entry(id=job_id(number)) for number in (3, 0, 1, 2, 9)]
    entries[0]["db_password"] = "wrong"
    with Emulator(world, probe=right_password_only) as emulator:
        results = Drs(emulator).connect(*entries)
    assert [result["id"] for result in results] == [tested["id"] for tested in entries]
    codes = [result.get("error_code") for result in results]
    assert codes == ["DRS.KE0002", None, "DRS.M00304", "DRS.M05004", "DRS.M00289"]
    for result in results[:1] + results[2:]:
        assert (result["status"], result["success"]) == ("failed", False)
        assert result["error_msg"]


def test_a_job_that_may_not_be_tested_is_not_dialled() -> None:
    dialled: list[Any] = []
    with Emulator(probe=dialled.append) as emulator:
        Drs(emulator).connect(entry())
    assert dialled == []


def test_all_entries_of_a_call_are_dialled_side_by_side() -> None:
    together = threading.Barrier(10, timeout=20)

    def meets_the_others(_: Any) -> None:
        together.wait()

    with Emulator(World(ready_after_polls=0), probe=meets_the_others) as emulator:
        results = Drs(emulator).connect(*(entry(id=job_id(number)) for number in range(10)))
    assert all(result["success"] for result in results)


def test_a_slow_dial_holds_up_no_other_call() -> None:
    dialling, answered = threading.Event(), threading.Event()

    def waits(_: Any) -> None:
        dialling.set()
        assert answered.wait(20)

    with Emulator(World(ready_after_polls=0), probe=waits) as emulator, ThreadPoolExecutor(1) as pool:
        drs = Drs(emulator)
        slow = pool.submit(drs.connect, entry())
        assert dialling.wait(20)
        assert drs.status(JOB) == ["CONFIGURATION"]
        answered.set()
        assert slow.result()[0]["success"]


def test_a_fault_of_the_emulator_itself_is_an_answer_too(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Airflow 3.2 keeps from the root logger what uvicorn tells
    monkeypatch.setattr(logging.getLogger("uvicorn.error"), "propagate", True)

    def breaks(_: Any) -> None:
        raise ZeroDivisionError

    with Emulator(World(ready_after_polls=0), probe=breaks) as emulator:
        response = Drs(emulator).post("batch-connection", json={"jobs": [entry()]})
    assert (response.status_code, response.json()["error_code"]) == (500, "DRS.M00004")
    assert "ZeroDivisionError" in caplog.text


def test_a_test_can_read_what_was_called() -> None:
    with Emulator(World(ready_after_polls=0), probe=passes) as emulator:
        drs = Drs(emulator)
        drs.status(JOB, job_id(2))
        drs.connect(entry(), entry(end_point_type="ta"))
        drs.post("batch-status", headers={"X-Auth-Token": "stale"}, json={"jobs": [JOB]})
    calls = [(call.operation, call.job_ids, call.entries) for call in emulator.world.calls]
    assert calls == [("batch-status", (JOB, job_id(2)), 2), ("batch-connection", (JOB, JOB), 2)]


def test_the_log_has_one_line_for_each_call(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "airflow_provider_drs.emulator")
    with Emulator(World(ready_after_polls=0), probe=passes) as emulator:
        drs = Drs(emulator)
        drs.status(JOB)
        drs.connect(entry(), entry(id=job_id(2), end_point_type="ta"))
        drs.post("batch-status", json={"jobs": []})
    assert [record.getMessage() for record in caplog.records] == [
        f"batch-status: {JOB} CONFIGURATION",
        f"batch-connection: {JOB} so 127.0.0.1 port 5432 passed, {job_id(2)} ta 127.0.0.1 port 5432 passed",
        "refused: DRS.M00202: jobs: must hold at least 1 item",
    ]
