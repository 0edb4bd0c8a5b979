"""The whole gate of a migration as one task group: wait, test and store, pre-check, approve, start."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from airflow_provider_drs._compat import Asset, TaskGroup
from airflow_provider_drs.operators.approval import DrsApprovalOperator
from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.operators.precheck import DrsPrecheckOperator
from airflow_provider_drs.operators.start import DrsStartJobsOperator
from airflow_provider_drs.sensors.drs import DrsJobStatusSensor

_NO_IDS = "job_ids is missing: name the jobs, because jobs is no list of objects that each have an id"
_NOT_STORED = "start=True needs store=True, because a start is held against what is stored"


def migration_gate(
    group_id: str = "gate",
    *,
    jobs: Any,
    job_ids: Any = None,
    store: bool = True,
    precheck: bool | Mapping[str, Any] = True,
    approval: Mapping[str, Any] | None = None,
    start: bool | Mapping[str, Any] = True,
    gate_asset: Asset | None = None,
    **parameters: Any,
) -> TaskGroup:
    """Return a task group whose last task ends green only when DRS has started every job on fresh evidence.

    Its tasks are ``wait``, ``test_connections``, ``precheck``, ``approve`` and ``start``, one after another, each with
    the evidence of those before. A step that is not wanted is left out.

    :param group_id: id of the group, which is the prefix of the ids of its tasks.
    :param jobs: endpoints, as for :class:`DrsTestConnectionsOperator`.
    :param job_ids: the jobs; may be left out where ``jobs`` is a list of objects.
    :param store: whether what was tested is stored; a start needs it.
    :param precheck: whether DRS's pre-check is a step; an object has parameters of that step only.
    :param approval: parameters of :class:`DrsApprovalOperator`; ``None`` for no approval. Needs Airflow 3.1 or newer.
    :param start: whether the jobs are started; an object has parameters of that step only.
    :param gate_asset: an asset whose event tells that the gate is open, as the last task of the group says it.
    :param parameters: ``wait`` and ``test`` are objects with parameters of these steps only. Each other one is for all
        steps that have such a parameter: ``drs_conn_id``, ``deferrable``, ``waivers``, ``retries`` ...
    :raises ValueError: when the DAG is parsed, with every parameter that no step has, and everything that is missing.
    :raises AirflowOptionalProviderFeatureException: when an approval is wanted, and Airflow is older than 3.1.
    """
    steps: dict[type[Any], Mapping[str, Any]] = {
        DrsJobStatusSensor: parameters.pop("wait", {}),
        DrsTestConnectionsOperator: parameters.pop("test", {}),
    }
    if precheck is not False:
        steps[DrsPrecheckOperator] = precheck if isinstance(precheck, Mapping) else {}
    if approval is not None:
        steps[DrsApprovalOperator] = approval
    if start is not False:
        steps[DrsStartJobsOperator] = start if isinstance(start, Mapping) else {}
    ids = _ids_in(jobs) if job_ids is None else job_ids
    known = {name for step in steps for name in _parameters_of(step)}
    broken = [f"{name} is a parameter of no step" for name in parameters if name not in known]
    broken += [
        f"{name} must be True, False or an object of parameters"
        for name, value in (("precheck", precheck), ("start", start))
        if not isinstance(value, bool | Mapping)
    ]
    broken += [] if isinstance(approval, Mapping | None) else ["approval must be None or an object of parameters"]
    broken += [_NO_IDS] if ids is None else []
    broken += [_NOT_STORED] if DrsStartJobsOperator in steps and not store else []
    if broken:
        raise ValueError("; ".join(broken))
    if gate_asset is not None:
        # an earlier step does not know that a later one shuts the gate
        last = [*steps][-1]
        steps[last] = {"gate_asset": gate_asset, **steps[last]}
    with TaskGroup(group_id, default_args=parameters) as group:  # type: ignore[arg-type]
        wait = DrsJobStatusSensor(**{"task_id": "wait", "job_ids": ids, **steps[DrsJobStatusSensor]})
        of_test = {"task_id": "test_connections", "jobs": jobs, "store": store}
        test = DrsTestConnectionsOperator(**{**of_test, **steps[DrsTestConnectionsOperator]})
        tasks: list[Any] = [wait, test]
        evidence, kinds = [test.output], ["connections"]
        if DrsPrecheckOperator in steps:
            check = DrsPrecheckOperator(**{"task_id": "precheck", "job_ids": ids, **steps[DrsPrecheckOperator]})
            tasks, evidence, kinds = [*tasks, check], [*evidence, check.output], [*kinds, "precheck"]
        if approval is not None:
            of_approval = {"task_id": "approve", "report": evidence, **steps[DrsApprovalOperator]}
            tasks.append(DrsApprovalOperator(**of_approval))
        if DrsStartJobsOperator in steps:
            of_start = {"task_id": "start", "job_ids": ids, "evidence": evidence, "require": tuple(kinds)}
            # an approval is no evidence: under another rule of the DAG, one that nobody gave would start the jobs
            of_start["trigger_rule"] = "all_success"
            tasks.append(DrsStartJobsOperator(**{**of_start, **steps[DrsStartJobsOperator]}))
        for before, after in pairwise(tasks):
            before >> after
    return group


def _ids_in(jobs: Any) -> list[Any] | None:
    """Return the ids of a list of endpoints, each once, or ``None`` where they are not known yet."""
    endpoints = [jobs] if isinstance(jobs, Mapping) else jobs
    if not isinstance(endpoints, list | tuple):
        return None
    ids = [each.get("id") if isinstance(each, Mapping) else None for each in endpoints]
    return list(dict.fromkeys(ids)) if ids and None not in ids else None


def _parameters_of(step: type[Any]) -> set[str]:
    constructors = [inspect.unwrap(vars(base)["__init__"]) for base in step.__mro__ if "__init__" in vars(base)]
    names = {name for constructor in constructors[:-1] for name in inspect.signature(constructor).parameters}
    return names - {"self", "args", "kwargs"}
