"""What the emulated service refuses, with the codes that go over the wire."""

from __future__ import annotations

from collections.abc import Mapping


class RefusedError(Exception):
    """DRS does not do what it was asked: one entry of a call fails, or the call as a whole.

    :param code: the service's error code, such as ``DRS.M00304``.
    :param text: the text for the caller; never a value that could be secret.
    :param http_status: sent when the call as a whole is refused.
    """

    def __init__(self, code: str, text: str, http_status: int = 400) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.http_status = http_status


class AbsentJobsError(Exception):
    """A read that names unknown or deleted jobs is refused as a whole, naming each of them.

    :param refusals: the reason for each absent job, by job id.
    """

    def __init__(self, refusals: Mapping[str, RefusedError]) -> None:
        super().__init__(", ".join(refusals))
        self.refusals = refusals
