"""DAGs for every way in which a run can end. Each member has a secret from a variable; this file has none."""

import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.sensors.drs import DrsJobStatusSensor
from airflow_provider_drs.task_groups import migration_gate

JOB = "{:08x}-2222-4333-8444-5555555jb101"
KAFKA = ("trust_store_key", "trust_store_password", "key_store_key", "key_store_password", "key_password")


def canary(name):
    return f"{{{{ var.json.canaries.{name} }}}}"


def by_connection(number, conn_id, **members):
    return {"id": JOB.format(number), "net_type": "eip", "end_point_type": "so", "db_conn_id": conn_id, **members}


def by_template(number, **members):
    return {
        "id": JOB.format(number),
        "net_type": "eip",
        "end_point_type": "ta",
        "db_type": "mysql",
        "ip": "127.0.0.1",
        "db_port": "{{ var.value.database_port }}",
        "db_user": "drs",
        "db_password": canary("db_password"),
        "ssl_cert_key": canary("ssl_cert_key"),
        "ssl_cert_password": canary("ssl_cert_password"),
        "kafka_security_config": {name: canary(name) for name in KAFKA},
        **members,
    }


ALL = [
    *(by_connection(n, c) for n, c in enumerate(("mysql_db", "postgres_db", "mongo_db", "oracle_db", "kafka_db"))),
    by_template(9),
]
LONG = [[by_template(100 * n + m) for m in range(12)] for n in range(2)]
TEXT = '[{"id": "%s", "net_type": "eip", "end_point_type": "so", "db_type": "mysql", "ip": "127.0.0.1", "db_port": 1, '
TEXT %= JOB.format(7)
TEXT += '"db_user": "drs", "db_password": {{ var.json.canaries.db_password | tojson }}}]'

START = datetime.datetime(2026, 1, 1)

with DAG("passes", schedule=None, start_date=START):
    DrsTestConnectionsOperator(task_id="test", jobs=ALL, drs_conn_id="drs_good")
    for conn_id in ("drs_user", "drs_key"):
        # the emulator tests only the port of GaussDB, without a login
        DrsTestConnectionsOperator(task_id=conn_id, jobs=[by_template(9, db_type="gaussdbv5")], drs_conn_id=conn_id)

BOTH_ENDS = [by_connection(20, "kafka_db"), by_template(20)]
# the test of a cluster has no place for the password of a certificate
CLUSTER = [
    by_connection(21, "postgres_db", cluster=True),
    by_template(21, cluster=True, ssl_cert_password=None),
]

with DAG("stores", schedule=None, start_date=START):
    DrsTestConnectionsOperator(task_id="store", jobs=BOTH_ENDS, store=True, drs_conn_id="drs_storing")
    DrsTestConnectionsOperator(
        task_id="cluster",
        jobs=CLUSTER,
        store=True,
        job_settings={"node_type": "high", "description": "{{ var.value.database_port }}"},
        drs_conn_id="drs_storing",
    )

for dag_id, number, conn_id in (("gate_opens", 30, "drs_agency"), ("gate_is_shut", 31, "drs_pod")):
    account = {"db_port": 3306, "db_user": "drs", "db_password": canary("db_password")}
    of_a_job = {"id": JOB.format(number), "net_type": "eip", "db_type": "mysql", "region": "r", "project_id": "p"}
    source = {**of_a_job, **account, "end_point_type": "so", "ip": "192.0.2.10"}
    target = {**of_a_job, **account, "end_point_type": "ta", "ip": "10.0.0.5", "inst_id": "in01"}
    # Airflow 3.1 fails a deferred task that goes on before its scheduler has heard of the deferral
    retries = {"retries": 2 if dag_id == "gate_opens" else 0, "retry_delay": datetime.timedelta(seconds=1)}
    with DAG(dag_id, schedule=None, start_date=START, default_args=retries):
        migration_gate(
            jobs=[source, target],
            drs_conn_id=conn_id,
            deferrable=True,
            poke_interval=1,
            poll_interval=1,
            test={"job_settings": {"node_type": "high"}},
        )

