"""The cluster call tests the ends that a text holds, and answers for each entry."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from drs_calls import JOB, Drs, cluster_end, cluster_job, entry, job_id, stored

from airflow_provider_drs.emulator.errors import RefusedError
from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World

ENDS = [cluster_end(), cluster_end(ip="127.0.0.2:3307", endpointtype="ta")]


def right_password_only(tested: Any) -> None:
    if tested["db_password"] != "right":
        raise RefusedError("DRS.KE0002", f"{tested['ip']} refuses")


def world() -> World:
    return World(ready_after_polls=0)


def test_one_entry_may_hold_both_ends_and_each_end_may_have_its_own() -> None:
    with Emulator(world(), probe=right_password_only) as emulator:
        drs = Drs(emulator)
        good = {"status": "true", "success": True}
        assert drs.cluster(cluster_job(*ENDS)) == [{"id": JOB, **good}]
        assert drs.cluster(cluster_job(ENDS[0]), cluster_job(ENDS[1])) == [{"id": JOB, **good}] * 2
        assert [(call.operation, call.job_ids) for call in emulator.world.calls] == [
            ("cluster-batch-connection", (JOB,)),
            ("cluster-batch-connection", (JOB, JOB)),
        ]


def test_an_entry_fails_with_the_first_of_its_ends_and_names_all_that_failed() -> None:
    wrong = [{**each, "dbpassword": "wrong"} for each in ENDS]
    with Emulator(world(), probe=right_password_only) as emulator:
        results = Drs(emulator).cluster(cluster_job(ENDS[0], wrong[1]), cluster_job(*ENDS), cluster_job(*wrong))
    assert [result["status"] for result in results] == ["false", "true", "false"]
    assert [result["success"] for result in results] == [False, True, False]
    assert [result.get("error_code") for result in results] == ["DRS.KE0002", None, "DRS.KE0002"]
    assert results[2]["error_msg"] == "127.0.0.1:3306 refuses; 127.0.0.2:3307 refuses"


def test_each_end_is_dialled_with_what_the_text_says_of_it() -> None:
    dialled: list[Any] = []
    kafka = {"type": "PLAINTEXT"}
    tls = {"ssllink": True, "sslcertkey": "key", "sslcertname": "ca.pem", "sslcertchecksum": "sum"}
    ends = [
        cluster_end(dbName="db", dbport=3306, **tls),
        cluster_end(endpointtype="ls", instid="in01", region="r", projectId="p", vpcId="v", subnetId="s"),
        cluster_end(dbtype="kafka", dbuser=None, dbpassword=None, endpointtype="ta", kafkaSecurityConfig=kafka),
        cluster_end(dbtype="kafka", endpointtype="ta", kafka_security_config=kafka),
    ]
    with Emulator(world(), probe=dialled.append) as emulator:
        Drs(emulator).cluster(cluster_job(*ends))
    usual = {"id": JOB, "net_type": "eip", "ip": "127.0.0.1:3306", "ssl_link": False}
    account = {"db_user": "reader", "db_password": "right"}
    cert = {"ssl_link": True, "ssl_cert_key": "key", "ssl_cert_name": "ca.pem", "ssl_cert_check_sum": "sum"}
    instance = {"inst_id": "in01", "region": "r", "project_id": "p", "vpc_id": "v", "subnet_id": "s"}
    mysql, to_kafka = {"db_type": "mysql"}, {"db_type": "kafka", "end_point_type": "ta", "kafka_security_config": kafka}
    assert sorted(dialled, key=lambda each: (str(each["end_point_type"]), len(each))) == [
        {**usual, **mysql, **account, "end_point_type": "ls", **instance},
        {**usual, **mysql, **account, "end_point_type": "so", "db_name": "db", "db_port": 3306, **cert},
        {**usual, **to_kafka},
        {**usual, **to_kafka, **account},
    ]


def test_an_end_that_passed_here_may_be_stored() -> None:
    with Emulator(world(), probe=right_password_only) as emulator:
        drs = Drs(emulator)
        shard = cluster_end(endpointtype="ls")
        drs.cluster(cluster_job(*ENDS, {**shard, "dbpassword": "wrong"}))
        assert drs.modify(stored())[0]["error_code"] == "DRS.M01501"
        drs.cluster(cluster_job(*ENDS, shard))
        assert drs.modify(stored())[0]["status"] == "success"


def test_a_cluster_job_is_tested_by_this_call_only() -> None:
    cluster = world()
    cluster.add_job(JOB, "CONFIGURATION", cluster=True)
    with Emulator(cluster, probe=right_password_only) as emulator:
        drs = Drs(emulator)
        assert drs.connect(entry())[0]["error_code"] == "DRS.M01501"
        assert drs.cluster(cluster_job(*ENDS))[0]["success"]


@pytest.mark.parametrize(("status", "code"), [("CREATING", "DRS.M00304"), ("FULL_TRANSFER_STARTED", "DRS.M00304")])
def test_it_is_refused_when_the_other_test_is(status: str, code: str) -> None:
    jobs = World(any_job=False)
    jobs.add_job(JOB, status)
    with Emulator(jobs, probe=right_password_only) as emulator:
        results = Drs(emulator).cluster(cluster_job(*ENDS), cluster_job(*ENDS, job=job_id(9)))
    assert [result["error_code"] for result in results] == [code, "DRS.M00289"]


def test_no_password_is_logged_or_answered(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "airflow_provider_drs.emulator")
    secret = "canary-7d1f"
    with Emulator(world()) as emulator:
        result = Drs(emulator).cluster(cluster_job(cluster_end(ip="127.0.0.1:1", dbuser=secret, dbpassword=secret)))
    assert "127.0.0.1:1" in caplog.text
    assert secret not in caplog.text
    assert secret not in str(result)
