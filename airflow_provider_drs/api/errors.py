"""What can go wrong with DRS, as one tree.

::

    DrsError                     code, text, HTTP status, request id, what to do
    ├── DrsInputError            bad input: every violation named, nothing sent
    ├── DrsTransportError        no usable answer came back
    │   ├── DrsUnreachableError    there was no connection, so nothing was sent                 retryable
    │   ├── DrsTlsError            the service cannot prove who it is, so nothing was sent
    │   ├── DrsConnectionLostError the connection broke before the whole answer was there       retryable
    │   ├── DrsTimeoutError        no whole answer within the time allowed                      retryable
    │   └── DrsAnswerError         an answer that is not one of DRS                             retryable
    ├── DrsServiceError          DRS, or the gateway in front of it, refused
    │   ├── DrsCredentialError     token or signature refused
    │   ├── DrsPermissionError     known, but not allowed to do this
    │   ├── DrsRequestError        the request itself was refused
    │   ├── DrsJobsRefusedError    jobs that DRS does not know, or no longer has
    │   ├── DrsThrottledError      too many requests                                            retryable
    │   └── DrsUnavailableError    a fault on the side of the service                           retryable
    ├── DrsStoppedError          the task or trigger was stopped                                retryable
    ├── DrsTriggerError          a fault of the trigger's own                                   retryable
    ├── DrsJobStateError         jobs that can no longer get where they were waited for
    ├── DrsEndpointsFailedError  endpoints that did not pass their test                         retryable
    └── DrsJobsFailedError       jobs that did not pass a step of the gate                      retryable
        ├── DrsPrecheckFailedError jobs that did not pass DRS's pre-check                       retryable
        └── DrsStartFailedError    jobs that were not started                                   retryable

*Retryable* means that the same thing, done again later, may succeed without a change. Nothing here knows Airflow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_drs.api.texts import printable, storable


class DrsError(Exception):
    """Anything that can go wrong between a DAG and DRS.

    :param text: what happened, in one sentence.
    :param code: the service's own code, such as ``DRS.M00304``.
    :param http_status: status of the HTTP answer.
    :param request_id: the ``X-Request-Id`` of the answer, which the vendor's support asks for.
    :param hint: what to do about it, where that is known.
    """

    retryable = False
    not_ready = False
    """Whether nothing is wrong except that jobs are not in ``CONFIGURATION`` yet."""
    retry_after: float | None = None
    attempts = 1
    """How many times the request was sent, all in all."""

    def __init__(
        self,
        text: str,
        *,
        code: str | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(text)
        self.text = text
        self.code = code
        self.http_status = http_status
        self.request_id = request_id
        self.hint = hint

    @property
    def args(self) -> tuple[Any, ...]:
        """All texts that ``str`` shows. Airflow 2 masks an exception by setting ``args``."""
        return self.text, self.code, self.request_id, self.hint

    @args.setter
    def args(self, shown: tuple[Any, ...]) -> None:
        self.text, self.code, self.request_id, self.hint = shown

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __str__(self) -> str:
        where = [f"HTTP {self.http_status}"] if self.http_status else []
        where += [f"request id {self.request_id}"] if self.request_id else []
        reason = f"{self.code}: {self.text}" if self.code else self.text
        reason += f" ({', '.join(where)})" if where else ""
        return f"{reason} {self.hint}" if self.hint else reason

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args, dict(self.__dict__))

    def to_dict(self) -> dict[str, Any]:
        """Return the error as plain JSON, as a trigger's event carries it; :func:`error_from_dict` is the way back."""
        members: dict[str, Any] = storable({"type": type(self).__name__, "args": list(self.args), **self.__dict__})
        return members


class DrsInputError(DrsError):
    """Input that DRS would refuse; nothing was sent.

    :param violations: every rule broken, in the order of the input.
    :param consequence: what was not done, if something was sent.
    """

    def __init__(self, violations: Sequence[str], consequence: str = "nothing was sent") -> None:
        # a member's name or a label comes from outside, and may hold a line break
        self.violations = [printable(violation) for violation in violations]
        head = f"{len(self.violations)} violation{'s' * (len(self.violations) != 1)}, {consequence}:"
        super().__init__("\n  ".join([head, *self.violations]))


class DrsTransportError(DrsError):
    """No usable answer came back."""


class DrsUnreachableError(DrsTransportError):
    """There was no connection to the service, so nothing was sent."""

    retryable = True


class DrsTlsError(DrsTransportError):
    """The service cannot prove who it is, or speaks no TLS that this machine accepts; nothing was sent."""


class DrsConnectionLostError(DrsTransportError):
    """The connection broke after the request was sent; whether DRS acted is unknown."""

    retryable = True


class DrsTimeoutError(DrsTransportError):
    """No whole answer came within the time allowed; whether DRS acted is unknown."""

    retryable = True


class DrsAnswerError(DrsTransportError):
    """An answer came that is not one of DRS; whether DRS acted is unknown."""

    retryable = True


