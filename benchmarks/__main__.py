"""``python -m benchmarks [NAME ...]``: prints the tables, checks the claims, and fails if a claim does not hold.

Without a name, it runs all benchmarks and writes ``docs/benchmarks.md``.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import platform
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.child import MISLEADING, ROOT
from benchmarks.measured import Claim, Measured

NAMES = (
    "imports",
    "calls",
    "borders",
    "waits",
    "verdicts",
    "stores",
    "growth",
    "throttled",
    "throttled_rounds",
    "triggerer",
    "ten_thousand",
    "slow_answers",
    "masking",
    "report_page",
    "whole_waits",
)
PACKAGES = (
    "apache-airflow",
    "apache-airflow-providers-amazon",
    "apache-airflow-providers-dbt-cloud",
    "apache-airflow-providers-databricks",
    "apache-airflow-providers-http",
    "huaweicloudsdkdrs",
    "requests",
    "urllib3",
    "aiohttp",
)
PAGE = ROOT / "docs" / "benchmarks.md"
CI = "## What CI takes"
"""Heading of the part of the page that comes from a run of CI, and stays."""
INTRODUCTION = """\
# Benchmarks

`make bench` writes this page. It prints the same tables, judges the claims, and fails if one does not hold.
Ratios are of figures taken in one run; absolute times are those of this machine.
"""


def main(names: list[str]) -> int:
    """Run benchmarks, and return the exit status.

    :param names: names of benchmarks; empty for all.
    """
    for name in MISLEADING:
        os.environ.pop(name, None)
    if importlib.util.find_spec("niquests"):
        raise SystemExit("niquests is installed; it replaces urllib3, so the figures would be wrong")
    # the emulator logs each call, and some of a hundred jobs
    logging.getLogger("airflow_provider_drs.emulator").setLevel(logging.WARNING)
    console = Console(width=max(Console().width, 130))
    load = os.getloadavg()[0]
    done = []
    for name in names or NAMES:
        module = importlib.import_module(f"benchmarks.{name}")
        measured: Measured = module.measure()
        done.append(measured)
        for table in measured.tables:
            console.print(table)
        for claim in measured.claims:
            console.print(_line(claim), markup=False, highlight=False)
    if not names:
        PAGE.write_text(_page(done, load), encoding="utf-8")
        console.print(f"{PAGE.relative_to(ROOT)} is written.")
    return int(not all(claim.held for measured in done for claim in measured.claims))


def _line(claim: Claim) -> str:
    return f"{'passed' if claim.held else 'FAILED'}: {claim.text} ({claim.figures})"


def _page(done: list[Measured], load: float) -> str:
    claims = [f"- {_line(claim)}" for measured in done for claim in measured.claims]
    tables = [_markdown(table) for measured in done for table in measured.tables]
    tables = [f"## {number}. {table}" for number, table in enumerate(tables, 1)]
    ci = CI + PAGE.read_text(encoding="utf-8").partition(CI)[2].rstrip()
    return "\n\n".join([INTRODUCTION + "\n" + _machine(load), "## Claims", "\n".join(claims), *tables, ci]) + "\n"


def _machine(load: float) -> str:
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{date.today()}: {os.cpu_count()} cores of {_processor()}, {memory:.0f} GB, {platform.system()}, "
        f"{platform.python_implementation()} {platform.python_version()}; load {load:.1f} at the start. {versions}."
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _markdown(table: Table) -> str:
    rows = [[str(column.header) for column in table.columns]]
    rows.append(["---" if column.justify == "left" else "---:" for column in table.columns])
    rows += map(list, zip(*(map(str, column.cells) for column in table.columns), strict=True))
    lines = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{table.title}\n\n{lines}" + (f"\n\n{table.caption}" if table.caption else "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
