"""The command line: ``python -m airflow_provider_drs.livecheck``."""

from __future__ import annotations

import json
import logging
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from traceback import extract_tb

from airflow_provider_drs.livecheck.options import DESCRIPTION, OPTIONS

WELL, REFUSED, WRONG_INPUT, NO_SERVICE, OWN_FAULT = range(5)
"""The exit codes."""


def main(arguments: list[str] | None = None) -> int:
    """Run a check, and return the exit code.

    :param arguments: those of the command line, unless given.
    """
    parser = ArgumentParser("python -m airflow_provider_drs.livecheck", description=DESCRIPTION)
    for flag, settings in OPTIONS.items():
        parser.add_argument(flag, **settings)
    return guarded(parser.parse_args(arguments))


def command(options: Namespace) -> None:
    """Run a check for Airflow's command line, and exit."""
    sys.exit(guarded(options))


def guarded(options: Namespace) -> int:
    """Run a check, and return the exit code. No traceback and no log is shown, for either could show a value.

    :param options: by the names in ``OPTIONS``.
    """
    before = logging.root.manager.disable
    # Airflow and libraries log what they cannot read
    logging.disable(logging.CRITICAL)
    try:
        return check(options)
    except Exception as error:
        places = [frame for frame in extract_tb(error.__traceback__) if "livecheck" in frame.filename]
        place = f"{Path(places[-1].filename).name}:{places[-1].lineno}"
        sys.stderr.write(f"The check has a fault of its own: {type(error).__name__} in {place}\n")
        return OWN_FAULT
    finally:
        logging.disable(before)


def check(options: Namespace) -> int:
    """Run a check, show what was found and write the files; return the exit code.

    :param options: by the names in ``OPTIONS``.
    """
    from rich.console import Console

    from airflow_provider_drs.api.errors import DrsError, DrsInputError
    from airflow_provider_drs.livecheck import connect, record
    from airflow_provider_drs.livecheck.check import run
    from airflow_provider_drs.livecheck.contact import Contact, error_told
    from airflow_provider_drs.livecheck.output import show
    from airflow_provider_drs.livecheck.redaction import Redactor

    errors = Console(stderr=True, markup=False, highlight=False)
    try:
        job_ids = connect.read_jobs(options)
        endpoints = connect.read_endpoints(options, job_ids)
        if options.record:
            record.prepare(Path(options.record))
        client, known = connect.connect(options)
    except DrsInputError as error:
        errors.print("\n  ".join([f"{len(error.violations)} violations, nothing was sent:", *error.violations]))
        return WRONG_INPUT
    except DrsError as error:
        errors.print(f"The Connection cannot be used: {error_told(error)}")
        return NO_SERVICE
    redactor = Redactor([*known, *job_ids, *connect.secrets_of(endpoints)])
    with client:
        findings, is_drs = run(Contact(client, redactor, job_ids, endpoints))
    answers = findings.to_dict(redactor.told)
    show(answers, Console())
    try:
        if options.json:
            Path(options.json).write_text(json.dumps(answers, indent=2) + "\n", encoding="utf-8")
        if options.record:
            record.write(Path(options.record), client.exchanges, redactor)
    except OSError as error:
        errors.print(f"The files cannot be written: {error.strerror}")
        return WRONG_INPUT
    return NO_SERVICE if not is_drs else WELL if findings.passed else REFUSED


if __name__ == "__main__":
    sys.exit(main())
