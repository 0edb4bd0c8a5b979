"""A gate that stores what it tested, as a real run against the emulator."""

from __future__ import annotations

import pytest
from airflow_runs import load_dag, run_dag
from samples import endpoint, job_id

pytestmark = pytest.mark.usefixtures("airflow_db")

NODE = {"node_type": "high"}


def ends(number, **members):
    source = endpoint(number, region="cn-north-4", project_id="p", **members)
    target = endpoint(number, end_point_type="ta", ip="10.0.0.5", inst_id="in01", region="cn-north-4", project_id="p")
    return [source, target]


def test_the_emulator_has_what_was_tested_after_the_run(drs_emulator):
    run = run_dag("stored.py", {"endpoints": [*ends(1), *ends(2)], "settings": NODE})

    assert run.states == {"test": "success"}
    report = run.xcoms["test"]
    assert (report["passed"], report["failed"]) == (True, 0)
    assert [(job["job_id"], job["stored"], job["unproven"]) for job in report["jobs"]] == [
        (job_id(1), True, ["db_password"]),
        (job_id(2), True, ["db_password"]),
    ]
    stored = drs_emulator.world.job(job_id(1)).stored
    assert stored["source"]["db_password"] == "correct horse battery"
    assert "2 of 2 jobs are stored." in report["summary"]


@pytest.mark.parametrize(
    ("side", "members", "named"),
    [
        ("source", {"ip": "192.0.2.99"}, "source ip"),
        ("source", {"db_user": "somebody"}, "source db_user"),
        ("target", {"db_type": "postgresql"}, "target db_type"),
        ("target", {"ssl_link": True}, "target ssl_link"),
    ],
)
def test_an_end_that_somebody_changes_after_the_store_fails_the_task_and_is_named(
    drs_emulator, console, side, members, named
):
    drs_emulator.world.add_job(job_id(1), "CONFIGURATION", after_store={side: members})

    run = run_dag("stored.py", {"endpoints": ends(1), "settings": NODE})

    assert run.states == {"test": "failed"}
    (job,) = run.xcoms["test"]["jobs"]
    assert (job["passed"], job["stored"], job["text"]) == (False, False, f"not stored as tested: {named}")
    assert f"not stored as tested: {named}" in console()


def test_a_job_without_its_node_is_told_as_such_and_no_database_of_it_is_logged_in_to(drs_emulator):
    drs_emulator.world.add_job(job_id(1), "CONFIGURATION")
    drs_emulator.world.lose_node(job_id(1))

    run = run_dag("stored.py", {"endpoints": ends(1), "settings": NODE})

    assert run.states == {"test": "failed"}
    assert drs_emulator.databases.logins == []
    assert all("released the node" in item["text"] for item in run.xcoms["test"]["endpoints"])


def test_endpoints_of_a_cluster_are_tested_and_stored(drs_emulator):
    drs_emulator.world.add_job(job_id(1), "CONFIGURATION", cluster=True)

    run = run_dag("stored.py", {"endpoints": [{**end, "cluster": True} for end in ends(1)], "settings": NODE})

    assert run.states == {"test": "success"}
    assert [call.operation for call in drs_emulator.world.calls].count("cluster-batch-connection") == 2


def test_a_failed_end_leaves_its_job_as_it_was_and_its_neighbour_is_stored(drs_emulator):
    drs_emulator.databases.refuse("192.0.2.66:3306", "Access denied for user 'drs'")

    run = run_dag("stored.py", {"endpoints": [*ends(1, ip="192.0.2.66"), *ends(2)], "settings": NODE})

    assert run.states == {"test": "failed"}
    assert [job["stored"] for job in run.xcoms["test"]["jobs"]] == [False, True]
    assert drs_emulator.world.job(job_id(1)).stored == {}


@pytest.mark.parametrize("of_one_job", [True, False])
def test_settings_are_shown_as_they_were_written_and_no_secret_in_their_place(drs_emulator, console, of_one_job):
    from airflow.models.renderedtifields import RenderedTaskInstanceFields

    members = {**NODE, "tags": [{"key": "wave", "value": "3"}], "db_password": "misplaced-canary"}
    settings = {job_id(1): members} if of_one_job else members
    run = load_dag("stored.py").test(run_conf={"endpoints": ends(1), "settings": settings})

    (ti,) = run.get_task_instances()
    assert ti.state == "failed"
    assert drs_emulator.world.calls == []
    assert "db_password: is not a member that DRS knows" in console()
    fields = RenderedTaskInstanceFields.get_templated_fields(ti)
    assert "misplaced-canary" not in str(fields)
    assert "wave" in str(fields)


def test_settings_of_one_job_may_be_text(drs_emulator):
    run = run_dag("stored.py", {"endpoints": ends(1), "settings": {job_id(1): "{'node_type': 'high'}"}})

    assert run.states == {"test": "success"}
