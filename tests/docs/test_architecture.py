"""``docs/architecture.md`` tells of the code as it is."""

from __future__ import annotations

import re
from pathlib import Path

from importing import imports_of

import airflow_provider_drs

ROOT = Path(airflow_provider_drs.__file__).parent
PAGE = (ROOT.parent / "docs" / "architecture.md").read_text()
FILES = {file.relative_to(ROOT).as_posix(): file for file in sorted(ROOT.rglob("*.py")) if file.read_text()}
ROWS = re.findall(r"^\| `([\w/]+\.py)` \|", PAGE, re.MULTILINE)


def module(name):
    return ".".join([ROOT.name, *name.removesuffix(".py").removesuffix("/__init__").split("/")])


MODULES = {module(name): name for name in FILES}


def imported_files(name):
    # a module of api names the package as well
    packages = {"__init__.py", "api/__init__.py"}
    return {MODULES[found] for found in imports_of(FILES[name]) if found in MODULES} - {name} - packages


def room(name):
    return name.split("/")[0].removesuffix(".py")


def test_every_file_has_one_row_that_says_what_goes_in_and_what_comes_out():
    assert sorted(ROWS) == sorted(name for name in FILES if name == "__init__.py" or "__init__" not in name)
    for row in re.findall(r"^\| `[\w/]+\.py` \|(.*)\|(.*)\|$", PAGE, re.MULTILINE):
        assert all(cell.strip() for cell in row)


def test_each_of_ten_questions_has_one_file_that_exists():
    answers = re.findall(r"^\| [a-z][^|`]+ \| `([\w/]+\.py)` \|$", PAGE, re.MULTILINE)

    assert len(set(answers)) == len(answers) == 10
    assert set(answers) <= set(FILES)


def test_the_picture_has_the_arrows_that_the_code_has_and_no_other():
    drawn = set(re.findall(r"^    (\w+) --> (\w+)$", PAGE, re.MULTILINE))
    pairs = {(room(name), room(other)) for name in FILES for other in imported_files(name)}

    assert drawn == {(one, other) for one, other in pairs if one != other}


def test_no_arrow_of_the_picture_leads_round_in_a_circle():
    arrows = set(re.findall(r"^    (\w+) --> (\w+)$", PAGE, re.MULTILINE))
    rooms = {room for arrow in arrows for room in arrow}
    while lowest := {room for room in rooms if not any(one == room and other in rooms for one, other in arrows)}:
        rooms -= lowest

    assert rooms == set()


def test_within_api_a_file_imports_only_from_those_below_it():
    order = [name for name in ROWS if name.startswith("api/")]
    for position, name in enumerate(order):
        assert imported_files(name) <= set(order[position + 1 :]), name
