"""When a triggerer of a running Airflow is killed, its sensors go on in the next triggerer."""

from __future__ import annotations

import pytest
from running_airflow import wait_until
from triggerers import job_ids

pytestmark = pytest.mark.running_airflow

COUNT = 6


def test_every_sensor_of_a_killed_triggerer_succeeds_once(whole):
    airflow, world = whole.airflow, whole.emulators["drs_killed"].world
    ids = job_ids(COUNT)
    for job_id in ids:
        world.add_job(job_id, "CREATING", ready_after_polls=1_000_000)

    def get_ready():
        for job_id in ids:
            world.set_status(job_id, "CONFIGURATION")

    airflow.start("drs")
    wait_until("all sensors are deferred", lambda: airflow.states("drs") == [("wait", "deferred")] * COUNT, 240)
    wait_until("the scheduler has processed all deferrals", lambda: airflow.heard_of("drs", "wait") >= COUNT, 60)
    airflow.replace_triggerer(between=get_ready)
    wait_until("the run is over", lambda: airflow.run_state("drs") in ("success", "failed"), 240)

    assert airflow.states("drs") == [("wait", "success")] * COUNT
    assert sorted(map(int, (airflow.home / "ended").read_text().split())) == list(range(COUNT))
    assert [airflow.xcom("drs", "wait", index) for index in range(COUNT)] == [
        {job_id: "CONFIGURATION"} for job_id in ids
    ]
