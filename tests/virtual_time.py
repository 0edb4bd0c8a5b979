"""Time that passes only when somebody waits for it."""

from __future__ import annotations

from threading import Lock

from airflow_provider_drs.api.pace import Pacer


class VirtualTime:
    """A clock and its sleep; ``waits`` keeps how long each sleep was."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []
        self._lock = Lock()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds
            self.waits.append(seconds)

    def pacer(self) -> Pacer:
        return Pacer(self.clock, self.sleep)
