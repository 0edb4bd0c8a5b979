"""One task for each error and retry policy. The Connection of a task has the name of the task."""

import datetime

import airflow.sdk
from airflow.sdk import DAG, RetryDecision, RetryPolicy

from airflow_provider_drs.api.starts import look
from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.operators.precheck import DrsPrecheckOperator
from airflow_provider_drs.operators.start import DrsStartJobsOperator
from airflow_provider_drs.retry_policy import DrsRetryPolicy
from airflow_provider_drs.sensors.drs import DrsJobStatusSensor

# long enough for many looks
look.LOOK_SECONDS = 1

JOB = "00000001-2222-4333-8444-5555555jb101"
ENDPOINT = {
    "id": JOB,
    "net_type": "eip",
    "db_type": "mysql",
    "ip": "192.0.2.10",
    "db_port": 3306,
    "db_user": "drs",
    "db_password": "s3cr3t-c4nary",
    "end_point_type": "so",
}
# which Airflow 3.3 does not have
ChainRetryPolicy = getattr(airflow.sdk, "ChainRetryPolicy", None)
reschedule = getattr(RetryDecision, "reschedule", None)


class Always(RetryPolicy):
    """It decides the same about everything; without a decision it is broken."""

    def __init__(self, decision=None):
        self.decision = decision

    def evaluate(self, exception, try_number, max_tries, context=None):
        assert self.decision is not None
        return self.decision


OURS, RETRY, DEFAULT = DrsRetryPolicy(), Always(RetryDecision.retry()), Always(RetryDecision.default())

with DAG(
    "decided",
    schedule=None,
    start_date=datetime.datetime(2026, 1, 1),
    default_args={"retries": 2, "retry_delay": datetime.timedelta(0), "retry_policy": OURS},
):

    def test(task_id, policy):
        DrsTestConnectionsOperator(task_id=task_id, drs_conn_id=task_id, jobs=[ENDPOINT], retry_policy=policy)

    for name in ("throttled", "unavailable", "creating", "status_hidden", "stale_token", "wrong_password"):
        test(name, OURS)
    test("stale_token_left_to_airflow", DEFAULT)
    test("stale_token_retried", RETRY)
    test("stale_token_and_broken_policy", Always())
    DrsTestConnectionsOperator.partial(task_id="mapped", drs_conn_id="mapped").expand(jobs=[[ENDPOINT]])
    bounded = DrsRetryPolicy(reschedule_timeout=datetime.timedelta(seconds=1))
    DrsPrecheckOperator(task_id="precheck", drs_conn_id="precheck", job_ids=[JOB], retries=1, retry_policy=bounded)
    DrsJobStatusSensor(task_id="sensor", drs_conn_id="sensor", job_ids=[JOB], retry_policy=RETRY)

    def start(task_id, policy):
        DrsStartJobsOperator(
            task_id=task_id, drs_conn_id=task_id, job_ids=[JOB], require=[], poll_interval=0.1, retry_policy=policy
        )

    start("lost_start_retried", RETRY)
    if ChainRetryPolicy and reschedule:
        test("chained", ChainRetryPolicy([DEFAULT, OURS]))
        start("lost_start_rescheduled", Always(reschedule(max_reschedules=3)))
