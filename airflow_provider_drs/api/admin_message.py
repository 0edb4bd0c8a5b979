"""What an administrator is told when the connection does not work: our words, and of an answer the code alone."""

from __future__ import annotations

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

_NOT_DRS = "What answers there is not DRS: check the endpoint, and any proxy on the way to it."


def admin_message(error: DrsError) -> str:
    """Return what is wrong and what to do, without a header, a text or any other part of an answer."""
    if isinstance(error, DrsInputError):
        return "; ".join(error.violations)
    if isinstance(error, DrsTransportError) and not isinstance(error, DrsAnswerError):
        return f"{error.text}. {_remedy(error)}"
    # a code is shown only if it is one that the documents list
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
            return "The project is not one of this region, or not one of this credential."
        return "The credential is good, but a permission is missing."
    if isinstance(error, DrsThrottledError):
        return "The service is throttling: try again in a minute."
    if isinstance(error, DrsUnavailableError):
        return "The service has a fault of its own: try again later."
    if isinstance(error, DrsAnswerError) or error.http_status == 404:
        return _NOT_DRS
    return "The service refused the request."
