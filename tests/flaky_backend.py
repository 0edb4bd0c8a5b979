"""A secrets backend that a test can break: it raises while ``down``, raises for some reads, or hangs."""

from __future__ import annotations

from threading import Event
from typing import ClassVar

from airflow.secrets import BaseSecretsBackend


class Flaky(BaseSecretsBackend):
    connections: ClassVar[dict[str, str]] = {}
    down: ClassVar[bool] = False
    reads: ClassVar[int] = 0
    failures: ClassVar[int] = 0
    """Number of reads that fail, after ``fails_after`` good reads."""
    fails_after: ClassVar[int] = 0
    hangs: ClassVar[Event | None] = None
    """Reads wait for this event."""

    def get_conn_value(self, conn_id: str, team_name: str | None = None) -> str | None:
        Flaky.reads += 1
        if Flaky.hangs:
            Flaky.hangs.wait(30)
        failing = Flaky.failures > 0 and Flaky.fails_after == 0
        Flaky.failures -= failing
        Flaky.fails_after -= Flaky.fails_after > 0
        if Flaky.down or failing:
            raise ConnectionError("the vault is sealed, and its token was s3cr3t")
        return Flaky.connections.get(conn_id)

    def get_variable(self, key: str, team_name: str | None = None) -> str | None:
        return None

    def get_config(self, key: str) -> str | None:
        return None
