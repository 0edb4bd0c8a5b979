"""A start: when it is accepted, how the job moves then, and that every request of it is counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from drs_calls import JOB, Clock, Drs, end, entry, job_id, stored

from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World


def serve(world: World) -> Emulator:
    return Emulator(world, probe=lambda _: None)


@pytest.fixture
def drs() -> Iterator[Drs]:
    with serve(World(ready_after_polls=1)) as emulator:
        yield Drs(emulator)


def have(world: World, **facts: Any) -> None:
    """Have a job in ``CONFIGURATION`` whose pre-check passed."""
    world.add_job(JOB, "CONFIGURATION", **facts)
    world.finish_precheck(JOB)


def refusal(drs: Drs) -> str | None:
    (result,) = drs.start({"job_id": JOB})
    assert result["status"] == ("failed" if "error_code" in result else "success")
    code: str | None = result.get("error_code")
    return code


def statuses(drs: Drs, times: int) -> list[str]:
    return [drs.status(JOB)[0] for _ in range(times)]


def test_the_whole_gate_in_its_order() -> None:
    with serve(World(ready_after_polls=0)) as emulator:
        drs = Drs(emulator)
        assert refusal(drs) == "DRS.M01501"
        drs.connect(entry(), entry(end_point_type="ta"))
        drs.modify(stored())
        assert refusal(drs) == "DRS.M01501"
        drs.precheck(JOB)
        assert drs.start({"job_id": JOB}) == [{"id": JOB, "status": "success"}]
        assert drs.status(JOB) == ["INCRE_TRANSFER_STARTED"]


def test_a_check_that_failed_or_still_runs_starts_nothing(drs: Drs) -> None:
    world = drs.emulator.world
    have(world, precheck={"items": [{"item": "dstDbDiskSize", "result": "FAILED"}]})
    assert refusal(drs) == "DRS.M01501"
    have(world)
    for side in ("source", "target"):
        world.change_stored(JOB, side, **end())
    drs.precheck(JOB)
    assert refusal(drs) == "DRS.M01501"


@pytest.mark.parametrize(
    ("task_type", "last"),
    [
        ("FULL_TRANS", ["FULL_TRANSFER_STARTED", "FULL_TRANSFER_COMPLETE", "FULL_TRANSFER_COMPLETE"]),
        ("FULL_INCR_TRANS", ["FULL_TRANSFER_STARTED", "FULL_TRANSFER_COMPLETE", "INCRE_TRANSFER_STARTED"]),
        ("INCR_TRANS", ["INCRE_TRANSFER_STARTED"] * 3),
    ],
)
def test_the_status_stays_for_a_while_and_moves_then_as_the_task_type_wants(
    drs: Drs, task_type: str, last: list[str]
) -> None:
    have(drs.emulator.world, task_type=task_type)
    assert refusal(drs) is None
    assert statuses(drs, 5) == ["CONFIGURATION", "STARTJOBING", *last]


def test_it_moves_with_the_time_as_well() -> None:
    clock = Clock()
    world = World(ready_after_seconds=10, clock=clock)
    have(world)
    with serve(world) as emulator:
        drs = Drs(emulator)
        drs.start({"job_id": JOB})
        clock.now += 9
        assert drs.status(JOB) == ["CONFIGURATION"]
        clock.now += 16
        assert drs.status(JOB) == ["FULL_TRANSFER_STARTED"]
        clock.now += 6
        assert drs.status(JOB) == ["FULL_TRANSFER_COMPLETE"]


def test_a_start_may_fail_after_it_was_accepted(drs: Drs) -> None:
    have(drs.emulator.world, start_fails=True)
    assert refusal(drs) is None
    assert statuses(drs, 4) == ["CONFIGURATION", "STARTJOBING", "START_JOB_FAILED", "START_JOB_FAILED"]


def test_a_second_start_is_refused_and_counted(drs: Drs) -> None:
    have(drs.emulator.world)
    assert refusal(drs) is None
    assert refusal(drs) == "DRS.M01504"
    statuses(drs, 2)
    assert refusal(drs) == "DRS.M00304"
    assert drs.emulator.world.job(JOB).starts == 3


def test_a_start_at_a_time_waits_for_it() -> None:
    clock = Clock()
    world = World(ready_after_polls=1, clock=clock)
    have(world)
    with serve(world) as emulator:
        drs = Drs(emulator)
        at = int(drs.details(JOB)[0]["update_time"]) + 600_000
        drs.start({"job_id": JOB, "start_time": str(at)})
        assert statuses(drs, 4) == ["CONFIGURATION"] + ["WAITING_FOR_START"] * 3
        clock.now += 601
        assert statuses(drs, 2) == ["STARTJOBING", "FULL_TRANSFER_STARTED"]


@pytest.mark.parametrize("start_time", ["", "0", "1", "soon"])
def test_a_time_in_the_past_or_within_five_minutes_means_at_once(drs: Drs, start_time: str) -> None:
    have(drs.emulator.world)
    soon = str(int(drs.details(JOB)[0]["update_time"]) + 200_000)
    drs.start({"job_id": JOB, "start_time": start_time.replace("soon", soon)})
    assert statuses(drs, 2) == ["CONFIGURATION", "STARTJOBING"]


def test_a_prepaid_job_is_ordered_by_its_start(drs: Drs) -> None:
    have(drs.emulator.world, prepaid=True)
    assert drs.details(JOB)[0]["period_order"]["status"] == "UNORDERED"
    (result,) = drs.start({"job_id": JOB})
    order = drs.details(JOB)[0]["period_order"]
    assert result["order_id"]
    assert (order["status"], order["order_id"]) == ("COMPLETED", result["order_id"])


def test_a_refused_start_orders_nothing(drs: Drs) -> None:
    drs.emulator.world.add_job(JOB, "CONFIGURATION", prepaid=True)
    assert "order_id" not in drs.start({"job_id": JOB})[0]
    assert drs.details(JOB)[0]["period_order"]["status"] == "UNORDERED"


def test_jobs_that_cannot_be_started_fail_by_themselves() -> None:
    world = World(any_job=False)
    have(world)
    world.add_job(job_id(2))
    world.add_job(job_id(3), "CONFIGURATION", role="parent")
    with serve(world) as emulator:
        results = Drs(emulator).start(*({"job_id": job} for job in (JOB, job_id(2), job_id(3), job_id(4))))
    assert [result.get("error_code") for result in results] == [None, "DRS.M00304", "DRS.M00307", "DRS.M00289"]


def test_a_backward_child_is_started_once_its_forward_child_runs(drs: Drs) -> None:
    world = drs.emulator.world
    world.add_job(job_id(1), "CONFIGURATION")
    world.add_job(JOB, "CONFIGURATION", role="backward", forward=job_id(1))
    world.finish_precheck(JOB)
    assert refusal(drs) == "DRS.M00304"
    world.set_status(job_id(1), "INCRE_TRANSFER_STARTED")
    assert refusal(drs) is None


@pytest.mark.parametrize("members", [{"start_time": 1}, {"start_time": "soon"}, {"now": True}])
def test_a_start_is_checked_against_the_contract(drs: Drs, members: dict[str, Any]) -> None:
    response = drs.post("batch-starting", json={"jobs": [{"job_id": JOB, **members}]})
    assert (response.status_code, response.json()["error_code"]) == (400, "DRS.M00202")
