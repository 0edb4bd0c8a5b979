"""All operations of the package."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from airflow_provider_drs.api import operations
from airflow_provider_drs.api.operation import Operation

OPERATIONS: dict[str, Operation] = {
    module.name: value
    for module in iter_modules(operations.__path__)
    for value in vars(import_module(f"{operations.__name__}.{module.name}")).values()
    if isinstance(value, Operation)
}
"""Each operation by the name of its module."""
