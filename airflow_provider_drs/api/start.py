"""Starts jobs that may start, each at most once, whatever has happened to an earlier try or to an answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model.inputs import gathering, is_given
from airflow_provider_drs.api.model.job_start import JobStart
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.model.shown_reports import read_reports
from airflow_provider_drs.api.starts.clearance import StartRules, clear
from airflow_provider_drs.api.starts.evidence import Evidence
from airflow_provider_drs.api.starts.look import LOOK_SECONDS, look_for_starts
from airflow_provider_drs.api.starts.times import check_future, parse_start_time
from airflow_provider_drs.api.starts.verdict import (
    REFUSED,
    STARTED,
    UNKNOWN,
    StartVerdict,
    found_started,
    held,
    looked_for,
    of_answer,
    of_clearances,
)

Verdicts = dict[str, StartVerdict]
_log = logging.getLogger(__name__)


class Memory(Protocol):
    """What outlives a process that is killed."""

    def write(self, verdicts: Iterable[StartVerdict]) -> None:
        """Keep what is known of each job, or raise, so that nothing is sent."""

    def update(self, verdicts: Iterable[StartVerdict]) -> None:
        """Keep what is known of each job now, if that is possible."""


@dataclass(frozen=True)
class StartPlan:
    """How jobs are started.

    :param evidence: the reports of the steps before.
    :param rules: what must be true of each job.
    :param start_time: when they start, in milliseconds since 1970; ``None`` is at once.
    :param pause: seconds between two looks at a status.
    :param sleep: waits for that many seconds, and raises as soon as the task is killed.
    """

    evidence: Evidence
    rules: StartRules
    start_time: int | None
    pause: float
    sleep: Callable[[float], None]


def make_plan(
    evidence: object,
    start_time: object,
    rules: StartRules,
    pause: float,
    sleep: Callable[[float], None],
    *,
    in_time: bool,
) -> StartPlan:
    """Return how jobs are started.

    :param evidence: reports as a DAG author hands them over; they may be missing if ``rules`` require none.
    :param start_time: a time as a DAG author writes it.
    :param rules: what must be true of each job.
    :param pause: seconds between two looks at a status.
    :param sleep: waits for that many seconds.
    :param in_time: whether the time must be in the future. It has been, when an earlier try may have started jobs.
    :raises DrsInputError: naming everything that is wrong with reports and time.
    """
    read, milliseconds = Evidence(), None
    violations: list[str] = []
    with gathering(violations):
        if rules.require or is_given(evidence):
            read = Evidence(read_reports(evidence, "evidence"))
    with gathering(violations):
        milliseconds = parse_start_time(start_time)
        if in_time:
            check_future(milliseconds, rules.clock())
    if violations:
        raise DrsInputError(violations)
    return StartPlan(read, rules, milliseconds, pause, sleep)


def start_once(
    client: DrsClient, job_ids: Sequence[str], earlier: Mapping[str, StartVerdict], plan: StartPlan, memory: Memory
) -> Verdicts:
    """Start each job that no earlier try may have started, unless one of them may not start.

    A job that an earlier try may have started is looked at only. If its status does not tell, nothing is sent at all.

    :param client: makes the calls.
    :param job_ids: the jobs.
    :param earlier: what an earlier try has kept.
    :param plan: how they are started.
    :param memory: keeps what is known, before and after the calls.
    :return: for each job whether DRS has accepted its start, in the order of ``job_ids``.
    :raises DrsStoppedError: when the task is killed.
    :raises DrsError: when ``memory`` keeps nothing.
    """
    sent = {each: earlier[each] for each in job_ids if each in earlier and earlier[each].outcome in (STARTED, UNKNOWN)}
    verdicts = _looked_for(client, sent, plan)
    others = [job_id for job_id in job_ids if job_id not in sent]
    if any(one.outcome == UNKNOWN for one in verdicts.values()):
        verdicts |= {job_id: held(job_id) for job_id in others}
    elif others:
        verdicts |= _started(client, others, verdicts, plan, memory)
    return {job_id: verdicts[job_id] for job_id in job_ids}


def _started(client: DrsClient, job_ids: list[str], sent: Verdicts, plan: StartPlan, memory: Memory) -> Verdicts:
    details = client.look_up_details(job_ids)
    # of a task that is killed, nothing was read
    plan.sleep(0)
    clearances = [clear(job_id, details[job_id], plan.evidence, plan.rules, plan.start_time) for job_id in job_ids]
    for one in clearances:
        for remark in one.remarks:
            _log.warning("job %s: %s", one.job_id, remark)
    verdicts = of_clearances(clearances)
    todo = [job_id for job_id in job_ids if job_id not in verdicts]
    if not todo:
        return verdicts
    unanswered = {job_id: of_answer(JobStart(job_id, None)) for job_id in todo}
    memory.write((sent | verdicts | unanswered).values())
    _log.info("DRS is asked to start %s jobs.", len(todo))
    answers = client.start_jobs(todo, None if plan.start_time is None else str(plan.start_time))
    started = {job_id: of_answer(answer) for job_id, answer in answers.items()}
    memory.update((sent | verdicts | started).values())
    # of a task that is killed, perhaps not all were sent
    plan.sleep(0)
    started = _looked_for(client, started, plan)
    refused = [job_id for job_id, one in started.items() if one.outcome == REFUSED]
    statuses = client.look_up(refused) if refused else {}
    found = {each: found_started(started[each], item) for each, item in statuses.items() if isinstance(item, JobStatus)}
    return verdicts | started | found


def _looked_for(client: DrsClient, verdicts: Verdicts, plan: StartPlan) -> Verdicts:
    """Return the same verdicts, after a look at the jobs of which it is not known whether DRS starts them."""
    unknown = [job_id for job_id, one in verdicts.items() if one.outcome == UNKNOWN]
    if not unknown:
        return verdicts
    _log.warning(
        "It is not known whether DRS starts %s jobs, so no start is sent again. Their status may tell it within %s s.",
        len(unknown),
        LOOK_SECONDS,
    )
    seen = look_for_starts(
        lambda ids: client.look_up(ids, repeat=False), unknown, plan.pause, time.monotonic, plan.sleep
    )
    return verdicts | {job_id: looked_for(verdicts[job_id], seen.get(job_id)) for job_id in unknown}
