"""Runs a function in a thread with a time limit, so that a test fails instead of hanging."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

HANGING = 20.0
"""Seconds after which a function counts as hanging. The timeouts under test are shorter than a second."""


class Running:
    """A function that runs in a thread. :meth:`end` waits for it, and returns its result or its error."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._outcome: Any = None
        self._function = function
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._outcome = self._function()
        except BaseException as error:
            self._outcome = error

    def end(self) -> Any:
        self._thread.join(HANGING)
        assert not self._thread.is_alive(), "the function hangs"
        return self._outcome


def outcome(function: Callable[[], Any]) -> Any:
    """Run a function, and return its result or the error that it raised."""
    return Running(function).end()
