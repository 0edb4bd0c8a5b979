"""batch-detail tells what a job is, and what is stored of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from drs_calls import JOB, Drs, end, job_id

from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World


@pytest.fixture
def drs() -> Iterator[Drs]:
    with Emulator(World(ready_after_polls=0)) as emulator:
        yield Drs(emulator)


def test_a_job_is_a_migration_from_mysql_unless_a_test_says_otherwise(drs: Drs) -> None:
    (details,) = drs.details(JOB)
    times = {name: details.pop(name) for name in ("create_time", "update_time")}
    assert details == {
        "id": JOB,
        "name": "job-5555555jb101",
        "status": "CONFIGURATION",
        "description": "",
        "db_use_type": "migration",
        "net_type": "eip",
        "job_direction": "up",
        "task_type": "FULL_INCR_TRANS",
        "is_target_readonly": True,
        "replace_definer": True,
        "migrate_user": False,
        "object_switch": False,
        "multi_write": False,
        "is_multi_az": False,
        "inst_info": {
            "engine_type": "mysql",
            "inst_type": "high",
            "ip": "10.0.0.40",
            "public_ip": "203.0.113.40",
            "start_time": "0",
            "status": "ACTIVE",
            "volume_size": 100,
        },
    }
    assert times["create_time"] == times["update_time"]
    assert times["create_time"].isdigit()


def test_what_a_test_says_of_a_job_is_told(drs: Drs) -> None:
    drs.emulator.world.add_job(
        JOB,
        "CONFIGURATION",
        name="gate-1",
        engine_type="mongodb",
        net_type="vpc",
        job_direction="down",
        db_use_type="sync",
        task_type="INCR_TRANS",
        node_type="medium",
        is_target_readonly=None,
        replace_definer=False,
        prepaid=True,
        cluster=True,
        parent_id=job_id(1),
        tags={"team": "one"},
    )
    (details,) = drs.details(JOB)
    assert details["name"] == "gate-1"
    assert (details["net_type"], details["job_direction"], details["db_use_type"]) == ("vpc", "down", "sync")
    assert (details["task_type"], details["replace_definer"]) == ("INCR_TRANS", False)
    assert "is_target_readonly" not in details
    assert details["inst_info"]["engine_type"] == "mongodb-to-dds"
    assert details["inst_info"]["inst_type"] == "common"
    assert details["period_order"]["status"] == "UNORDERED"
    assert details["is_multi_az"]
    assert details["master_az"]
    assert details["slave_az"]
    assert details["parent_id"] == job_id(1)
    assert details["tags"] == [{"key": "team", "value": "one"}]


def test_a_fact_that_no_job_has_is_refused() -> None:
    world = World()
    with pytest.raises(ValueError, match="colour"):
        world.add_job(JOB, colour="red")
    with pytest.raises(ValueError, match="net_type"):
        world.change(JOB, net_type="lan")


def test_a_job_can_lose_its_node_and_gets_another_with_other_addresses(drs: Drs) -> None:
    world = drs.emulator.world
    world.lose_node(JOB)
    assert drs.details(JOB)[0]["inst_info"]["status"] == "deleted"
    assert drs.status(JOB) == ["CONFIGURATION"]
    world.replace_node(JOB, "10.0.0.41", "203.0.113.41")
    node = drs.details(JOB)[0]["inst_info"]
    assert (node["status"], node["ip"], node["public_ip"]) == ("ACTIVE", "10.0.0.41", "203.0.113.41")
    world.change(JOB, node_status=None)
    assert "status" not in drs.details(JOB)[0]["inst_info"]


def test_somebody_may_change_what_is_stored(drs: Drs) -> None:
    world = drs.emulator.world
    world.change_stored(JOB, "source", **end())
    world.change_stored(JOB, "source", db_user="other", db_port=None)
    (details,) = drs.details(JOB)
    assert details["source_endpoint"] == {"db_type": "mysql", "ip": "127.0.0.1", "db_user": "other"}
    assert "target_endpoint" not in details


def test_of_a_cloud_instance_the_service_tells_more_than_was_sent(drs: Drs) -> None:
    drs.emulator.world.change_stored(JOB, "target", **end(inst_id="in01", region="r", vpc_id="mine", db_port="3306"))
    target = drs.details(JOB)[0]["target_endpoint"]
    assert (target["inst_id"], target["region"], target["vpc_id"], target["db_port"]) == ("in01", "r", "mine", 3306)
    assert target["subnet_id"]
    assert target["inst_name"]


def test_five_jobs_come_back_unless_a_page_is_asked_for(drs: Drs) -> None:
    jobs = [job_id(number) for number in range(7)]
    assert [each["id"] for each in drs.details(*jobs)] == jobs[:5]
    assert [each["id"] for each in drs.details(*jobs, cur_page=2)] == jobs[5:]
    assert [each["id"] for each in drs.details(*jobs, per_page=0)] == jobs
    beyond = drs.post("batch-detail", json={"jobs": jobs, "page_req": {"cur_page": 3}})
    assert (beyond.status_code, beyond.json()["error_code"]) == (400, "DRS.M00211")


def test_details_count_as_no_poll() -> None:
    with Emulator(World(ready_after_polls=1)) as emulator:
        drs = Drs(emulator)
        assert [drs.details(JOB)[0]["status"] for _ in range(3)] == ["CREATING"] * 3
        assert [call.operation for call in emulator.world.calls] == ["batch-detail"] * 3


def test_absent_jobs_refuse_the_whole_call_and_are_named() -> None:
    world = World(any_job=False)
    for number in (1, 2):
        world.add_job(job_id(number))
    world.delete(job_id(2))
    with Emulator(world) as emulator:
        response = Drs(emulator).post("batch-detail", json={"jobs": [job_id(number) for number in (1, 2, 3)]})
    assert response.status_code == 400
    assert [(each["id"], each["error_code"]) for each in response.json()["results"]] == [
        (job_id(2), "DRS.M05004"),
        (job_id(3), "DRS.M00289"),
    ]
