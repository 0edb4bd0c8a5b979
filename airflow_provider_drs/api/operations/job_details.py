"""``batchListJobDetails``: what DRS knows of up to ten jobs.

Follows the vendor's page *Querying Task Details in Batches*. No secret of an answer is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from airflow_provider_drs.api.errors import DrsAnswerError, DrsError
from airflow_provider_drs.api.model.job_detail import KEPT, KEPT_OF_KAFKA, JobDetail, Node
from airflow_provider_drs.api.model.job_settings import JobDirection, NodeType
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.operation import Operation, Repeat
from airflow_provider_drs.api.results import read_results
from airflow_provider_drs.api.statuses import jobs_refused_error
from airflow_provider_drs.api.texts import printable
from airflow_provider_drs.api.wire.answers import Answer, code_and_text

JOB_DETAILS = Operation("batchListJobDetails", "POST", "/v3/{project_id}/jobs/batch-detail", Repeat.READ)
MAX_JOBS = 10
"""Jobs in one call, as the vendor's page advises."""
NODE_TYPES = get_args(NodeType)
"""The values of ``node_type``; the answer has other words for some of them, which are not translated."""
DIRECTIONS = get_args(JobDirection)
"""The values of ``job_direction``."""
_NAME = re.compile(r"[A-Za-z0-9][\w-]*")
MAX_VALUE = 5000
"""Characters that are kept of a member; an ``ip`` may name many hosts."""
_ENGINES = {"mongodb-to-dds": "mongodb"}
"""What DRS answers in place of the ``engine_type`` that a request must have."""


def body(job_ids: Sequence[str]) -> dict[str, Any]:
    """Return the request for up to 10 jobs.

    :param job_ids: ids of the jobs.
    """
    # without page_req the service returns the first five only
    return {"jobs": list(job_ids), "page_req": {"cur_page": 1, "per_page": MAX_JOBS}}


def details(job_ids: Sequence[str], answer: Answer) -> dict[str, JobDetail | DrsError]:
    """Return the detail of each job, or the error in its place, as :func:`read_results` does.

    :param job_ids: those asked about.
    :param answer: the answer about them.
    """

    def read(item: Mapping[str, Any]) -> JobDetail | DrsError:
        # a job's own error is its error_message; error_msg is that of a result which failed
        if item.get("status") and not item.get("error_msg"):
            return _detail(item)
        job_id = item["id"]
        if error := code_and_text({name: item[name] for name in item if name.startswith("error")}):
            code, text = error
            by = DrsError("", code=code, request_id=answer.request_id)
            return jobs_refused_error({job_id: f"{code}: {text}" if code else text}, by, what="details")
        return DrsAnswerError(f"the answer has no status for {job_id}", request_id=answer.request_id)

    return read_results(job_ids, answer, read)


def _detail(item: Mapping[str, Any]) -> JobDetail:
    node = _object(item, "inst_info")
    inst_type = _text(node, "inst_type")
    engine_type = _text(node, "engine_type")
    return JobDetail(
        id=item["id"],
        status=JobStatus(str(item["status"])),
        update_time=_text(item, "update_time"),
        node=Node(_text(node, "ip"), _text(node, "public_ip")),
        node_alive=(_text(node, "status") or "").lower() != "deleted",
        node_type=inst_type if inst_type in NODE_TYPES else None,
        engine_type=_ENGINES.get(engine_type, engine_type) if engine_type and _NAME.fullmatch(engine_type) else None,
        net_type=_compared(item.get("net_type")),
        job_direction=direction if (direction := _text(item, "job_direction")) in DIRECTIONS else None,
        db_use_type=_text(item, "db_use_type"),
        task_type=_text(item, "task_type"),
        is_target_readonly=_flag(item, "is_target_readonly"),
        replace_definer=_flag(item, "replace_definer"),
        parent_id=_text(item, "parent_id"),
        # an order in an unknown form may be one to be paid, too
        prepaid=bool(item.get("period_order")),
        objects_chosen=bool(item.get("object_infos") or item.get("object_switch") or item.get("sync_database")),
        source=_stored(_object(item, "source_endpoint")),
        target=_stored(_object(item, "target_endpoint")),
    )


def _stored(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    kafka = _object(endpoint, "kafka_security_config")
    values: dict[str, Any] = {name: _compared(endpoint.get(name)) for name in KEPT}
    values["kafka_security_config"] = {
        name: value for name in KEPT_OF_KAFKA if (value := _compared(kafka.get(name))) is not None
    }
    # a boolean in the vendor's samples, a text in one of its tables
    values["ssl_link"] = {"true": True, "false": False}.get(str(endpoint.get("ssl_link")).lower(), values["ssl_link"])
    port = values["db_port"]
    if port is not None and port.isascii() and port.isdecimal():
        values["db_port"] = int(port)
    return {name: value for name, value in values.items() if value not in (None, {})}


def _compared(value: object) -> str | None:
    """Return a member as text, also one that is of no type the contract knows: it is not what was stored."""
    return None if value in (None, "") else printable(str(value), MAX_VALUE)


def _object(members: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = members.get(name)
    return value if isinstance(value, Mapping) else {}


def _text(members: Mapping[str, Any], name: str) -> str | None:
    value = members.get(name)
    if value in (None, "") or isinstance(value, bool | Mapping | list):
        return None
    return printable(str(value), MAX_VALUE)


def _flag(members: Mapping[str, Any], name: str) -> bool | None:
    return {"true": True, "false": False}.get(str(members.get(name)).lower())
