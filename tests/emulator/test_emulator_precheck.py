"""A pre-check: when it may be requested, how it goes on, what it finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from drs_calls import JOB, Clock, Drs, end, entry, job_id, stored

from airflow_provider_drs.emulator.errors import RefusedError
from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World

ALARM = {"item": "srcCollHasTtlIndex", "result": "ALARM", "failed_reason": "SRC_HAS_TTL_INDEXES"}
FAILED = {
    "item": "dstDbDiskSize",
    "group": "db_disk_size",
    "result": "FAILED",
    "failed_reason": "DST_DB_DISK_SIZE_NOT_ENOUGH",
    "data": "{}",
    "raw_error_msg": "no space left",
}


def right_password_only(tested: Any) -> None:
    if tested["db_password"] != "right":
        raise RefusedError("DRS.KE0002", f"{tested['ip']} refuses")


@pytest.fixture
def world() -> World:
    return World(ready_after_polls=0)


@pytest.fixture
def drs(world: World) -> Iterator[Drs]:
    with Emulator(world, probe=right_password_only) as emulator:
        yield Drs(emulator)


def have(world: World, **precheck: Any) -> None:
    """Have a job in ``CONFIGURATION`` whose ends are stored."""
    world.add_job(JOB, "CONFIGURATION", precheck=precheck)
    world.change_stored(JOB, "source", **end())
    world.change_stored(JOB, "target", **end(ip="127.0.0.2"))


def refusal(drs: Drs, mode: str = "forStartJob") -> str | None:
    (result,) = drs.precheck(JOB, mode=mode)
    assert result["status"] == ("failed" if "error_code" in result else "success")
    code: str | None = result.get("error_code")
    return code


def items(result: dict[str, Any]) -> dict[str, str | None]:
    return {item["item"]: item.get("result") for item in result["precheck_result"]}


def test_it_is_accepted_once_both_ends_are_tested_and_stored(drs: Drs) -> None:
    assert refusal(drs) == "DRS.M01501"
    drs.connect(entry(), entry(end_point_type="ta"))
    assert refusal(drs) == "DRS.M01501"
    drs.modify(stored())
    assert drs.precheck(JOB) == [{"id": JOB, "status": "success", "precheck_id": JOB}]


def test_without_an_order_every_item_passes(world: World, drs: Drs) -> None:
    have(world)
    drs.precheck(JOB)
    (result,) = drs.checked(JOB)
    assert (result["process"], result["total_passed_rate"], result["result"]) == ("100%", "100%", True)
    assert (result["precheck_id"], result["job_direction"]) == (JOB, "up")
    assert set(items(result).values()) == {"PASSED"}
    assert {"srcDbConnection", "dstDbConnection"} < items(result).keys()


def test_items_are_as_ordered(world: World, drs: Drs) -> None:
    have(world, items=[ALARM, FAILED])
    drs.precheck(JOB)
    (result,) = drs.checked(JOB)
    assert (result["process"], result["total_passed_rate"], result["result"]) == ("100%", "87%", False)
    by_name = {item["item"]: item for item in result["precheck_result"]}
    assert by_name["dstDbDiskSize"] == FAILED
    assert by_name["srcCollHasTtlIndex"] == {**ALARM, "group": "db_params"}
    assert by_name["srcDbVersionSupport"] == {"item": "srcDbVersionSupport", "result": "PASSED", "group": "db_version"}


def test_an_alarm_counts_as_passed(world: World, drs: Drs) -> None:
    have(world, items=[ALARM])
    drs.precheck(JOB)
    (result,) = drs.checked(JOB)
    assert (result["total_passed_rate"], result["result"]) == ("100%", True)


def test_it_goes_on_with_each_read_and_shows_items_before_they_have_a_verdict(world: World, drs: Drs) -> None:
    have(world, ready_after_polls=3)
    drs.precheck(JOB)
    results = [drs.checked(JOB)[0] for _ in range(4)]
    assert [result["process"] for result in results] == ["0%", "33%", "66%", "100%"]
    assert [result["result"] for result in results] == [False, False, False, True]
    assert ["total_passed_rate" in result for result in results] == [False, False, False, True]
    assert "precheck_result" not in results[0]
    assert list(items(results[1]).values()) == ["PASSED", "PASSED", "", None, None, None, None]


def test_it_goes_on_with_the_time() -> None:
    clock = Clock()
    world = World(clock=clock)
    have(world, ready_after_seconds=20)
    with Emulator(world, probe=right_password_only) as emulator:
        drs = Drs(emulator)
        drs.precheck(JOB)
        assert [drs.checked(JOB)[0]["process"] for _ in range(3)] == ["0%"] * 3
        clock.now += 5
        assert drs.checked(JOB)[0]["process"] == "25%"
        clock.now += 15
        assert drs.checked(JOB)[0]["process"] == "100%"


def test_it_has_the_pace_of_its_job_unless_the_order_says_otherwise(drs: Drs) -> None:
    world = drs.emulator.world
    world.add_job(JOB, "CONFIGURATION", ready_after_polls=2)
    for side in ("source", "target"):
        world.change_stored(JOB, side, **end())
    drs.precheck(JOB)
    assert [drs.checked(JOB)[0]["process"] for _ in range(3)] == ["0%", "50%", "100%"]


def test_it_may_stand_still_until_somebody_finishes_it(world: World, drs: Drs) -> None:
    have(world, stops_at=60)
    drs.precheck(JOB)
    assert [drs.checked(JOB)[0]["process"] for _ in range(5)] == ["60%"] * 5
    assert refusal(drs) == "DRS.M01504"
    world.finish_precheck(JOB)
    assert drs.checked(JOB)[0]["process"] == "100%"


def test_another_request_is_refused_while_one_runs_and_then_takes_its_place(world: World, drs: Drs) -> None:
    have(world, items=[FAILED], ready_after_polls=1)
    drs.precheck(JOB)
    assert refusal(drs) == "DRS.M01504"
    drs.checked(JOB)
    world.change(JOB, precheck={})
    assert refusal(drs) is None
    assert drs.checked(JOB)[0]["result"] is True


def test_the_first_reads_may_show_the_run_before(world: World, drs: Drs) -> None:
    have(world, items=[FAILED], ready_after_polls=2, stale_polls=2)
    world.finish_precheck(JOB)
    world.change(JOB, precheck={"ready_after_polls": 2, "stale_polls": 2})
    drs.precheck(JOB)
    results = [drs.checked(JOB)[0] for _ in range(5)]
    assert [result["process"] for result in results] == ["100%", "100%", "0%", "50%", "100%"]
    assert [result["result"] for result in results] == [False, False, False, False, True]


def test_a_check_may_fail_by_itself_and_be_requested_again(world: World, drs: Drs) -> None:
    have(world, error_code="DRS.M00004")
    drs.precheck(JOB)
    (result,) = drs.checked(JOB)
    assert (result["result"], result["error_code"], result["error_msg"]) == (
        False,
        "DRS.M00004",
        "The pre-check failed.",
    )
    assert refusal(drs) is None


def test_it_logs_in_with_what_is_stored(world: World, drs: Drs) -> None:
    have(world)
    world.change_stored(JOB, "target", db_password="changed")
    drs.precheck(JOB)
    (result,) = drs.checked(JOB)
    by_name = {item["item"]: item for item in result["precheck_result"]}
    assert by_name["srcDbConnection"]["result"] == "PASSED"
    assert (by_name["dstDbConnection"]["result"], by_name["dstDbConnection"]["raw_error_msg"]) == (
        "FAILED",
        "127.0.0.2 refuses",
    )
    assert result["result"] is False


def test_an_instance_without_an_address_is_not_dialled(world: World, drs: Drs) -> None:
    have(world)
    world.change_stored(JOB, "target", ip=None, inst_id="in01", region="r", db_password="unknown")
    drs.precheck(JOB)
    assert drs.checked(JOB)[0]["result"] is True


@pytest.mark.parametrize(
    ("status", "mode", "code"),
    [
        ("CREATING", "forStartJob", "DRS.M00304"),
        ("FULL_TRANSFER_FAILED", "forStartJob", "DRS.M00304"),
        ("CONFIGURATION", "forRetryJob", "DRS.M00304"),
        ("FULL_TRANSFER_FAILED", "forRetryJob", None),
        ("INCRE_TRANSFER_STARTED", "forRetryJob", None),
    ],
)
def test_each_mode_has_its_statuses(world: World, drs: Drs, status: str, mode: str, code: str | None) -> None:
    have(world)
    world.set_status(JOB, status)
    assert refusal(drs, mode) == code


def test_a_parent_is_not_checked(world: World, drs: Drs) -> None:
    world.add_job(JOB, "CONFIGURATION", role="parent")
    assert refusal(drs) == "DRS.M00307"


def test_jobs_that_are_absent_or_were_not_checked_fail_by_themselves() -> None:
    world = World(any_job=False)
    have(world)
    world.add_job(job_id(2), "CONFIGURATION")
    world.add_job(job_id(3))
    world.delete(job_id(3))
    jobs = (JOB, job_id(2), job_id(3), job_id(4))
    with Emulator(world, probe=right_password_only) as emulator:
        drs = Drs(emulator)
        requested = [result.get("error_code") for result in drs.precheck(*jobs)]
        read = [result.get("error_code") for result in drs.checked(*jobs)]
        twice = drs.post("batch-precheck-result", json={"jobs": [JOB, JOB]})
    assert requested == [None, "DRS.M01501", "DRS.M05004", "DRS.M00289"]
    assert read == [None, "DRS.M05003", "DRS.M05004", "DRS.M00289"]
    assert twice.json()["error_code"] == "DRS.M00301"


def test_no_more_than_ten_jobs_are_checked_in_a_call(drs: Drs) -> None:
    jobs = [{"job_id": job_id(number), "precheck_mode": "forStartJob"} for number in range(11)]
    response = drs.post("batch-precheck", json={"jobs": jobs})
    assert (response.status_code, response.json()["error_msg"]) == (400, "jobs: must hold at most 10 items")


def test_an_order_is_no_edit_of_the_job(world: World) -> None:
    before = world.job(JOB).updated
    world.change(JOB, precheck={"stops_at": 5}, start_fails=True)
    assert world.job(JOB).updated == before
    with pytest.raises(ValueError, match="stops_at"):
        world.change(JOB, precheck={"stops_at": 100})
