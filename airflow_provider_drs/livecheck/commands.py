"""The command ``airflow drs check``, where Airflow takes commands of providers: since 3.2."""

from __future__ import annotations

from airflow.cli.cli_config import ActionCommand, Arg, CLICommand, GroupCommand, lazy_load_command

from airflow_provider_drs.livecheck.options import DESCRIPTION, OPTIONS


def get_drs_commands() -> list[CLICommand]:
    """Return the commands of this provider."""
    check = ActionCommand(
        name="check",
        help="Check a real account, and see what no document says",
        description=DESCRIPTION,
        func=lazy_load_command("airflow_provider_drs.livecheck.__main__.command"),
        args=tuple(Arg((flag,), **settings) for flag, settings in OPTIONS.items()),
    )
    return [GroupCommand(name="drs", help="Huawei Cloud DRS", subcommands=[check])]
