"""Time in which waiting takes none."""

from __future__ import annotations

import time
from threading import Lock

from airflow_provider_drs.api.pace import Pacer


class VirtualTime:
    """A clock and its sleep: time passes as it does, and jumps when somebody waits; ``waits`` keeps each such jump."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._lock = Lock()

    def clock(self) -> float:
        return time.monotonic() + sum(self.waits)

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.waits.append(seconds)

    def pacer(self) -> Pacer:
        return Pacer(self.clock, self.sleep)
