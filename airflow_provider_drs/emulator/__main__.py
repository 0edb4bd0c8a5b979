"""Serves the emulator from the command line: ``python -m airflow_provider_drs.emulator``."""

from __future__ import annotations

import argparse
import logging
import os
import shlex
import signal
import sys

_ENDING = (signal.SIGINT, signal.SIGTERM)


def main() -> int:
    """Serve until Ctrl-C or SIGTERM, which end the process; give the exit code when it cannot serve."""
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_drs.emulator",
        description="A local server that answers like Huawei Cloud DRS and really dials the databases.",
    )
    parser.add_argument("--port", type=int, default=8765, help="on 127.0.0.1, 0 takes a free one (default: 8765)")
    parser.add_argument("--scenario", metavar="FILE", help="YAML or JSON: which jobs there are, how they move")
    ready = parser.add_mutually_exclusive_group()
    ready.add_argument("--ready-after-polls", metavar="N", type=int, help="status polls before CONFIGURATION")
    ready.add_argument("--ready-after-seconds", metavar="S", type=float, help="seconds before CONFIGURATION")
    options = parser.parse_args()

    try:
        from .scenario import ScenarioError, load_world
        from .server import Emulator
    except ModuleNotFoundError as missing:
        package = str(missing.name).partition(".")[0]
        sys.stderr.write(f"The emulator needs {package}: pip install 'airflow-provider-drs[emulator]'\n")
        return 2

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        world = load_world(options.scenario or {})
    except ScenarioError as error:
        parser.error(str(error))
    if options.ready_after_polls is not None or options.ready_after_seconds is not None:
        world.ready_after_polls = options.ready_after_polls
        world.ready_after_seconds = options.ready_after_seconds

    # Blocked in all threads, a signal waits until sigwait() takes it. A handler that sets an event could interrupt the
    # event's own wait() while that holds its lock, or run too late to wake it: the process would never end.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        with Emulator(world, port=options.port) as emulator:
            sys.stdout.write(
                f"# The DRS emulator answers on {emulator.url} until Ctrl-C. Airflow finds it by this connection:\n"
                f"export AIRFLOW_CONN_DRS_DEFAULT={shlex.quote(emulator.connection_json)}\n"
                "# Paste that line where Airflow runs; databases named in a connection test are really dialled.\n"
            )
            sys.stdout.flush()
            signal.sigwait(_ENDING)
    except (OSError, OverflowError) as error:
        parser.error(f"cannot serve on port {options.port}: {error}")
    # a thread that still dials a database would keep the interpreter from ending
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
