"""All triggers of a process that wait at one Connection share their calls, and nothing else."""

from __future__ import annotations

import asyncio
import math
import re
import threading
from contextlib import ExitStack
from contextvars import ContextVar
from email.message import Message
from itertools import pairwise

import pytest
from hostile import Peer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import job_id
from virtual_time import VirtualLoop
from waiting import Jobs, connect, payload, run
from wire import Reply, Request, Service

from airflow_provider_drs._compat import BaseHook
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.wait import PollResult, Wait
from airflow_provider_drs.triggers import poller
from airflow_provider_drs.triggers.current_client import CurrentClient
from airflow_provider_drs.triggers.drs import JOB_STATUSES, DrsJobStatusTrigger
from airflow_provider_drs.triggers.poller import Poller
from airflow_provider_drs.triggers.round import PollRound
from airflow_provider_drs.triggers.subscription import Subscription

IDS = [job_id(number) for number in range(1000)]
BUSY = Reply({"error_code": "DRS.M00004", "error_msg": "busy"}, status=500)
THERE = "CONFIGURATION"


def waits(ids, **settings):
    return [asyncio.ensure_future(payload(DrsJobStatusTrigger([job], **settings))) for job in ids]


@pytest.fixture
def jobs(monkeypatch):
    """Jobs behind ``drs_default``."""
    with Service(known := Jobs()) as service:
        known.url = service.url
        connect(monkeypatch, service.url)
        yield known


def in_time(jobs, scene):
    """Play a scene, with virtual time as the service's clock."""

    async def play():
        jobs.clock = asyncio.get_running_loop().time
        return await scene()

    return run(play)


def test_a_thousand_waits_take_ten_calls_a_round(jobs):
    jobs.ready_after = dict.fromkeys(IDS, 4)

    async def scene():
        return await asyncio.gather(*waits(IDS, poke_interval=30))

    events = in_time(jobs, scene)

    assert events == [{"statuses": {job: THERE}} for job in IDS]
    assert [len(asked) for _, asked in jobs.polls] == [100] * 50
    rounds = [at for at, _ in jobs.polls[::10]]
    assert [later - earlier for earlier, later in pairwise(rounds)] == [pytest.approx(30, abs=2)] * 4


def test_one_connection_to_a_prompt_service_carries_all_calls_of_a_thousand_waits(jobs, monkeypatch):
    # this machine may be too busy for any service to be prompt
    monkeypatch.setattr(poller, "CALL_STAGGER", 60)
    jobs.ready_after = dict.fromkeys(IDS, 2)
    with Service(jobs) as service:
        connect(monkeypatch, service.url)

        async def scene():
            await asyncio.gather(*waits(IDS, poke_interval=30))

        in_time(jobs, scene)

        assert (len(service.requests), service.connections) == (30, 1)


def test_a_job_that_two_wait_for_is_asked_for_once(jobs):
    jobs.ready_after = {IDS[0]: 1}

    async def scene():
        return await asyncio.gather(*waits([IDS[0]] * 5))

    assert in_time(jobs, scene) == [{"statuses": {IDS[0]: THERE}}] * 5
    assert [asked for _, asked in jobs.polls] == [[IDS[0]]] * 2


