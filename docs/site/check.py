"""Fails unless the built pages tell of every public name, and of every parameter of its constructor or call."""

import html
import re
import sys
from pathlib import Path

import griffe

PACKAGE = griffe.load("airflow_provider_drs", search_paths=["."], resolve_aliases=True)
AIRFLOW = [
    "operators.drs.DrsTestConnectionsOperator",
    "sensors.drs.DrsJobStatusSensor",
    "retry_policy.DrsRetryPolicy",
    "triggers.drs.DrsJobStatusTrigger",
    "triggers.event.DrsJobStatusEventTrigger",
    "hooks.drs.DrsHook",
]
EMULATOR = [
    "emulator.server.Emulator",
    "emulator.state.World",
    "emulator.rehearsal.RehearsalEmulator",
    "emulator.pytest_plugin.drs_emulator",
]
NOT_GIVEN_BY_USERS = {"self", "kwargs", "facts", "monkeypatch"}


def sections(folder: Path) -> dict[str, set[str]]:
    """Return for each object on the pages the parameters that are told of it."""
    parts: dict[str, set[str]] = {}
    for page in folder.rglob("*.html"):
        pieces = re.split(r'<h\d id="(airflow_provider_drs\.[^"]+)"', page.read_text())
        for path, text in zip(pieces[1::2], pieces[2::2], strict=True):
            parts[html.unescape(path)] = set(re.findall(r"<b><code>(\w+)</code></b>", text))
    return parts


def parameters(item: griffe.Object | griffe.Alias) -> set[str]:
    """Return the parameters of a function, or of the constructor that a class has of its own."""
    function = item.members.get("__init__") if item.is_class else item
    names = {parameter.name for parameter in function.parameters} if function is not None else set()
    return names - NOT_GIVEN_BY_USERS


def main() -> int:
    built = sections(Path(sys.argv[1]))
    public = [*AIRFLOW, *EMULATOR, *(f"api.{name}" for name in PACKAGE["api"].exports)]
    missing = []
    for name in public:
        path = f"airflow_provider_drs.{name}"
        if path not in built:
            missing.append(path)
        missing += [f"{path}({parameter})" for parameter in sorted(parameters(PACKAGE[name]) - built.get(path, set()))]
    attributes = PACKAGE["api.Endpoint"].attributes.items()
    fields = {name for name, item in attributes if item.annotation and "instance-attribute" in item.labels}
    missing += sorted({f"airflow_provider_drs.api.Endpoint.{name}" for name in fields} - built.keys())
    print(f"{len(public)} public names" + "".join(f"\nnot on any page: {name}" for name in missing))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
