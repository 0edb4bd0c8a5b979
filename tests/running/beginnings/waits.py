"""Each wait twice, with start_from_trigger and without."""

import datetime
import json
import os
from pathlib import Path
from typing import Any

from airflow import __version__
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_drs.sensors.drs import DrsJobStatusSensor

HOME = Path(os.environ["AIRFLOW_HOME"])
READY, LATE, FAILED, NEVER, MARKED = json.loads((HOME / "jobs.json").read_text())
TEMPLATES = not __version__.startswith("2.")
START = datetime.datetime(2026, 1, 1)

WAITS: dict[str, dict[str, Any]] = {
    "ready": {"job_ids": [READY]},
    "late": {"job_ids": f'["{READY}", "{LATE}"]'},
    "marked": {"job_ids": [MARKED]},
    "lost": {"job_ids": [READY, FAILED]},
    "lost_but_partial": {"job_ids": [READY, FAILED], "partial": True},
    "lost_but_soft": {"job_ids": [FAILED], "soft_fail": True},
    "malformed": {"job_ids": [READY, 5, "x"], "partial": True},
    "no_connection": {"job_ids": [READY], "drs_conn_id": "nowhere", "timeout": 8},
    "refused_credential": {"job_ids": [READY], "drs_conn_id": "refused"},
    "refused_but_never_fails": {"job_ids": [READY], "drs_conn_id": "refused", "never_fail": True},
    "dead_service": {"job_ids": [READY], "drs_conn_id": "dead"},
    "dead_but_silent": {"job_ids": [READY], "drs_conn_id": "dead", "silent_fail": True, "timeout": 8},
    "time_is_up": {"job_ids": [NEVER], "exponential_backoff": True, "timeout": 8},
    "time_is_up_but_soft": {"job_ids": [NEVER], "soft_fail": True, "timeout": 8},
}
if TEMPLATES:
    WAITS |= {
        "templates": {
            "job_ids": ["{{ params.jobs[0] }}", "{{ params.jobs[1:] }}"],
            "drs_conn_id": "{{ 'drs_beginnings' }}",
            "partial": True,
        },
        "bad_template": {"job_ids": [READY, "{{ conn.refused.password }}"], "partial": True},
        "template_without_a_value": {"job_ids": ["{{ params.nothing.at_all }}"]},
    }
# these would have another error in poke mode, or hold a slot; the others need one process of a worker less there
DEFERRED = ("late", "marked", "no_connection", "dead_but_silent", "time_is_up")


def note(context):
    error = context["exception"]
    noted = {"task": context["ti"].task_id, "error": f"{type(error).__name__}: {error}"}
    with (HOME / "failed").open("a") as failed:
        failed.write(f"{json.dumps(noted)}\n")


def wait(task_id, **arguments):
    defaults: dict[str, Any] = {
        "drs_conn_id": "drs_beginnings",
        "poke_interval": 1,
        "timeout": 600,
        "retries": 1,
        "retry_delay": datetime.timedelta(seconds=1),
    }
    DrsJobStatusSensor(task_id=task_id, on_failure_callback=note, **defaults | arguments)


with DAG("waits", schedule=None, start_date=START, params={"jobs": [READY, FAILED]}):
    for name, arguments in WAITS.items():
        wait(f"{name}_triggerer", start_from_trigger=True, **arguments)
        wait(f"{name}_worker", deferrable=name in DEFERRED, **arguments)
    mapped = DrsJobStatusSensor.partial(
        task_id="mapped", drs_conn_id="drs_beginnings", start_from_trigger=True, poke_interval=1
    )
    mapped.expand(job_ids=[f"{{{{ '{LATE}' }}}}"])

with DAG("one", schedule=None, start_date=START):
    wait("late", job_ids=[LATE], start_from_trigger=True)
