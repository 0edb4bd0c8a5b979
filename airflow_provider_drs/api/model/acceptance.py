"""Whether DRS has accepted what was requested for a job; it does the work later."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Acceptance:
    """The answer to a request for one job.

    :param job_id: id of the DRS job.
    :param accepted: ``None`` when DRS may have accepted it, because no answer came or it contradicts itself.
    :param code: the service's code, or ``None``.
    :param text: why it was not accepted, or why that is not known.
    :param hint: what to do about it, or ``None``.
    :param request_id: request id of the answer, or ``None``.
    """

    job_id: str
    accepted: bool | None
    code: str | None = None
    text: str | None = None
    hint: str | None = None
    request_id: str | None = None


@dataclass(frozen=True)
class JobStart(Acceptance):
    """The answer to the request to start one job.

    It has the members of :class:`Acceptance`, too.

    :param order_id: the order of a prepaid job that this start has placed, or ``None``.
    """

    order_id: str | None = None
