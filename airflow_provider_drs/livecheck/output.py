"""Shows what was found to a person, as tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_MARKS = {True: Text("ok", "green"), False: Text("no", "bold red"), None: Text("-", "dim")}
_MAX_CELL = 300


def show(answers: Mapping[str, Any], console: Console) -> None:
    """Print the checks, and what was seen of the unknowns.

    :param answers: as they are written to the file.
    """
    checks = Table("check", "", "seen", title="Checks")
    for each in answers["checks"]:
        checks.add_row(Text(each["check"]), _MARKS[each["passed"]], Text(each["told"]))
    console.print(checks)
    unknowns = Table("id", "question", "seen", title="What no document says")
    for each in answers["unknowns"]:
        if each["seen"] is not None:
            seen = json.dumps(each["seen"])
            shown = seen if len(seen) <= _MAX_CELL else f"{seen[:_MAX_CELL]}... (more with --json)"
            unknowns.add_row(Text(each["id"]), Text(each["question"]), Text(shown))
    console.print(unknowns)
    for why in dict.fromkeys(each["why_not"] for each in answers["unknowns"] if each["why_not"]):
        ids = ", ".join(each["id"] for each in answers["unknowns"] if each["why_not"] == why)
        console.print(Text(f"Not seen, because {why}: {ids}"))
