"""What DAGs give, as it is after rendering: lists in every spelling, texts of what a template did not find, numbers."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from jinja2 import Undefined

from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model.rules import JOB_ID, NO_JOB_ID

MISSING = "is missing"
EMPTY = "is empty, so there is nothing to do"

MAX_SECONDS = 10 * 365 * 86_400
"""Ten years: no interval and no timeout is longer."""

_MAX_DEPTH = 5
_LAZY = r"(?s:Lazy\w*\(.*\)|<.* at 0x[0-9a-fA-F]+>)"


class Unreadable:
    """A piece of a list that cannot be read.

    :param why: what is wrong with it, without a word of it.
    :param shown: what stands for it where the list is shown; read again, it is as unreadable.
    """

    def __init__(self, why: str, shown: object) -> None:
        self.why = why
        self.shown = shown


def is_given(value: object) -> bool:
    """Tell whether there is a value at all: not ``None``, not Jinja's ``Undefined``, nor the text of either."""
    if value is None:
        return False
    if isinstance(value, str):
        return value.strip() not in ("", "None")
    return not isinstance(value, Undefined)


def read_list(value: object) -> list[Any]:
    """Return the items of a list that a DAG gave, with an `Unreadable` in place of what cannot be read.

    A template such as ``{{ ti.xcom_pull(...) }}`` renders a list as Python text unless the DAG asks for native objects,
    so that spelling is read as well as JSON, for the whole as for an item. One mapping, or one text that is no list, is
    a list of one. Lists in lists, as mapped tasks return them, are laid end to end.

    :param value: what the DAG gave, after rendering.
    """
    return list(_items(value, 0))


def unreadable_in(items: Sequence[object], name: str) -> dict[int, str]:
    """Return a violation for each item that could not be read, by its position.

    :param name: the parameter that the list is for.
    """
    return {
        position: f"{name if len(items) == 1 else f'{name}[{position}]'}: {item.why}"
        for position, item in enumerate(items)
        if isinstance(item, Unreadable)
    }


def as_job_ids(value: object) -> list[str]:
    """Return the job ids a DAG gave, each once, in the order given.

    :param value: one id, or a list as :func:`read_list` reads it.
    :raises DrsInputError: naming every one that cannot be a job id.
    """
    ids, violations = _each_once(value, "job_ids", _no_job_id)
    # what was given may be anything, and a traceback may show local variables
    del value
    if violations:
        raise DrsInputError(violations)
    return ids


def as_target_statuses(value: object) -> list[str]:
    """Return the statuses that end a wait, each once, in the order given.

    :param value: one status, or a list as :func:`read_list` reads it.
    :raises DrsInputError: naming every one that DRS has no job in.
    """
    statuses, violations = _each_once(value, "target_statuses", _no_status)
    del value
    if violations:
        raise DrsInputError(violations)
    return statuses


def is_whole(value: object, least: int, most: int | None = None) -> bool:
    """Tell whether this is a whole number, and no truth value, within the limits."""
    return type(value) is int and value >= least and (most is None or value <= most)


def is_seconds(value: object) -> bool:
    """Tell whether this is a number of seconds that can be waited for."""
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
        yield Unreadable("is a list in too many lists", "[...]")
    else:
        try:
            items = iter(value)
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
        yield Unreadable(
            "is what a template makes of a lazy list: add | list to it, or hand over the XCom itself", text
        )
    elif stripped[:1] not in ("[", "{", "("):
        yield stripped
    else:
        try:
            read = _parsed(stripped)
        except _NotReadableError:
            yield Unreadable("is text that is neither JSON nor a Python list", text)
        else:
            yield from _items(read, depth)


class _NotReadableError(Exception):
    """Raised with nothing of the text, which may hold passwords."""


def _parsed(text: str) -> object:
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            continue
    raise _NotReadableError


def _no_job_id(item: object) -> str:
    return "" if isinstance(item, str) and re.fullmatch(JOB_ID, item) else NO_JOB_ID


def _no_status(item: object) -> str:
    # here, because Airflow parses DAG files again and again, and most wait for the default
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
