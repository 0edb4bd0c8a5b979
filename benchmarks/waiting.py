"""``python -m benchmarks.waiting WAY WAITS POLL ROUNDS`` runs waits of one kind, and prints their cost."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

import psutil

from benchmarks.service import Service

TICK = 0.02
PATIENCE = 120
"""Seconds for the first round, in which every wait starts."""

Wait = Coroutine[Any, Any, None]
Way = Callable[[int, float], Wait]
"""Makes a wait from its number and the seconds between two polls."""


async def _asleep(_: int, poll: float) -> None:
    while True:  # noqa: ASYNC110 - the floor is a task that only sleeps
        await asyncio.sleep(poll)


def _ours(number: int, poll: float) -> Wait:
    from airflow_provider_drs.triggers.drs import DrsJobStatusTrigger

    return _run(DrsJobStatusTrigger([f"{number:08d}-2222-4333-8444-5555555jb101"], poke_interval=poll))


def _dbt(number: int, poll: float) -> Wait:
    from airflow.providers.dbt.cloud.triggers.dbt import DbtCloudRunJobTrigger

    return _run(DbtCloudRunJobTrigger("dbt", number, time.time() + 9999, poll, account_id=1))


def _databricks(number: int, poll: float) -> Wait:
    from airflow.providers.databricks.triggers.databricks import DatabricksExecutionTrigger

    return _run(DatabricksExecutionTrigger(number, "databricks", int(poll)))


def _dms(number: int, poll: float) -> Wait:
    from airflow.providers.amazon.aws.triggers.dms import DmsReplicationTerminalStatusTrigger

    arn = f"arn:aws:dms:us-east-1:1:replication-config:{number}"
    return _run(DmsReplicationTerminalStatusTrigger(arn, int(poll), 9999, "aws"))


WAYS: dict[str, Way] = {"sleep": _asleep, "ours": _ours, "dbt": _dbt, "databricks": _databricks, "dms": _dms}


def connections(service: Service) -> dict[str, dict[str, Any]]:
    here = {"host": "127.0.0.1", "port": service.port, "password": "token"}
    # the console of a real endpoint is known by its name
    extra = {"project_id": "p" * 32, "verify": service.certificate, "console_url": "https://console.example.com/drs"}
    drs = {"host": service.url, "extra": extra}
    aws = {"endpoint_url": service.url, "region_name": "us-east-1", "verify": service.certificate}
    return {
        "drs_default": {"conn_type": "drs", "password": "token", **drs},
        "dbt": {"conn_type": "dbt_cloud", "password": "token", "host": service.address},
        "databricks": {"conn_type": "databricks", **here},
        "aws": {"conn_type": "aws", "login": "AK", "password": "SK", "extra": aws},
    }


async def _run(trigger: Any) -> None:
    async for event in trigger.run():
        raise RuntimeError(f"a wait that never ends has ended: {event}")


async def _measure(service: Service, way: Way, waits: int, poll: float, rounds: int) -> dict[str, float]:
    async def all_asked(least: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while way is not _asleep and service.counts().asked < least and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        await asyncio.sleep(1)

    # the first wait loads the modules that all waits share
    tasks = [asyncio.create_task(way(0, poll))]
    await all_asked(1)
    gc.collect()
    memory = psutil.Process().memory_full_info().uss
    first = time.monotonic()
    for number in range(1, waits + 1):
        # the waits start spread over one poll, as in a real triggerer
        await asyncio.sleep(first + poll * number / waits - time.monotonic())
        tasks.append(asyncio.create_task(way(number, poll)))
    await all_asked(waits + 1)

    before, cpu = service.counts(), time.process_time()
    await asyncio.sleep(rounds * poll)
    cpu, during = time.process_time() - cpu, service.counts() - before
    # measured after the CPU time, because the measurement takes CPU time, too
    lag, ends = 0.0, time.monotonic() + poll
    while (now := time.monotonic()) < ends:
        await asyncio.sleep(TICK)
        lag = max(lag, time.monotonic() - now - TICK)
    gc.collect()
    memory = psutil.Process().memory_full_info().uss - memory
    if ended := [task for task in tasks if task.done()]:
        raise RuntimeError(f"{len(ended)} of {waits} waits ended") from ended[0].exception()
    # a busy process may poll slightly more or less often than ``rounds`` times
    done = during.asked / (waits + 1) or rounds
    return {
        "calls": during.calls / done,
        "connections": during.connections / done,
        "cpu": cpu / done,
        "kb": memory / waits / 1024,
        "lag": lag,
    }


def _main(name: str, waits: int, poll: float, rounds: int) -> None:
    # real polls are longer than the idle time after which connections close, so this idle time is half a poll
    with Service(idle_seconds=poll / 2) as service:
        os.environ["SSL_CERT_FILE"] = service.certificate
        for conn_id, members in connections(service).items():
            os.environ[f"AIRFLOW_CONN_{conn_id.upper()}"] = json.dumps(members)
        logging.disable(logging.WARNING)
        print(json.dumps(asyncio.run(_measure(service, WAYS[name], waits, poll, rounds))))


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
