"""Each finding changes when the service behaves otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from checking import JOBS, Result, check, ends, refuses_the_targets, world
from samples import endpoint, job_id

from airflow_provider_drs.emulator.choices import Choices
from airflow_provider_drs.emulator.faults import Fault
from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.livecheck.unknowns import UNKNOWNS, By


@pytest.fixture
def checked(monkeypatch, tmp_path) -> Callable[..., Result]:
    """Return a function that runs the whole check against an emulator with these choices."""

    def run(prepare: Callable[[Any], Any] = lambda emulated: None, **choices: Any) -> Result:
        emulated = world()
        emulated.choices = Choices(**choices)
        prepare(emulated)
        with Emulator(emulated, probe=refuses_the_targets) as emulator:
            monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", emulator.connection_json)
            return check(tmp_path / f"run{next(number)}", test=ends())

    number = iter(range(9))
    return run


@pytest.fixture(scope="module")
def usual(tmp_path_factory) -> Result:
    with Emulator(world(), probe=refuses_the_targets) as emulator, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_DRS_DEFAULT", emulator.connection_json)
        return check(tmp_path_factory.mktemp("usual") / "run", test=ends())


USUAL = {
    "results-order": lambda seen: {name: each["orders"] for name, each in seen.items()},
    "results-count": lambda seen: {name: (each["results"], each["count"]) for name, each in seen.items()},
    "unknown-job": lambda seen: {name: each["http_status"] for name, each in seen.items()},
    "unknown-members": lambda seen: (seen["refused"], seen["code"]),
    "code-prefix": lambda seen: seen["prefixes"],
    "rate-limits": lambda seen: seen["headers"],
    "permissions": lambda seen: {name for name, each in seen.items() if not each["allowed"]},
    "v3-removal": lambda seen: (seen["answers"], seen["headers"]),
    "v5": lambda seen: (seen["there"], seen["code"]),
    "stored-secrets": lambda seen: (seen["stored_endpoints"], seen["secret_members"], seen["masked_members"]),
    "precheck-running": lambda seen: "total_passed_rate" in seen["result"],
    "test-failed-login": lambda seen: (seen["http_status"], seen["code"], seen["answer"].get("count")),
    "test-wrong-state": lambda seen: list(seen),
    "test-words": lambda seen: seen["result"]["status"],
    "test-stores": lambda seen: (seen["passed_and_not_stored_before"], seen["stored_after"]),
}
"""What is looked at of each finding."""
FACTS: dict[str, Any] = {
    "results-order": {
        "batchListJobStatus": ["as asked"],
        "batchListJobDetails": ["as asked"],
        "batchCheckResults": ["as asked"],
        "batchValidateConnections": ["as asked"],
    },
    "results-count": {
        "batchListJobStatus": (1, 1),
        "batchListJobDetails": (1, 1),
        "batchCheckResults": (4, 4),
        "batchValidateConnections": (2, 2),
    },
    "unknown-job": {"batchListJobStatus": 400, "batchListJobDetails": 400, "batchCheckResults": 200},
    "unknown-members": (True, "DRS.M00202"),
    "code-prefix": ["APIGW.", "DRS."],
    "rate-limits": {},
    "permissions": set(),
    "v3-removal": (True, []),
    "v5": (False, "APIGW.0101"),
    "stored-secrets": (2, [], []),
    "precheck-running": False,
    "test-failed-login": (200, "DRS.KE0002", 1),
    "test-wrong-state": ["FULL_TRANSFER_STARTED"],
    "test-words": "success",
    "test-stores": (1, 0),
}
CHOICES: list[tuple[str, dict[str, Any], Any]] = [
    ("results-order", {"results": "reversed"}, {name: ["reversed"] for name in FACTS["results-order"]}),
    (
        "results-count",
        {"count": "asked"},
        {**FACTS["results-count"], "batchListJobStatus": (1, 4), "batchListJobDetails": (1, 4)},
    ),
    ("unknown-job", {"unknown_job": "left out"}, dict.fromkeys(FACTS["unknown-job"], 200)),
    ("unknown-members", {"unknown_members": "ignored"}, (False, None)),
    ("code-prefix", {"code_prefix": "APIG."}, ["APIG.", "DRS."]),
    ("rate-limits", {"rate_headers": True}, {"x-ratelimit-limit": "200", "x-ratelimit-remaining": "199"}),
    ("permissions", {"denied": ("batch-detail",)}, {"batchListJobDetails"}),
    ("v3-removal", {"removal_header": True}, (True, ["deprecation"])),
    ("v5", {"v5": True}, (True, None)),
    ("stored-secrets", {"stored_secrets": True}, (2, [], ["db_password"])),
    ("precheck-running", {"rate_while_running": True}, True),
    ("test-failed-login", {"failed_test": "refused results"}, (400, "DRS.KE0002", 1)),
    ("test-failed-login", {"failed_test": "refused"}, (400, "DRS.KE0002", None)),
    ("test-words", {"passed_word": "SUCCESS"}, "SUCCESS"),
    ("test-stores", {"test_stores": True}, (1, 1)),
]


@pytest.mark.parametrize("unknown", USUAL)
def test_what_is_seen_of_an_unknown(usual, unknown):
    assert USUAL[unknown](usual.seen(unknown)) == FACTS[unknown]


@pytest.mark.parametrize(("unknown", "choices", "facts"), CHOICES, ids=lambda value: str(value)[:40])
def test_a_finding_changes_with_the_service_and_no_other_does(checked, unknown, choices, facts):
    result = checked(**choices)

    assert USUAL[unknown](result.seen(unknown)) == facts != FACTS[unknown]
    # what a refused call does not show any more is not a change of its own
    others = USUAL.keys() - {unknown, *_AFFECTED.get(unknown, ())}
    assert {name: USUAL[name](result.seen(name)) for name in others} == {name: FACTS[name] for name in others}


_AFFECTED = {
    # a call that is refused shows nothing else
    "permissions": ("results-order", "results-count", "unknown-job", "stored-secrets", "code-prefix", "test-stores"),
    "unknown-job": ("results-count", "code-prefix"),
    "test-failed-login": ("test-wrong-state", "test-words", "test-stores", "results-order", "results-count"),
    "code-prefix": ("v5",),
    "v5": ("code-prefix",),
    "results-count": ("test-failed-login",),
}


def test_the_words_of_the_list_go_with_a_status(checked, usual):
    assert usual.seen("actions") is None
    seen = checked(actions=True).seen("actions")
    assert seen == {
        "CONFIGURATION": {"available_actions": ["MODIFY_DB_CONFIG", "PRE_CHECK"], "unavailable_actions": ["START"]}
    }


def test_a_job_in_another_state_is_told_with_that_state(checked):
    result = checked(lambda emulated: emulated.set_status(JOBS[2], "CREATE_FAILED"))

    assert list(result.seen("test-wrong-state")) == ["CREATE_FAILED"]


@pytest.mark.parametrize(
    ("failed_test", "seen"), [("item", (200, 1)), ("refused results", (400, 1)), ("refused", (400, None))]
)
def test_an_unknown_job_in_a_test_is_told(monkeypatch, tmp_path, failed_test, seen):
    emulated = world()
    emulated.choices = Choices(failed_test=failed_test)
    with Emulator(emulated, probe=refuses_the_targets) as emulator:
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", emulator.connection_json)
        result = check(tmp_path / "run", test=[endpoint(9)], jobs=[*JOBS, job_id(9)])

    told = result.seen("test-unknown-job")
    assert (told["http_status"], told["answer"].get("count"), told["code"]) == (*seen, "DRS.M00289")
    assert [result.seen(unknown) for unknown in ("test-failed-login", "test-wrong-state")] == [None, None]
    assert result.check("jobs")["told"] == "3 of 4 have a known status"


def test_a_slow_test_is_told_with_its_seconds(checked):
    slow = checked(lambda emulated: emulated.faults.order(Fault("slow", "batch-connection", seconds=0.3, times=9)))

    # a lower bound, which no load of this machine breaks
    assert slow.seen("test-seconds")["batchValidateConnections"]["seconds"] >= 0.3


def test_a_limit_that_is_met_is_told_and_the_check_goes_on(checked, usual):
    result = checked(lambda emulated: emulated.faults.order(Fault("throttled", "batch-detail", retry_after=0)))

    seen = [each.seen("rate-limits") for each in (usual, result)]
    assert [each["refused_calls"] for each in seen] == [0, 1]
    assert [each["windows"] for each in seen] == [[], [{"calls": 10, "seconds": 1.0}]]
    assert seen[1]["headers"] == {"retry-after": "0"}
    assert result.check("permission batchListJobDetails") == {
        "check": "permission batchListJobDetails",
        "passed": False,
        "told": "HTTP 429 (APIGW.0308)",
    }
    assert result.seen("permissions")["batchListJobDetails"]["allowed"] is None
    assert result.check("permission batchListJobStatus")["passed"] is True


@pytest.mark.parametrize("fault", ["throttled", "unavailable", "cut_off"])
def test_a_fault_shows_nothing_of_what_was_asked_and_not_all_is_well(checked, fault):
    def prepare(emulated):
        for operation in ("batch-status", "batch-detail", "batch-precheck-result", "v5-jobs", "batch-connection"):
            emulated.faults.order(Fault(fault, operation, retry_after=0, times=9))
        emulated.faults.order(Fault(fault, "jobs", retry_after=0, after=2))

    result = checked(prepare)

    assert result.code == 1
    answers = ("unknown-job", "unknown-members", "v5", "test-failed-login", "test-wrong-state", "test-seconds")
    assert [name for name in answers if result.seen(name) is not None] == []


def test_a_denied_call_shows_nothing_but_its_permission(checked):
    calls = ("jobs", "batch-status", "batch-detail", "batch-precheck-result", "batch-connection")
    result = checked(denied=calls)

    assert result.seen("unknown-members") is None
    assert result.seen("unknown-job") is None
    assert result.seen("test-failed-login") is None
    assert {each["allowed"] for each in result.seen("permissions").values()} == {False}


@pytest.mark.parametrize("reads", range(4))
def test_a_key_that_ends_within_a_check_is_no_missing_permission(monkeypatch, tmp_path, reads):
    with Emulator(world()) as emulator:
        # the call without a credential and two of the metadata service come first
        emulator.world.faults.order(Fault("stale_token", after=reads + 3))
        extra = {"auth_type": "agency", "metadata_endpoint": emulator.url, "project_id": emulator.world.project_id}
        connection = {"conn_type": "drs", "host": emulator.url, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(connection))
        result = check(tmp_path / "run")

    permissions = [each for each in result.answers["checks"] if each["check"].startswith("permission")]
    assert {each["passed"] for each in permissions} == {True}
    assert result.code == 0


def test_a_checksum_that_was_sent_is_told_with_its_verdict(monkeypatch, tmp_path):
    with_tls = endpoint(2, ssl_link=True, ssl_cert_key="QQ==", ssl_cert_name="ca.pem", ssl_cert_check_sum="ab" * 32)
    seen = []
    for verdict in (refuses_the_targets, refuse_all):
        with Emulator(world(), probe=verdict) as emulator:
            monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", emulator.connection_json)
            seen.append(check(tmp_path / verdict.__name__, test=[with_tls]).seen("certificate-checksum"))

    assert seen == [{"sent": 1, "passed": 1}, {"sent": 1, "passed": 0}]


def refuse_all(end):
    refuses_the_targets({**end, "end_point_type": "ta"})


def test_a_clock_that_differs_is_told(checked, usual):
    result = checked(clock_ahead=3600)

    assert usual.check("clock")["passed"] is True
    assert result.check("clock")["passed"] is False
    assert result.code == 1


def test_every_unknown_that_a_check_may_see_is_in_a_test_above():
    tested = {*USUAL, "actions", "test-seconds", "test-unknown-job", "certificate-checksum"}

    assert {unknown.id for unknown in UNKNOWNS if unknown.by is not By.NOTHING} == tested


def test_what_would_change_something_is_never_asked(usual):
    never = [each for each in usual.answers["unknowns"] if each["id"] in {u.id for u in UNKNOWNS if u.by is By.NOTHING}]

    assert never
    assert {(each["seen"], each["why_not"]) for each in never} == {(None, "no read and no test shows it")}
