"""A thousand waits of one triggerer, of which the service refuses a few, and one waits for a failed job."""

from __future__ import annotations

import pytest
from running_airflow import wait_until
from samples import job_id
from triggerers import Triggerer, Waiting, job_ids, polls_of, record_log

from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World

pytestmark = pytest.mark.running_airflow

GOOD = job_ids(994)
MALFORMED = ["140b5236", "140b5236-88ad-43c8-811c-1268453jb10_", "140b5236-88ad-43c8-811c 1268453jb101"]
DELETED = [job_id(2000), job_id(2001)]
FAILED = job_id(2002)
BAD = [*MALFORMED, *DELETED, FAILED]


def test_each_bad_wait_fails_for_its_own_reason_after_few_refusals_and_the_others_go_on(tmp_path):
    world = World(ready_after_polls=1_000_000)
    for deleted in DELETED:
        world.add_job(deleted)
        world.delete(deleted)
    world.add_job(FAILED, "CREATE_FAILED")
    ids = [*GOOD]
    for number, bad in enumerate(BAD):
        ids.insert(150 * number + 70, bad)

    with record_log() as log, Emulator(world) as emulator:
        waiting = Waiting(tmp_path, emulator.connection_json, ids, poke_interval=5)
        with Triggerer(waiting):
            wait_until("the bad waits have ended", lambda: len(waiting.ended()) >= len(BAD), 120)
            ended = waiting.ended()
            wait_until("every job was polled", lambda: min(polls_of(world.calls, GOOD)) >= 1, 120)
            start = len(world.calls)
            wait_until("some rounds have passed", lambda: min(polls_of(world.calls[start:], GOOD)) >= 3, 120)
            settled = world.calls[start:]
            for good in GOOD:
                world.set_status(good, "CONFIGURATION")
            wait_until("the good waits have ended", lambda: len(waiting.ended()) >= len(ids), 120)

    assert [wait.job_id for wait in ended] == [each for each in ids if each in BAD]
    errors = {wait.job_id: wait.event["error"] for wait in ended}
    for bad, error in errors.items():
        kind = "DrsJobStateError" if bad == FAILED else "DrsJobsRefusedError"
        assert (error["type"], list(error["jobs"])) == (kind, [bad])
    assert {errors[each]["code"] for each in MALFORMED} == {"DRS.M00202"}
    assert all("DRS.M05004" in errors[each]["jobs"][each] for each in DELETED)
    assert errors[FAILED]["jobs"] == {FAILED: "CREATE_FAILED"}
    went_on = [wait.event for wait in waiting.now() if wait.job_id in GOOD]
    assert went_on == [{"statuses": {good: "CONFIGURATION"}} for good in GOOD]
    refusals = [record for record in log if record.getMessage().startswith("refused: ")]
    assert len(MALFORMED) <= len(refusals) <= 20
    assert len(settled) <= 12 * min(polls_of(settled, GOOD))
