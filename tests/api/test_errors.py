"""Every error survives the ways in which Airflow carries errors about."""

from __future__ import annotations

import copy
import json
import pickle
import re
from typing import Any

import pytest

from airflow_provider_drs.api import errors

FACTS: dict[str, Any] = {"code": "DRS.M00000", "http_status": 400, "request_id": "r-1", "hint": "Do this."}
EXAMPLES = [
    *(
        kind("what happened", **FACTS)
        for kind in (
            errors.DrsError,
            errors.DrsTransportError,
            errors.DrsUnreachableError,
            errors.DrsTlsError,
            errors.DrsConnectionLostError,
            errors.DrsTimeoutError,
            errors.DrsAnswerError,
            errors.DrsTriggerError,
        )
    ),
    *(
        kind("what happened", jobs={"a": "gone"}, **FACTS)
        for kind in (
            errors.DrsServiceError,
            errors.DrsCredentialError,
            errors.DrsPermissionError,
            errors.DrsRequestError,
            errors.DrsJobsRefusedError,
            errors.DrsThrottledError,
            errors.DrsUnavailableError,
        )
    ),
    errors.DrsInputError(["jobs[0].ip: is mandatory", "jobs[1].id: is mandatory"]),
    errors.DrsStoppedError(),
    errors.DrsJobStateError({"a": "CREATE_FAILED"}, ["CONFIGURATION"], {"b": "CREATING", "c": "CONFIGURATION"}),
    errors.DrsEndpointsFailedError(["source mysql at db:3306: refused"], 4),
    errors.DrsPrecheckFailedError(["a ALARM [A_IS_HIGH]"], "1 of 4 jobs failed the pre-check", "[{}]"),
    errors.DrsJobsFailedError(["a: it is gone"], "1 of 1 jobs failed"),
    errors.DrsStartFailedError(["a: it is CREATING"], "1 of 1 jobs failed"),
]


def test_every_class_of_the_tree_has_an_example_here():
    def family(kind: type) -> set[type]:
        return {kind}.union(*map(family, kind.__subclasses__()))

    assert {type(error) for error in EXAMPLES} == family(errors.DrsError)


def test_the_tree_drawn_in_the_docstring_is_the_tree():
    drawn = {word for word in errors.__doc__.split() if word.startswith("Drs") and word.endswith("Error")}

    assert drawn == {type(error).__name__ for error in EXAMPLES}
    for line in errors.__doc__.splitlines():
        for error in EXAMPLES:
            if f"── {type(error).__name__} " in line:
                assert line.endswith("retryable") == error.retryable, line


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_comes_back_whole_from_a_pickle_and_from_json(error):
    unpickled = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    from_json = errors.error_from_dict(json.loads(json.dumps(error.to_dict())))

    for restored in (unpickled, from_json):
        assert type(restored) is type(error)
        assert str(restored) == str(error)
        assert vars(restored) == vars(error)


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_what_an_error_shows_can_be_masked_by_its_args(error):
    masked = copy.copy(error)

    masked.args = tuple(arg and "***" for arg in masked.args)

    kept = {type(error).__name__, "HTTP", "request", "id", "***"}
    words = set(re.findall(r"[\w*]+", f"{masked!r} {masked}"))
    assert words <= kept | {str(error.http_status)}


def test_a_job_state_error_of_the_release_before_is_still_read():
    text = "a is CREATE_FAILED: can no longer reach CONFIGURATION."
    facts = {"text": text, "code": None, "http_status": None, "request_id": None, "hint": None}
    event = {"type": "DrsJobStateError", "args": [text, None, None, None], "jobs": {"a": "CREATE_FAILED"}, **facts}

    error = errors.error_from_dict(event)

    assert type(error) is errors.DrsJobStateError
    assert (str(error), error.jobs, list(error.targets)) == (text, {"a": "CREATE_FAILED"}, [])
    assert str(pickle.loads(pickle.dumps(error))) == text  # noqa: S301 - our own


@pytest.mark.parametrize(
    ("lost", "targets", "others", "text"),
    [
        (
            {"d": "CREATE_FAILED"},
            ["CONFIGURATION"],
            {"a": "CONFIGURATION", "b": "CONFIGURATION", "c": "CREATING"},
            "2 of 4 jobs are in CONFIGURATION. d is CREATE_FAILED and can no longer reach it. c is CREATING.",
        ),
        (
            {"a": "DELETED", "b": "CREATE_FAILED"},
            ["CONFIGURATION", "WAITING_FOR_START"],
            {"c": "WAITING_FOR_START", "d": None},
            "1 of 4 jobs is in CONFIGURATION or WAITING_FOR_START. a is DELETED and can no longer reach any of them. "
            "b is CREATE_FAILED and can no longer reach any of them. d is in an unknown status.",
        ),
        (
            {"a": "DELETED"},
            ["CONFIGURATION"],
            None,
            "0 of 1 jobs are in CONFIGURATION. a is DELETED and can no longer reach it.",
        ),
    ],
    ids=["one target", "several targets, and a status that is unknown", "without the other jobs"],
)
def test_a_job_state_error_counts_the_jobs_that_are_there_and_names_the_others(lost, targets, others, text):
    error = errors.DrsJobStateError(lost, targets, others)

    assert str(error) == text
    assert (error.jobs, error.targets) == (lost, targets)
