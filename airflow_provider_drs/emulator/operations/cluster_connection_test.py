"""``batchValidateClustersConnections``: the same test for cluster and primary/standby jobs, with ends inside a text."""

from __future__ import annotations

from typing import Any

from ..contract import read_texts
from ..errors import RefusedError
from ..logins import Entry
from .entries import refusals_of, verdict_of
from .operation import Answer, Asked, Operation, Service

_NAMES = {
    "dbtype": "db_type",
    "dbport": "db_port",
    "ssllink": "ssl_link",
    "nettype": "net_type",
    "endpointtype": "end_point_type",
    "dbName": "db_name",
    "instid": "inst_id",
    "dbuser": "db_user",
    "dbpassword": "db_password",
    "projectId": "project_id",
    "vpcId": "vpc_id",
    "subnetId": "subnet_id",
    "sslcertkey": "ssl_cert_key",
    "sslcertname": "ssl_cert_name",
    "sslcertchecksum": "ssl_cert_check_sum",
    "kafkaSecurityConfig": "kafka_security_config",
}


async def _answer(service: Service, request: Asked) -> Answer:
    jobs: list[dict[str, str]] = request.body["jobs"]
    texts = {f"jobs[{position}].property": job["property"] for position, job in enumerate(jobs)}
    properties = read_texts("ClusterProperty", texts)
    service.world.record("cluster-batch-connection", [job["job_id"] for job in jobs])
    positions = [position for position, ends in enumerate(properties) for _ in ends]
    entries = [_entry(jobs[position]["job_id"], end) for position, ends in enumerate(properties) for end in ends]
    refusals = await refusals_of(service, entries, cluster=True)
    results = [
        _result(
            job["job_id"], [refusal for of, refusal in zip(positions, refusals, strict=True) if refusal and of == at]
        )
        for at, job in enumerate(jobs)
    ]
    line = f"cluster-batch-connection: {', '.join(map(verdict_of, entries, refusals))}"
    return Answer({"results": results, "count": len(results)}, line=line)


def _entry(job_id: str, end: dict[str, Any]) -> Entry:
    return {"id": job_id, **{_NAMES.get(name, name): value for name, value in end.items()}}


def _result(job_id: str, refusals: list[RefusedError]) -> dict[str, Any]:
    if not refusals:
        return {"id": job_id, "status": "true", "success": True}
    text = "; ".join(dict.fromkeys(refusal.text for refusal in refusals))
    return {"id": job_id, "status": "false", "success": False, "error_code": refusals[0].code, "error_msg": text}


CLUSTER_CONNECTION_TEST = Operation("batchValidateClustersConnections", _answer)
