"""What ends when Airflow kills a task: calls that are under way, pauses, and all that would be sent after them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_drs.hooks.drs import DrsHook


class EndsWhenKilled:
    """An operator whose hook sends nothing more after Airflow has called ``on_kill``."""

    _hook: DrsHook | None = None
    _killed = False

    @contextmanager
    def killing(self, hook: DrsHook) -> Iterator[None]:
        """Let ``on_kill`` end what a hook has under way while the body runs."""
        self._hook = hook
        if self._killed:
            hook.cancel()
        try:
            yield
        finally:
            self._hook = None

    def on_kill(self) -> None:
        """End what is under way; nothing is sent after this."""
        self._killed = True
        if self._hook:
            # Airflow calls this in a signal handler, which must not wait for a lock that the code beneath it holds
            Thread(target=self._hook.cancel, name="drs-on-kill", daemon=True).start()
