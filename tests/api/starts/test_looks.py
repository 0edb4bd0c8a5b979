"""How long a look for a lost start takes, and what it takes for one."""

from __future__ import annotations

from airflow_provider_drs.api.errors import DrsUnavailableError
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.starts.look import LOOK_SECONDS, look_for_starts


class Watched:
    """Jobs that leave ``CONFIGURATION`` at a time, and a clock that a sleep moves."""

    def __init__(self, **leave_at):
        self.leave_at, self.now, self.asked = leave_at, 0.0, []

    def look_up(self, job_ids):
        self.asked.append((self.now, tuple(job_ids)))
        return {each: self.status(each) for each in job_ids}

    def status(self, job_id):
        if self.leave_at[job_id] is None:
            return DrsUnavailableError("out of order")
        return JobStatus.STARTJOBING if self.now >= self.leave_at[job_id] else JobStatus.CONFIGURATION

    def sleep(self, seconds):
        self.now += seconds

    def look(self, pause=10.0):
        return look_for_starts(self.look_up, list(self.leave_at), pause, lambda: self.now, self.sleep)


def test_a_job_counts_as_started_once_it_has_left_configuration_and_is_not_asked_for_again():
    jobs = Watched(a=0, b=25)

    assert jobs.look() == {"a": "STARTJOBING", "b": "STARTJOBING"}
    assert jobs.asked == [(0, ("a", "b")), (10, ("b",)), (20, ("b",)), (30, ("b",))]


def test_the_last_look_is_at_the_end_whatever_the_pause():
    jobs = Watched(a=LOOK_SECONDS)

    assert jobs.look(pause=3600) == {"a": "STARTJOBING"}


def test_what_stays_or_cannot_be_read_proves_nothing():
    jobs = Watched(a=LOOK_SECONDS + 1, b=None)

    assert jobs.look() == {}
    assert jobs.now == LOOK_SECONDS
