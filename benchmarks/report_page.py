"""Measures what the report page costs: each process of Airflow its plugin, and a browser a thousand rows."""

from __future__ import annotations

import gc
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from airflow_provider_drs.api.model.report import Report, Verdict
from benchmarks import child
from benchmarks.calls import job_ids
from benchmarks.imports import in_a_fork
from benchmarks.measured import Claim, Measured, table

ROUNDS, SHARE = 15, 20
IMPORTS = {"this plugin": "airflow_provider_drs.ui.plugin", "FastAPI": "fastapi"}
ROWS, OPENINGS, ALLOWED_MS = 1000, 7, 1000
CHROMIUM = "chromium"
PAGE = child.ROOT / "airflow_provider_drs" / "ui" / "page"
ADDRESS = "/drs/report.html#/dags/d/runs/r/tasks/t"
# two frames after the last row was added, the rows in the window are on display; the page's own time starts with the
# report's arrival
WATCH = """
const watch = () => {
  if (document.querySelectorAll("tbody tr").length < %d) return requestAnimationFrame(watch);
  const [report] = performance.getEntriesByType("resource").filter((each) => each.name.includes("return_value"));
  requestAnimationFrame(() => requestAnimationFrame((now) =>
    fetch("/drs/ms", { method: "POST", body: `${now - report.responseEnd} ${now}` })));
};
watch();
"""


def measure() -> Measured:
    """Import the plugin in forks of a process that loads plugins, and open a report in Chromium."""
    costs = child.run("report_page")
    imports = table(
        "The plugin of the report page",
        f"Medians of {ROUNDS} forks each, taken in turn, of a frozen process that has loaded airflow.sdk and what "
        "loads plugins, as a task's process has.",
        "imported",
        "CPU ms",
        "new modules",
    )
    for name in IMPORTS:
        ms, modules = median(cost["ms"] for cost in costs[name]), costs[name][0]["modules"]
        imports.add_row(name, f"{ms:.2f}", str(modules))
    pairs = zip(costs["FastAPI"], costs["this plugin"], strict=True)
    ratio = median(fastapi["ms"] / ours["ms"] for fastapi, ours in pairs)
    tables, claims = (
        [imports],
        [
            Claim(
                f"loading the plugin takes at most 1/{SHARE} of the CPU time of importing FastAPI",
                ratio >= SHARE,
                f"1/{ratio:.0f}",
            )
        ],
    )
    if shutil.which(CHROMIUM):
        own, all_in_all = zip(*(_opening() for _ in range(OPENINGS)), strict=True)
        page = table(
            f"A report of {ROWS:,} endpoints in Chromium",
            "Each opening is in a new browser. The page's own time starts when the report has arrived, and ends when "
            "all rows are in the document and those in the window on display. All in all starts with the navigation, so"
            " processes of the browser start in it.",
            "openings",
            "own time, median ms",
            "worst",
            "all in all, median ms",
        )
        page.add_row(str(OPENINGS), *(f"{ms:.0f}" for ms in (median(own), max(own), median(all_in_all))))
        tables.append(page)
        shown = f"{ROWS:,} rows are in the document, and those in the window on display"
        text = f"{shown}, within {ALLOWED_MS:,} ms of the page's own time"
        claims.append(Claim(text, median(own) < ALLOWED_MS, f"{median(own):.0f} ms"))
    return Measured(tables, claims)


def _report() -> dict[str, Any]:
    verdicts = [
        Verdict(
            job_id,
            f"database {number}",
            "source",
            "mysql",
            f"db-{number}.example.com:3306",
            number % 10 != 0,
            text="Access denied for user 'drs'@'203.0.113.7' (using password: YES)" if number % 10 == 0 else None,
        )
        for number, job_id in enumerate(job_ids(ROWS))
    ]
    return Report(tuple(verdicts)).to_dict()


def _answers() -> dict[str, bytes]:
    task = "/api/v2/dags/d/dagRuns/r/taskInstances/t"
    files = {f"/drs/{file.name}": file.read_bytes() for file in PAGE.iterdir()}
    files["/drs/report.html"] = files["/drs/report.html"].replace(
        b"</head>", b'<script type="module" src="watch.js"></script></head>'
    )
    return files | {
        "/drs/watch.js": (WATCH % ROWS).encode(),
        "/api/v2/version": b"{}",
        task: json.dumps({"task_id": "t", "map_index": -1, "state": "failed"}).encode(),
        f"{task}/xcomEntries/return_value": json.dumps({"value": _report()}).encode(),
    }


KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}


@contextmanager
def _served() -> Iterator[tuple[str, threading.Event, list[float]]]:
    answers, opened, took = _answers(), threading.Event(), list[float]()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            content = answers.get(path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", KINDS.get(Path(path).suffix, "application/json"))
            self.end_headers()
            self.wfile.write(content or b"{}")

        def do_POST(self) -> None:
            took.extend(map(float, self.rfile.read(int(self.headers["Content-Length"])).split()))
            self.send_response(204)
            self.end_headers()
            opened.set()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", opened, took
        server.shutdown()


def _profile() -> tempfile.TemporaryDirectory[str]:
    # the browser's other processes may still write while they end
    return tempfile.TemporaryDirectory(prefix="drs-bench-", ignore_cleanup_errors=True)


def _opening() -> list[float]:
    with _served() as (url, opened, took), _profile() as profile:
        flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
        ]
        browser = subprocess.Popen(
            [CHROMIUM, *flags, url + ADDRESS], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            if not opened.wait(120):
                raise RuntimeError("the browser has not shown the page within 120 s")
        finally:
            browser.terminate()
            browser.wait()
    return took


def _main() -> None:
    from airflow.plugins_manager import AirflowPlugin  # noqa: F401
    from airflow.sdk import BaseOperator  # noqa: F401

    gc.collect()
    gc.freeze()
    for module in IMPORTS.values():  # compiles them
        in_a_fork((module,))
    costs: dict[str, list[dict[str, Any]]] = {name: [] for name in IMPORTS}
    for _ in range(ROUNDS):
        for name, module in IMPORTS.items():
            costs[name].append(in_a_fork((module,)))
    json.dump(costs, sys.stdout)


if __name__ == "__main__":
    _main()
