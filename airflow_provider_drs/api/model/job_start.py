"""What DRS answers to the request to start a job."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class JobStart:
    """The answer to the request to start one job.

    :param job_id: id of the DRS job.
    :param accepted: ``None`` when DRS may start it, because no answer came or it contradicts itself.
    :param code: the service's code, or ``None``.
    :param text: why it was not accepted, or why that is not known.
    :param hint: what to do about it, or ``None``.
    :param request_id: request id of the answer, or ``None``.
    :param order_id: the order of a prepaid job that this start has placed, or ``None``.
    """

    job_id: str
    accepted: bool | None
    code: str | None = None
    text: str | None = None
    hint: str | None = None
    request_id: str | None = None
    order_id: str | None = None
