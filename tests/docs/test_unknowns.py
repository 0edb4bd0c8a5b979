"""Guides, code and answers have the same unknowns."""

from __future__ import annotations

import re
from pathlib import Path

import airflow_provider_drs
from airflow_provider_drs.livecheck.options import (
    INTERRUPTED,
    NO_SERVICE,
    OPTIONS,
    OWN_FAULT,
    REFUSED,
    WELL,
    WRONG_INPUT,
)
from airflow_provider_drs.livecheck.unknowns import UNKNOWNS

PACKAGE = Path(airflow_provider_drs.__file__).parent
GUIDES = PACKAGE.parent / "docs" / "guides"
GUIDE = (GUIDES / "first-contact.md").read_text()
IDS = {unknown.id for unknown in UNKNOWNS}


def test_the_guide_has_each_unknown_as_the_code_has_it():
    rows = re.findall(r"^\| `([\w-]+)` \| (.+?) \| (.+?) \| `(.+?)` \|$", GUIDE, re.MULTILINE)

    assert rows == [(unknown.id, unknown.question, unknown.by.value, unknown.place) for unknown in UNKNOWNS]
    assert len(IDS) == len(UNKNOWNS)


def test_each_place_is_a_file_of_the_package():
    assert [unknown.place for unknown in UNKNOWNS if not (PACKAGE / unknown.place).is_file()] == []


def test_what_is_not_proven_of_the_gate_has_ids_of_the_table():
    section = (GUIDES / "whole-gate.md").read_text().partition("## What is proven and what is not")[2]
    heads = re.findall(r"^- ((?:`[\w-]+`(?:, )?)+):", section, re.MULTILINE)
    named = {name for head in heads for name in re.findall(r"`([\w-]+)`", head)}

    assert len(heads) >= 5
    assert named <= IDS


def test_the_guide_has_each_option_and_each_exit_code():
    assert set(re.findall(r"^\| `(--[\w-]+)", GUIDE, re.MULTILINE)) == set(OPTIONS)
    codes = [WELL, REFUSED, WRONG_INPUT, NO_SERVICE, OWN_FAULT, INTERRUPTED]
    assert re.findall(r"^\| (\d+) \|", GUIDE, re.MULTILINE) == [str(code) for code in codes]
