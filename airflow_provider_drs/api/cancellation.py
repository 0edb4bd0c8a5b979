"""Stop a client from another thread: end its pauses and close its sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

from airflow_provider_drs.api.errors import DrsStoppedError


class Cancellation:
    """Cancels all calls of a client, for good.

    A signal handler must call :meth:`cancel` in a thread: the interrupted code may hold the lock of the event.
    """

    def __init__(self) -> None:
        self._cancelled = Event()
        self._interrupts: set[Callable[[], None]] = set()

    def cancel(self) -> None:
        """Interrupt every running pause and call; a later one fails at once."""
        self._cancelled.set()
        for interrupt in list(self._interrupts):
            interrupt()

    def check(self) -> None:
        """Do nothing, unless cancelled.

        :raises DrsStoppedError: after :meth:`cancel`.
        """
        if self._cancelled.is_set():
            raise DrsStoppedError

    def sleep(self, seconds: float) -> None:
        """Wait, unless cancelled.

        :param seconds: how long.
        :raises DrsStoppedError: as soon as :meth:`cancel` is called.
        """
        self._cancelled.wait(seconds)
        self.check()

    @contextmanager
    def interrupting(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Call ``interrupt`` if :meth:`cancel` is called while the body runs.

        :param interrupt: ends the body's blocking call; it runs in the thread that cancels.
        :raises DrsStoppedError: after :meth:`cancel`, even if the body ends normally: an interrupted answer may look
            complete if the end of its connection ends it.
        """
        self._interrupts.add(interrupt)
        try:
            self.check()
            yield
            self.check()
        finally:
            self._interrupts.discard(interrupt)
