"""What is stored in a job beside its endpoints."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model.inputs import as_object, is_given
from airflow_provider_drs.api.model.rules import JOB_ID
from airflow_provider_drs.api.model.wire_object import WireObject, violations_of

Text = Annotated[str, Field(min_length=1)]
NodeType = Literal["micro", "small", "medium", "high", "xlarge", "2xlarge"]
JobDirection = Literal["up", "down", "non-dbs"]
Delay = Annotated[int, Field(ge=0, le=3600)]

_SET_BY_US = ("job_id", "source_endpoint", "target_endpoint", "store_db_info")
_PATTERNS = {
    "name": "must have 4 to 50 letters, digits, - or _, and begin with a letter",
    "description": "must have none of ! < > & ' \"",
}


class Subscription(WireObject):
    """Who is told of an alarm; follows ``ModifyJobReq.alarm_notify.subscriptions`` of the contract."""

    protocol: Literal["sms", "email"] | None = None
    endpoints: Annotated[list[str], Field(max_length=10)] | None = None


class AlarmNotify(WireObject):
    """When somebody is told of an alarm; follows ``ModifyJobReq.alarm_notify`` of the contract. Delays in seconds."""

    nested_lists = {"subscriptions": Subscription}  # noqa: RUF012

    delay_time: Delay | None = None
    rto_delay: Delay | None = None
    rpo_delay: Delay | None = None
    alarm_to_user: bool | None = None
    subscriptions: Annotated[list[Subscription], Field(max_length=2)] | None = None


class Tag(WireObject):
    """A tag of a job; follows ``ResourceTag`` of the contract."""

    key: Annotated[str, Field(min_length=1, max_length=36)]
    value: Annotated[str, Field(max_length=43)] | None = None


class JobSettings(WireObject):
    """The settings of a job; follows the contract's ``ModifyJobReq``, 14 of its 18 members.

    The other four are the job's id, its two endpoints, and the switch that stores them.
    """

    may_be_empty = frozenset({"description"})
    nested = {"alarm_notify": AlarmNotify}  # noqa: RUF012
    nested_lists = {"tags": Tag}  # noqa: RUF012

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{3,49}$")] | None = None
    description: Annotated[str, Field(max_length=256, pattern=r"^[^!<>&'\"]*$")] | None = None
    alarm_notify: AlarmNotify | None = None
    task_type: Literal["FULL_TRANS", "FULL_INCR_TRANS", "INCR_TRANS"] | None = None
    node_type: NodeType | None = None
    engine_type: Text | None = None
    net_type: Literal["vpn", "vpc", "eip"] | None = None
    is_recreate: bool | None = None
    job_direction: JobDirection | None = None
    is_target_readonly: bool | None = None
    replace_definer: bool | None = None
    tags: list[Tag] | None = None
    db_use_type: Literal["migration", "sync", "cloudDataGuard"] | None = None
    product_id: Text | None = None


def parse_job_settings(value: object, job_ids: Collection[str]) -> dict[str, JobSettings]:
    """Return the settings of each job, after a check of every rule of all of them.

    :param value: ``{member: value}`` for all jobs, or ``{job id: {member: value}}``, or either as text.
    :param job_ids: the jobs that there are endpoints of; empty if that is not known.
    :raises DrsInputError: when a setting breaks a rule; it names each member, without its value.
    """
    if not is_given(value):
        return {}
    settings = as_object(value)
    # Drop the input before raising: a traceback with local variables would show it.
    del value
    if settings is None:
        raise DrsInputError(["job_settings: must be an object"])
    by_job = {name: members for name, members in settings.items() if re.fullmatch(JOB_ID, str(name))}
    if not by_job:
        one, violations = _read("job_settings", settings)
        del settings
        if violations:
            raise DrsInputError(violations)
        return dict.fromkeys(job_ids, one)
    violations = [
        f"job_settings.{name if str(name).isidentifier() else '?'}: stands beside job ids; give it for each job"
        for name in settings.keys() - by_job.keys()
    ]
    parsed = {}
    for job_id, members in by_job.items():
        where = f"job_settings[{job_id}]"
        if job_ids and job_id not in job_ids:
            violations.append(f"{where}: jobs has no endpoint of this job")
        inner = as_object(members)
        if inner is None:
            violations.append(f"{where}: must be an object")
        else:
            parsed[job_id], broken = _read(where, inner)
            violations += broken
    del settings, by_job
    if violations:
        raise DrsInputError(violations)
    return parsed


def _read(where: str, members: Mapping[Any, Any]) -> tuple[JobSettings, list[str]]:
    own = [f"{where}.{name}: is set by this task" for name in _SET_BY_US if name in members]
    others = {name: value for name, value in members.items() if name not in _SET_BY_US}
    try:
        return JobSettings.model_validate(others), own
    except ValidationError as error:
        return JobSettings(), [*own, *(f"{where}{line}" for _, line in violations_of(error, _PATTERNS))]
