"""Interrupts the calls and pauses of a task when Airflow kills it, and prevents later calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_drs.hooks.drs import DrsHook


class EndsWhenKilled:
    """Mixin for operators: after ``on_kill``, the hook sends nothing."""

    _hook: DrsHook | None = None
    _killed = False

    @contextmanager
    def killing(self, hook: DrsHook) -> Iterator[None]:
        """While the body runs, let ``on_kill`` cancel a hook.

        :param hook: the hook that the body uses. It is cancelled at once if the task is already killed.
        """
        self._hook = hook
        if self._killed:
            hook.cancel()
        try:
            yield
        finally:
            self._hook = None

    def on_kill(self) -> None:
        """Interrupt calls and pauses, and prevent later calls. Airflow calls this when it kills the task."""
        self._killed = True
        if self._hook:
            # a thread, because Airflow calls this in a signal handler: the interrupted code may hold a lock
            Thread(target=self._hook.cancel, name="drs-on-kill", daemon=True).start()
