"""What DRS says and means, for use without Airflow.

The names in ``__all__`` are public, and so are the modules ``api.client``, ``api.auth``, ``api.endpoint``,
``api.batch``, ``api.wait`` and ``api.errors``. All others may change without notice. A name loads its module when it is
first used, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_drs.api.auth import AkSkAuth, IdentityAuth, Metadata, PasswordAuth, PodIdentity, TokenAuth
    from airflow_provider_drs.api.batch import run_tests
    from airflow_provider_drs.api.client import DrsClient
    from airflow_provider_drs.api.endpoint import Endpoint, parse_endpoints
    from airflow_provider_drs.api.errors import (
        DrsAnswerError,
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
    )
    from airflow_provider_drs.api.model.job_status import JobStatus
    from airflow_provider_drs.api.model.precheck import PrecheckRequest, PrecheckResult
    from airflow_provider_drs.api.model.report import Report, Verdict

__all__ = [
    "AkSkAuth",
    "DrsAnswerError",
    "DrsClient",
    "DrsConnectionLostError",
    "DrsCredentialError",
    "DrsEndpointsFailedError",
    "DrsError",
    "DrsInputError",
    "DrsJobStateError",
    "DrsJobsFailedError",
    "DrsJobsRefusedError",
    "DrsPermissionError",
    "DrsPrecheckFailedError",
    "DrsRequestError",
    "DrsServiceError",
    "DrsStartFailedError",
    "DrsStoppedError",
    "DrsThrottledError",
    "DrsTimeoutError",
    "DrsTlsError",
    "DrsTransportError",
    "DrsTriggerError",
    "DrsUnavailableError",
    "DrsUnreachableError",
    "Endpoint",
    "IdentityAuth",
    "JobStatus",
    "Metadata",
    "PasswordAuth",
    "PodIdentity",
    "PrecheckRequest",
    "PrecheckResult",
    "Report",
    "TokenAuth",
    "Verdict",
    "parse_endpoints",
    "run_tests",
]

_MODULES = {
    "AkSkAuth": "auth",
    "DrsClient": "client",
    "Endpoint": "endpoint",
    "IdentityAuth": "auth",
    "JobStatus": "wait",
    "Metadata": "auth",
    "PasswordAuth": "auth",
    "PodIdentity": "auth",
    "PrecheckRequest": "client",
    "PrecheckResult": "client",
    "Report": "batch",
    "TokenAuth": "auth",
    "Verdict": "batch",
    "parse_endpoints": "endpoint",
    "run_tests": "batch",
}
"""Public modules that know a name; all others are errors."""


if not TYPE_CHECKING:
    # a type checker that saw it would take every misspelt name for one of ours
    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value = getattr(import_module(f"{__name__}.{_MODULES.get(name, 'errors')}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
