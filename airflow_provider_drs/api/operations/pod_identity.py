"""``createPodCredential``: the temporary key of a pod whose service account has an agency."""

from __future__ import annotations

from airflow_provider_drs.api.operation import Operation, Repeat

POD_IDENTITY = Operation(
    "createPodCredential",
    "POST",
    # the environment of the pod has the real path; this one is in the tests of the vendor's SDKs
    "/v1/credentials",
    Repeat.READ,
    expected_key="credentials",
    service="the pod identity",
    max_body=2**16,
)
BODY = b"{}"
