"""A scenario becomes a world, or one error that names all that is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from drs_calls import JOB, Clock, job_id

from airflow_provider_drs.emulator.errors import AbsentJobsError, RefusedError
from airflow_provider_drs.emulator.scenario import ScenarioError, load_world


def test_an_empty_scenario_is_a_world_where_any_job_becomes_ready() -> None:
    world = load_world({})
    assert [world.poll([JOB]) for _ in range(3)] == [
        [(JOB, "CREATING")],
        [(JOB, "CREATING")],
        [(JOB, "CONFIGURATION")],
    ]


def test_a_scenario_says_what_there_is_and_how_it_moves() -> None:
    clock = Clock()
    jobs = [job_id(number) for number in range(5)]
    world = load_world(
        {
            "token": "t",
            "project_id": "p",
            "ready_after_seconds": 10,
            "jobs": [
                {"id": jobs[0]},
                {"id": jobs[1], "status": "CONFIGURATION", "role": "parent"},
                {"id": jobs[2], "ready_after_polls": 1, "becomes": "CREATE_FAILED"},
                {"id": jobs[3], "status": "CONFIGURATION", "role": "backward", "forward": jobs[4]},
                {"id": jobs[4], "status": "FULL_TRANSFER_STARTED"},
            ],
        },
        clock=clock,
    )
    assert (world.token, world.project_id) == ("t", "p")
    before = ["CREATING", "CONFIGURATION", "CREATING", "CONFIGURATION", "FULL_TRANSFER_STARTED"]
    assert [status for _, status in world.poll(jobs)] == before
    clock.now += 10
    after = ["CONFIGURATION", "CONFIGURATION", "CREATE_FAILED", "CONFIGURATION", "FULL_TRANSFER_STARTED"]
    assert [status for _, status in world.poll(jobs)] == after
    with pytest.raises(AbsentJobsError):
        world.poll([job_id(9)])
    for job, code in ((jobs[1], "DRS.M00307"), (jobs[3], "DRS.M00304")):
        with pytest.raises(RefusedError, match=code):
            world.check_testable(job)


def test_a_scenario_says_what_a_job_is() -> None:
    facts = {"net_type": "vpc", "prepaid": True, "node_status": None, "parent_id": job_id(2), "tags": {"team": "a"}}
    world = load_world({"jobs": [{"id": JOB, "name": "gate-1", **facts}, {"id": job_id(2), "cluster": True}]})
    one, two = world.list_jobs()
    assert {name: getattr(one.facts, name) for name in facts} == facts
    assert (one.facts.name, two.facts.name) == ("gate-1", "job-5555555jb002")
    assert (two.facts.cluster, two.facts.node_status) == (True, "ACTIVE")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("s.yaml", f"jobs:\n- id: {JOB}\n  status: PAUSING\n"),
        ("s.json", json.dumps({"jobs": [{"id": JOB, "status": "PAUSING"}]})),
    ],
)
def test_a_scenario_is_a_yaml_or_a_json_file(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert load_world(path).poll([JOB]) == [(JOB, "PAUSING")]


def test_every_mistake_is_named_at_once_and_no_value_is_repeated() -> None:
    with pytest.raises(ScenarioError) as caught:
        load_world(
            {
                "token": ["canary-7d1f"],
                "ready_after_pols": 2,
                "jobs": [
                    {"id": "canary-7d1f"},
                    {"id": JOB, "status": "configuring", "ready_after_polls": -1, "role": "child"},
                    {"id": JOB, "role": "backward", "net_type": "canary-7d1f", "colour": "red"},
                    {"id": job_id(2), "role": "backward", "forward": job_id(3)},
                    {"id": job_id(4), "status": "PAUSING", "ready_after_seconds": 5},
                ],
            }
        )
    text = str(caught.value)
    for mistake in (
        "token: ",
        "ready_after_pols: ",
        "jobs[0].id: ",
        "jobs[1].status: ",
        "jobs[1].ready_after_polls: ",
        "jobs[1].role: ",
        "jobs[2].net_type: ",
        "jobs[2].colour: ",
        "jobs[2].id: is the same as jobs[1].id",
        "jobs[2]: role backward and forward go together",
        "jobs[3].forward: no job of the scenario has this id",
        "jobs[4].ready_after_seconds: a job in this status stays there unless becomes is given",
    ):
        assert f"\n  {mistake}" in text
    assert "canary-7d1f" not in text


@pytest.mark.parametrize("document", [None, [], "jobs", {"jobs": {}}, {"jobs": ["x", None]}])
def test_a_scenario_of_another_shape_is_a_mistake_too(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(document))
    with pytest.raises(ScenarioError):
        load_world(path)


def test_a_scenario_with_an_empty_list_of_jobs_is_a_world_without_jobs() -> None:
    with pytest.raises(AbsentJobsError):
        load_world({"jobs": []}).poll([JOB])


@pytest.mark.parametrize(
    ("name", "text"),
    [("s.yaml", "token: canary-7d1f: x"), ("s.json", '{"token": "canary-7d1f"'), ("s.yaml", "canary-7d1f")],
)
def test_a_file_that_cannot_be_read_is_named_but_not_quoted(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        load_world(path)
    assert "canary-7d1f" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"absent\.yaml: No such file"):
        load_world(tmp_path / "absent.yaml")
