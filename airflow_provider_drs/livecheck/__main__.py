"""The command line: ``python -m airflow_provider_drs.livecheck``."""

from __future__ import annotations

import logging
import sys
from argparse import ArgumentParser, Namespace
from contextlib import nullcontext
from pathlib import Path
from traceback import extract_tb

from airflow_provider_drs.livecheck.options import DESCRIPTION, INTERRUPTED, NO_SERVICE, OPTIONS, OWN_FAULT, WRONG_INPUT


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
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        return INTERRUPTED
    except Exception as error:
        places = [frame for frame in extract_tb(error.__traceback__) if "livecheck" in frame.filename]
        place = f"{Path(places[-1].filename).name}:{places[-1].lineno}"
        sys.stderr.write(f"The check has a fault of its own: {type(error).__name__} in {place}\n")
        return OWN_FAULT
    finally:
        logging.disable(before)


def check(options: Namespace) -> int:
    """Run a check, write the files and show what was found; return the exit code.

    :param options: by the names in ``OPTIONS``.
    """
    from rich.console import Console

    from airflow_provider_drs.api.errors import DrsError, DrsInputError
    from airflow_provider_drs.livecheck import connect, files, record
    from airflow_provider_drs.livecheck.check import run
    from airflow_provider_drs.livecheck.contact import error_told
    from airflow_provider_drs.livecheck.output import show
    from airflow_provider_drs.livecheck.redaction import Redactor

    errors = Console(stderr=True, markup=False, highlight=False)
    try:
        connect.check_options(options)
        job_ids = connect.read_jobs(options)
        endpoints = connect.read_endpoints(options, job_ids)
        connection, known = connect.read_drs_connection(options)
        if options.record:
            record.prepare(Path(options.record))
        with files.draft_of(Path(options.json)) if options.json else nullcontext() as draft:
            redactor = Redactor([*known, *job_ids, *connect.secrets_of(endpoints)])
            code, findings, exchanges = run(connection, redactor, job_ids, endpoints)
            answers = findings.to_dict(redactor.told)
            try:
                # the files come first: nobody may be left to read the tables
                if draft:
                    files.finish(draft, Path(options.json), answers)
                if options.record:
                    record.write(Path(options.record), exchanges, redactor)
                show(answers, Console())
            except OSError as error:
                errors.print(f"The answers cannot be written: {error.strerror}")
                return WRONG_INPUT
            return code
    except DrsInputError as error:
        errors.print(error.text)
        return WRONG_INPUT
    except DrsError as error:
        errors.print(f"A Connection cannot be read, and nothing was sent: {error_told(error)}")
        return NO_SERVICE


if __name__ == "__main__":
    sys.exit(main())
