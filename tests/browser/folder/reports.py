"""Tasks that leave every kind of report, under names and with texts of all sorts."""

import datetime

from airflow.providers.common.compat.sdk import DAG, BaseOperator

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.sensors.drs import DrsJobStatusSensor

# an operator of ours would cut and clean these texts; the page must be safe without that
HOSTILE = [
    "<img src=x onerror=\"document.title='pwned'\"><b>bold</b>",
    "</td></table><script>document.title='pwned'</script>",
    "\u202egnp.exe \u05e9\u05dc\u05d5\u05dd \u2067abc",
    "x" * 10_000,
]


def endpoint(number, label, host, side="so"):
    return {
        "id": f"{number:08x}-2222-4333-8444-5555555jb101",
        "label": label,
        "net_type": "eip",
        "end_point_type": side,
        "db_type": "mysql",
        "ip": f"{host}.example.com",
        "db_port": 3306,
        "db_user": "drs",
        "db_password": "{{ var.value.database_password }}",
    }


class DrsPrecheckOperator(BaseOperator):
    """Leaves the report of a pre-check."""

    def execute(self, context):
        ids = [f"{number:08x}-2222-4333-8444-5555555jb101" for number in (1, 2, 3)]
        waiver = {"reason": "the index is rebuilt on Monday", "until": "2026-12-31", "by": "Mei"}
        ttl = {
            "item": "srcCollHasTtlIndex",
            "group": "source",
            "result": "ALARM",
            "reason": "TTL_INDEX",
            "text": "The collection orders has a TTL index.",
        }
        binlog = {
            "item": "binlogFormat",
            "group": "source",
            "result": "FAILED",
            "reason": "BINLOG_OFF",
            "text": "binlog_format is STATEMENT and must be ROW.",
            "waiver": None,
        }
        common = {"code": None, "text": None, "hint": None, "request_id": "5a3c1f0e", "process": "100%"}
        jobs = [
            {"job_id": ids[0], "passed": True, "items_passed": 41, "items": [{**ttl, "waiver": waiver}], **common},
            {
                "job_id": ids[1],
                "passed": False,
                "items_passed": 39,
                "items": [binlog, {**ttl, "waiver": None}],
                **common,
            },
            {"job_id": ids[2], "passed": True, "items_passed": 42, "items": [], **common},
        ]
        now = datetime.datetime.now(datetime.timezone.utc).isoformat()
        return {
            "schema": 1,
            "kind": "precheck",
            "passed": False,
            "failed": 1,
            "checked_at": now,
            "digest": "sha256:0",
            "summary": "**1 of 3 jobs failed.**",
            "jobs": jobs,
        }


class Leaves(BaseOperator):
    """Leaves any XCom."""

    def __init__(self, *, content, **kwargs):
        super().__init__(**kwargs)
        self.content = content

    def execute(self, context):
        return self.content


class TestsMore(DrsTestConnectionsOperator):
    """A user's own kind of test."""


with DAG("reports", schedule=None, start_date=datetime.datetime(2026, 1, 1)):
    Leaves(
        task_id="hostile",
        content={
            "schema": 1,
            "kind": "connections",
            "passed": False,
            "failed": len(HOSTILE),
            "checked_at": "2026-11-26T21:46:12+00:00",
            "digest": "sha256:0",
            "summary": "",
            "endpoints": [
                dict.fromkeys(("job_id", "label", "side", "db_type", "address", "code", "text", "hint"), text)
                | {"passed": False, "request_id": text, "seconds": 0.1, "attempts": 1, "status": text}
                for text in HOSTILE
            ],
        },
    )
    DrsTestConnectionsOperator.partial(task_id="mapped").expand(
        jobs=[
            [endpoint(20, "orders old", "orders-old"), endpoint(20, "orders new", "orders-new", "ta")],
            [endpoint(21, "billing old", "billing-old"), endpoint(21, "billing new", "billing-new", "ta")],
        ]
    )
    TestsMore(task_id="subclass", jobs=[endpoint(30, "stock old", "stock-old")])
    DrsTestConnectionsOperator(task_id="bad_input", jobs=[{"label": "nothing"}])
    DrsPrecheckOperator(task_id="precheck")
    DrsJobStatusSensor(
        task_id="waiting", job_ids=["00000063-2222-4333-8444-5555555jb101"], deferrable=True, poke_interval=3600
    )
    DrsJobStatusSensor(task_id="there", job_ids=["00000001-2222-4333-8444-5555555jb101"])
    Leaves(
        task_id="approval",
        content={
            "approved": True,
            "by": "Mei Lin",
            "at": "2026-11-26T21:46:12+00:00",
            "digest": "sha256:0f3c",
            "note": "<b>Agreed</b> with the owners.",
        },
    )
    Leaves(task_id="reference", content="s3://bucket/xcom/5a3c1f0e.json")
    Leaves(task_id="nothing", content=None)
