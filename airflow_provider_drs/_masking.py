"""Where secrets are registered with Airflow, so that it shows them nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from airflow_provider_drs._compat import mask_secret, secrets_masker
from airflow_provider_drs.api.input_secrets import conceal, conceal_settings, secrets_in_reports
from airflow_provider_drs.api.model.hidden import spellings
from airflow_provider_drs.api.model.inputs import is_given


def mask(secrets: Iterable[str]) -> None:
    """Have Airflow show ``***`` for these secrets, in every way they may be spelled in a log or a rendered field."""
    spelled = sorted({way for secret in set(secrets) for way in spellings(secret)}, key=len)
    if spelled:
        _compile_once(spelled)
        mask_secret([*spelled])  # registers them with the supervisor, too; in this process it finds nothing new


def literals_in(value: object, *, texts_are_secret: bool) -> list[str]:
    """Return the secrets that stand in a DAG as text, masked.

    :param value: a templated parameter before it is rendered.
    :param texts_are_secret: as for :func:`conceal`.
    """
    # anything else can be read only once, or Airflow has yet to resolve it
    if not isinstance(value, (str, bytes, Mapping, list, tuple, set)):
        return []
    secrets = conceal(value, texts_are_secret=texts_are_secret)[1]
    literals = [secret for secret in secrets if "{{" not in secret and "{%" not in secret]
    mask(literals)
    return literals


def hide_rendered(task: Any, name: str, *, texts_are_secret: bool, settings: str | None = None) -> None:
    """Mask every secret in the rendered fields of a task, and leave none that is not text; Airflow stores them next.

    What a template did not find becomes ``None``.

    :param name: the field that holds endpoints or job ids; all others hold one text, or reports.
    :param texts_are_secret: as for :func:`conceal`.
    :param settings: the field that holds the settings of jobs, if there is one.
    """
    shown, secrets = conceal(getattr(task, name), texts_are_secret=texts_are_secret)
    setattr(task, name, shown)
    if settings:
        shown, more = conceal_settings(getattr(task, settings))
        setattr(task, settings, shown)
        secrets += more
    for other in set(task.template_fields) - {name, settings}:
        value = getattr(task, other)
        setattr(task, other, value if is_given(value) else None)
        secrets += secrets_in_reports(value)
    mask(secrets)


def _compile_once(spelled: list[str]) -> None:
    """Have Airflow's masker take all these for ways to write the last of them.

    For each secret it compiles everything it knows anew, and that takes minutes for a thousand of them. Where Airflow
    has changed, the work is only slower.
    """
    masker = secrets_masker()
    for name in ("secret_mask_adapter", "_mask_adapter"):  # the setting of that name; the second up to Airflow 3.0
        if hasattr(masker, name):
            configured = getattr(masker, name)
            setattr(masker, name, lambda secret: spelled)
            try:
                masker.add_mask(spelled[-1])
            finally:
                setattr(masker, name, configured)
            return
