"""What DRS knows of a job: its node, its settings, and the endpoints that are stored in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from typing import Any, Literal

from airflow_provider_drs.api.digest import digest
from airflow_provider_drs.api.model.job_status import JobStatus

Side = Literal["source", "target"]
SIDES: tuple[Side, ...] = ("source", "target")

KEPT = (
    "db_type",
    "ip",
    "db_port",
    "db_user",
    "db_name",
    "inst_id",
    "region",
    "project_id",
    "vpc_id",
    "subnet_id",
    "security_group_id",
    "ssl_link",
    "az_code",
    "mongo_ha_mode",
    "cluster_mode",
    "safe_mode",
    "topic",
    "kafka_security_config",
)
"""The members of a stored endpoint that are kept; a secret member is dropped unread."""
KEPT_OF_KAFKA = (
    "type",
    "sasl_mechanism",
    "endpoint_algorithm",
    "trust_store_key_name",
    "key_store_key_name",
    "delegation_tokens",
    "enable_key_store",
    "set_private_key_password",
)
"""The members of a stored ``kafka_security_config`` that are kept."""


@dataclass(frozen=True)
class Node:
    """The server that DRS runs a job on. The firewalls of both databases must admit its addresses.

    :param ip: private address, or ``None``.
    :param public_ip: public address, or ``None``.
    """

    ip: str | None = None
    public_ip: str | None = None


@dataclass(frozen=True)
class JobDetail:
    """What a gate uses of a job's details; follows ``QueryJobResp`` of the contract.

    A member that DRS leaves out is ``None``.

    :param id: id of the job.
    :param status: its status.
    :param update_time: when the job was last changed, in milliseconds since 1970, as text.
    :param node: its addresses.
    :param node_alive: false when DRS has released the node, which it does after three days in ``CONFIGURATION``.
    :param node_type: size of the node, in the words of ``ModifyJobReq``.
    :param engine_type: in the words of ``ModifyJobReq``.
    :param net_type: network between databases and node.
    :param job_direction: ``up`` to the cloud, ``down`` from it, or ``non-dbs``.
    :param db_use_type: ``migration``, ``sync`` or ``cloudDataGuard``.
    :param task_type: full, incremental, or both.
    :param is_target_readonly: whether the target is read-only while the job runs.
    :param replace_definer: whether definers become the migrating user.
    :param parent_id: id of the job that this is a child of.
    :param prepaid: whether a start orders and pays.
    :param objects_chosen: whether anything is chosen to be copied.
    :param source: the stored source endpoint without its secrets, by the API's member names; empty before a store.
    :param target: the same of the target.
    """

    id: str
    status: JobStatus
    update_time: str | None = None
    node: Node = Node()
    node_alive: bool = True
    node_type: str | None = None
    engine_type: str | None = None
    net_type: str | None = None
    job_direction: str | None = None
    db_use_type: str | None = None
    task_type: str | None = None
    is_target_readonly: bool | None = None
    replace_definer: bool | None = None
    parent_id: str | None = None
    prepaid: bool = False
    objects_chosen: bool = False
    source: Mapping[str, Any] | None = None
    target: Mapping[str, Any] | None = None

    def stored(self, side: Side) -> Mapping[str, Any]:
        """Return the stored endpoint of one side, empty before a store.

        :param side: ``source`` or ``target``.
        """
        return (self.source if side == "source" else self.target) or {}

    @property
    def node_addresses(self) -> dict[str, str | None]:
        """The addresses of the node, ``{"ip": text or None, "public_ip": text or None}``."""
        return asdict(self.node)

    @property
    def digest(self) -> str:
        """The digest of both stored endpoints and of the network, by which a later step sees a change."""
        stored = {str(side): _in_order(self.stored(side)) for side in SIDES}
        return digest({"net_type": self.net_type, **stored})


def _in_order(stored: Mapping[str, Any]) -> dict[str, Any]:
    # DRS may list the same hosts in another order
    return {name: sorted(hosts(value)) if name == "ip" else value for name, value in stored.items()}


def hosts(ip: str) -> set[str]:
    """Return the hosts that an ``ip`` names.

    :param ip: one host, or several joined by commas.
    """
    return {_plain(host.strip().lower()) for host in ip.split(",") if host.strip()}


def _plain(host: str) -> str:
    try:
        return str(ip_address(host.removeprefix("[").removesuffix("]")))
    except ValueError:
        return host
