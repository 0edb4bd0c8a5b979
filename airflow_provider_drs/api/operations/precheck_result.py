"""``batchCheckResults``: how far the pre-checks of up to a hundred jobs are, and what each item has found.

Follows the vendor's page *Querying Pre-Check Results in Batches*.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from airflow_provider_drs.api.codes import hint_for
from airflow_provider_drs.api.errors import DrsAnswerError, DrsError, DrsJobsRefusedError
from airflow_provider_drs.api.model.precheck import (
    ALARM,
    FAILED,
    PASSED,
    PERCENT,
    PrecheckItem,
    PrecheckResult,
    is_whole,
    result_of_error,
)
from airflow_provider_drs.api.operation import Operation, Repeat
from airflow_provider_drs.api.statuses import fetch_each, of_refusal
from airflow_provider_drs.api.texts import MAX_TEXT, printable, short
from airflow_provider_drs.api.wire.answers import Answer, code_and_text
from airflow_provider_drs.api.wire.objections import miscount, objection
from airflow_provider_drs.api.wire.scrubber import Scrubber, without_passwords

PRECHECK_RESULT = Operation(
    "batchCheckResults",
    "POST",
    "/v3/{project_id}/jobs/batch-precheck-result",
    Repeat.READ,
    permission="drs:migrationJob:get",
    # a hundred jobs with eighty items each, or one with 100,000 names of objects
    max_body=16 * 2**20,
)
MAX_NAME = 100
"""Characters that are kept of the name of an item, of a group, and of a reason."""
_KNOWN = frozenset({
    *("precheck_id", "process", "result", "total_passed_rate", "rds_instance_id", "job_direction", "precheck_result"),
    *("error_code", "error_msg"),
})  # fmt: skip
_KNOWN_OF_ITEM = frozenset({
    *("item", "result", "group", "failed_reason", "raw_error_msg", "data", "failed_sub_jobs"),
    *("is_support_skip", "is_skipped"),
})  # fmt: skip
_AGAINST_PASSED = ("failed_reason", "raw_error_msg", "failed_sub_jobs")


def body(job_ids: Sequence[str]) -> dict[str, Any]:
    """Return the request for up to 100 jobs.

    :param job_ids: the jobs, each once.
    """
    return {"jobs": list(job_ids)}


def fetch_each_result(
    call: Callable[[dict[str, Any]], Answer], job_ids: Sequence[str], secrets: Sequence[str]
) -> dict[str, PrecheckResult | DrsError]:
    """Return the result or the error of each of any number of jobs.

    A job that DRS refuses by itself has a result, which says so.

    :param call: makes one call.
    :param job_ids: the jobs.
    :param secrets: texts to remove from what databases say.
    """

    def ask(page: list[str]) -> Mapping[str, PrecheckResult | DrsError]:
        try:
            return results(page, call(body(page)), secrets)
        except DrsJobsRefusedError as error:
            return of_refusal(page, error)

    each = fetch_each(ask, job_ids)
    refused = {
        job_id: result_of_error(job_id, item)
        for job_id, item in each.items()
        if isinstance(item, DrsJobsRefusedError) and job_id in item.jobs
    }
    return {**each, **refused}


def results(
    job_ids: Sequence[str], answer: Answer, secrets: Sequence[str] = ()
) -> dict[str, PrecheckResult | DrsError]:
    """Return the result of each job, or the error in its place.

    :param job_ids: those asked about.
    :param answer: the good answer.
    :param secrets: texts to remove from what databases say.
    """
    entries: list[Any] = answer.payload["results"]
    fault = miscount(answer.payload, len(job_ids), len(entries))
    if not all(isinstance(entry, Mapping) and isinstance(entry.get("precheck_id"), str) for entry in entries):
        fault = "the answer holds a result that names no job"
    elif strangers := {entry["precheck_id"] for entry in entries} - set(job_ids):
        fault = f"the answer speaks of {printable(', '.join(sorted(strangers)))}, which was not asked about"
    if fault:
        return dict.fromkeys(job_ids, DrsAnswerError(fault, request_id=answer.request_id))
    times = Counter(entry["precheck_id"] for entry in entries)
    by_job = {entry["precheck_id"]: entry for entry in entries}
    checked_at = datetime.now(timezone.utc).isoformat(timespec="seconds")
    scrub = Scrubber(secrets)

    def of(job_id: str) -> PrecheckResult | DrsError:
        if times[job_id] != 1:
            text = f"the answer holds {times[job_id]} results for {job_id}, one was asked for"
            return DrsAnswerError(text, request_id=answer.request_id)
        try:
            return _result(by_job[job_id], scrub, request_id=answer.request_id, checked_at=checked_at)
        except _OddError as odd:
            return DrsAnswerError(f"the answer about {job_id} {odd}", request_id=answer.request_id)

    return {job_id: of(job_id) for job_id in job_ids}


class _OddError(Exception):
    """A result of which nothing can be believed. Its text is a predicate."""


def _result(entry: Mapping[str, Any], scrub: Scrubber, **facts: Any) -> PrecheckResult:
    process, rate = _percent(entry, "process"), _percent(entry, "total_passed_rate")
    allowed, listed = entry.get("result"), entry.get("precheck_result")
    if allowed not in (None, "") and not isinstance(allowed, bool):
        raise _OddError(f"has the unknown result {short(allowed)}")
    if listed is not None and not isinstance(listed, list):
        raise _OddError("has items that are no list")
    items = [_item(item, scrub) for item in listed or ()]
    message = printable(str(entry["error_msg"])) if entry.get("error_msg") else None
    error = {name: entry[name] for name in ("error_code", "error_msg") if name in entry}
    code, text = code_and_text(error) or (None, message)
    times = Counter(item.item for item in items)
    faults = [f"the item {name} has {count} results" for name, count in times.items() if count > 1]
    if not items and is_whole(process):
        faults.append("the result holds no item")
    if allowed is True and any(item.result == FAILED for item in items):
        faults.append("the result allows the start, although an item has failed")
    if against := objection({name: value for name, value in entry.items() if name not in _KNOWN}):
        faults.append(f"the result contradicts itself by its member {against}")
    return PrecheckResult(
        entry["precheck_id"],
        process,
        allowed if isinstance(allowed, bool) else None,
        rate,
        tuple(items),
        tuple(faults),
        code,
        scrub(without_passwords(text)) if text else None,
        hint_for(code),
        **facts,
    )


def _percent(entry: Mapping[str, Any], name: str) -> str | None:
    value = entry.get(name)
    if value in (None, ""):
        return None
    if not isinstance(value, str) or not PERCENT.fullmatch(value):
        raise _OddError(f"has the unknown {name} {short(value)}")
    return value


def _item(item: object, scrub: Scrubber) -> PrecheckItem:
    if not isinstance(item, Mapping):
        return PrecheckItem(short(item), fault="the item is no object")
    result = item.get("result")
    name = item.get("item")
    fault = None if isinstance(name, str) and name.strip() else "the item has no name"
    other = {name: value for name, value in item.items() if name not in _KNOWN_OF_ITEM}
    if result == PASSED:
        other |= {name: item[name] for name in _AGAINST_PASSED if name in item}
    if against := objection(other) or ("failed_sub_jobs" if _has_failed_child(item) else None):
        fault = f"the result {short(result)} is contradicted by {against}"
    text = " ".join(filter(None, (_text(item.get(name)) for name in ("raw_error_msg", "data"))))
    return PrecheckItem(
        printable(name, MAX_NAME) if isinstance(name, str) else short(name),
        _name(item.get("group")),
        _name(result) or "",
        scrub(_name(item.get("failed_reason")) or "", MAX_NAME) or None,
        scrub(without_passwords(text)) if text else None,
        fault if result in (PASSED, ALARM) else None,
    )


def _has_failed_child(item: Mapping[str, Any]) -> bool:
    children = item.get("failed_sub_jobs") or []
    return not isinstance(children, list) or any(
        not isinstance(child, Mapping) or child.get("check_result") not in (PASSED, ALARM, None, "")
        for child in children
    )


def _name(value: object) -> str | None:
    """Return what should be a name or a symbol; what is no text is shown as such, and cannot be mistaken for one."""
    if value in (None, "", [], {}):
        return None
    return printable(value, MAX_NAME) if isinstance(value, str) else short(value)


def _text(value: object) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value)[: 2 * MAX_TEXT] if value else ""
    return "" if value is None else str(value)
