"""Read rendered parameters of a DAG: lists in every spelling, missing values, and numbers."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from jinja2 import Undefined

from airflow_provider_drs.api.errors import DrsInputError

MISSING = "is missing"
EMPTY = "is empty, so there is nothing to do"

MAX_SECONDS = 10 * 365 * 86_400
"""Ten years: the upper limit of every interval and timeout."""

_MAX_DEPTH = 5
_LAZY = r"(?s:Lazy\w*\(.*\)|<.* at 0x[0-9a-fA-F]+>)"


class Unreadable:
    """An item of a list that cannot be read.

    :param why: the reason, without any part of the item.
    :param shown: a replacement that may be displayed; it is as unreadable as the item.
    """

    def __init__(self, why: str, shown: object) -> None:
        self.why = why
        self.shown = shown


def is_given(value: object) -> bool:
    """Return whether a parameter has a value; ``None``, Jinja's ``Undefined`` and the text of either are no value.

    :param value: the parameter, after rendering.
    """
    if value is None:
        return False
    if isinstance(value, str):
        return value.strip() not in ("", "None")
    return not isinstance(value, Undefined)


def read_list(value: object) -> list[Any]:
    """Return the items of a list parameter, with an `Unreadable` in place of each item that cannot be read.

    A template such as ``{{ ti.xcom_pull(...) }}`` renders a list as Python text unless the DAG asks for native objects.
    So the list, and each item, may be an object, JSON text or Python text. A mapping, or a text that is no list, is a
    list of one. Nested lists, such as the results of mapped tasks, are flattened.

    :param value: the parameter, after rendering.
    """
    return list(_items(value, 0))


def as_object(value: object) -> Mapping[Any, Any] | None:
    """Return a member that is an object or the text of an object, or ``None`` for anything else.

    :param value: the member; a template renders an object as text.
    """
    if isinstance(value, str):
        items = read_list(value)
        value = items[0] if len(items) == 1 else None
    return value if isinstance(value, Mapping) else None


def unreadable_in(items: Sequence[object], name: str) -> dict[int, str]:
    """Return a violation for each `Unreadable`, keyed by its position.

    :param items: the result of :func:`read_list`.
    :param name: the parameter, for the text of the violation.
    """
    return {
        position: f"{name if len(items) == 1 else f'{name}[{position}]'}: {item.why}"
        for position, item in enumerate(items)
        if isinstance(item, Unreadable)
    }


def as_job_ids(value: object) -> list[str]:
    """Return the job ids in a parameter, in its order and without duplicates.

    :param value: one id, or a list as :func:`read_list` reads it.
    :raises DrsInputError: when an item cannot be a job id; it names every such item by position.
    """
    ids, violations = _each_once(value, "job_ids", _no_job_id)
    # Drop the input before raising: a traceback with local variables would show it.
    del value
    if violations:
        raise DrsInputError(violations)
    return ids


def as_target_statuses(value: object) -> list[str]:
    """Return the target statuses in a parameter, in its order and without duplicates.

    :param value: one status, or a list as :func:`read_list` reads it.
    :raises DrsInputError: when an item is no status of a DRS job; it names every such item by position.
    """
    statuses, violations = _each_once(value, "target_statuses", _no_status)
    del value
    if violations:
        raise DrsInputError(violations)
    return statuses


@contextmanager
def gathering(violations: list[str]) -> Iterator[None]:
    """Add the violations that the body raises to a list, so that one error names those of several parameters.

    :param violations: the list.
    """
    try:
        yield
    except DrsInputError as error:
        violations += error.violations


def is_whole(value: object, least: int, most: int | None = None) -> bool:
    """Return whether a value is an ``int``, and no ``bool``, within the limits.

    :param value: anything.
    :param least: the lowest allowed number.
    :param most: the highest allowed number; ``None`` sets no limit.
    """
    return type(value) is int and value >= least and (most is None or value <= most)


def is_seconds(value: object) -> bool:
    """Return whether a value is a number of seconds from 0 to ten years.

    :param value: anything.
    """
    return type(value) in (int, float) and 0 <= value <= MAX_SECONDS  # type: ignore[operator]


def _each_once(value: object, name: str, wrong_with: Callable[[object], str]) -> tuple[list[str], list[str]]:
    items = read_list(value)
    unreadable = unreadable_in(items, name)
    violations = []
    for position, item in enumerate(items):
        if position in unreadable:
            violations.append(unreadable[position])
        elif why := wrong_with(item):
            violations.append(f"{name}[{position}]: {why}")
    return [] if violations else list(dict.fromkeys(items)), violations


def _items(value: object, depth: int) -> Iterator[object]:
    if not is_given(value):
        yield Unreadable(MISSING, None)
    elif isinstance(value, str):
        yield from _items_of_text(value, depth)
    elif isinstance(value, (Mapping, bytes, bytearray)) or not isinstance(value, Iterable):
        yield value
    elif depth == _MAX_DEPTH:
        yield Unreadable(f"is nested in more than {_MAX_DEPTH} lists", "[...]")
    else:
        try:
            # a set has another order in each process, and Airflow compares what is stored of a DAG
            items = iter(sorted(value, key=str) if isinstance(value, (set, frozenset)) else value)
        except TypeError:  # an XCom that Airflow did not resolve
            yield Unreadable(f"is of type {type(value).__name__}, which cannot be read here", None)
            return
        empty = True
        for item in items:
            empty = False
            yield from _items(item, depth + 1)
        if empty:
            yield Unreadable(EMPTY, [])


def _items_of_text(text: str, depth: int) -> Iterator[object]:
    stripped = text.strip()
    if re.fullmatch(_LAZY, stripped):
        yield Unreadable("is the text of a lazy list: add | list to the template, or pass the XCom itself", text)
    elif stripped[:1] not in ("[", "{", "("):
        yield stripped
    else:
        try:
            read = _parsed(stripped)
        except _NotReadableError as error:
            yield Unreadable(str(error), text)
        else:
            yield from _items(read, depth)


class _NotReadableError(Exception):
    """Raised without any part of the text, which may hold passwords."""


_NEITHER = "is text that is neither JSON nor a Python list"
_TWICE = "is text in which an object has a member twice, so it is not clear which counts"


def _parsed(text: str) -> object:
    for parse in (_parse_json, _parse_python):
        try:
            return parse(text)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            continue
    raise _NotReadableError(_NEITHER)


def _parse_json(text: str) -> object:
    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        read = dict(pairs)
        if len(read) < len(pairs):
            raise _NotReadableError(_TWICE)
        return read

    return json.loads(text, object_pairs_hook=members)


def _parse_python(text: str) -> object:
    tree = ast.parse(text, mode="eval")
    for node in ast.walk(tree):
        names = [key.value for key in node.keys if isinstance(key, ast.Constant)] if isinstance(node, ast.Dict) else []
        if len(set(names)) < len(names):
            raise _NotReadableError(_TWICE)
    return ast.literal_eval(tree)


def _no_job_id(item: object) -> str:
    # imported here: each DAG file that is parsed imports this module
    from airflow_provider_drs.api.model.rules import JOB_ID, NO_JOB_ID

    return "" if isinstance(item, str) and re.fullmatch(JOB_ID, item) else NO_JOB_ID


def _no_status(item: object) -> str:
    # Imported here to keep DAG parsing fast: most sensors use the default status.
    import difflib

    from airflow_provider_drs.api.model.job_status import JobStatus

    if not isinstance(item, str):
        return f"must be text, not {type(item).__name__}"
    if JobStatus(item).phase is not None:
        return ""
    if not item.isidentifier():
        return "is not a status of a DRS job"
    near = difflib.get_close_matches(item.upper(), [status.value for status in JobStatus], 1)
    return f"{item} is not a status of a DRS job" + "".join(f"; is {status} meant?" for status in near)
