"""What of a DAG's input may be shown, and every secret in it, before any rule is checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_drs.api.endpoint import Endpoint
from airflow_provider_drs.api.model.hidden import SHORTEST, credentials_in
from airflow_provider_drs.api.model.inputs import Unreadable, is_given, read_list
from airflow_provider_drs.api.model.wire_object import WITHHELD, WireObject, as_object


def conceal(value: object, *, texts_are_secret: bool = True) -> tuple[object, list[str]]:
    """Return what a DAG gave as it may be shown, and every secret in it.

    Everything in a secret member is secret, whatever its type, and so is everything under a name that is not known.
    What is shown means the same as before, but no secret is left in it that is not text: Airflow masks nothing else.

    :param value: as for :func:`parse_endpoints`, before anything is checked.
    :param texts_are_secret: whether text in the place of an endpoint is secret as a whole.
    """
    secrets: list[str] = []
    items = read_list(value)
    shown = [_shown_item(item, secrets, texts_are_secret) for item in items]
    single = len(items) == 1 and (value is None or isinstance(value, (str, bytes, Mapping)))
    return shown[0] if single else shown, list(dict.fromkeys(secrets))


def secrets_in(jobs: object) -> list[str]:
    """Return every secret text among endpoints as a DAG gave them, each once; :func:`conceal` says what is one."""
    return conceal(jobs)[1]


def _shown_item(item: object, secrets: list[str], texts_are_secret: bool) -> object:
    if isinstance(item, Mapping):
        return _shown_object(Endpoint, item, secrets)
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
    elif name in model.secret_members():
        return _withheld(value, secrets)
    elif name in model.model_fields:
        return _shown_scalar(value, secrets)
    unknown: list[str] = []
    _withheld(value, unknown)
    # shorter ones occur by chance, and are no loss: nothing of the value is shown
    secrets += [text for text in unknown if len(text) >= SHORTEST]
    return WITHHELD


def _shown_scalar(value: object, secrets: list[str]) -> object:
    if isinstance(value, str):
        secrets += credentials_in(value)
        return value
    return value if isinstance(value, (int, float)) else _withheld(value, secrets)


def _withheld(value: object, secrets: list[str]) -> object:
    """Take note of every text in a secret, and return the secret if it is text, or else what may be shown."""
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
