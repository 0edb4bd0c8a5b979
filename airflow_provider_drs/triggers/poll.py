"""What a poller polls, and what it needs of each subscription."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from airflow_provider_drs.api.client import DrsClient
    from airflow_provider_drs.api.errors import DrsError

Result = TypeVar("Result")
"""What a poll finds out about one job."""


@dataclass(frozen=True)
class Poll(Generic[Result]):
    """A call about many jobs that is made again and again; subscriptions to an equal one share its rounds.

    :param page_size: jobs in one call at most.
    :param fetch: makes the call, in a thread; it returns for each job its result or the error in its place.
    """

    page_size: int
    fetch: Callable[[DrsClient, list[str]], Mapping[str, Result | DrsError]]


class Outcome(Protocol):
    """What a poll means for one subscription."""

    @property
    def done(self) -> bool:
        """Whether it was the last."""

    @property
    def news(self) -> str:
        """A sentence for the log, empty when nothing has changed."""


Result_contra = TypeVar("Result_contra", contravariant=True)
Outcome_co = TypeVar("Outcome_co", bound=Outcome, covariant=True)


class Judge(Protocol[Result_contra, Outcome_co]):
    """Decides for one subscription what each poll means; :class:`~airflow_provider_drs.api.wait.Wait` is one."""

    @property
    def job_ids(self) -> Sequence[str]:
        """The jobs to poll; another object whenever they are others."""

    def judge(
        self, results: Mapping[str, Result_contra | DrsError], now: float, patience: float, asked_at: float
    ) -> Outcome_co:
        """Return what a poll means, or raise what ends the subscription.

        :param results: for each of the jobs, among others, its result or the error in its place.
        :param now: seconds of a clock that never goes back.
        :param patience: seconds for which a fault may last.
        :param asked_at: by the same clock, when the round began.
        """

    def pause(self, usual: float) -> float:
        """Return the seconds until the next poll.

        :param usual: seconds between two polls.
        """
