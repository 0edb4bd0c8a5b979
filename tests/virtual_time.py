"""Clocks in which a sleep ends at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager
from threading import Condition, Lock
from types import ModuleType
from typing import Any
from unittest.mock import patch

from airflow_provider_drs.api.pace import Pacer


class VirtualTime:
    """A clock that runs in real time, and jumps forward by each sleep. ``waits`` has the seconds of each sleep."""

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


class ThreadsTime:
    """A clock that stands still while any thread works, and jumps to the next end of a sleep when all threads sleep.

    ``with time.of(module)`` counts the threads that the module's ``ThreadPoolExecutor`` starts.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self._changed = Condition()
        self._due: dict[object, float] = {}
        self._threads = 0
        self._open = 0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        me = object()
        with self._changed:
            self._due[me] = self.now + seconds
            self._jump_if_all_sleep()
            while me in self._due:
                self._changed.wait()

    def pacer(self) -> Pacer:
        return Pacer(self.clock, self.sleep)

    def of(self, module: ModuleType) -> AbstractContextManager[object]:
        time = self

        class Pool(ThreadPoolExecutor):
            def map(self, fn: Callable[..., Any], *iterables: Iterable[Any], **options: Any) -> Iterator[Any]:
                items = list(zip(*iterables, strict=True))
                with time._changed:
                    time._threads, time._open = self._max_workers, len(items)

                def counted(item: Any) -> Any:
                    try:
                        return fn(*item)
                    finally:
                        with time._changed:
                            time._open -= 1
                            time._jump_if_all_sleep()

                return super().map(counted, items, **options)

        return patch.object(module, "ThreadPoolExecutor", Pool)

    def _jump_if_all_sleep(self) -> None:
        if self._due and len(self._due) >= min(self._threads, self._open):
            self.now = max(self.now, min(self._due.values()))
            self._due = {sleeper: due for sleeper, due in self._due.items() if due > self.now}
            self._changed.notify_all()


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose sleeps end at once, unless a function runs in a thread."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead = 0.0
        self._under_way = 0
        selector = self._selector  # type: ignore[attr-defined]
        select_really = selector.select

        def select(timeout: float | None = None) -> Any:
            ready = select_really(0)
            if ready or timeout == 0:
                return ready
            if self._under_way or timeout is None:
                return select_really(timeout)
            self._ahead += timeout
            return []

        selector.select = select

    def time(self) -> float:
        return super().time() + self._ahead

    def hold_up(self, seconds: float) -> None:
        """Advance the clock, as if a task had blocked the loop."""
        self._ahead += seconds

    def run_in_executor(self, executor: Executor | None, func: Any, *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        def back(_: object) -> None:
            self._under_way -= 1

        self._under_way += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(back)
        return future
