"""The message of the Test button when a connection fails: our own text, with no part of an answer but its code."""

from __future__ import annotations

from airflow_provider_drs.api.auth.key_service import HINTS
from airflow_provider_drs.api.codes import hint_for
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsCredentialError,
    DrsError,
    DrsInputError,
    DrsPermissionError,
    DrsThrottledError,
    DrsTlsError,
    DrsTransportError,
    DrsUnavailableError,
)

_NOT_DRS = "The answer is not from DRS: check the endpoint, and any proxy on the way to it."


def admin_message(error: DrsError) -> str:
    """Return the fault and its remedy; of an answer it holds the HTTP status and a documented code only.

    :param error: the error of a call.
    """
    if isinstance(error, DrsInputError):
        return "; ".join(error.violations)
    if error.hint in HINTS or (isinstance(error, DrsTransportError) and not isinstance(error, DrsAnswerError)):
        return f"{error.text}. {_remedy(error)}"
    # An undocumented code is left out: it may be any text.
    code = error.code if hint_for(error.code) else None
    where = [code] if code else []
    where += [f"HTTP {error.http_status}"] if error.http_status else []
    meaning = _meaning(error)
    message = f"{meaning} {error.hint}" if error.hint and meaning != _NOT_DRS else meaning
    return f"{message} ({', '.join(where)})" if where else message


def _remedy(error: DrsError) -> str:
    if error.hint:
        return error.hint
    if isinstance(error, DrsTlsError):
        return "If a private authority signed its certificate, give the path of that CA bundle in the extra verify."
    if "host name was not found" in error.text:
        return "Check the endpoint or the region, and the name resolution of this machine."
    return "Check the endpoint, and the firewalls and proxies on the way to it."


def _meaning(error: DrsError) -> str:
    code = (error.code or "").rpartition(".")[2]
    if isinstance(error, DrsCredentialError):
        message = error.text.lower()
        if code == "0303" or "clock" in message:
            return "The signature was refused because its date is wrong."
        if "aksk" in message or "signature" in message or "ak not exist" in message:
            return "The signature was refused: access key and secret key do not fit, or the temporary key has expired."
        if code == "0307" or "expire" in message:
            return "The token has expired."
        if code == "401":
            return "IAM refused the login."
        return "The token was refused."
    if isinstance(error, DrsPermissionError):
        if code == "M00261":
            return "The project does not belong to this region or to this credential."
        return "The credential is good, but a permission is missing."
    if isinstance(error, DrsThrottledError):
        return "The service is throttling: try again in a minute."
    if isinstance(error, DrsUnavailableError):
        return "The service has a fault: try again later."
    if isinstance(error, DrsAnswerError) or error.http_status == 404:
        return _NOT_DRS
    return "The service refused the request."
