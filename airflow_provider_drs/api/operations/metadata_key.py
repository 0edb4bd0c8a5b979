"""``showSecurityKey``: the temporary key of a server that has an agency."""

from __future__ import annotations

from airflow_provider_drs.api.operation import Operation, Repeat

METADATA_KEY = Operation(
    "showSecurityKey",
    "GET",
    "/openstack/latest/securitykey",
    Repeat.READ,
    expected_key="credential",
    service="the metadata service",
    max_body=2**16,
)


def has_no_agency(body: bytes) -> bool:
    """Return whether the server has no agency, by an answer with HTTP 401. Any other 401 is about the token.

    :param body: the bytes of the answer.
    """
    return b"Please configure Cloud Service Agency first" in body
