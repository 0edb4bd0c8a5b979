"""Decides whether a job has passed its pre-check: what DRS affirms, and which alarms somebody accepts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from airflow_provider_drs.api.checks.items import explain
from airflow_provider_drs.api.checks.waivers import Waiver, waiver_for
from airflow_provider_drs.api.codes import is_not_ready, is_retryable
from airflow_provider_drs.api.model.precheck import FAILED, PrecheckItem, PrecheckRequest, PrecheckResult

ON_ALARM = ("fail", "pass")
"""What an alarm without a waiver does to its job."""


@dataclass(frozen=True)
class ItemVerdict:
    """Whether an item lets its job pass.

    :param answered: the item, as DRS answered.
    :param passed: whether it stops nothing.
    :param waiver: the waiver that counts for its alarm, or ``None``.
    :param expired: a waiver for its alarm that counts no more, or ``None``.
    """

    answered: PrecheckItem
    passed: bool
    waiver: Waiver | None = None
    expired: Waiver | None = None

    @property
    def outcome(self) -> str:
        """The item and its result in a few words, with the symbol of the reason."""
        reason = f" [{self.answered.reason}]" if self.answered.reason else ""
        return f"{self.answered.item} {self.answered.result or 'without a result'}{reason}"

    @property
    def explanation(self) -> str:
        """Why the item stops its job, in whole sentences; empty when nothing is known."""
        expired = f"The waiver for it expired on {self.expired.until}." if self.expired else None
        fault = f"{self.answered.fault[:1].upper()}{self.answered.fault[1:]}." if self.answered.fault else None
        return " ".join(filter(None, (fault, explain(self.answered), expired)))


@dataclass(frozen=True)
class PrecheckVerdict:
    """Whether a job has passed its pre-check.

    :param result: what DRS answered.
    :param passed: whether the job may start, as far as the pre-check is concerned.
    :param items: a verdict for each item, in the order of the answer.
    :param tested: whether DRS runs or ran the check, as far as is known.
    """

    result: PrecheckResult
    passed: bool
    items: tuple[ItemVerdict, ...]
    tested: bool = True

    @property
    def job_id(self) -> str:
        """Id of the DRS job."""
        return self.result.job_id

    @property
    def stopped_by(self) -> list[ItemVerdict]:
        """The items that stop the job; none if the check as a whole does."""
        return [] if self.result.text else [item for item in self.items if not item.passed]

    @property
    def retryable(self) -> bool:
        """Whether another check may pass later without a change of the DAG."""
        return is_retryable(self.result.code, self.result.text)

    @property
    def not_ready(self) -> bool:
        """Whether DRS refused the check because of the job's status."""
        return is_not_ready(self.result.code)

    @property
    def text(self) -> str | None:
        """Why the job has not passed, in one text, or ``None``."""
        if self.passed:
            return None
        if self.result.text:
            return self.result.text
        if not self.result.finished:
            return f"the pre-check has not finished: {self.result.process or 'it has not begun'}"
        stopped = [", ".join(item.outcome for item in self.stopped_by)] if self.stopped_by else []
        return "; ".join([*self.result.faults, *stopped]) or _what_is_missing(self.result)


def judge_job(
    result: PrecheckResult, waivers: Sequence[Waiver], today: date, *, on_alarm: str = "fail", tested: bool = True
) -> PrecheckVerdict:
    """Return whether a job has passed its pre-check.

    It has passed if progress and rate are 100 %, DRS allows the start, and each item has passed or has an alarm that
    is accepted, all of it without a contradiction. A failed item cannot be accepted.

    :param result: the result of this run, and of no earlier one.
    :param waivers: accepted alarms.
    :param today: the day on which a waiver must count.
    :param on_alarm: ``fail``, or ``pass`` to accept every alarm.
    :param tested: whether DRS runs or ran the check.
    """
    items = tuple(_judge_item(result.job_id, item, waivers, today, on_alarm) for item in result.items)
    return PrecheckVerdict(result, result.affirmed and all(item.passed for item in items), items, tested)


def of_request(request: PrecheckRequest) -> PrecheckResult:
    """Return the result of a job whose pre-check DRS did not begin.

    :param request: the answer to its request.
    """
    text = request.text or "DRS gave no reason"
    return PrecheckResult(
        request.job_id, code=request.code, text=text, hint=request.hint, request_id=request.request_id
    )


def remarks(verdicts: Sequence[PrecheckVerdict], waivers: Sequence[Waiver], today: date) -> list[str]:
    """Return a sentence for each waiver that had no effect, and why.

    :param verdicts: those of all jobs.
    :param waivers: all waivers.
    :param today: the day on which they must count.
    """
    used = {item.waiver for verdict in verdicts for item in verdict.items}
    failed = {
        (verdict.job_id, item.answered.item) for verdict in verdicts for item in verdict.items if _has_failed(item)
    }
    sentences = []
    for waiver in waivers:
        if waiver.until < today:
            sentences.append(f"The waiver for {waiver} expired on {waiver.until} and counts for nothing.")
        elif any(waiver.concerns(*pair) for pair in failed):
            sentences.append(f"The waiver for {waiver} does not help: the item has failed, and only alarms are waived.")
        elif waiver not in used:
            sentences.append(f"The waiver for {waiver} was not needed: there was no such alarm.")
    return sentences


def _judge_item(job_id: str, item: PrecheckItem, waivers: Sequence[Waiver], today: date, on_alarm: str) -> ItemVerdict:
    if item.passed or not item.alarmed:
        return ItemVerdict(item, item.passed)
    waiver = waiver_for(waivers, job_id, item.item, today)
    if waiver and waiver.until >= today:
        return ItemVerdict(item, True, waiver)
    return ItemVerdict(item, on_alarm == "pass", expired=waiver)


def _has_failed(item: ItemVerdict) -> bool:
    return item.answered.result == FAILED


def _what_is_missing(result: PrecheckResult) -> str:
    if result.allowed is None:
        return "DRS does not say whether it allows the start"
    if not result.allowed:
        return "DRS does not allow the start"
    return f"the rate of passed items is {result.rate or 'not in the answer'}"
