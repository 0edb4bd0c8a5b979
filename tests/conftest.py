"""Prepares a new Airflow home for each test session, before any module imports Airflow."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import airflow_runs
import pytest
from hypothesis import HealthCheck, settings

_HOME = Path(tempfile.mkdtemp(prefix="drs-airflow-"))
_ROOT = Path(__file__).parent.parent


def _prepare_airflow() -> None:
    # dag.test() needs the file of the DAG in the DAG folder, so all files are copied into one folder
    dags = _HOME / "dags"
    dags.mkdir()
    for folder in (_ROOT / "example_dags", _ROOT / "tests" / "dags" / "folder"):
        for file in folder.glob("*.*"):
            shutil.copy(file, dags / file.name)
    for name in [name for name in os.environ if name.startswith("AIRFLOW")]:
        del os.environ[name]
    os.environ |= {
        "AIRFLOW_HOME": str(_HOME),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    }


_prepare_airflow()


def _show_one_file() -> None:
    """Show ``dag.test()`` the file of its DAG alone: Airflow 3 reads the whole folder, and stores all of its DAGs."""
    run, ignored = airflow_runs.run_loaded, _HOME / "dags" / ".airflowignore"

    def run_alone(dag: Any, **options: Any) -> airflow_runs.Run:
        ignored.write_text(f"*\n!{Path(dag.fileloc).name}\n")
        try:
            return run(dag, **options)
        finally:
            ignored.unlink(missing_ok=True)

    # now, as most tests import the function by its name
    airflow_runs.run_loaded = run_alone


_show_one_file()

# No test is timed: a slow machine says nothing of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_unconfigure() -> None:
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def airflow_db() -> None:
    """Create the metadata database of this session's Airflow."""
    from airflow import __version__
    from airflow.utils.db import initdb

    initdb()
    if __version__.startswith(("3.0.", "3.1.", "3.2.")):
        from airflow.sdk.execution_time import supervisor

        # these versions start the server of dag.test() for each task, which takes seconds; 3.3 caches it
        supervisor.in_process_api_server = cache(supervisor.in_process_api_server)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Run the whole Airflow that the tests in ``running`` share."""
    from whole import whole_airflow

    with whole_airflow(tmp_path_factory.mktemp("airflow")) as whole:
        yield whole


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Show what tasks logged last if a test of the whole Airflow fails: its folder is gone when somebody reads it."""
    report = yield
    whole = getattr(item, "funcargs", {}).get("whole")
    if report.failed and whole:
        logs = sorted(whole.airflow.home.glob("logs/dag_id=*/**/*.log"), key=lambda file: file.stat().st_mtime)
        ends = (f"{file}\n{file.read_text(errors='replace')[-3000:]}" for file in logs[-5:])
        report.sections.append(("the logs that changed last", "\n".join(ends)))
    return report


@pytest.fixture(scope="session")
def airflow_after_gates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Run the Airflow whose pages the tests in ``browser`` look at."""
    import gates

    with gates.airflow_after_gates(tmp_path_factory.mktemp("airflow")) as airflow:
        yield airflow


@pytest.fixture
def console(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Return a function that returns the log so far. Airflow 2 uses ``logging``, and Airflow 3 the console."""
    from airflow import __version__

    if __version__.startswith("2."):
        return lambda: caplog.text
    if __version__.startswith("3.0."):
        from airflow.sdk.log import configure_logging

        # the process of a task does this, too; without it, Airflow 3.0 masks no secret in the log
        configure_logging(enable_pretty_log=False)
        return lambda: capfd.readouterr().out + caplog.text
    return lambda: "".join(capfd.readouterr()) + caplog.text
