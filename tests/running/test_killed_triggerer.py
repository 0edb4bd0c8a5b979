"""When a triggerer of a running Airflow is killed, its sensors go on in the next triggerer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from running_airflow import RunningAirflow, wait_until
from triggerers import job_ids

from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World

pytestmark = pytest.mark.running_airflow

COUNT = 6


def test_every_sensor_of_a_killed_triggerer_succeeds_once(tmp_path):
    world = World(ready_after_polls=1_000_000)
    ids = job_ids(COUNT)

    def get_ready() -> None:
        for job_id in ids:
            world.set_status(job_id, "CONFIGURATION")

    with Emulator(world) as emulator:
        (tmp_path / "waits.json").write_text(json.dumps({"job_ids": ids, "poke_interval": 2}))
        environment = {
            "AIRFLOW_CONN_DRS_DEFAULT": emulator.connection_json,
            "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
            "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "3",
        }
        dags = Path(__file__).parent / "folder"
        with RunningAirflow(tmp_path, dags, environment, Fernet.generate_key().decode()) as airflow:
            airflow.start("drs")
            wait_until("all sensors are deferred", lambda: airflow.states("drs") == [("wait", "deferred")] * COUNT, 240)
            wait_until(
                "the scheduler has processed all deferrals", lambda: airflow.heard_of("drs", "wait") >= COUNT, 60
            )
            airflow.replace_triggerer(between=get_ready)
            wait_until("the run is over", lambda: airflow.run_state("drs") in ("success", "failed"), 240)
            states = airflow.states("drs")
            results = [airflow.xcom("drs", "wait", index) for index in range(COUNT)]

    assert states == [("wait", "success")] * COUNT
    assert sorted(map(int, (tmp_path / "ended").read_text().split())) == list(range(COUNT))
    assert results == [{job_id: "CONFIGURATION"} for job_id in ids]
