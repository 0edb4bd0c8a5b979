"""One wait for each job of ``waits.json`` in Airflow's home, pre-checks of ten jobs each, and Airflow's own waits."""

import datetime
import json
import os
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_drs.operators.precheck import DrsPrecheckOperator
from airflow_provider_drs.sensors.drs import DrsJobStatusSensor

try:
    from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
except ImportError:  # Airflow 2
    from airflow.sensors.date_time import DateTimeSensorAsync

HOME = Path(os.environ["AIRFLOW_HOME"])
WAITS = json.loads((HOME / "waits.json").read_text())
MAPPED = WAITS["job_ids"][: WAITS.get("mapped")]
START = datetime.datetime(2026, 1, 1)


def note(context):
    with (HOME / "ended").open("a") as ended:
        ended.write(f"{context['ti'].map_index}\n")


with DAG("drs", schedule=None, start_date=START):
    DrsJobStatusSensor.partial(
        task_id="wait",
        drs_conn_id=WAITS.get("drs_conn_id", "drs_default"),
        deferrable=True,
        poke_interval=WAITS["poke_interval"],
        timeout=3600,
        on_success_callback=note,
    ).expand(job_ids=[[job_id] for job_id in MAPPED])

with DAG("time", schedule=None, start_date=START):
    DateTimeSensorAsync.partial(task_id="wait").expand(target_time=["2099-01-01T00:00:00Z" for _ in MAPPED])

with DAG("prechecks", schedule=None, start_date=START):
    JOBS = WAITS["job_ids"]
    DrsPrecheckOperator.partial(
        task_id="check", deferrable=True, poll_interval=WAITS["poke_interval"], timeout=3600
    ).expand(job_ids=[JOBS[start : start + 10] for start in range(0, len(JOBS), 10)])
