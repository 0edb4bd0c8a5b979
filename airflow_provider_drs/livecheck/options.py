"""The options of the command line, which Airflow's own command shares."""

from __future__ import annotations

from typing import Any

WELL, REFUSED, WRONG_INPUT, NO_SERVICE, OWN_FAULT = range(5)
"""The exit codes."""
INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""
OPTIONS: dict[str, dict[str, Any]] = {
    "--conn-id": {"default": "drs_default", "metavar": "ID", "help": "Connection of type drs (default: drs_default)"},
    "--environment": {
        "metavar": "REGION",
        "help": "take an access key from HUAWEICLOUD_SDK_AK, _SK, _SECURITY_TOKEN and _PROJECT_ID instead; REGION may "
        "be the URL of DRS",
    },
    "--job": {"action": "append", "default": [], "metavar": "ID", "help": "read this job, too; may be repeated"},
    "--test": {"metavar": "FILE", "help": "have DRS log in to the endpoints in this YAML or JSON file, of named jobs"},
    "--json": {"metavar": "FILE", "help": "write the answers to this file, to be handed on"},
    "--record": {"metavar": "DIR", "help": "keep the exchanges without their values in this new folder"},
}
DESCRIPTION = (
    "Check a real account: it reads and changes nothing, and logs in to databases only with --test. It exits with 0 if "
    "all is well, 1 if something was refused, 2 if the input is wrong, and 3 if no DRS answers."
)
