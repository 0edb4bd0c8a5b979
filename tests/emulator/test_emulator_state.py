"""The emulator's world: how jobs come to be, how they move, when they may be tested."""

from __future__ import annotations

import pytest
from drs_calls import JOB, Clock, job_id

from airflow_provider_drs.emulator.errors import AbsentJobsError, RefusedError
from airflow_provider_drs.emulator.state import Call, World


def status(world: World, job: str = JOB) -> str:
    return world.poll([job])[0][1]


def refusal_of_test(world: World, job: str = JOB) -> str | None:
    try:
        world.check_testable(job)
    except RefusedError as refusal:
        return refusal.code
    return None


def test_a_job_is_ready_after_the_ordered_number_of_polls() -> None:
    world = World(ready_after_polls=2)
    assert [status(world) for _ in range(4)] == ["CREATING", "CREATING", "CONFIGURATION", "CONFIGURATION"]


def test_a_job_that_waits_for_no_poll_is_ready_at_once() -> None:
    assert status(World(ready_after_polls=0)) == "CONFIGURATION"


def test_a_job_is_ready_after_the_ordered_number_of_seconds() -> None:
    clock = Clock()
    world = World(ready_after_seconds=30, clock=clock)
    assert status(world) == "CREATING"
    clock.now += 29.9
    assert status(world) == "CREATING"
    clock.now += 0.1
    assert status(world) == "CONFIGURATION"


def test_seconds_count_from_the_first_mention_of_a_job() -> None:
    clock = Clock()
    world = World(ready_after_seconds=30, clock=clock)
    clock.now += 1000
    assert status(world) == "CREATING"


def test_a_job_is_ready_for_a_test_as_soon_as_it_is_due_whether_or_not_somebody_polls() -> None:
    clock = Clock()
    world = World(ready_after_seconds=30, clock=clock)
    assert refusal_of_test(world) == "DRS.M00304"
    clock.now += 30
    assert refusal_of_test(world) is None


def test_of_polls_and_seconds_the_first_due_decides() -> None:
    clock = Clock()
    world = World()
    world.clock = clock
    world.add_job(JOB, ready_after_polls=1, ready_after_seconds=30)
    world.add_job(job_id(102), ready_after_polls=100, ready_after_seconds=30)
    assert [status(world), status(world)] == ["CREATING", "CONFIGURATION"]
    clock.now += 30
    assert status(world, job_id(102)) == "CONFIGURATION"


def test_a_job_may_fail_instead_of_becoming_ready() -> None:
    world = World()
    world.add_job(JOB, becomes="CREATE_FAILED", ready_after_polls=2)
    assert [status(world) for _ in range(4)] == ["CREATING", "CREATING", "CREATE_FAILED", "CREATE_FAILED"]


def test_a_job_put_into_another_status_than_creating_stays_there() -> None:
    world = World(ready_after_polls=0)
    world.add_job(JOB, "FULL_TRANSFER_STARTED")
    assert [status(world), status(world)] == ["FULL_TRANSFER_STARTED", "FULL_TRANSFER_STARTED"]


def test_a_job_can_leave_the_status_it_became_ready_in() -> None:
    world = World()
    world.add_job(JOB, "CONFIGURATION", becomes="STARTJOBING", ready_after_polls=1)
    assert [status(world), status(world)] == ["CONFIGURATION", "STARTJOBING"]


def test_a_status_that_is_set_stays() -> None:
    world = World(ready_after_polls=0)
    world.set_status(JOB, "CREATING")
    assert [status(world), status(world)] == ["CREATING", "CREATING"]
    world.set_status(JOB, "A_STATUS_NOBODY_KNOWS")
    assert status(world) == "A_STATUS_NOBODY_KNOWS"


def test_only_the_jobs_on_the_answered_page_are_polled() -> None:
    world = World(ready_after_polls=1)
    jobs = [job_id(n) for n in range(3)]
    world.poll(jobs, cur_page=1, per_page=2)
    assert [state for _, state in world.poll(jobs, per_page=0)] == ["CONFIGURATION", "CONFIGURATION", "CREATING"]


