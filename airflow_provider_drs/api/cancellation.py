"""How a client is stopped from another thread: its pauses end, and its open sockets, too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

from airflow_provider_drs.api.errors import DrsStoppedError


class Cancellation:
    """One switch for everything that a client has under way; it cannot be switched back.

    Its event has a lock, so a signal handler calls :meth:`cancel` in a thread: the code beneath it may hold that lock.
    """

    def __init__(self) -> None:
        self._cancelled = Event()
        self._interrupts: set[Callable[[], None]] = set()

    def cancel(self) -> None:
        """Interrupt everything that is under way; what starts later fails at once."""
        self._cancelled.set()
        for interrupt in list(self._interrupts):
            interrupt()

    def check(self) -> None:
        """Do nothing, unless the switch is thrown.

        :raises DrsStoppedError: when it is.
        """
        if self._cancelled.is_set():
            raise DrsStoppedError

    def sleep(self, seconds: float) -> None:
        """Wait.

        :raises DrsStoppedError: as soon as the switch is thrown.
        """
        self._cancelled.wait(seconds)
        self.check()

    @contextmanager
    def interrupting(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Call ``interrupt`` when the switch is thrown while the body runs.

        :raises DrsStoppedError: when it is thrown before the body or in it, even if the body comes to its end: what was
            interrupted may look whole, such as an answer that ends with its connection.
        """
        self._interrupts.add(interrupt)
        try:
            self.check()
            yield
            self.check()
        finally:
            self._interrupts.discard(interrupt)
