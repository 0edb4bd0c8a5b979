"""``python -m benchmarks.heartbeat FILE`` puts a heartbeat in the place of the last wait of an Airflow.

Its trigger runs on the loop of the triggerer, beside the waits, and notes in the file for how long it was held up.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

BEAT, LIFE = 0.01, 3600
EACH = 1.0
"""Seconds of which the longest delay is noted."""


class Heartbeat(BaseTrigger):
    """Notes in each line of a file the time, and the longest delay of a beat since the line before, in seconds.

    :param file: path of the file.
    """

    def __init__(self, file: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.file = file

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "benchmarks.heartbeat.Heartbeat", {"file": self.file}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        ends = time.monotonic() + LIFE
        with Path(self.file).open("a", buffering=1) as notes:  # noqa: ASYNC230 - a line takes microseconds
            while time.monotonic() < ends:
                worst, noted = 0.0, time.monotonic() + EACH
                while (before := time.monotonic()) < noted:
                    await asyncio.sleep(BEAT)
                    worst = max(worst, time.monotonic() - before - BEAT)
                notes.write(f"{time.monotonic()} {worst}\n")
        yield TriggerEvent(None)


def worst_of(file: Path, since: float) -> float:
    """Return the longest delay, in seconds.

    :param file: that of the heartbeat.
    :param since: a time of ``time.monotonic()``.
    """
    notes = [tuple(map(float, line.split())) for line in file.read_text().splitlines()]
    return max(delay for noted, delay in notes if noted - EACH >= since)


def _replace_last_wait(file: str) -> None:
    from airflow.models import TaskInstance
    from airflow.models.trigger import Trigger
    from airflow.utils.session import create_session
    from sqlalchemy import select

    row = Trigger.from_object(Heartbeat(file))
    with create_session() as session:
        session.add(row)
        session.flush()
        last = session.scalars(select(TaskInstance).order_by(TaskInstance.map_index.desc())).first()
        assert last
        last.trigger_id = row.id


if __name__ == "__main__":
    _replace_last_wait(sys.argv[1])
