"""The names that differ between versions of Airflow; no other module imports them from two places."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowNotFoundException,
    AirflowSensorTimeout,
    AirflowSkipException,
    Asset,
    AssetAlias,
    BaseHook,
    BaseOperator,
    BaseSensorOperator,
    PokeReturnValue,
    TaskGroup,
    Variable,
    conf,
)

try:
    from airflow.sdk.log import mask_secret
except ImportError:  # Airflow 2
    from airflow.utils.log.secrets_masker import mask_secret  # type: ignore[import-not-found,no-redef]

if TYPE_CHECKING:
    OperatorMixin = BaseOperator
else:
    # a mixin that were an operator would keep BaseSensorOperator's __init__ from being called
    OperatorMixin = object

TIME_IS_UP = ("Trigger timeout", "Trigger/execution timeout")
"""How Airflow 3, and Airflow 2, report to a deferred task that its wait took too long."""

_MASKERS = (
    "airflow.sdk._shared.secrets_masker",
    "airflow.sdk.execution_time.secrets_masker",  # Airflow 3.0
    "airflow.utils.log.secrets_masker",  # Airflow 2
)


def secrets_masker() -> Any:
    """Return the object behind ``mask_secret``, or ``None`` in a version of Airflow where it is unknown."""
    for module in _MASKERS:
        try:
            return importlib.import_module(module)._secrets_masker()
        except (ImportError, AttributeError):
            continue
    return None


__all__ = [
    "TIME_IS_UP",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowSensorTimeout",
    "AirflowSkipException",
    "Asset",
    "AssetAlias",
    "BaseHook",
    "BaseOperator",
    "BaseSensorOperator",
    "OperatorMixin",
    "PokeReturnValue",
    "TaskGroup",
    "Variable",
    "conf",
    "mask_secret",
    "secrets_masker",
]
