"""What became of one job that was to be started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from airflow_provider_drs.api.codes import is_retryable
from airflow_provider_drs.api.model.job_start import JobStart
from airflow_provider_drs.api.model.job_status import TESTABLE, JobStatus, Phase
from airflow_provider_drs.api.model.job_verdict import one_line
from airflow_provider_drs.api.starts.clearance import Clearance
from airflow_provider_drs.api.starts.look import LOOK_SECONDS
from airflow_provider_drs.api.texts import printable

STARTED, ALREADY, UNKNOWN, REFUSED, HELD = "started", "already", "unknown", "refused", "held"
"""DRS has accepted the start; somebody started it before; nobody knows; it may not start; others may not."""
MAX_LINE = 2000
"""Maximum length of all reasons of one job in a line, in characters."""
_MEND = "Look at the job in the DRS console."
_LOOK_YOURSELF = (
    "Look at the job in the DRS console. If it has not started, clear this task: it then starts the job anyway."
)


@dataclass(frozen=True)
class StartVerdict:
    """What became of one job.

    :param job_id: id of the DRS job.
    :param outcome: one of the five above.
    :param passed: whether the job is started, and as far as was to be waited for.
    :param status: the status that was seen last, or ``None``.
    :param code: the service's code for why it is not, or ``None``.
    :param text: why it is not, or ``None``.
    :param hint: what to do about that, or ``None``.
    :param request_id: request id of the answer to the start, or ``None``.
    :param order_id: the order that the start has placed, or ``None``.
    :param retryable: whether a retry of the task may start the job, or wait for it further; not in the report.
    """

    job_id: str
    outcome: str
    passed: bool = False
    status: str | None = None
    code: str | None = None
    text: str | None = None
    hint: str | None = None
    request_id: str | None = None
    order_id: str | None = None
    retryable: bool = False

    @property
    def line(self) -> str:
        """The verdict in one line for a log or an error."""
        about = [f"status {self.status}"] if self.status else []
        about += [
            f"{name} {value}" for name, value in (("request id", self.request_id), ("order", self.order_id)) if value
        ]
        reason = printable(self.text or self.outcome, MAX_LINE)
        return one_line(self.job_id, reason, self.code, self.hint, ", ".join(about) or "no status")

    def to_state(self) -> dict[str, Any]:
        """Return what another try or process needs of it, as plain JSON; :func:`verdict_of_state` is the way back."""
        return {name: value for name, value in asdict(self).items() if value not in (None, False)}


def verdict_of_state(state: Mapping[str, Any]) -> StartVerdict:
    """Return the verdict that :meth:`StartVerdict.to_state` took apart.

    :param state: its members.
    :raises TypeError: when they are not such.
    """
    return StartVerdict(**state)


def of_clearances(clearances: Sequence[Clearance]) -> dict[str, StartVerdict]:
    """Return what is certain before anything is sent.

    If a single job may not start, none is started. Otherwise, the jobs that are to be started have no verdict.

    :param clearances: of all jobs.
    """
    stop = any(one.objections for one in clearances)
    verdicts = {}
    for one in clearances:
        status = str(one.status) if one.status else None
        if one.already:
            verdicts[one.job_id] = StartVerdict(one.job_id, ALREADY, status=status)
        elif one.objections:
            text = "; ".join(one.objections)
            verdicts[one.job_id] = StartVerdict(one.job_id, REFUSED, status=status, text=text, retryable=one.retryable)
        elif stop:
            verdicts[one.job_id] = held(one.job_id, status)
    return verdicts


def held(job_id: str, status: str | None = None) -> StartVerdict:
    """Return the verdict on a job that could be started, and is not because of others.

    :param job_id: the job.
    :param status: its status, if that was read.
    """
    text = "it was not started, because another job of this task cannot be"
    return StartVerdict(job_id, HELD, status=status, text=text, retryable=True)


def of_answer(start: JobStart) -> StartVerdict:
    """Return what DRS's answer to a start says.

    :param start: the answer.
    """
    outcome = {True: STARTED, False: REFUSED, None: UNKNOWN}[start.accepted]
    return StartVerdict(
        start.job_id,
        outcome,
        status=str(TESTABLE),
        code=start.code,
        text=start.text,
        hint=start.hint,
        request_id=start.request_id,
        order_id=start.order_id,
        retryable=outcome == REFUSED and is_retryable(start.code, start.text),
    )


def looked_for(verdict: StartVerdict, status: JobStatus | None) -> StartVerdict:
    """Return the verdict on a job of which nobody knew whether DRS starts it, after a look at its status.

    :param verdict: that on the job.
    :param status: what it is since it has left ``CONFIGURATION``; ``None`` if that was not seen.
    """
    if status:
        return replace(verdict, outcome=STARTED, status=str(status), code=None, text=None, hint=None)
    why = (verdict.text or "an earlier try of this task was stopped before it had an answer").removesuffix(".")
    text = f"it is not known whether DRS starts it: {why}. For {LOOK_SECONDS} s it was not seen to leave {TESTABLE}"
    return replace(verdict, text=text, hint=_LOOK_YOURSELF)


def found_started(verdict: StartVerdict, status: JobStatus) -> StartVerdict:
    """Return the verdict on a job whose start DRS refused, after a look at its status.

    :param verdict: that on the job.
    :param status: its status.
    """
    return StartVerdict(verdict.job_id, ALREADY, status=str(status)) if status.phase is Phase.PAST else verdict


@dataclass(frozen=True)
class Ending:
    """How the wait for started jobs has ended.

    :param targets: what was waited for; nothing if there was no wait.
    :param statuses: the statuses that were seen last; ``None`` for a job that DRS refuses.
    :param why: why it ended before all jobs were there, or ``None``.
    :param retryable: whether a retry may wait further.
    """

    targets: Sequence[str] = ()
    statuses: Mapping[str, str | None] = field(default_factory=dict)
    why: str | None = None
    retryable: bool = False


def is_awaited(verdict: StartVerdict) -> bool:
    """Return whether the wait is for this job, too: it is started, or just about to be by somebody else.

    :param verdict: that on the job.
    """
    return verdict.outcome == STARTED or (verdict.outcome == ALREADY and verdict.status == JobStatus.STARTJOBING)


def after_wait(verdict: StartVerdict, ending: Ending) -> StartVerdict:
    """Return the final verdict on a job.

    :param verdict: that before the wait.
    :param ending: how the wait has ended.
    """
    if verdict.outcome not in (STARTED, ALREADY):
        return verdict
    status = ending.statuses.get(verdict.job_id, verdict.status)
    seen = replace(verdict, status=status, passed=True, text=None)
    known = JobStatus(status) if status else None
    if known in ending.targets:
        return seen
    if not (ending.targets and is_awaited(verdict)):
        failed = known is not None and known.phase in (Phase.FAILED, Phase.GONE)
        text = f"its start was accepted, and now it is {known}"
        return replace(seen, passed=False, text=text, hint=_MEND) if failed else seen
    if known and not known.can_reach([JobStatus(target) for target in ending.targets]):
        text = f"its start was accepted, and now it is {known} and can no longer reach {' or '.join(ending.targets)}"
        return replace(seen, passed=False, text=text, hint=_MEND)
    why = ending.why or "DRS refuses to tell its status"
    return replace(
        seen,
        passed=False,
        text=f"its start was accepted, but {why}; its last status is {known or 'not known'}",
        retryable=ending.retryable,
    )
