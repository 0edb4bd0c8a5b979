"""Whatever single thing is changed in good evidence, or in what DRS says of a job, nothing is sent."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import job_id
from starts import green, proven, report

from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.errors import DrsInputError, DrsUnreachableError
from airflow_provider_drs.api.model.job_detail import JobDetail, Node
from airflow_provider_drs.api.model.job_start import JobStart
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.start import make_plan, start_once
from airflow_provider_drs.api.starts.clearance import StartRules
from airflow_provider_drs.api.starts.verdict import HELD, REFUSED, StartVerdict


def now() -> datetime:
    return datetime.now(timezone.utc)


JOB, OTHER = job_id(1), job_id(2)
DETAIL = JobDetail(
    JOB,
    JobStatus.CONFIGURATION,
    update_time="1767226200000",
    node=Node("10.0.0.40", "203.0.113.40"),
    net_type="eip",
    source={"db_type": "mysql", "ip": "192.0.2.1", "db_port": 3306, "db_user": "drs", "ssl_link": False},
    target={"db_type": "mysql", "ip": "10.0.0.5", "db_port": 3306, "db_user": "root", "inst_id": "in01"},
)


@dataclass
class Service:
    """A DRS that says of each job what it is told to, and notes each start."""

    details: dict[str, Any]
    started: list[str] = field(default_factory=list)

    def look_up_details(self, job_ids: list[str]) -> dict[str, Any]:
        return {each: self.details[each] for each in job_ids}

    def start_jobs(self, job_ids: list[str], start_time: str | None) -> dict[str, JobStart]:
        self.started += job_ids
        return {each: JobStart(each, True) for each in job_ids}


class Forgetful:
    """A memory that keeps nothing."""

    def write(self, verdicts: Iterable[StartVerdict]) -> None:
        pass

    update = write


def evidence() -> list[dict[str, Any]]:
    jobs = (JOB, OTHER)
    details = [
        proven(job, digest=DETAIL.digest, node=DETAIL.node_addresses, update_time=DETAIL.update_time) for job in jobs
    ]
    return [report("connections", *details), report("precheck", *map(green, jobs), seconds_ago=3)]


def start(
    reports: Any,
    detail: Any,
    *,
    earlier: dict[str, StartVerdict] | None = None,
    start_time: datetime | None = None,
    **rules: Any,
) -> tuple[Service, dict[str, StartVerdict]]:
    service = Service({JOB: detail, OTHER: replace(DETAIL, id=OTHER)})
    good: dict[str, Any] = {"require": ("connections", "precheck"), "max_age": 3600, "allow_order": False, "clock": now}
    kept = StartRules(**good | rules)
    plan = make_plan(reports, start_time, kept, 1, lambda seconds: None, in_time=not earlier)
    return service, start_once(cast(DrsClient, service), [JOB, OTHER], earlier or {}, plan, Forgetful())


def test_good_evidence_starts_all():
    service, verdicts = start(evidence(), DETAIL)

    assert service.started == [JOB, OTHER]
    assert {one.outcome for one in verdicts.values()} == {"started"}


def test_evidence_that_grew_too_old_while_the_details_were_read_starts_nothing():
    times = iter([now(), *[now() + timedelta(hours=2)] * 2])

    service, verdicts = start(evidence(), DETAIL, clock=times.__next__)

    assert service.started == []
    assert "s old, more than 3600 s" in (verdicts[JOB].text or "")


def test_a_retry_after_the_start_time_starts_no_further_job():
    earlier = {JOB: StartVerdict(JOB, "started"), OTHER: StartVerdict(OTHER, REFUSED, retryable=True)}

    service, verdicts = start(evidence(), DETAIL, earlier=earlier, start_time=now() - timedelta(seconds=1))

    assert service.started == []
    assert verdicts[JOB].outcome == "started"
    assert (verdicts[OTHER].outcome, verdicts[OTHER].retryable) == (REFUSED, False)
    assert "its start_time has passed" in (verdicts[OTHER].text or "")


OTHER_TEXT = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=8).map("x{}".format)
FAR_PAST = st.integers(3602, 10**9).map(lambda seconds: (now() - timedelta(seconds=seconds)).isoformat())
FAR_FUTURE = st.integers(62, 10**9).map(lambda seconds: (now() + timedelta(seconds=seconds)).isoformat())
TIME = FAR_PAST | FAR_FUTURE
NO: st.SearchStrategy[Any] = st.sampled_from([False, None, 0, "", "yes", []])
CONNECTIONS, PRECHECK = 0, 1
IN_EVIDENCE: dict[tuple[int, str], st.SearchStrategy[Any]] = {
    (CONNECTIONS, "job_id"): OTHER_TEXT,
    (CONNECTIONS, "passed"): NO,
    (CONNECTIONS, "stored"): NO,
    (CONNECTIONS, "digest"): OTHER_TEXT | st.none(),
    (CONNECTIONS, "node"): st.sampled_from([None, {}, {"ip": "10.0.0.40"}, {"ip": "10.0.0.40", "public_ip": None}])
    | st.fixed_dictionaries({"ip": OTHER_TEXT, "public_ip": st.just("203.0.113.40")}),
    (CONNECTIONS, "update_time"): OTHER_TEXT,
    (PRECHECK, "job_id"): OTHER_TEXT,
    (PRECHECK, "passed"): NO,
    (PRECHECK, "checked_at"): TIME | OTHER_TEXT,
}
IN_REPORT: dict[str, st.SearchStrategy[Any]] = {
    "schema": st.sampled_from([0, 2, "1", None, True]),
    "kind": st.sampled_from(["start", "connection", "", None]),
    "checked_at": TIME | OTHER_TEXT | st.none(),
    "jobs": st.sampled_from([[], None, {}, [None]]),
}


@st.composite
def changed_evidence(draw: st.DrawFn) -> list[dict[str, Any]]:
    reports = copy.deepcopy(evidence())
    if draw(st.booleans()):
        position, name = draw(st.sampled_from([*IN_EVIDENCE]))
        entry = reports[position]["jobs"][0]
        entry[name] = draw(IN_EVIDENCE[position, name])
        return reports
    position, name = draw(st.tuples(st.sampled_from([CONNECTIONS, PRECHECK]), st.sampled_from([*IN_REPORT, "gone"])))
    if name == "gone":
        del reports[position]
        return reports
    reports[position][name] = draw(IN_REPORT[name])
    if (position, name) == (PRECHECK, "checked_at"):
        # the report's own time counts where its jobs have none
        for job in reports[position]["jobs"]:
            job["checked_at"] = None
    return reports


@given(changed_evidence())
def test_whatever_single_thing_is_changed_in_the_evidence_nothing_is_sent(reports):
    service = Service({})
    try:
        service, verdicts = start(reports, DETAIL)
    except DrsInputError as error:
        assert all(violation.startswith("evidence") for violation in error.violations)
    else:
        assert verdicts[JOB].outcome == REFUSED
        assert verdicts[JOB].text
        assert {one.outcome for one in verdicts.values()} <= {REFUSED, HELD}
    assert service.started == []


@st.composite
def changed_detail(draw: st.DrawFn) -> Any:
    name = draw(st.sampled_from(["status", "update_time", "node", "node_alive", "prepaid", "net_type", "end", "error"]))
    if name == "error":
        return DrsUnreachableError("no route")
    if name == "end":
        side = draw(st.sampled_from(["source", "target"]))
        end = dict(getattr(DETAIL, side))
        member = draw(st.sampled_from([*end, "vpc_id"]))
        end[member] = draw(OTHER_TEXT)
        other: dict[str, Any] = {side: draw(st.sampled_from([end, None, {}]))}
        return replace(DETAIL, **other)
    values: dict[str, st.SearchStrategy[Any]] = {
        "status": st.sampled_from([one for one in JobStatus if one.phase != 2 and one != "CONFIGURATION"])
        | OTHER_TEXT.map(JobStatus),
        "update_time": OTHER_TEXT,
        "node": st.builds(Node, OTHER_TEXT | st.none(), OTHER_TEXT | st.none()),
        "node_alive": st.just(False),
        "prepaid": st.just(True),
        "net_type": OTHER_TEXT | st.none(),
    }
    changed: dict[str, Any] = {name: draw(values[name])}
    return replace(DETAIL, **changed)


@given(changed_detail())
def test_whatever_single_thing_drs_says_otherwise_nothing_is_sent(detail):
    service, verdicts = start(evidence(), detail)

    assert service.started == []
    assert verdicts[JOB].outcome == REFUSED
    assert verdicts[JOB].text
    assert verdicts[OTHER].outcome == HELD


@pytest.mark.parametrize("side", ["report", "detail"])
def test_a_time_of_change_that_is_missing_proves_nothing_and_is_told(caplog, side):
    reports, detail = evidence(), DETAIL
    if side == "report":
        reports[0]["jobs"][0]["update_time"] = None
    else:
        detail = replace(DETAIL, update_time=None)

    service, _ = start(reports, detail)

    assert service.started == [JOB, OTHER]
    assert "DRS does not tell when it was changed last" in caplog.text


def test_without_a_connection_test_there_is_nothing_to_compare_with_and_that_is_told(caplog):
    detail = replace(DETAIL, update_time="1", node=Node("10.0.0.99"))

    service, _ = start(evidence()[1:], detail, require=("precheck",))

    assert service.started == [JOB, OTHER]
    assert "nothing says what was tested" in caplog.text


def test_all_reasons_of_a_job_are_told():
    reports = evidence()
    reports[0]["jobs"][0] |= {"passed": False, "stored": False, "digest": "x"}
    reports[1]["jobs"][0]["checked_at"] = (now() - timedelta(hours=2)).isoformat()

    _, verdicts = start(reports, replace(DETAIL, prepaid=True, node_alive=False))

    text = verdicts[JOB].text or ""
    for reason in ("did not pass", "not stored", "7200 s old", "what DRS has stored", "released its node", "pays"):
        assert reason in text
