"""Lists as DAGs really give them: a list, one item, JSON text, or the text that a template made of a list."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.rules import JOB_ID, NO_JOB_ID


def as_list(value: object, name: str) -> list[Any]:
    """Return ``value`` as a list.

    A template such as ``{{ ti.xcom_pull(...) }}`` renders a list as Python text unless the DAG asks for native objects,
    so that spelling is read as well as JSON. One mapping, or one text that is no list, becomes a list of one.

    :param value: what the DAG gave, after rendering.
    :param name: the parameter's name, for the error.
    :raises DrsInputError: when there is nothing in it, or it cannot be read; its content is never repeated.
    """
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        value = _read_text(value, name)
    if isinstance(value, str):
        value = [value.strip()] if value.strip() else []
    elif isinstance(value, Mapping):
        value = [value]
    items = list(value) if isinstance(value, Iterable) else None
    if items is None:
        raise DrsInputError([f"{name}: a list is needed, not {type(value).__name__}"])
    if not items:
        raise DrsInputError([f"{name}: it is empty, so there is nothing to do"])
    return items


def as_job_ids(value: object) -> list[str]:
    """Return the job ids a DAG gave, each once, in the order given.

    :raises DrsInputError: naming every one that cannot be a job id.
    """
    ids = as_list(value, "job_ids")
    wrong = [
        f"job_ids[{position}]: {NO_JOB_ID}"
        for position, item in enumerate(ids)
        if not (isinstance(item, str) and re.fullmatch(JOB_ID, item))
    ]
    if wrong:
        raise DrsInputError(wrong)
    return list(dict.fromkeys(ids))


def _read_text(text: str, name: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        # "from None": both parsers put the text, and the passwords in it, into their own error
        raise DrsInputError([f"{name}: text that is neither JSON nor a list"]) from None
