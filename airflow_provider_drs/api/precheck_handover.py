"""What a trigger hands to the worker that goes on after the wait, and what the worker makes of it.

The items stay with DRS. Those of a thousand jobs are megabytes, which Airflow would keep in its database, and their
texts may hold more than a trigger may show. So the worker reads the results again, and holds them against the digests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from airflow_provider_drs.api.checks.precheck_wait import PrecheckWait
from airflow_provider_drs.api.errors import DrsError, error_from_dict
from airflow_provider_drs.api.model.precheck import PrecheckResult, result_from_dict, result_of_error

if TYPE_CHECKING:
    from airflow_provider_drs.api.client import DrsClient

_REPLACED = "another run of the pre-check has taken the place of this one"


@dataclass(frozen=True)
class Ended:
    """The end of the checks of one run.

    :param results: the final result of each job.
    :param unanswered: the jobs whose final result is not DRS's answer about this run.
    :param errors: errors that ended the wait of a job.
    :param requested_at: when the checks were requested, in seconds since 1970.
    """

    results: dict[str, PrecheckResult]
    unanswered: set[str]
    errors: list[DrsError]
    requested_at: float


def hand_over(wait: PrecheckWait, refused: Sequence[Mapping[str, Any]], requested_at: float) -> dict[str, Any]:
    """Return the end of a wait as plain JSON without items.

    :param wait: one that has ended.
    :param refused: the results of the jobs whose checks DRS did not begin, as plain JSON.
    :param requested_at: when the checks were requested, in seconds since 1970.
    """
    unanswered = [replace(wait.results[each], items=()).to_dict() for each in sorted(wait.unanswered)]
    return {
        "digests": {each: result.digest for each, result in wait.results.items() if each not in wait.unanswered},
        "unanswered": [*refused, *unanswered],
        "errors": [error.to_dict() for error in wait.errors],
        "requested_at": requested_at,
    }


def take_over(client: DrsClient, event: Mapping[str, Any]) -> Ended:
    """Return the end of the checks that :func:`hand_over` took apart, with the items of each job.

    :param client: reads them again.
    :param event: the event of the trigger.
    :raises DrsError: when the wait has failed.
    :raises ValueError: when another release wrote the event, and this one does not understand it.
    """
    try:
        if "error" in event:
            raise error_from_dict(event["error"])
        digests = dict(event["digests"])
        results = {each["job_id"]: result_from_dict(each) for each in event["unanswered"]}
        errors = [error_from_dict(each) for each in event["errors"]]
        requested_at = float(event["requested_at"])
    except (KeyError, TypeError) as odd:
        raise ValueError("the trigger sent an event that this release does not understand") from odd
    unanswered = {*results}
    for job_id, item in client.precheck_results(list(digests)).items():
        if isinstance(item, DrsError):
            results[job_id] = result_of_error(job_id, item)
        elif item.digest != digests[job_id]:
            results[job_id] = replace(item, text=_REPLACED, hint="Run the task again.")
        else:
            results[job_id] = item
            continue
        unanswered.add(job_id)
    return Ended(results, unanswered, errors, requested_at)