with DAG("fails_on_verdicts", schedule=None, start_date=START):
    DrsTestConnectionsOperator(task_id="cluster_echoed", jobs=CLUSTER, drs_conn_id="drs_echo")
    DrsTestConnectionsOperator(task_id="store_refused", jobs=BOTH_ENDS, store=True, drs_conn_id="drs_refusing")
    DrsTestConnectionsOperator(task_id="dialled", jobs=ALL, drs_conn_id="drs_emulator")
    DrsTestConnectionsOperator(task_id="echoed", jobs=ALL, drs_conn_id="drs_echo")
    DrsTestConnectionsOperator(task_id="json_text", jobs=TEXT, drs_conn_id="drs_echo")

with DAG("fails_on_bad_input", schedule=None, start_date=START):
    wrong = {
        "net_type": "wifi",
        "db_password": [canary("db_password")],
        "ssl_cert_key": {"nested": canary("ssl_cert_key")},
        "kafka_security_config": "{{ var.value.canaries }}",
        "surprise": 1,
    }
    jobs = [by_template(1, **wrong), by_connection(2, "nobody"), by_connection(3, "mysql_db", db_type="oracle")]
    DrsTestConnectionsOperator(task_id="rules", jobs=jobs, drs_conn_id="drs_good")
    # a quote in the secret ends the text early
    DrsTestConnectionsOperator(task_id="broken_text", jobs="[{'x': '{{ var.value.canaries }}'", drs_conn_id="drs_good")

# Jinja turns texts into Python objects here, so members get a number and bytes in place of texts
with DAG("fails_on_misplaced_secrets", schedule=None, start_date=START, render_template_as_native_obj=True):
    misplaced = {
        "misspelt": {"db_pasword": canary("misspelt")},
        "misspelt_kafka": {"kafka_security_config": {"keystore_key": canary("misspelt_kafka")}},
        "nested": {"ssl_cert_key": {"of": [{"all": canary("nested")}]}, "pin": {"is": [canary("nested")]}},
        "number": {"db_password": canary("number"), "ssl_cert_key": canary("number"), "pin": canary("number")},
        "bytes": {"ssl_cert_key": "{{ var.json.canaries.bytes.encode() }}"},
        "in_an_address": {"ip": f"mysql://drs:{canary('in_an_address')}@127.0.0.1"},
    }
    for name, members in misplaced.items():
        DrsTestConnectionsOperator(task_id=name, jobs=[by_template(1, **members)], drs_conn_id="drs_good")
    DrsTestConnectionsOperator(
        task_id="in_job_settings",
        jobs=[by_template(1)],
        store=True,
        job_settings={"node_type": "high", "db_password": canary("in_job_settings")},
        drs_conn_id="drs_good",
    )
    of_a_connection = f"mysql://drs:{canary('in_a_connection_id')}@127.0.0.1"
    DrsTestConnectionsOperator(
        task_id="in_a_connection_id", jobs=[by_connection(1, of_a_connection)], drs_conn_id=of_a_connection
    )
    in_a_job_id = f"https://drs:{canary('in_a_job_id')}@127.0.0.1"
    for mode in ("poke", "reschedule"):
        DrsJobStatusSensor(task_id=f"in_a_job_id_{mode}", job_ids=in_a_job_id, drs_conn_id=in_a_job_id, mode=mode)

with DAG("dies_in_the_transport", schedule=None, start_date=START):
    DrsTestConnectionsOperator(task_id="nobody_listens", jobs=ALL, drs_conn_id="drs_closed")
    DrsTestConnectionsOperator(task_id="cut_off", jobs=ALL, drs_conn_id="drs_cut")
    DrsTestConnectionsOperator(task_id="error_page", jobs=ALL, drs_conn_id="drs_page")
    for conn_id in ("nobody_user", "nobody_key"):
        DrsTestConnectionsOperator(task_id=conn_id, jobs=[by_template(9)], drs_conn_id=conn_id)

with DAG("defers", schedule=None, start_date=START):
    ids = [JOB.format(5)]
    wait = DrsJobStatusSensor(
        task_id="wait", job_ids=ids, drs_conn_id="drs_waiting", deferrable=True, poke_interval=1, timeout=600
    )
    wait >> DrsTestConnectionsOperator(task_id="test", jobs=ALL, drs_conn_id="drs_good")

with DAG("mapped", schedule=None, start_date=START):
    DrsTestConnectionsOperator.partial(task_id="test", drs_conn_id="drs_good").expand(jobs=LONG)