def test_a_wait_for_jobs_of_several_calls_ends_when_the_last_of_them_is_there(jobs):
    ids = IDS[:250]
    jobs.ready_after = {**dict.fromkeys(ids, 0), ids[249]: 2}

    async def scene():
        return await payload(DrsJobStatusTrigger(ids, poke_interval=60))

    assert in_time(jobs, scene) == {"statuses": dict.fromkeys(ids, THERE)}
    assert len(jobs.polls) == 9


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 200), st.floats(0, 100), st.integers(0, 4)), min_size=1, max_size=8))
def test_none_waits_longer_than_its_own_interval_and_all_make_no_more_rounds_than_the_shortest_needs(jobs, plan):
    jobs.polls.clear()
    jobs.asked.clear()
    jobs.ready_after = {job_id(number): polls for number, (_, _, polls) in enumerate(plan)}
    joined, left = {}, {}

    async def scene():
        loop = asyncio.get_running_loop()

        async def one(number, interval, delay):
            await asyncio.sleep(delay)
            joined[number] = loop.time()
            await payload(DrsJobStatusTrigger([job_id(number)], poke_interval=interval))
            left[number] = loop.time()

        await asyncio.gather(*(one(number, interval, delay) for number, (interval, delay, _) in enumerate(plan)))

    in_time(jobs, scene)

    # an answer takes its time
    slack = 2.0
    for number, (interval, _, _) in enumerate(plan):
        times = [joined[number], *jobs.times(job_id(number))]
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert max(gaps) <= interval + slack
    shortest = min(interval for interval, _, _ in plan)
    rounds = [at for at, _ in jobs.polls]
    # while somebody waits without a pause, one poller is at work
    spells = 1 + sum(
        all(not (joined[other] <= start < left[other]) for other in joined if other != number)
        for number, start in joined.items()
    )
    assert len(rounds) <= (max(left.values()) - min(joined.values())) / shortest + spells + 1


def test_six_bad_jobs_among_a_thousand_fail_alone_each_with_its_reason(jobs):
    odd, usual, gone, lost = ["job-1", "x" * 36], IDS[333], [IDS[100], IDS[700]], IDS[800]
    ids = [*IDS[:997], *odd]
    jobs.malformed, jobs.deleted, jobs.status = {*odd, usual}, set(gone), {lost: "CREATE_FAILED"}

    async def scene():
        tasks = dict(zip(ids, waits(ids, poke_interval=60), strict=True))
        await asyncio.sleep(30)
        first = len(jobs.polls)
        failed = {job: task.result()["error"] for job, task in tasks.items() if task.done()}
        await asyncio.sleep(60)
        second = len(jobs.polls) - first
        assert sum(task.done() for task in tasks.values()) == 6
        jobs.default = THERE
        return first, second, failed, await asyncio.gather(*tasks.values())

    first, second, failed, events = in_time(jobs, scene)

    assert set(failed) == {*odd, usual, *gone, lost}
    assert {error["type"] for job, error in failed.items() if job != lost} == {"DrsJobsRefusedError"}
    assert failed[lost]["type"] == "DrsJobStateError"
    for job, reason in {usual: "malformed", gone[0]: "deleted", odd[0]: "malformed", lost: "CREATE_FAILED"}.items():
        assert reason in failed[job]["text"]
        assert job in failed[job]["text"]
    assert sum("statuses" in event for event in events) == len(ids) - 6
    # ten that every round takes, two for each page with odd or deleted ids, and halving one page
    assert first <= 10 + 2 + 2 * 2 + 2 * 7
    assert second == 10


def test_a_passing_fault_ends_no_wait_and_the_next_poll_comes_soon(jobs):
    jobs.ready_after = {IDS[0]: 1}
    jobs.faults = [BUSY] * 5

    async def scene():
        return await asyncio.gather(*waits(IDS[:1], poke_interval=3600))

    assert in_time(jobs, scene) == [{"statuses": {IDS[0]: THERE}}]
    times = jobs.times(IDS[0])
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert all(pause < 25 for pause in pauses[:5]), "one, two, four ... seconds"
    assert pauses[5] == pytest.approx(3600, abs=60)


def test_a_lasting_fault_ends_the_wait_with_what_was_seen_last(jobs):
    jobs.ready_after = {}

    async def scene():
        (task,) = waits(IDS[:1], poke_interval=30)
        await asyncio.sleep(20)
        jobs.faults = [BUSY] * 1000
        return await task

    error = in_time(jobs, scene)["error"]

    assert error["type"] == "DrsUnavailableError"
    assert "Seen last: 1 of 1 jobs: CREATING" in error["hint"]
    at = [when for when, _ in jobs.polls]
    assert at[-1] - at[1] == pytest.approx(615, abs=25)


