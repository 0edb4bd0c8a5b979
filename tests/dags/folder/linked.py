"""Tasks of this package, of a subclass and of somebody else, each plain and mapped."""

import datetime

from airflow.providers.common.compat.sdk import DAG, BaseOperator

from airflow_provider_drs.sensors.drs import DrsJobStatusSensor

JOB, LATE = "00000001-2222-4333-8444-5555555jb101", "00000002-2222-4333-8444-5555555jb101"


class WaitsLonger(DrsJobStatusSensor):
    """A user's own kind of wait."""


class JobStatusSensor(BaseOperator):
    """Somebody else's, with a name that is a part of one of ours."""

    def __init__(self, *, job_ids, **kwargs):
        super().__init__(**kwargs)
        self.job_ids = job_ids

    def execute(self, context):
        """Do nothing."""


with DAG("linked", schedule=None, start_date=datetime.datetime(2026, 1, 1)):
    for name, kind in {"ours": DrsJobStatusSensor, "subclass": WaitsLonger, "foreign": JobStatusSensor}.items():
        kind(task_id=name, job_ids=[JOB])
        kind.partial(task_id=f"{name}_mapped").expand(job_ids=[[JOB]])
    DrsJobStatusSensor(task_id="failed", job_ids=["none"])
    DrsJobStatusSensor(task_id="deferred", job_ids=[LATE], deferrable=True, poke_interval=0.1)
