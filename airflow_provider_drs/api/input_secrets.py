"""Split a DAG's input into a form that may be displayed and a list of its secrets, before any rule is checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_drs.api.model.hidden import SHORTEST, WITHHELD, credentials_in
from airflow_provider_drs.api.model.inputs import Unreadable, as_object, is_given, read_list

if TYPE_CHECKING:
    from airflow_provider_drs.api.model.wire_object import WireObject


def conceal(value: object, *, texts_are_secret: bool = True) -> tuple[object, list[str]]:
    """Return a DAG's input in a form that may be displayed, and the list of its secrets.

    Every value in a secret member is secret, of any type, and so is every value under an unknown name. The displayed
    form keeps a secret only if it is text, because Airflow masks texts only. It is otherwise equal to the input.

    :param value: the ``jobs`` of :func:`parse_endpoints`.
    :param texts_are_secret: whether a text in place of an endpoint is secret as a whole.
    """
    secrets: list[str] = []
    items = read_list(value)
    shown = [_shown_item(item, secrets, texts_are_secret) for item in items]
    single = len(items) == 1 and (value is None or isinstance(value, (str, bytes, Mapping)))
    return shown[0] if single else shown, list(dict.fromkeys(secrets))


def conceal_settings(value: object) -> tuple[object, list[str]]:
    """Return the settings of jobs in a form that may be displayed, and the list of its secrets.

    No setting is secret, so only a value in the wrong place can be.

    :param value: the ``job_settings`` of :func:`parse_job_settings`.
    """
    from airflow_provider_drs.api.model.job_settings import JobSettings
    from airflow_provider_drs.api.model.rules import JOB_ID

    secrets: list[str] = []
    settings = as_object(value)
    if settings is None:
        return (_withheld(value, secrets) if is_given(value) else None), secrets
    shown = {
        name: _shown_object(JobSettings, inner, secrets)
        if re.fullmatch(JOB_ID, str(name)) and (inner := as_object(members)) is not None
        else _shown_member(JobSettings, name, members, secrets)
        for name, members in settings.items()
    }
    return shown, list(dict.fromkeys(secrets))


def secrets_in_reports(value: object) -> list[str]:
    """Return what is secret in reports, where nothing should be, or in what was given in their place.

    :param value: reports as lists, objects and texts. Anything else is left alone, because it may be read only once.
    """
    secrets: list[str] = []
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, Mapping):
            members = _endpoint().secret_members()
            for name, inner in item.items():
                if name in members:
                    _withheld(inner, secrets)
                else:
                    todo.append(inner)
        elif isinstance(item, (list, tuple)):
            todo += item
        elif isinstance(item, str):
            secrets += credentials_in(item)
            read = read_list(item) if item.strip()[:1] in ("[", "{", "(") else []
            todo += [inner for inner in read if not isinstance(inner, (str, Unreadable))]
    return list(dict.fromkeys(secrets))


def secrets_in(jobs: object) -> list[str]:
    """Return the secrets that :func:`conceal` reports, without duplicates.

    :param jobs: the ``jobs`` of :func:`parse_endpoints`.
    """
    return conceal(jobs)[1]


def _endpoint() -> type[WireObject]:
    # imported where there is one: it takes longer than all the rest, and job ids are texts
    from airflow_provider_drs.api.endpoint import Endpoint

    return Endpoint


def _shown_item(item: object, secrets: list[str], texts_are_secret: bool) -> object:
    if isinstance(item, Mapping):
        return _shown_object(_endpoint(), item, secrets)
    if isinstance(item, Unreadable):
        secrets += [item.shown] if isinstance(item.shown, str) else []
        return item.shown
    return _withheld(item, secrets) if texts_are_secret else _shown_scalar(item, secrets)


def _shown_object(model: type[WireObject], members: Mapping[Any, Any], secrets: list[str]) -> dict[Any, Any]:
    return {name: _shown_member(model, name, value, secrets) for name, value in members.items()}


def _shown_member(model: type[WireObject], name: object, value: object, secrets: list[str]) -> object:
    if not is_given(value):
        return value if isinstance(value, str) else None
    if name in model.nested:
        if (members := as_object(value)) is not None:
            return _shown_object(model.nested[str(name)], members, secrets)
    elif name in model.nested_lists:
        items = [as_object(item) for item in read_list(value)]
        if all(item is not None for item in items):
            return [_shown_object(model.nested_lists[str(name)], item or {}, secrets) for item in items]
    elif name in model.secret_members():
        return _withheld(value, secrets)
    elif name in model.list_members() and isinstance(value, list):
        return [_shown_scalar(item, secrets) for item in value]
    elif name in model.model_fields:
        return _shown_scalar(value, secrets)
    unknown: list[str] = []
    _withheld(value, unknown)
    # A shorter text may occur elsewhere by chance. It needs no mask here: the value is replaced as a whole.
    secrets += [text for text in unknown if len(text) >= SHORTEST]
    return WITHHELD


def _shown_scalar(value: object, secrets: list[str]) -> object:
    if isinstance(value, str):
        secrets += credentials_in(value)
        return value
    return value if isinstance(value, (int, float)) else _withheld(value, secrets)


def _withheld(value: object, secrets: list[str]) -> object:
    """Add every text in a secret to ``secrets``; return a text unchanged, and a placeholder for anything else."""
    if isinstance(value, str):
        secrets += [value] if value else []
        return value
    if isinstance(value, (bytes, bytearray)):
        secrets += [value.decode("utf-8", "backslashreplace"), repr(bytes(value))[2:-1]]
    elif isinstance(value, Mapping):
        for item in value.values():
            _withheld(item, secrets)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            _withheld(item, secrets)
    elif not isinstance(value, bool) and is_given(value) and len(str(value)) >= SHORTEST:
        secrets += [str(value)]
    return WITHHELD