def test_without_prepared_jobs_any_job_exists() -> None:
    world = World()
    assert status(world, job_id(7)) == "CREATING"
    assert refusal_of_test(world, job_id(8)) == "DRS.M00304"


def test_with_prepared_jobs_no_other_exists() -> None:
    world = World(any_job=False)
    world.add_job(JOB, "CONFIGURATION")
    assert refusal_of_test(world) is None
    assert refusal_of_test(world, job_id(7)) == "DRS.M00289"
    with pytest.raises(RefusedError, match=r"DRS\.M00289"):
        world.set_status(job_id(7), "CONFIGURATION")


def test_a_deleted_job_is_not_an_unknown_one() -> None:
    world = World()
    world.delete(JOB)
    assert refusal_of_test(world) == "DRS.M05004"
    world.add_job(JOB, "CONFIGURATION")
    assert refusal_of_test(world) is None


def test_a_read_with_absent_jobs_is_refused_as_a_whole_and_names_them() -> None:
    world = World(any_job=False, ready_after_polls=1)
    world.add_job(JOB)
    world.add_job(job_id(2))
    world.delete(job_id(2))
    with pytest.raises(AbsentJobsError) as caught:
        world.poll([JOB, job_id(2), job_id(3)], per_page=1)
    codes = {absent: refusal.code for absent, refusal in caught.value.refusals.items()}
    assert codes == {job_id(2): "DRS.M05004", job_id(3): "DRS.M00289"}
    assert status(world) == "CREATING", "a refused read counts as no poll"


@pytest.mark.parametrize(
    ("page", "positions"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"cur_page": 2}, [5, 6]),
        ({"cur_page": 0}, [0, 1, 2, 3, 4]),
        ({"per_page": 3, "cur_page": 3}, [6]),
        ({"per_page": 0}, [0, 1, 2, 3, 4, 5, 6]),
        ({"per_page": 0, "cur_page": 0}, [0, 1, 2, 3, 4, 5, 6]),
        ({"per_page": 100}, [0, 1, 2, 3, 4, 5, 6]),
    ],
)
def test_a_page_holds_what_was_asked_for(page: dict[str, int], positions: list[int]) -> None:
    jobs = [job_id(n) for n in range(7)]
    assert [job for job, _ in World().poll(jobs, **page)] == [jobs[position] for position in positions]


@pytest.mark.parametrize("page", [{"cur_page": 3}, {"per_page": 7, "cur_page": 2}, {"per_page": 3, "cur_page": 4}])
def test_a_page_beyond_the_last_one_is_refused(page: dict[str, int]) -> None:
    with pytest.raises(RefusedError, match=r"DRS\.M00211"):
        World().poll([job_id(n) for n in range(7)], **page)


@pytest.mark.parametrize("state", ["CREATING", "CREATE_FAILED", "FULL_TRANSFER_STARTED", "DELETED"])
def test_a_job_is_testable_in_configuration_only(state: str) -> None:
    world = World()
    world.set_status(JOB, state)
    assert refusal_of_test(world) == "DRS.M00304"
    world.set_status(JOB, "CONFIGURATION")
    assert refusal_of_test(world) is None


def test_the_parent_of_a_dual_active_pair_is_never_testable() -> None:
    world = World()
    world.add_job(JOB, "CONFIGURATION", role="parent")
    assert refusal_of_test(world) == "DRS.M00307"


def test_a_backward_child_is_testable_once_its_forward_child_runs() -> None:
    world = World()
    forward, backward = job_id(1), job_id(2)
    world.add_job(backward, "CONFIGURATION", role="backward", forward=forward)
    assert refusal_of_test(world, backward) == "DRS.M00304"
    world.add_job(forward, "CONFIGURATION")
    assert refusal_of_test(world, forward) is None
    assert refusal_of_test(world, backward) == "DRS.M00304"
    world.set_status(forward, "INCRE_TRANSFER_STARTED")
    assert refusal_of_test(world, backward) is None


def test_calls_are_kept_with_their_time() -> None:
    clock = Clock()
    world = World(clock=clock)
    world.record("batch-connection", [JOB, JOB])
    assert world.calls == [Call("batch-connection", (JOB, JOB), entries=2, at=clock.now)]