def test_with_silent_fail_no_fault_ends_the_wait(jobs):
    jobs.ready_after = {IDS[0]: 0}
    jobs.faults = [BUSY] * 40

    async def scene():
        (task,) = waits(IDS[:1], poke_interval=120, silent_fail=True)
        return await task

    assert in_time(jobs, scene) == {"statuses": {IDS[0]: THERE}}
    assert jobs.polls[-1][0] - jobs.polls[0][0] > 1200


def test_a_service_that_names_a_time_is_left_alone_until_then(jobs):
    jobs.ready_after = {IDS[0]: 0}
    jobs.faults = [Reply({}, status=429, headers={"Retry-After": "300"})]

    async def scene():
        (task,) = waits(IDS[:1], poke_interval=30)
        return await task

    assert in_time(jobs, scene) == {"statuses": {IDS[0]: THERE}}
    first, second = jobs.times(IDS[0])
    assert second - first >= 300


def test_pauses_double_up_to_the_longest_when_that_is_asked_for(jobs):
    jobs.ready_after = {IDS[0]: 6}

    async def scene():
        return await asyncio.gather(*waits(IDS[:1], poke_interval=10, exponential_backoff=True, max_wait=100))

    in_time(jobs, scene)

    times = jobs.times(IDS[0])
    pauses = [round(later - earlier) for earlier, later in pairwise(times)]
    assert pauses == [10, 20, 40, 80, 100, 100]


def test_an_edited_connection_is_noticed_within_five_minutes(jobs, monkeypatch):
    jobs.ready_after = {IDS[0]: 40}

    async def scene():
        (task,) = waits(IDS[:1], poke_interval=10)
        await asyncio.sleep(35)
        connect(monkeypatch, jobs.url, token="another-token")
        return await task

    in_time(jobs, scene)

    changed = jobs.tokens.index("another-token")
    assert set(jobs.tokens[:changed]) == {"a-token"}
    assert set(jobs.tokens[changed:]) == {"another-token"}
    assert jobs.polls[changed][0] - jobs.polls[3][0] <= 310


def test_a_refused_token_is_replaced_at_once_by_the_one_that_is_now_in_the_connection(jobs, monkeypatch):
    jobs.ready_after = dict.fromkeys(IDS[:300], 3)

    async def scene():
        tasks = waits(IDS[:300], poke_interval=10)
        await asyncio.sleep(15)
        connect(monkeypatch, jobs.url, token="another-token")
        jobs.stale = {jobs.tokens[-1]}
        jobs.tokens.clear()
        return await asyncio.gather(*tasks)

    assert in_time(jobs, scene) == [{"statuses": {job: THERE}} for job in IDS[:300]]
    assert jobs.tokens == ["a-token", *["another-token"] * 6]


def test_a_credential_that_stays_refused_ends_the_waits(jobs):
    jobs.faults = [Reply({"error_code": "DRS.M00100", "error_msg": "stale"}, status=403)] * 3

    async def scene():
        return await asyncio.gather(*waits(IDS[:3]))

    assert [event["error"]["type"] for event in in_time(jobs, scene)] == ["DrsCredentialError"] * 3
    assert len(jobs.polls) == 1


def test_a_connection_that_is_edited_badly_ends_the_waits_with_what_is_wrong(jobs, monkeypatch):
    async def scene():
        tasks = waits(IDS[:2], poke_interval=10)
        await asyncio.sleep(15)
        connect(monkeypatch, jobs.url, language="latin")
        return await asyncio.gather(*tasks)

    for event in in_time(jobs, scene):
        assert event["error"]["type"] == "DrsInputError"
        assert "extra.language" in event["error"]["text"]


def test_a_connection_that_there_is_none_of_fails_the_trigger(airflow_db):
    async def scene():
        return await asyncio.gather(*waits(IDS[:2], drs_conn_id="nowhere"), return_exceptions=True)

    assert ["nowhere" in str(error) for error in run(scene)] == [True, True]


