"""The list call finds the jobs that all its filters let through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from drs_calls import Drs, end, job_id

from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World

ONE, TWO, THREE = map(job_id, (1, 2, 3))


@pytest.fixture(scope="module")
def drs() -> Iterator[Drs]:
    world = World(any_job=False)
    world.add_job(ONE, "CONFIGURATION", name="gate-1", tags={"team": "a", "stage": "test"})
    world.add_job(TWO, "FULL_TRANSFER_STARTED", name="gate-2", engine_type="mongodb", net_type="vpc")
    world.add_job(THREE, "CONFIGURATION", name="gate-3", enterprise_project_id="e-3")
    world.add_job(job_id(4), db_use_type="sync")
    world.add_job(job_id(5), name="child-of-3", parent_id=THREE)
    world.change_stored(ONE, "target", **end(inst_id="in01", region="r"))
    world.change_stored(TWO, "source", **end(ip="192.0.2.7,192.0.2.8"))
    with Emulator(world) as emulator:
        yield Drs(emulator)


@pytest.mark.parametrize(
    ("filters", "jobs"),
    [
        ({}, [ONE, TWO, THREE]),
        ({"db_use_type": "sync"}, [job_id(4)]),
        ({"db_use_type": "cloudDataGuard"}, []),
        ({"engine_type": "mongodb"}, [TWO]),
        ({"enterprise_project_id": "e-3"}, [THREE]),
        ({"enterprise_project_id": None}, [ONE, TWO, THREE]),
        ({"name": "gate-1"}, [ONE]),
        ({"name": TWO}, [TWO]),
        ({"name": f"{TWO},{THREE}"}, [TWO, THREE]),
        ({"net_type": "vpc"}, [TWO]),
        ({"status": "CONFIGURATION"}, [ONE, THREE]),
        ({"status": "CONFIGURATION", "name": "gate-2"}, []),
        ({"tags": {"team": "a"}}, [ONE]),
        ({"tags": [{"key": "team", "value": "a"}, {"key": "stage", "value": "test"}]}, [ONE]),
        ({"tags": {"team": "b"}}, []),
        ({"tags": {}}, [ONE, TWO, THREE]),
        ({"instance_ids": ["in00", "in01"]}, [ONE]),
        ({"instance_ids": None}, [ONE, TWO, THREE]),
        ({"instance_ids": []}, [ONE, TWO, THREE]),
        ({"instance_ip": "192.0.2.8"}, [TWO]),
        ({"service_name": "eps"}, [ONE, TWO, THREE]),
        (
            dict.fromkeys(("engine_type", "name", "net_type", "status", "service_name", "instance_ip"), ""),
            [ONE, TWO, THREE],
        ),
    ],
)
def test_a_filter_narrows_the_list_unless_it_is_empty(drs: Drs, filters: dict[str, Any], jobs: list[str]) -> None:
    assert drs.list_jobs(**filters) == jobs


@pytest.mark.parametrize(
    ("page", "jobs"),
    [
        ({"cur_page": 1, "per_page": 2}, [ONE, TWO]),
        ({"cur_page": 2, "per_page": 2.0}, [THREE]),
        ({"cur_page": 3, "per_page": 2}, []),
        ({"cur_page": 0, "per_page": 2}, [ONE, TWO, THREE]),
        ({"per_page": 0}, [ONE, TWO, THREE]),
    ],
)
def test_a_page_of_the_list_counts_what_is_on_all_pages(drs: Drs, page: dict[str, Any], jobs: list[str]) -> None:
    answer = drs.post("", json={"db_use_type": "migration", **page}).json()
    assert [job["id"] for job in answer["jobs"]] == jobs
    assert answer["total_record"] == 3


def test_a_job_is_shown_with_its_subtasks(drs: Drs) -> None:
    (job,) = drs.post("", json={"db_use_type": "migration", "name": "gate-3"}).json()["jobs"]
    assert [(child["id"], child["name"], child["status"]) for child in job["children"]] == [
        (job_id(5), "child-of-3", "CREATING")
    ]
    assert "children" not in drs.post("", json={"db_use_type": "migration", "name": "gate-1"}).json()["jobs"][0]


def test_a_job_is_billed_once_it_has_started(drs: Drs) -> None:
    jobs = drs.post("", json={"db_use_type": "migration"}).json()["jobs"]
    assert [job["billing_tag"] for job in jobs] == [False, True, False]


@pytest.mark.parametrize(
    "body",
    [
        {"db_use_type": None},
        {"net_type": "lan"},
        {"enterprise_project_id": ""},
        {"instance_ids": ["in"] * 11},
        {"name": ",".join([ONE] * 101)},
        {"status": "configuring"},
        {"tags": [{"team": "a"}]},
        {"tags": {"team": 1}},
        {"job_type": "migration"},
        {"per_page": 0, "cur_page": 2},
        {"per_page": 101},
    ],
)
def test_a_filter_that_cannot_be_is_refused(drs: Drs, body: dict[str, Any]) -> None:
    response = drs.post("", json={"db_use_type": "migration", **body})
    assert (response.status_code, response.json()["error_code"]) == (400, "DRS.M00202")
