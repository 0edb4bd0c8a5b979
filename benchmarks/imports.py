"""Measures the cost of importing a provider's modules each time that Airflow parses a DAG file."""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from statistics import median
from typing import Any

import psutil

from benchmarks import child
from benchmarks.measured import Claim, Measured, table

ROUNDS = 15
OURS = "this package"
MODULES = {
    OURS: ("airflow_provider_drs.operators.drs", "airflow_provider_drs.sensors.drs"),
    "this package, and its links": (
        "airflow_provider_drs.operators.drs",
        "airflow_provider_drs.sensors.drs",
        "airflow_provider_drs.links",
    ),
    "Amazon DMS": ("airflow.providers.amazon.aws.operators.dms", "airflow.providers.amazon.aws.sensors.dms"),
    "dbt Cloud": ("airflow.providers.dbt.cloud.operators.dbt", "airflow.providers.dbt.cloud.sensors.dbt"),
    "Databricks": (
        "airflow.providers.databricks.operators.databricks",
        "airflow.providers.databricks.sensors.databricks",
    ),
    "HTTP": ("airflow.providers.http.operators.http", "airflow.providers.http.sensors.http"),
}
PEERS = ("Amazon DMS", "dbt Cloud", "Databricks")
LIBRARIES = ("requests", "urllib3", "aiohttp", "boto3")
SHARE = 20


def measure() -> Measured:
    """Import operator and sensor modules in forks of a process that has loaded the modules of the dag processor."""
    costs = child.run("imports")
    rows = table(
        "Importing operator and sensor",
        f"Medians of {ROUNDS} forks each, taken in turn, of a frozen process that has loaded the dag processor, "
        "airflow.sdk and its base classes; memory is less what an empty fork takes. The ratio is the median of those "
        "within a round. The dag processor loads packages named airflow.* beforehand, so it pays for the peers once;"
        " for other packages, this one too, it pays at each parse. Our links are imported when Airflow "
        "asks a task for them, which it does for each DAG that it stores; the peers import theirs at once.",
        "provider",
        "CPU ms",
        "ratio to ours",
        "private MB",
        "new modules",
        "HTTP libraries loaded",
    )
    ratios = {}
    for name in MODULES:
        ratios[name] = median(cost["ms"] / ours["ms"] for cost, ours in zip(costs[name], costs[OURS], strict=True))
        rows.add_row(
            name,
            f"{median(cost['ms'] for cost in costs[name]):.1f}",
            f"{ratios[name]:.1f}",
            f"{median(cost['mb'] for cost in costs[name]):.1f}",
            str(costs[name][0]["modules"]),
            ", ".join(costs[name][0]["loaded"]) or "none",
        )
    loaded = costs[OURS][0]["loaded"]
    return Measured(
        [rows],
        [
            Claim(
                f"importing operator and sensor takes at most 1/{SHARE} of the CPU time of each of {', '.join(PEERS)}",
                all(ratios[peer] >= SHARE for peer in PEERS),
                ", ".join(f"1/{ratios[peer]:.0f}" for peer in PEERS),
            ),
            Claim(
                "importing them loads no HTTP library",
                not loaded,
                f"loaded of {', '.join(LIBRARIES)}: {', '.join(loaded) or 'none'}",
            ),
        ],
    )


def in_a_fork(modules: tuple[str, ...]) -> dict[str, Any]:
    """Import modules in a fork of this process, and return what that took.

    :param modules: full names.
    """
    reading, writing = os.pipe()
    if not os.fork():
        process, known = psutil.Process(), set(sys.modules)
        memory, started = process.memory_full_info().uss, time.process_time()
        for module in modules:
            importlib.import_module(module)
        milliseconds = (time.process_time() - started) * 1e3
        cost = {
            "ms": milliseconds,
            "mb": (process.memory_full_info().uss - memory) / 2**20,
            "modules": len(set(sys.modules) - known),
            "loaded": [name for name in LIBRARIES if name in sys.modules],
        }
        os.write(writing, json.dumps(cost).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        result: dict[str, Any] = json.load(pipe)
    os.wait()
    return result


def _main() -> None:
    # the modules of the dag processor, and those that every DAG file needs
    import airflow.dag_processing.manager  # noqa: F401
    from airflow.sdk import DAG, BaseOperator, BaseSensorOperator, dag, task  # noqa: F401

    gc.collect()
    gc.freeze()
    for modules in MODULES.values():  # compiles them
        in_a_fork(modules)
    costs: dict[str, list[dict[str, Any]]] = {name: [] for name in MODULES}
    for _ in range(ROUNDS):
        empty = in_a_fork(())
        for name, modules in MODULES.items():
            cost = in_a_fork(modules)
            costs[name].append(cost | {"mb": cost["mb"] - empty["mb"]})
    print(json.dumps(costs))


if __name__ == "__main__":
    _main()