class DrsServiceError(DrsError):
    """DRS, or the API gateway in front of it, refused the call.

    :param text: what happened, in one sentence.
    :param jobs: the texts about single jobs, ``{job id: text}``, if the answer names jobs.
    :param retry_after: seconds to wait, where the answer named them.
    :param window: the limit that was met, as ``(calls, seconds)``, where the answer named it.
    """

    def __init__(
        self,
        text: str,
        *,
        jobs: Mapping[str, str] | None = None,
        retry_after: float | None = None,
        window: tuple[int, float] | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(text, **facts)
        self.jobs = dict(jobs or {})
        self.retry_after = retry_after
        self.window = window


class DrsCredentialError(DrsServiceError):
    """The token or the signature was refused."""


class DrsPermissionError(DrsServiceError):
    """The caller is known but may not do this."""


class DrsRequestError(DrsServiceError):
    """The request itself was refused; sent again it would be refused again."""


class DrsJobsRefusedError(DrsServiceError):
    """DRS does not know some of the jobs asked about, or no longer has them; ``jobs`` says which and why."""


class DrsThrottledError(DrsServiceError):
    """Too many requests."""

    retryable = True


class DrsUnavailableError(DrsServiceError):
    """A fault on the side of the service."""

    retryable = True


class DrsStoppedError(DrsError):
    """The client was stopped while this call was under way or waiting; nothing more is sent."""

    retryable = True

    def __init__(self) -> None:
        super().__init__("the client was stopped")


class DrsTriggerError(DrsError):
    """A trigger failed because of a fault of its own; the triggerer's log has more."""

    retryable = True


class DrsJobStateError(DrsError):
    """Jobs are in a state from which the awaited one cannot be reached.

    :param jobs: ``{job id: status}`` of those jobs.
    :param targets: the statuses that were waited for.
    :param others: ``{job id: status}`` of the other jobs of the wait; ``None`` where the status is unknown.
    """

    targets: Sequence[str] = ()  # an event of an earlier release has none

    def __init__(
        self, jobs: Mapping[str, str], targets: Sequence[str], others: Mapping[str, str | None] | None = None
    ) -> None:
        self.jobs = {job_id: str(status) for job_id, status in jobs.items()}
        self.targets = [str(target) for target in targets]
        others = others or {}
        missing = {job_id: status for job_id, status in others.items() if status not in self.targets}
        ready = len(others) - len(missing)
        are, it = "is" if ready == 1 else "are", "it" if len(self.targets) == 1 else "any of them"
        sentences = [
            f"{ready} of {len(jobs) + len(others)} jobs {are} in {' or '.join(self.targets)}.",
            *(f"{job_id} is {status} and can no longer reach {it}." for job_id, status in self.jobs.items()),
            *(f"{job_id} is {status or 'in an unknown status'}." for job_id, status in missing.items()),
        ]
        super().__init__(" ".join(sentences))


class DrsEndpointsFailedError(DrsError):
    """Endpoints did not pass their connection test, or were not stored.

    :param failed: one line for each failed endpoint, with its reason first.
    :param tested: number of endpoints in the report.
    :param not_stored: one line for each other job that is not stored.
    """

    retryable = True

    def __init__(self, failed: Sequence[str], tested: int, not_stored: Sequence[str] = ()) -> None:
        self.failed = [*failed, *not_stored]
        blocks = {
            f"{len(failed)} of {tested} endpoints failed the connection test:": failed,
            f"The tested endpoints of {len(not_stored)} jobs are not stored:": not_stored,
        }
        super().__init__("\n".join("\n  ".join([head, *lines]) for head, lines in blocks.items() if lines))


class DrsJobsFailedError(DrsError):
    """Jobs did not pass a step of the gate.

    :param failed: one line for each reason.
    :param headline: how many jobs failed, without a full stop.
    :param remedy: what to do, such as waivers to be pasted; empty if there is nothing to add.
    """

    retryable = True

    def __init__(self, failed: Sequence[str], headline: str, remedy: str = "") -> None:
        self.failed = list(failed)
        super().__init__("\n  ".join([f"{headline}:", *self.failed]) + (f"\n{remedy}" if remedy else ""))


class DrsPrecheckFailedError(DrsJobsFailedError):
    """Jobs did not pass their pre-check; the remedy is the waivers that would let the alarms pass."""


class DrsStartFailedError(DrsJobsFailedError):
    """Jobs were not started, or it is not known whether they are."""


def error_from_dict(fields: Mapping[str, Any]) -> DrsError:
    """Return the error that :meth:`DrsError.to_dict` took apart.

    A class that this release does not know, of an event that another one wrote, becomes :class:`DrsError`.

    :raises KeyError: when the fields are not those of an error at all.
    """
    state = dict(fields)
    return _restored(_TREE.get(state.pop("type"), DrsError), tuple(state.pop("args")), state)


def _restored(cls: type[DrsError], args: tuple[Any, ...], state: dict[str, Any]) -> DrsError:
    error = cls.__new__(cls, *args)
    # an event of another release may lack what this one knows
    error.__dict__ |= {"text": "", "code": None, "http_status": None, "request_id": None, "hint": None} | state
    return error


_TREE = {name: cls for name, cls in [*globals().items()] if isinstance(cls, type) and issubclass(cls, DrsError)}
