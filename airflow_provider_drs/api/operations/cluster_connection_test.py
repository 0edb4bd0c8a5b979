"""``batchValidateClustersConnections``: have DRS log in to one endpoint of a cluster or primary/standby job.

Follows the vendor's page *Testing Connections of Cluster Tasks in Batches*. The answer is that of
``batchValidateConnections``.
"""

from __future__ import annotations

import json
from typing import Any

from airflow_provider_drs.api.endpoint import Endpoint, KafkaSecurity
from airflow_provider_drs.api.model.hidden import HiddenDict, HiddenText
from airflow_provider_drs.api.operation import Operation, Repeat

_NAMES = {
    "db_type": "dbtype",
    "net_type": "nettype",
    "end_point_type": "endpointtype",
    "db_user": "dbuser",
    "db_password": "dbpassword",
    "db_name": "dbName",
    "inst_id": "instid",
    "region": "region",
    "project_id": "projectId",
    "vpc_id": "vpcId",
    "subnet_id": "subnetId",
    "ssl_cert_key": "sslcertkey",
    "ssl_cert_name": "sslcertname",
    "ssl_cert_check_sum": "sslcertchecksum",
    # the vendor's page has kafkaSecurityConfig, its client this
    "kafka_security_config": "kafka_security_config",
}
"""What each member of an endpoint is called here."""

CLUSTER_CONNECTION_TEST = Operation(
    "batchValidateClustersConnections",
    "POST",
    "/v3/{project_id}/jobs/cluster/batch-connection",
    Repeat.LOGIN,
    permission="drs:migrationJobs:connect",
    secret_members=frozenset(_NAMES[name] for name in Endpoint.secret_members() if name in _NAMES)
    | KafkaSecurity.secret_members(),
    json_members=frozenset({"property"}),
)


def body(endpoint: Endpoint) -> dict[str, Any]:
    """Return the request for one endpoint.

    One entry a call, because a result names the job only, and both ends have the same.

    :param endpoint: one whose ``cluster`` is true.
    """
    sent = endpoint.wire()
    members = {name: sent[member] for member, name in _NAMES.items() if member in sent}
    members["ip"] = ",".join(_with_port(host, endpoint.db_port) for host in endpoint.ip.split(","))
    members["ssllink"] = endpoint.ssl_link is True
    if endpoint.db_port == 0:
        members["dbport"] = 0
    text = HiddenText(json.dumps([members]))
    return HiddenDict({"jobs": [HiddenDict({"action": "testConnection", "job_id": endpoint.id, "property": text})]})


def _with_port(host: str, port: int | None) -> str:
    # the port stands in ip here
    if not port or host.count(":") == 1 or "]:" in host:
        return host
    return f"[{host}]:{port}" if host.count(":") > 1 and not host.startswith("[") else f"{host}:{port}"
