"""``docs/architecture.md`` agrees with the code."""

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
    # A module of api imports the package as well.
    packages = {"__init__.py", "api/__init__.py"}
    return {MODULES[imported] for imported in imports_of(FILES[name]) if imported in MODULES} - {name} - packages


def room(name):
    return name.split("/")[0].removesuffix(".py")


def test_every_file_has_one_row_with_its_input_and_its_output():
    assert sorted(ROWS) == sorted(name for name in FILES if name == "__init__.py" or "__init__" not in name)
    for row in re.findall(r"^\| `[\w/]+\.py` \|(.*)\|(.*)\|$", PAGE, re.MULTILINE):
        assert all(cell.strip() for cell in row)


def test_each_of_ten_questions_has_one_file_that_exists():
    answers = re.findall(r"^\| [a-z][^|`]+ \| `([\w/]+\.py)` \|$", PAGE, re.MULTILINE)

    assert len(set(answers)) == len(answers) == 10
    assert set(answers) <= set(FILES)


def test_the_arrows_of_the_picture_are_the_imports_of_the_code():
    drawn = set(re.findall(r"^    (\w+) --> (\w+)$", PAGE, re.MULTILINE))
    pairs = {(room(name), room(other)) for name in FILES for other in imported_files(name)}

    assert drawn == {(one, other) for one, other in pairs if one != other}


def test_the_arrows_of_the_picture_have_no_cycle():
    arrows = set(re.findall(r"^    (\w+) --> (\w+)$", PAGE, re.MULTILINE))
    rooms = {room for arrow in arrows for room in arrow}
    while lowest := {room for room in rooms if not any(one == room and other in rooms for one, other in arrows)}:
        rooms -= lowest

    assert rooms == set()


def test_within_api_a_file_imports_only_from_those_below_it():
    order = [name for name in ROWS if name.startswith("api/")]
    for position, name in enumerate(order):
        assert imported_files(name) <= set(order[position + 1 :]), name
