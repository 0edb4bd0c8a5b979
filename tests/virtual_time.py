"""Time in which waiting takes none."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Executor
from threading import Lock
from typing import Any

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


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which waiting takes no time, but for what threads have under way."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead = 0.0
        self._under_way = 0
        selector = self._selector  # type: ignore[attr-defined]
        really = selector.select

        def select(timeout: float | None = None) -> Any:
            ready = really(0)
            if ready or timeout == 0:
                return ready
            if self._under_way or timeout is None:
                return really(timeout)
            self._ahead += timeout
            return []

        selector.select = select

    def time(self) -> float:
        return super().time() + self._ahead

    def run_in_executor(self, executor: Executor | None, func: Any, *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        def back(_: object) -> None:
            self._under_way -= 1

        self._under_way += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(back)
        return future
