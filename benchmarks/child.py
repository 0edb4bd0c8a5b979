"""Runs a measurement in a new interpreter, which no other measurement has influenced."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
# the first doubles the cost of an import, and the others override the CA bundle of a client
MISLEADING = ("PYTHONDONTWRITEBYTECODE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "AWS_CA_BUNDLE")


def command(module: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]


def run(module: str, *arguments: object, env: Mapping[str, str] | None = None) -> Any:
    """Run a module of this package with an empty Airflow home, and return the JSON of the last line of its output.

    :param module: name of the module in this package.
    :param arguments: its command line.
    :param env: further environment variables.
    """
    kept = {name: value for name, value in os.environ.items() if name not in MISLEADING}
    with tempfile.TemporaryDirectory(prefix="drs-bench-") as home:
        settings = {"AIRFLOW_HOME": home, "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR", **(env or {})}
        done = subprocess.run(
            command(module, *arguments), cwd=ROOT, env=kept | settings, stdout=subprocess.PIPE, check=True, timeout=300
        )
    return json.loads(done.stdout.splitlines()[-1])
