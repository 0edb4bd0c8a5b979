"""The types of everything public, as a type checker shows them; ``make lint`` checks this file and nothing runs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import Context
from airflow.triggers.base import TriggerEvent
from typing_extensions import assert_type

from airflow_provider_drs.api import (
    AkSkAuth,
    DrsAnswerError,
    DrsClient,
    DrsConnectionLostError,
    DrsCredentialError,
    DrsEndpointsFailedError,
    DrsError,
    DrsInputError,
    DrsJobsFailedError,
    DrsJobsRefusedError,
    DrsJobStateError,
    DrsPermissionError,
    DrsPrecheckFailedError,
    DrsRequestError,
    DrsServiceError,
    DrsStartFailedError,
    DrsStoppedError,
    DrsThrottledError,
    DrsTimeoutError,
    DrsTlsError,
    DrsTransportError,
    DrsTriggerError,
    DrsUnavailableError,
    DrsUnreachableError,
    Endpoint,
    IdentityAuth,
    JobStatus,
    Metadata,
    PasswordAuth,
    PodIdentity,
    PrecheckRequest,
    PrecheckResult,
    Report,
    TokenAuth,
    Verdict,
    parse_endpoints,
    run_tests,
)
from airflow_provider_drs.api.model.job_start import JobStart
from airflow_provider_drs.hooks.drs import DrsHook
from airflow_provider_drs.operators.approval import DrsApprovalOperator
from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.sensors.drs import DrsJobStatusSensor
from airflow_provider_drs.triggers.drs import DrsJobStatusTrigger
from airflow_provider_drs.triggers.event import DrsJobStatusEventTrigger


def credentials(iam: Any) -> list[TokenAuth | PasswordAuth | AkSkAuth | IdentityAuth]:
    return [
        TokenAuth("token"),
        PasswordAuth("user", "password", domain="account", project={"name": "cn-north-4"}, iam=iam),
        AkSkAuth("access key", "secret key"),
        AkSkAuth("access key", "secret key", "security token"),
        IdentityAuth(Metadata()),
        IdentityAuth(PodIdentity()),
    ]


def client() -> None:
    with DrsClient(
        "https://drs.example",
        "0123456789abcdef0123456789abcdef",
        TokenAuth("token"),
        language="zh-cn",
        verify="/etc/ca.pem",
        connect_timeout=1,
        read_timeout=2.5,
        max_attempts=3,
        max_retry_seconds=60,
    ) as drs:
        assert_type(drs, DrsClient)
        assert_type(drs.endpoint, str)
        assert_type(drs.project_id, str)
        assert_type(drs.max_retry_seconds, float)
        assert_type(drs.test_connections([]), list[Verdict])
        assert_type(drs.job_statuses(["id"]), dict[str, JobStatus])
        assert_type(drs.look_up(["id"]), dict[str, JobStatus | DrsError])
        assert_type(drs.request_prechecks(["id"], "forRetryJob"), dict[str, PrecheckRequest])
        assert_type(drs.precheck_results(["id"], secrets=["s"]), dict[str, PrecheckResult | DrsError])
        assert_type(drs.start_jobs(["id"], "1767312000000"), dict[str, JobStart])
        drs.check_access()
        drs.cancel()
        drs.close()


def run(drs: DrsClient) -> None:
    endpoints = parse_endpoints([{"id": "id"}])
    assert_type(endpoints, list[Endpoint])
    assert_type(endpoints[0].side, str)
    assert_type(endpoints[0].address, str)
    assert_type(endpoints[0].doubts(), list[str])
    report = run_tests(drs, endpoints, batch_size=1, max_concurrency=2, retest_attempts=3, retest_delay=0.5)
    assert_type(report, Report)
    assert_type(report.endpoints, tuple[Verdict, ...])
    assert_type(report.errors, tuple[DrsError, ...])
    assert_type(report.failed, list[Verdict])
    assert_type(report.passed, bool)
    assert_type(report.to_dict(), dict[str, Any])


def verdict(one: Verdict) -> None:
    assert_type((one.job_id, one.label, one.side, one.db_type), tuple[str, str | None, str, str])
    assert_type((one.address, one.passed), tuple[str, bool])
    assert_type((one.code, one.text, one.hint), tuple[str | None, str | None, str | None])
    assert_type((one.request_id, one.seconds, one.attempts), tuple[str | None, float, int])
    assert_type((one.retryable, one.line, one.reason), tuple[bool, str, str])


def status() -> None:
    assert_type(JobStatus("CONFIGURATION"), JobStatus)
    assert_type(JobStatus.CREATING.can_reach([JobStatus.CONFIGURATION]), bool)


def every_error(error: DrsError) -> None:
    assert_type((error.text, error.code, error.http_status), tuple[str, str | None, int | None])
    assert_type((error.request_id, error.hint), tuple[str | None, str | None])
    assert_type((error.retryable, error.not_ready, error.attempts), tuple[bool, bool, int])
    assert_type(error.to_dict(), dict[str, Any])


def tree_of_errors() -> None:
    transport: list[type[DrsTransportError]] = [
        DrsUnreachableError,
        DrsTlsError,
        DrsConnectionLostError,
        DrsTimeoutError,
        DrsAnswerError,
    ]
    service: list[type[DrsServiceError]] = [
        DrsCredentialError,
        DrsPermissionError,
        DrsRequestError,
        DrsJobsRefusedError,
        DrsThrottledError,
        DrsUnavailableError,
    ]
    tree: list[type[DrsError]] = [*transport, *service, DrsStoppedError, DrsTriggerError]
    assert_type([cls.retryable for cls in tree], list[bool])


def members_of_errors(
    bad_input: DrsInputError,
    service: DrsServiceError,
    state: DrsJobStateError,
    failed: DrsEndpointsFailedError,
    jobs: DrsJobsFailedError,
) -> None:
    assert_type(bad_input.violations, list[str])
    assert_type(service.jobs, dict[str, str])
    assert_type(service.retry_after, float | None)
    assert_type(service.window, tuple[int, float] | None)
    assert_type(state.jobs, dict[str, str])
    assert_type(state.targets, Sequence[str])
    assert_type(failed.failed, list[str])
    assert_type(jobs.failed, list[str])
    gate: list[type[DrsJobsFailedError]] = [DrsPrecheckFailedError, DrsStartFailedError]
    assert_type([cls.retryable for cls in gate], list[bool])


def approval() -> None:
    DrsApprovalOperator(
        task_id="approve",
        report=[{}],
        subject="Start?",
        body="Wave 7.",
        params={"ticket": ""},
        assigned_users=[{"id": "7", "name": "ann"}],
        fail_on_reject=True,
        retries=3,
    )


def operator(context: Context) -> None:
    task = DrsTestConnectionsOperator(
        task_id="test",
        jobs=[{}],
        drs_conn_id="drs_default",
        project_id=None,
        language="en-us",
        batch_size=10,
        max_concurrency=8,
        on_failure="report",
        retest_attempts=1,
        retest_delay=0.5,
        each_host=True,
        retries=3,
    )
    assert_type(task.execute(context), dict[str, Any])


def sensor(context: Context) -> None:
    task = DrsJobStatusSensor(
        task_id="wait",
        job_ids=["id"],
        drs_conn_id="drs_default",
        project_id=None,
        target_statuses=("CONFIGURATION",),
        deferrable=True,
        partial=True,
        poke_interval=60,
        timeout=3600,
    )
    assert_type(task.execute_complete(context, {"statuses": {}}), dict[str, str | None])


async def trigger() -> None:
    waiting = DrsJobStatusTrigger(
        job_ids=["id"],
        target_statuses=["CONFIGURATION"],
        drs_conn_id="drs_default",
        project_id=None,
        poke_interval=0.5,
        exponential_backoff=True,
        max_wait=60,
        silent_fail=True,
        partial=True,
    )
    assert_type(waiting.serialize(), tuple[str, dict[str, Any]])
    async for event in waiting.run():
        assert_type(event, TriggerEvent)


async def watch() -> None:
    watching = DrsJobStatusEventTrigger(["id"], "CONFIGURATION", "drs_default", project_id=None, poke_interval=30)
    assert_type(watching.serialize(), tuple[str, dict[str, Any]])
    async for event in watching.run():
        assert_type(event, TriggerEvent)


async def hook() -> None:
    drs = DrsHook("drs_default", project_id=None, language="en-us")
    assert_type(drs.get_conn(), DrsClient)
    assert_type(await drs.get_async_conn(), DrsClient)
    assert_type(drs.test_connection(), tuple[bool, str])
    drs.sleep(0.5)
    drs.cancel()
