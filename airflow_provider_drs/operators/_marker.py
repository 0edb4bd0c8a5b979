"""The marker that a task leaves before it starts jobs, so that no later try starts one of them again."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from airflow_provider_drs._compat import Variable

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_drs.api.starts.verdict import StartVerdict

_DESCRIPTION = (
    "airflow-provider-drs: task {} in run {} of {} may have started the DRS jobs that are named here. The task deletes "
    "this once it knows. Whoever deletes it by hand lets the next try of the task start them, perhaps a second time."
)
_log = logging.getLogger(__name__)


class _ChangedError(Exception):
    """The Variable is not as this try has left it."""


class StartMarker:
    """An Airflow Variable of one task instance, because Airflow clears the XComs of a task when it is retried.

    :param context: Airflow's. Without a task instance, in a call by hand, nothing is kept.
    """

    def __init__(self, context: Context) -> None:
        from airflow_provider_drs.api.digest import digest

        self._written: str | None = None
        self.key: str | None = None
        if "ti" in context:
            ti = context["ti"]
            names = (ti.dag_id, ti.run_id, ti.task_id, ti.map_index)
            self.key = f"drs_start_{digest(names).removeprefix('sha256:')}"
            self._description = _DESCRIPTION.format(ti.task_id, ti.run_id, ti.dag_id)

    def read(self) -> dict[str, StartVerdict]:
        """Return what was known of the jobs when the marker was written; nothing if there is none.

        :raises DrsStartFailedError: when Airflow cannot be asked, or somebody has changed the marker.
        """
        from airflow_provider_drs.api.starts.verdict import verdict_of_state

        try:
            self._written = self._text()
            states = json.loads(self._written)["verdicts"] if self._written else []
            return {state["job_id"]: verdict_of_state(state) for state in states}
        except Exception as error:
            raise self._unusable("cannot be read", error) from None

    def write(self, verdicts: Iterable[StartVerdict]) -> None:
        """Leave the marker, or replace that of this try.

        :param verdicts: what is known of each job. A job that may be started from now on is not known.
        :raises DrsStartFailedError: when it cannot be written, or there is one that this try does not know.
        """
        if self.key is None:
            return
        verdicts = list(verdicts)
        content: dict[str, Any] = {
            "at": datetime.now(timezone.utc).isoformat(),
            "job_ids": [each.job_id for each in verdicts if each.outcome in ("started", "unknown")],
            "verdicts": [each.to_state() for each in verdicts],
        }
        try:
            # Airflow 3 reads a Variable that cannot be read as one that is not there, and another try may still run
            if self._text() != self._written:
                raise _ChangedError("another try has changed it")
            self._written = json.dumps(content)
            Variable.set(self.key, self._written, description=self._description)
            if self._text() != self._written:
                raise _ChangedError("it is not there after it was written")
        except Exception as error:
            raise self._unusable("cannot be written", error) from None

    def update(self, verdicts: Iterable[StartVerdict]) -> None:
        """Replace what is known, if that is possible; without it, a later try knows less and still starts nothing.

        :param verdicts: what is known of each job now.
        """
        from airflow_provider_drs.api.errors import DrsError

        try:
            self.write(verdicts)
        except DrsError as error:
            _log.warning("%s", error)

    def remove(self) -> None:
        """Delete the marker."""
        if self.key is None:
            return
        try:
            if self._text() is not None:
                Variable.delete(self.key)
        except Exception as error:
            _log.warning("The Variable %s can be deleted by hand: %s", self.key, type(error).__name__)

    def _text(self) -> str | None:
        text = Variable.get(self.key, None) if self.key else None
        return None if text is None else str(text)

    def _unusable(self, what: str, error: Exception) -> Exception:
        from airflow_provider_drs.api.errors import DrsStartFailedError

        # the text of an unforeseen error may contain anything
        why = str(error) if isinstance(error, _ChangedError) else type(error).__name__
        return DrsStartFailedError(
            [f"The Variable {self.key}, which keeps a start from being sent twice, {what}: {why}"], "Nothing was sent"
        )
