"""Reports that steps of a gate left as XCom, as they are shown to a person: their text and their fingerprint."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_drs.api.digest import digest as digest_of
from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model.inputs import is_whole, read_list, unreadable_in
from airflow_provider_drs.api.model.report import SCHEMA

_WANTED = "hand over the XCom of a step of this package, such as {}=test.output"


class ShownReports:
    """One report, or the several of a gate.

    :param value: a report, a list of such, or either as the text that a template makes of it.
    :raises DrsInputError: naming everything that keeps it from being a report.
    """

    def __init__(self, value: object) -> None:
        self.items = read_reports(value, "report")

    @property
    def fingerprint(self) -> str:
        """``sha256:...`` over all that the reports say, so that no member can change unnoticed."""
        return digest_of(self.items)

    @property
    def verdicts(self) -> str:
        """The verdict of each report, in one line."""
        return "; ".join(f"{item['kind']}: {_verdict(item)}" for item in self.items)

    @property
    def closing_line(self) -> str:
        """The last line of what is shown. It differs for any other report."""
        return f"Fingerprint of what is shown: `{self.fingerprint}`"

    def text(self, introduction: str | None) -> str:
        """Return what is shown, as Markdown.

        :param introduction: goes before the reports.
        """
        parts = [introduction, *(item["summary"] for item in self.items), self.closing_line]
        return "\n\n".join(part for part in parts if part)


def read_reports(value: object, parameter: str) -> list[dict[str, Any]]:
    """Return the reports in a parameter.

    :param value: a report, a list of such, or either as text; results of mapped tasks may be nested lists.
    :param parameter: its name.
    :raises DrsInputError: naming everything that keeps an item from being a report.
    """
    items = read_list(value)
    names = names_of(items, parameter)
    unreadable = unreadable_in(items, parameter)
    violations = []
    for position, (name, item) in enumerate(zip(names, items, strict=True)):
        if position in unreadable:
            violations.append(f"{unreadable[position]}; {_WANTED.format(parameter)}")
        else:
            violations += [f"{name}: {why}; {_WANTED.format(parameter)}" for why in _wrong_with(item)]
    if violations:
        raise DrsInputError(violations)
    return items


def names_of(items: Sequence[object], parameter: str) -> list[str]:
    """Return what an error calls each item of a parameter.

    :param items: its items.
    :param parameter: its name.
    """
    return [parameter] if len(items) == 1 else [f"{parameter}[{position}]" for position in range(len(items))]


def _wrong_with(item: object) -> list[str]:
    if not isinstance(item, Mapping):
        return [f"is no report but of type {type(item).__name__}"]
    kind, digest, summary = (item.get(name) for name in ("kind", "digest", "summary"))
    broken = {
        f"schema must be {SCHEMA}": not is_whole(item.get("schema"), SCHEMA, SCHEMA),
        "kind must be a name": not (isinstance(kind, str) and kind.isidentifier()),
        "passed must be true or false": not isinstance(item.get("passed"), bool),
        "failed must be a count": not is_whole(item.get("failed"), 0),
        "digest must be sha256: and 64 hexadecimal digits": not (
            isinstance(digest, str) and re.fullmatch(r"sha256:[0-9a-f]{64}", digest)
        ),
        "summary must be a text": not (isinstance(summary, str) and summary.strip()),
        "must be plain JSON": not _is_json(item),
    }
    return [rule for rule, is_broken in broken.items() if is_broken]


def _verdict(item: Mapping[str, Any]) -> str:
    # both must say so: a green that is contradicted is none
    return "passed" if item["passed"] and item["failed"] == 0 else f"NOT passed, {item['failed']} failed"


def _is_json(item: object) -> bool:
    try:
        digest_of(item)
    except (TypeError, ValueError, RecursionError):
        return False
    return True
