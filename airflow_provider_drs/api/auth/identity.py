"""The identity of a server or a pod, as a credential: temporary keys of a service beside it sign every request."""

from __future__ import annotations

import time
from collections.abc import Callable

from airflow_provider_drs.api.auth.credentials import AkSkAuth, Auth, RenewedAuth
from airflow_provider_drs.api.auth.key_service import KeyService
from airflow_provider_drs.api.auth.tokens import Fetched
from airflow_provider_drs.api.errors import DrsError

KEY_MARGIN = 40 * 60
"""Seconds before its expiry at which a temporary key is replaced, as the vendor's SDK does it."""


class IdentityAuth(RenewedAuth):
    """The identity of the server or the pod on which this process runs. A service beside it gives it temporary keys.

    All threads of a process share the key. It is replaced 40 minutes before its end, and renewed once when refused.

    :param service: gives the keys: a :class:`Metadata` or a :class:`PodIdentity`.
    :param clock: returns seconds since 1970; decides when the key expires, and dates the signatures.
    """

    _margin = KEY_MARGIN

    def __init__(self, service: KeyService, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(*service.parts, cancellation=service.cancellation, clock=clock)
        self._service = service

    def _fetched(self) -> Fetched[Auth]:
        key = self._service.key(self._clock())
        return Fetched(AkSkAuth(key.access, key.secret, key.security_token, clock=self._clock), key.lifetime)

    def _remembered(self, error: DrsError) -> bool:
        # no fetch locks anything, but a whole run must not wait once for each call where there is no such service
        return True