def test_a_secrets_backend_that_stumbles_ends_no_wait(jobs, monkeypatch):
    jobs.ready_after = {IDS[0]: 0}
    answers = [OSError("vault is sealed, and the token was s3cr3t"), None]
    read = BaseHook.get_connection

    def stumbles_once(conn_id):
        if error := answers.pop(0):
            raise error
        return read(conn_id)

    monkeypatch.setattr(BaseHook, "get_connection", staticmethod(stumbles_once))

    async def scene():
        return await asyncio.gather(*waits(IDS[:1], poke_interval=30))

    assert in_time(jobs, scene) == [{"statuses": {IDS[0]: THERE}}]
    assert answers == []


def test_what_the_poller_does_is_no_part_of_the_trigger_that_came_first(jobs, monkeypatch):
    jobs.ready_after = {IDS[0]: 0}
    trigger: ContextVar[str] = ContextVar("trigger", default="none")
    seen = []
    read = BaseHook.get_connection

    def read_by(conn_id):
        seen.append(trigger.get())
        return read(conn_id)

    monkeypatch.setattr(BaseHook, "get_connection", staticmethod(read_by))

    async def scene():
        trigger.set("the first to come")
        return await asyncio.gather(*waits(IDS[:1]))

    in_time(jobs, scene)

    assert seen == ["none"]


def test_a_pause_of_nothing_is_a_pause_as_well(jobs):
    jobs.ready_after = {IDS[0]: 3}

    async def scene():
        return await asyncio.gather(*waits(IDS[:1], poke_interval=0))

    assert in_time(jobs, scene) == [{"statuses": {IDS[0]: THERE}}]
    assert len(jobs.polls) == 4


def test_another_connections_trouble_is_not_ours(jobs, monkeypatch):
    released = threading.Event()

    def hangs(request):
        released.wait(60)
        return Reply({}, status=500)

    with Service(hangs) as other, ExitStack() as stack:
        stack.callback(released.set)
        connect(monkeypatch, other.url, "drs_stuck")
        jobs.ready_after = dict.fromkeys(IDS, 1)

        async def scene():
            stuck = waits(IDS, drs_conn_id="drs_stuck", poke_interval=0.01)
            ours = await asyncio.gather(*waits(IDS, poke_interval=0.01))
            assert not any(task.done() for task in stuck)
            for task in stuck:
                task.cancel()
            released.set()
            await asyncio.wait(stuck)
            return ours

        assert in_time(jobs, scene) == [{"statuses": {job: THERE}} for job in IDS]
        assert len(other.requests) <= math.ceil(len(IDS) / 100)


def test_a_call_that_hangs_keeps_the_jobs_of_no_other_call_waiting(jobs, monkeypatch):
    ids, released = IDS[:200], threading.Event()
    hung: list[str] = []

    def the_first_hangs(request):
        if not hung:
            hung.extend(request.json["jobs"])
            released.wait(30)
        return jobs(request)

    with Service(the_first_hangs) as service, ExitStack() as stack:
        stack.callback(released.set)
        connect(monkeypatch, service.url)
        jobs.ready_after = dict.fromkeys(ids, 0)

        async def scene():
            tasks = dict(zip(ids, waits(ids, poke_interval=0.01), strict=True))
            while sum(task.done() for task in tasks.values()) < 100:
                pending = [task for task in tasks.values() if not task.done()]
                await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            assert {job for job, task in tasks.items() if not task.done()} == set(hung)
            released.set()
            return await asyncio.gather(*tasks.values())

        assert in_time(jobs, scene) == [{"statuses": {job: THERE}} for job in ids]


def test_a_wait_that_is_called_off_leaves_the_others_alone(jobs):
    jobs.ready_after = dict.fromkeys(IDS, 3)

    async def scene():
        first, second = waits(IDS[:2], poke_interval=10)
        await asyncio.sleep(15)
        first.cancel()
        return await second

    assert in_time(jobs, scene) == {"statuses": {IDS[1]: THERE}}
    assert [len(asked) for _, asked in jobs.polls] == [2, 2, 1, 1]


def test_when_the_last_has_left_nothing_more_is_asked_and_no_thread_is_kept(jobs):
    async def scene():
        tasks = waits(IDS[:2], poke_interval=10)
        await asyncio.sleep(15)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        asked = len(jobs.polls)
        await asyncio.sleep(100)
        assert len(jobs.polls) == asked
        return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    assert in_time(jobs, scene) == []
    for thread in threading.enumerate():
        if thread.name.startswith("drs-poller"):
            thread.join(10)
            assert not thread.is_alive()


