"""What every trigger of this package does: it polls with the others of its process, and fires once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Callable
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_drs.api.errors import DrsError, DrsTriggerError
from airflow_provider_drs.triggers.poll import Judge, Poll, Result
from airflow_provider_drs.triggers.poller import subscribed
from airflow_provider_drs.triggers.subscription import Subscription, Update


class PollingTrigger(BaseTrigger):
    """A trigger with one event: its outcome, or ``{"error": {...}}`` with the members of :meth:`DrsError.to_dict`.

    Where the address of the DRS console is known, the event has it as ``console_url``.

    :param drs_conn_id: the Connection to DRS.
    :param project_id: wins over the Connection's.
    """

    def __init__(self, drs_conn_id: str, project_id: str | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.drs_conn_id = drs_conn_id
        self.project_id = project_id
        self._console_url = ""

    @abstractmethod
    async def outcome(self) -> dict[str, Any]:
        """Poll until the outcome is certain, and return it as plain JSON.

        :raises DrsError: when the wait has failed.
        """

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll the jobs, at once and then after each pause, until the outcome is certain.

        No exception but its cancellation leaves this method: Airflow would only learn that the trigger failed.
        """
        try:
            outcome = await self.outcome()
        except DrsError as error:
            outcome = {"error": error.to_dict()}
        except Exception as error:
            self.log.exception("The trigger fails because of a fault of its own.")
            # the text of an unforeseen error may contain anything
            kind = type(error).__name__
            outcome = {"error": DrsTriggerError(f"the trigger failed: {kind}; its log has more").to_dict()}
        # with it the worker need not read the Connection once more, only for the link to the console
        yield TriggerEvent(outcome | ({"console_url": self._console_url} if self._console_url else {}))

    async def follow(self, poll: Poll[Result], judge: Judge[Result, Update], pause: Callable[[int], float]) -> Update:
        """Poll, and log what is new, until the judge calls it done; return the last update.

        :param poll: what to poll.
        :param judge: decides what each poll means.
        :param pause: returns the seconds after that many polls.
        """
        subscription: Subscription[Result, Update] = Subscription(judge, pause)
        with subscribed(self.drs_conn_id, self.project_id, poll, subscription):
            try:
                while not (update := await subscription.next_update()).done:
                    self.log.info(update.news)
            finally:
                # there is none before the first poll
                self._console_url = getattr(subscription.client, "console_url", "")
            self.log.info(update.news)
            return update
