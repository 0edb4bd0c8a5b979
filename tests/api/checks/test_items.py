"""The table of items is complete: every name has a group or none, a sentence and a row of the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import airflow_provider_drs
from airflow_provider_drs.api.checks.items import ITEMS, REASONS, explain
from airflow_provider_drs.api.model.precheck import PrecheckItem

PAGE = (Path(airflow_provider_drs.__file__).parent.parent / "docs" / "precheck-items.md").read_text()
GROUPS = {
    *("db_disk_size", "db_object_conflict_check", "db_object_dependency_check", "db_params", "db_target_status"),
    *("db_user_privilege", "db_version", "network", "src_info_check"),
}


def rows(heading):
    part = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| `")]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]


def test_the_page_has_a_row_for_every_item():
    assert rows("Items") == [(f"`{name}`", item.group or "", item.checks) for name, item in ITEMS.items()]


def test_the_page_has_a_row_for_every_reason():
    assert rows("Reasons") == [(f"`{symbol}`", reason.meaning, reason.remedy) for symbol, reason in REASONS.items()]


def test_every_item_has_a_documented_group_or_none_and_one_sentence():
    assert {item.group for item in ITEMS.values()} == GROUPS | {None}
    for name, item in ITEMS.items():
        assert re.fullmatch(r"[a-zA-Z]+", name)
        assert re.fullmatch(r"[A-Z`][^.]+\.", item.checks), name


def test_every_reason_is_explained_with_its_remedy_whatever_the_item():
    for symbol, reason in REASONS.items():
        assert explain(PrecheckItem("anyItem", result="ALARM", reason=symbol)) == f"{reason.meaning} {reason.remedy}"


@pytest.mark.parametrize("reason", [None, "NEVER_HEARD_OF"])
def test_without_a_known_reason_it_is_said_what_the_item_checks(reason):
    item = PrecheckItem("srcDbBinlogIsOff", result="FAILED", reason=reason)

    assert explain(item) == "To be checked: The source writes a binary log."


def test_of_an_unknown_item_nothing_is_invented():
    assert explain(PrecheckItem("neverHeardOf", result="FAILED", reason="NEVER_HEARD_OF")) is None
