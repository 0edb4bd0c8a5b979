"""The migration of the demo: two DRS jobs, each with a source and a target in a real PostgreSQL."""

from __future__ import annotations

import json
import secrets
import socket

from postgres import Postgres

JOBS = {"orders": "0d5a1c00-1f2e-4a3b-8c4d-5e6f7a8jb101", "billing": "0d5a1c01-1f2e-4a3b-8c4d-5e6f7a8jb101"}
NAMES = [f"{job}_{age}" for job in JOBS for age in ("old", "new")]


class Databases:
    """Four databases, each with an owner who has a different password.

    :param postgres: the server of the databases.
    """

    def __init__(self, postgres: Postgres) -> None:
        self._port = postgres.port
        self.passwords = {name: secrets.token_urlsafe(16) for name in NAMES}
        for name, password in self.passwords.items():
            postgres.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
            postgres.execute(f"CREATE DATABASE {name} OWNER {name}")

    def as_airflow_sees_them(self, *, wrong_password: str = "", closed_port: str = "") -> dict[str, str]:
        """Return the environment variables that hold the databases for Airflow, with mistakes on request.

        :param wrong_password: name of the database whose Connection gets a wrong password.
        :param closed_port: name of the database whose endpoint gets a closed port.
        """
        endpoints = {
            name: {
                "id": JOBS[name.split("_")[0]],
                "end_point_type": "so" if name.endswith("_old") else "ta",
                "db_type": "postgresql",
                "ip": "127.0.0.1",
                "db_port": _closed_port() if name == closed_port else self._port,
                "db_user": name,
                "db_name": name,
            }
            for name in NAMES
        }
        passwords = {**self.passwords, **({wrong_password: "last year's password"} if wrong_password else {})}
        connections = {
            f"AIRFLOW_CONN_{name.upper()}": json.dumps({"conn_type": "postgres", "password": password})
            for name, password in passwords.items()
        }
        return {"AIRFLOW_VAR_DRS_DATABASES": json.dumps(endpoints), **connections}


def _closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port
