"""What the report page makes of odd answers: no false green, no endless wait, and no report that hides another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from airflow_server import PATIENCE
from chromium import chromium
from running_airflow import wait_until
from wire import Reply, Request, Service

import airflow_provider_drs

FILES = Path(airflow_provider_drs.__file__).parent / "ui" / "page"
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}
FAILED = {"label": "shop", "side": "source", "address": "h:1", "passed": False}
PASSED = {**FAILED, "passed": True}
Api = Callable[[str], Reply]


class FakeAirflow(Service):
    """Serves the page's files, and an API that answers as a test wants."""

    def __init__(self) -> None:
        super().__init__(self._reply)
        self.api: Api = lambda path: Reply({}, 404)

    def _reply(self, request: Request) -> Reply:
        path = unquote(urlsplit(request.path).path)
        if path.startswith("/drs/"):
            file = FILES / path.removeprefix("/drs/")
            return Reply(raw=file.read_bytes(), headers={"Content-Type": TYPES[file.suffix]})
        return Reply({"version": "3"}) if path == "/api/v2/version" else self.api(path)


@pytest.fixture(scope="module")
def opened(tmp_path_factory) -> Iterator[Callable[[str, Api], Any]]:
    """Open a page of a fake Airflow and return the browser, once the page is not busy any more."""
    airflow = FakeAirflow()
    with airflow, chromium(tmp_path_factory.mktemp("browser")) as browser:

        def open_page(fragment: str, api: Api) -> Any:
            airflow.api = api
            browser.get("about:blank")
            browser.get(f"{airflow.url}/drs/report.html{fragment}")
            busy = "return document.querySelector('main')?.getAttribute('aria-busy') !== 'false'"
            wait_until("the page is loaded", lambda: not browser.execute_script(busy), PATIENCE)
            return browser

        yield open_page


def texts(browser: Any, css: str) -> list[str]:
    return list(
        browser.execute_script("return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)", css)
    )


def of_one_task(value: Any) -> Api:
    return lambda path: Reply({"value": value} if "xcomEntries" in path else {"task_id": "t", "state": "failed"})


def task(name: str, operator: str) -> dict[str, Any]:
    run = {"dag_id": "d", "dag_run_id": "r", "map_index": -1, "state": "failed"}
    return {"task_id": name, "operator": operator, **run}


def report(**members: Any) -> dict[str, Any]:
    return {"kind": "connections", "passed": True, "endpoints": [PASSED], **members}


@pytest.mark.parametrize(
    ("value", "mark", "headline"),
    [
        (report(), "✓", "1 endpoint passed"),
        (report(endpoints=[PASSED, FAILED]), "✕", "1 of 2 endpoints failed"),
        (report(errors=["no"]), "✕", "Not passed"),
        (report(endpoints=[]), "✕", "The report is empty"),
        (report(jobs=[{"job_id": "j", "passed": False, "stored": False}]), "✕", "1 of 1 jobs failed"),
        ({"j": "CREATE_FAILED", "k": "CONFIGURATION"}, "✕", "1 of 2 jobs are lost"),
        ({"j": None, "k": "CONFIGURATION"}, "✕", "1 of 2 jobs are lost"),
        ({"j": "CONFIGURATION"}, "✓", "The status of 1 job"),
        ({"kind": "start", "passed": True, "started": ["j"], "already": ["k"]}, "✓", "All 2 jobs passed"),
        (report(kind="constructor"), "✓", "1 endpoint passed"),
    ],
)
def test_a_report_is_green_only_if_no_part_of_it_speaks_against_that(opened, value, mark, headline):
    browser = opened("#/dags/d/runs/r/tasks/t", of_one_task(value))

    assert texts(browser, ".mark") == [mark]
    (shown,) = texts(browser, "h2")
    assert headline in shown


@pytest.mark.parametrize("odd", [None, 5, True, [], {}, [{}], {"toString": 1, "valueOf": 2}, "<b>x</b>", "x" * 10_000])
def test_a_member_of_any_type_is_shown_as_text(opened, odd):
    members = dict.fromkeys(("label", "address", "side", "text", "code", "hint", "job_id", "request_id"), odd)

    browser = opened("#/dags/d/runs/r/tasks/t", of_one_task(report(endpoints=[{**members, "passed": False}])))

    assert texts(browser, "h2") == ["1 of 1 endpoints failed"]
    assert texts(browser, "main b") == []


@pytest.mark.parametrize("odd", [{"endpoints": {"a": 1}}, {"jobs": 5}, {"errors": {"a": 1}}, {"checked_at": []}])
def test_one_odd_report_hides_no_other_of_its_run(opened, odd):
    values = {"odd": report(**odd), "good": report(endpoints=[FAILED])}

    def api(path: str) -> Reply:
        if path.endswith("/taskInstances"):
            ours = [task(name, "DrsTestConnectionsOperator") for name in values]
            return Reply({"task_instances": [None, *ours], "total_entries": 3})
        return Reply({"value": values[path.split("/")[-3]]})

    browser = opened("#/dags/d/runs/r", api)

    assert "1 of 1 endpoints failed" in texts(browser, "h2")
    assert len(texts(browser, "article")) == 2


def test_all_tasks_of_a_run_are_listed_although_airflow_lists_fewer_at_once_and_does_not_count_them(opened):
    asked: list[str] = []

    def api(path: str) -> Reply:
        if not path.endswith("/taskInstances"):
            return Reply({"value": report()})
        start = len(asked) * 3
        asked.append(path)
        names = [f"t{number}" for number in range(start, min(start + 3, 8))]
        tasks = [
            {"task_id": name, "dag_id": "d", "dag_run_id": "r", "map_index": -1, "state": "success"} for name in names
        ]
        return Reply({"task_instances": [{**task, "operator": "DrsJobStatusSensor"} for task in tasks]})

    browser = opened("#/dags/d/runs/r", api)

    assert len(texts(browser, "article")) == 8
    assert len(asked) == 4


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply({}, 401), "not logged in"),
        (Reply({}, 403), "does not let you"),
        (Reply(raw=b"<html>log in</html>", headers={"Content-Type": "text/html"}), "not logged in"),
        (Reply({}, 500), "HTTP 500"),
        (Reply({"value": "s3://bucket/key"}), "no report that this page can read"),
    ],
)
def test_an_answer_without_a_report_is_told_in_words(opened, reply, words):
    browser = opened("#/dags/d/runs/r/tasks/t", lambda path: reply)

    assert words in texts(browser, "main")[0]


@pytest.mark.parametrize("fragment", ["#/dags/../runs/r/tasks/t", "#/dags/%2e%2e/runs/%2e%2e/tasks/t"])
def test_an_id_that_is_a_step_in_a_path_is_no_id(opened, fragment):
    asked: list[str] = []

    def api(path: str) -> Reply:
        asked.append(path)
        return Reply({"task_instances": [], "total_entries": 0})

    opened(fragment, api)

    assert asked == ["/api/v2/dags/~/dagRuns/~/taskInstances"]