def test_the_log_has_what_changed_and_not_the_same_at_each_poll(jobs, console, caplog):
    caplog.set_level("INFO")
    jobs.ready_after = {IDS[0]: 9, IDS[1]: 4}

    async def scene():
        return await payload(DrsJobStatusTrigger(IDS[:2], poke_interval=10))

    in_time(jobs, scene)

    lines = re.findall(r"\d of 2 jobs: \w+(?:; \d of 2 jobs: \w+)*", console())
    assert lines == [
        "2 of 2 jobs: CREATING",
        "1 of 2 jobs: CONFIGURATION; 1 of 2 jobs: CREATING",
        "2 of 2 jobs: CONFIGURATION",
    ]


def test_the_loop_goes_on_while_an_answer_is_out(jobs, monkeypatch):
    loop_has_run = threading.Event()

    def answers_once_the_loop_has_run(request):
        assert loop_has_run.wait(60)
        return jobs(request)

    with Service(answers_once_the_loop_has_run) as service:
        connect(monkeypatch, service.url)
        jobs.ready_after = {IDS[0]: 0}

        async def scene():
            (task,) = waits(IDS[:1])
            while not service.requests:  # noqa: ASYNC110 - what it waits for happens in another thread
                await asyncio.sleep(0.001)
            loop_has_run.set()
            return await task

        assert in_time(jobs, scene) == {"statuses": {IDS[0]: THERE}}


def test_waits_that_come_a_moment_after_each_other_share_their_first_round(jobs):
    jobs.ready_after = dict.fromkeys(IDS[:3], 0)

    async def scene():
        tasks = []
        for job in IDS[:3]:
            tasks += waits([job])
            await asyncio.sleep(0.03)
        await asyncio.gather(*tasks)

    in_time(jobs, scene)

    assert [sorted(asked) for _, asked in jobs.polls] == [IDS[:3]]


def test_a_newcomer_is_asked_for_with_the_next_round_if_there_was_one_just_now(jobs):
    jobs.ready_after = dict.fromkeys(IDS[:2], 1)

    async def scene():
        tasks = waits(IDS[:1], poke_interval=60)
        await asyncio.sleep(20)
        tasks += waits(IDS[1:2], poke_interval=60)
        await asyncio.gather(*tasks)

    in_time(jobs, scene)

    assert [sorted(asked) for _, asked in jobs.polls] == [[IDS[0]], IDS[:2], [IDS[1]]]
    assert [later - earlier for (earlier, _), (later, _) in pairwise(jobs.polls)] == [pytest.approx(60, abs=3)] * 2


@pytest.mark.parametrize("steps", range(6))
def test_a_poller_ends_at_once_even_if_somebody_joined_in_the_moment_before(jobs, steps):
    async def scene():
        tasks = waits(IDS[:1], poke_interval=3600)
        await asyncio.sleep(30)
        tasks += waits(IDS[1:2], poke_interval=3600)
        for _ in range(steps):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await asyncio.sleep(1)
        return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    assert in_time(jobs, scene) == []


def test_after_a_poll_without_a_fault_the_pauses_of_faults_begin_anew(jobs):
    jobs.ready_after = {IDS[0]: 2}
    jobs.faults = [BUSY] * 4

    async def scene():
        (task,) = waits(IDS[:1], poke_interval=3600)
        await asyncio.sleep(600)
        jobs.faults = [BUSY]
        return await task

    assert in_time(jobs, scene) == {"statuses": {IDS[0]: THERE}}
    pauses = [later - earlier for earlier, later in pairwise(jobs.times(IDS[0]))]
    assert pauses[3] >= 8, "after the fourth fault in a row"
    assert 1 <= pauses[5] < 4, "after the first fault of the next row"


