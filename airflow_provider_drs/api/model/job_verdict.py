"""The verdict on a job: whether its endpoints passed, and are stored as they were tested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_provider_drs.api.codes import is_not_ready, is_retryable
from airflow_provider_drs.api.texts import printable

MAX_REASON = 200
"""Maximum length of a reason in a line or a table, in characters; the report has the whole text."""


def one_line(name: str, reason: str, code: str | None, hint: str | None, about: str) -> str:
    """Return a verdict in one line for a log or an error: name, reason, code and hint, then what it is about.

    :param name: of what was judged.
    :param reason: why it did not pass, or that it did.
    :param code: the service's code, or ``None``.
    :param hint: what to do, or ``None``.
    :param about: ids and addresses.
    """
    # a code ends a reason; without one, the hint must not run on from it
    stop = "" if code or reason.endswith((".", "!", "?", "。")) else "."
    return f"{name}: {reason}" + (f" [{code}]" if code else "") + (f"{stop} {hint}" if hint else "") + f" ({about})"


@dataclass(frozen=True)
class JobVerdict:
    """What is known of one job after the test of its endpoints.

    :param job_id: id of the DRS job.
    :param passed: true if all its endpoints passed and, where they are to be stored, are stored as they were tested.
    :param stored: whether DRS has stored the tested endpoints; ``None`` if they were not to be stored.
    :param code: the service's code for why they are not stored, or ``None``.
    :param text: why they are not stored, or ``None``.
    :param hint: what to do about it, or ``None``.
    :param request_id: request id of the answer that says so, or ``None``.
    :param digest: of what DRS has stored, or else of the endpoints as they were tested; without secrets.
    :param unproven: members that were stored and cannot be compared with what DRS has, a password for example.
    :param warnings: what differs and may be right.
    :param node: addresses of the job's node, ``{"ip": text or None, "public_ip": text or None}``, or ``None``.
    :param update_time: when DRS changed the job last, in milliseconds since 1970, as text, or ``None``.
    :param checked_at: when what is stored was read, in ISO 8601, or ``None`` if nothing was stored.
    :param answered: whether an answer of DRS says what is stored; not in the report.
    :param changed: whether DRS has stored something else than what was sent; not in the report.
    :param databases: names of its endpoints, for the log and the error; not in the report.
    """

    job_id: str
    passed: bool
    stored: bool | None = None
    code: str | None = None
    text: str | None = None
    hint: str | None = None
    request_id: str | None = None
    digest: str | None = None
    unproven: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    node: Mapping[str, str | None] | None = None
    update_time: str | None = None
    checked_at: str | None = None
    answered: bool = True
    changed: bool = False
    databases: str = ""

    @property
    def retryable(self) -> bool:
        """Whether the endpoints may be stored later; not where somebody has changed them, who must be asked first."""
        return not self.changed and is_retryable(self.code, self.text)

    @property
    def not_ready(self) -> bool:
        """Whether DRS stores the endpoints as soon as the job is in ``CONFIGURATION``."""
        return not self.changed and is_not_ready(self.code)

    @property
    def line(self) -> str:
        """The verdict in one line for a log or an error."""
        about = f"job {self.job_id}" + (f", request id {self.request_id}" if self.request_id else "")
        reason = printable(self.text or "stored", MAX_REASON)
        return one_line(self.databases or self.job_id, reason, self.code, self.hint, about)
