"""A secrets backend of Airflow that can be made to fail, as one whose server is down."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.secrets.base_secrets import BaseSecretsBackend


class FailingBackend(BaseSecretsBackend):
    """Knows the connections in ``connections``, as JSON, unless ``down`` is set."""

    connections: ClassVar[dict[str, str]] = {}
    down = False

    def get_conn_value(self, conn_id: str) -> Any:
        if type(self).down:
            raise OSError("the secrets backend is down")
        return type(self).connections.get(conn_id)