def test_an_error_of_several_subscriptions_does_not_show_where_another_raised_it():
    async def frames(error):
        subscription = Subscription(Wait([IDS[0]], [THERE]), lambda polls: 60)
        subscription.publish(error)
        with pytest.raises(DrsError) as caught:
            await subscription.next_update()
        return len(caught.traceback)

    async def scene():
        error = DrsError("no")
        return [await frames(error) for _ in range(3)]

    first, *others = run(scene)
    assert others == [first, first]


def test_a_busy_loop_makes_no_round_later_than_the_one_before(jobs):
    jobs.ready_after = {IDS[0]: 20}

    async def scene():
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        (task,) = waits(IDS[:1], poke_interval=10)
        while not task.done():
            await asyncio.sleep(0.1)
            loop.hold_up(0.6)

    in_time(jobs, scene)

    times = jobs.times(IDS[0])
    assert times[-1] - times[0] == pytest.approx(200, abs=3)


def test_a_poller_that_is_stopped_keeps_no_thread_although_somebody_still_holds_it(jobs):
    async def scene():
        subscription: Subscription[JobStatus, PollResult] = Subscription(Wait([IDS[0]], [THERE]), lambda polls: 60)
        held = Poller("drs_default", None, JOB_STATUSES)
        held.join(subscription)
        await subscription.next_update()
        threads = [thread for thread in threading.enumerate() if thread.name.startswith("drs-poller")]
        held.stop()
        for thread in threads:
            thread.join(10)
        return [thread.is_alive() for thread in threads]

    assert in_time(jobs, scene) == [False]


def test_the_client_of_an_edited_connection_is_closed_although_somebody_still_holds_it(monkeypatch):
    closed = threading.Event()

    def script(connection, number):
        while request := peer.read(connection):
            reply = jobs(Request("POST", "/", Message(), request.partition(b"\r\n\r\n")[2]))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(reply.body), reply.body))
        closed.set()

    async def scene():
        current = CurrentClient("drs_default", None)
        old = await current.get(PollRound([], 0, 100))
        await asyncio.to_thread(old.look_up, IDS[:1])
        connect(monkeypatch, peer.url, token="another-token")
        await asyncio.sleep(301)
        new = await current.get(PollRound([], 1, 100))
        return new is not old and await asyncio.to_thread(closed.wait, 10)

    jobs = Jobs(clock=lambda: 0.0)
    with Peer(script) as peer:
        connect(monkeypatch, peer.url)
        assert run(scene)


def test_calls_that_begin_while_the_connection_is_being_read_wait_for_that(jobs, monkeypatch):
    monkeypatch.setattr(poller, "CALL_STAGGER", 0.01)
    jobs.ready_after = dict.fromkeys(IDS[:300], 0)
    read = BaseHook.get_connection

    def slowly(conn_id):
        threading.Event().wait(0.3)
        return read(conn_id)

    monkeypatch.setattr(BaseHook, "get_connection", staticmethod(slowly))

    async def scene():
        return await asyncio.gather(*waits(IDS[:300]))

    assert in_time(jobs, scene) == [{"statuses": {job: THERE}} for job in IDS[:300]]


def test_waits_at_one_connection_for_jobs_of_two_projects_ask_in_each_its_own(jobs, monkeypatch):
    jobs.default = THERE
    with Service(jobs) as service:
        connect(monkeypatch, service.url)

        async def scene():
            return await asyncio.gather(*waits(IDS[:1], project_id="one"), *waits(IDS[1:2], project_id="two"))

        in_time(jobs, scene)

        asked = {request.path.split("/")[2]: request.json["jobs"] for request in service.requests}
    assert asked == {"one": IDS[:1], "two": IDS[1:2]}


def test_a_fault_of_this_package_in_a_call_ends_the_waits_that_it_was_made_for(jobs, monkeypatch):
    monkeypatch.setattr(DrsClient, "look_up", lambda client, job_ids: 1 / 0)

    trigger = DrsJobStatusTrigger([IDS[0]], poke_interval=60)
    event = in_time(jobs, lambda: asyncio.wait_for(payload(trigger), 600))

    assert event["error"]["type"] == "DrsTriggerError"
    assert "ZeroDivisionError" in event["error"]["text"]
