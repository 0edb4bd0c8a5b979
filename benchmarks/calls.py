"""Measures the CPU time that one status call over TLS takes in the client."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median

import requests

from airflow_provider_drs.api.auth import AkSkAuth, Auth, TokenAuth
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.pace import Pacer
from benchmarks.measured import Claim, Measured, table
from benchmarks.service import HOST, Service

SIZES = (1, 10, 100)
ROUNDS, CALLS = 11, 100
PROJECT = "054ba152d480d55b2f5dc0069e7ddef0"
FLOOR, SIGNED, SDK = "http.client, kept alive", "this package, access key", "huaweicloudsdkdrs, access key"

Ask = Callable[[list[str]], object]


def job_ids(count: int) -> list[str]:
    """Return this number of different job ids."""
    return [f"{number:08d}-2222-4333-8444-5555555jb101" for number in range(count)]


def client_of(service: Service, auth: Auth | None = None, pacer: Pacer | None = None) -> DrsClient:
    """Return a client of this package. Its default pacer never waits, because a wait takes no CPU time."""
    auth, pacer = auth or TokenAuth("t" * 1000), pacer or Pacer(sleep=lambda _: None)
    return DrsClient(service.url, PROJECT, auth, verify=service.certificate, pacer=pacer)


def measure() -> Measured:
    """Measure calls for the status of 1, 10 and 100 jobs, with each client in turn."""
    times: dict[int, dict[str, list[float]]] = {}
    with Service() as service, ExitStack() as open_clients:
        clients: dict[str, Ask] = {
            FLOOR: _http_client(service, open_clients),
            "requests.Session": _session(service, open_clients),
            "this package, token": open_clients.enter_context(client_of(service)).job_statuses,
            SIGNED: open_clients.enter_context(client_of(service, AkSkAuth("AK", "s" * 40))).job_statuses,
            SDK: _sdk(service),
        }
        for size in SIZES:
            ids = job_ids(size)
            for ask in clients.values():
                ask(ids)
            times[size] = {name: [] for name in clients}
            for _ in range(ROUNDS):
                for name, ask in clients.items():
                    times[size][name].append(_cpu_of(ask, ids))
    rows = table(
        "CPU time of one status call",
        f"Over TLS on loopback, the server in another process. Medians of {ROUNDS} rounds of {CALLS} calls with each "
        "client, taken in turn; in brackets the median ratio to http.client within a round. Ours keeps no pace here.",
        "client",
        *(f"{size} id{'s' if size > 1 else ''}, us" for size in SIZES),
    )
    for name in clients:
        cells = (
            f"{median(of[name]) * 1e6:.0f} (x{_ratio(of, name, FLOOR):.1f})" for of in (times[size] for size in SIZES)
        )
        rows.add_row(name, *cells)
    beside_sdk = [_ratio(times[size], SIGNED, SDK) for size in SIZES]
    claim = Claim(
        "a status call takes less CPU time than one of the vendor's client, both with an access key",
        all(ratio < 1 for ratio in beside_sdk),
        ", ".join(f"x{ratio:.2f} with {size}" for size, ratio in zip(SIZES, beside_sdk, strict=True)),
    )
    return Measured([rows], [claim])


def _ratio(times: dict[str, list[float]], name: str, other: str) -> float:
    return median(first / second for first, second in zip(times[name], times[other], strict=True))


def _cpu_of(ask: Ask, ids: list[str]) -> float:
    started = time.process_time()
    for _ in range(CALLS):
        ask(ids)
    return (time.process_time() - started) / CALLS


def _request(ids: list[str]) -> tuple[str, bytes, dict[str, str]]:
    body = {"jobs": ids, "page_req": {"cur_page": 1, "per_page": 100}}
    headers = {"Content-Type": "application/json", "X-Auth-Token": "t" * 1000}
    return f"/v3/{PROJECT}/jobs/batch-status", json.dumps(body).encode(), headers


def _http_client(service: Service, open_clients: ExitStack) -> Ask:
    context = ssl.create_default_context(cafile=service.certificate)
    connection = http.client.HTTPSConnection(HOST, service.port, context=context)
    open_clients.callback(connection.close)

    def ask(ids: list[str]) -> object:
        path, body, headers = _request(ids)
        connection.request("POST", path, body, headers)
        return json.loads(connection.getresponse().read())

    return ask


def _session(service: Service, open_clients: ExitStack) -> Ask:
    session = open_clients.enter_context(requests.Session())

    def ask(ids: list[str]) -> object:
        path, body, headers = _request(ids)
        # verify is passed with each request, because the environment overrides that of the session
        return session.post(service.url + path, data=body, headers=headers, verify=service.certificate).json()

    return ask


def _sdk(service: Service) -> Ask:
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkcore.http.http_config import HttpConfig
    from huaweicloudsdkdrs.v3 import BatchListJobStatusRequest, BatchQueryJobReqPage, DrsClient, PageReq

    config = HttpConfig(ssl_ca_cert=service.certificate)
    credentials = BasicCredentials("AK", "s" * 40, PROJECT)
    client = (
        DrsClient.new_builder()
        .with_http_config(config)
        .with_credentials(credentials)
        .with_endpoint(service.url)
        .build()
    )

    def ask(ids: list[str]) -> object:
        body = BatchQueryJobReqPage(jobs=ids, page_req=PageReq(cur_page=1, per_page=100))
        return client.batch_list_job_status(BatchListJobStatusRequest(body=body)).results

    return ask
