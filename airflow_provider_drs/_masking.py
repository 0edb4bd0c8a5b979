"""Where secrets are registered with Airflow, so that it shows them nowhere."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_provider_drs._compat import mask_secret
from airflow_provider_drs.api.secrets import spellings


def mask(secrets: Iterable[str]) -> None:
    """Have Airflow show ``***`` for these secrets, in every way they may be spelled in a log or a rendered field."""
    for spelling in {way for secret in set(secrets) for way in spellings(secret)}:
        mask_secret(spelling)
