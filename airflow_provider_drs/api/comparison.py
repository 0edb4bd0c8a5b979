"""Compares what DRS has stored in a job with what was tested, as far as DRS shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from airflow_provider_drs.api.endpoint import Endpoint
from airflow_provider_drs.api.model.job_detail import KEPT, KEPT_OF_KAFKA, SIDES, JobDetail, hosts
from airflow_provider_drs.api.operations.job_modification import StoreRequest

_EXACT = ("db_type", "db_port", "db_user", "inst_id")
"""The members that DRS gives back as they were sent."""
_WHERE_BOTH = tuple(member for member in KEPT if member not in (*_EXACT, "ip", "ssl_link", "kafka_security_config"))
"""The members that DRS fills in or leaves out, so that they count only where they were sent and came back."""


class Unlike(Enum):
    """Why a member is not proven to be stored as it was tested."""

    DIFFERENT = "different"
    DOUBTFUL = "doubtful"
    UNPROVEN = "unproven"


@dataclass(frozen=True)
class Comparison:
    """What a comparison shows, as names of members.

    :param different: what is stored otherwise than it was tested, with its side.
    :param doubtful: what differs and may be right, with its side.
    :param unproven: what was stored and cannot be compared.
    :param other_node: whether the job has another node than before the test.
    """

    different: tuple[str, ...]
    doubtful: tuple[str, ...]
    unproven: tuple[str, ...]
    other_node: bool


def compare_stored(request: StoreRequest, before: JobDetail, after: JobDetail) -> Comparison:
    """Compare the stored endpoints of a job with the tested ones.

    :param request: what was tested and sent.
    :param before: the job's details before the test.
    :param after: its details after the store.
    """
    different: list[str] = []
    doubtful: list[str] = []
    unproven: dict[str, None] = {}
    for side in SIDES:
        endpoint = request.source if side == "source" else request.target
        stored = after.stored(side)
        if not stored:
            different.append(f"{side}_endpoint")
            continue
        for member, verdict in _members(endpoint, stored):
            if verdict is Unlike.DIFFERENT:
                different.append(f"{side} {member}")
            elif verdict is Unlike.DOUBTFUL:
                doubtful.append(f"{side} {member}")
            else:
                unproven[member] = None
    if after.net_type is None:
        unproven["net_type"] = None
    elif after.net_type != request.source.net_type:
        different.append("net_type")
    addresses = ((before.node.ip, after.node.ip), (before.node.public_ip, after.node.public_ip))
    other_node = any(one != other for one, other in addresses if one and other)
    return Comparison(tuple(different), tuple(doubtful), tuple(unproven), other_node)


def _members(endpoint: Endpoint, stored: Mapping[str, Any]) -> Iterator[tuple[str, Unlike]]:
    """Yield each member that is not proven to be stored as it was tested."""
    sent = endpoint.stored_form()
    for member in _EXACT:
        # a port of 0 stands for the ports in ip
        if (sent.get(member) or None) != (stored.get(member) or None):
            yield member, Unlike.DIFFERENT
    for member in _WHERE_BOTH:
        if sent.get(member) in (None, ""):
            continue
        if member not in stored:
            yield member, Unlike.UNPROVEN
        elif str(sent[member]) != stored[member]:
            yield member, Unlike.DIFFERENT
    # DRS may know a cloud instance by another address than the one that was sent
    if "ip" not in stored and endpoint.inst_id:
        yield "ip", Unlike.UNPROVEN
    elif hosts(endpoint.ip) != hosts(stored.get("ip", "")):
        yield "ip", Unlike.DOUBTFUL if endpoint.inst_id else Unlike.DIFFERENT
    if "ssl_link" in stored or endpoint.ssl_link:
        if stored.get("ssl_link") is not bool(endpoint.ssl_link):
            yield "ssl_link", Unlike.DIFFERENT
    elif endpoint.ssl_link is False:
        yield "ssl_link", Unlike.UNPROVEN
    yield from _kafka(sent.get("kafka_security_config", {}), stored.get("kafka_security_config", {}))
    tested = [*sent, *(["customized_dns"] if endpoint.customized_dns else [])]
    for member in tested:
        if member not in KEPT:
            yield member, Unlike.UNPROVEN


def _kafka(sent: Mapping[str, Any], stored: Mapping[str, Any]) -> Iterator[tuple[str, Unlike]]:
    for member, value in sent.items():
        if member not in KEPT_OF_KAFKA or member not in stored:
            yield f"kafka_security_config.{member}", Unlike.UNPROVEN
        elif stored[member].lower() != str(value).lower():
            yield f"kafka_security_config.{member}", Unlike.DIFFERENT
