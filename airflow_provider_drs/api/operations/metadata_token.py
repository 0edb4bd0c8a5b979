"""``createMetadataToken``: the token that version 2 of a server's metadata service demands."""

from __future__ import annotations

from airflow_provider_drs.api.operation import Operation, Repeat

METADATA_TOKEN = Operation(
    "createMetadataToken",
    "PUT",
    "/meta-data/latest/api/token",
    Repeat.READ,
    # the token is the whole body, as text
    expected_key="",
    service="the metadata service",
    max_body=2**14,
)
TOKEN_HEADER = "X-Metadata-Token"  # noqa: S105 - the name of a header
LIFETIME_HEADERS = {"X-Metadata-Token-Ttl-Seconds": "21600"}
"""The token is used at once. This is how long the vendor's SDK asks for."""
NOT_SERVED = (404, 405, 503)
"""The statuses of a server that has version 1 alone."""
