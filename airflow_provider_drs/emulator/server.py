"""Serves the emulator on a loopback address from a thread, for tests and for the command line."""

from __future__ import annotations

import ipaddress
import json
import socket
import threading
from types import TracebackType
from urllib.parse import urlsplit

import uvicorn
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from .app import create_app
from .choices import ChosenAnswers
from .faults import FaultyService
from .probes import Probe, dial
from .state import World


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepting = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepting.set()


class LoopbackNamesOnly:
    """Refuses calls to a host that is not loopback: a web page may have its own name lead to this machine.

    :param app: what answers all others.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and not _is_loopback(Headers(scope=scope).get("host", "")):
            refusal = {"error_code": "APIGW.0101", "error_msg": "The Host header names no loopback address."}
            await JSONResponse(refusal, 421)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class Emulator:
    """A running emulator, as a context manager; inside it, calls are answered.

    :param world: what it emulates; without one, any job exists and becomes ready after 2 polls.
    :param host: a loopback address; the emulator dials any address of a request, so no other machine may reach it.
    :param port: 0 takes a free one.
    :param probe: tests one entry of a connection test, see `probes.Probe`.
    :raises ValueError: ``host`` is not a loopback address.
    """

    def __init__(
        self, world: World | None = None, *, host: str = "127.0.0.1", port: int = 0, probe: Probe = dial
    ) -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"The emulator serves on a loopback address only, not on {host}.")
        self.world = world or World()
        self._address = (host, port)
        self._probe = probe

    @property
    def url(self) -> str:
        """Where it answers, such as ``http://127.0.0.1:8765``."""
        host, port = self._address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def connection_json(self) -> str:
        """The Airflow connection to it, as the JSON text of an ``AIRFLOW_CONN_...`` variable."""
        return json.dumps(
            {
                "conn_type": "drs",
                "host": self.url,
                "password": self.world.token,
                "extra": {"project_id": self.world.project_id},
            }
        )

    def __enter__(self) -> Emulator:
        """Start to serve; when it returns, calls are accepted.

        :raises OSError: the port is taken.
        """
        app = ChosenAnswers(create_app(self.world, self._probe), lambda: self.world.choices)
        config = uvicorn.Config(
            LoopbackNamesOnly(FaultyService(app, self.world.faults)),
            lifespan="off",
            ws="none",
            access_log=False,
            # the choices have a clock of their own
            date_header=not self.world.choices.clock_ahead,
            log_config=None,
            log_level="warning",
            timeout_graceful_shutdown=1,
        )
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        listening = socket.create_server(self._address, family=family)
        self._address = listening.getsockname()[:2]
        self._server = _Server(config)
        # From a thread uvicorn leaves the signals of the process alone.
        self._thread = threading.Thread(target=self._server.run, args=([listening],), daemon=True)
        self._thread.start()
        if not self._server.accepting.wait(timeout=10):
            raise RuntimeError("The emulator did not start within 10 seconds.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()


def _is_loopback(netloc: str) -> bool:
    try:
        host = urlsplit(f"//{netloc}").hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
