"""The service's error codes: the error class of each, and a hint for a person.

From the vendor's lists of DRS and API gateway error codes. For any other code the HTTP status selects the class.
"""

from __future__ import annotations

import re

from airflow_provider_drs.api.errors import (
    DrsCredentialError,
    DrsJobsRefusedError,
    DrsPermissionError,
    DrsRequestError,
    DrsServiceError,
    DrsThrottledError,
    DrsUnavailableError,
)
from airflow_provider_drs.api.texts import LEFT_OUT

ERROR_CODE = r"(?:DRS|APIGW?|IAM)[.-][A-Z]{0,2}\d{4,8}"
"""The form of a code, as a regular expression."""

_RENEW = "Put a new token into the connection, or use a credential that renews itself."
CLOCK = "Set the clock of this machine: a signature is good for 15 minutes."
_LOCK = "Check the credential before trying again: five refusals in a row lock an access key for five minutes."
_GRANT = "Grant drs:migrationJobs:connect and VPC FullAccess on this project to the caller."
_PROJECT = "Give the id of the project in the region where the DRS job lives."
_STATE = "Endpoints can be tested only while the job is in CONFIGURATION: wait for it first."
_LOGIN = "Correct the database user or password; trying again unchanged may lock the account."
_JOB_ID = "Check the job id, the region and the project."

CODES: dict[str, tuple[type[DrsServiceError], str | None]] = {
    "DRS.M00002": (DrsRequestError, None),
    "DRS.M00004": (DrsUnavailableError, None),
    # DRS answers 403 to an expired token and 401 to a missing permission, the reverse of the usual meaning.
    "DRS.M00100": (DrsCredentialError, _RENEW),
    "DRS.M00101": (DrsPermissionError, _GRANT),
    "DRS.M00102": (DrsPermissionError, _GRANT),
    "DRS.M00103": (DrsPermissionError, _GRANT),
    "DRS.M00105": (DrsPermissionError, None),
    "DRS.M00202": (DrsRequestError, None),
    "DRS.M00261": (DrsPermissionError, _PROJECT),
    "DRS.M00289": (DrsJobsRefusedError, _JOB_ID),
    "DRS.M00304": (DrsRequestError, _STATE),
    "DRS.M00307": (DrsRequestError, "Test the sub-jobs of this job instead."),
    "DRS.M00308": (DrsRequestError, "Test the parent job instead."),
    "DRS.M01503": (DrsThrottledError, None),
    "DRS.M01504": (DrsUnavailableError, "Another operation is running on this job: try again later."),
    "DRS.M05003": (DrsJobsRefusedError, _JOB_ID),
    "DRS.M05004": (DrsJobsRefusedError, "The job was deleted or released: create it again."),
    "DRS.KE0002": (DrsRequestError, _LOGIN),
    "APIGW.0101": (DrsRequestError, "Check the endpoint of the connection: no such API is served there."),
    "APIGW.0301": (DrsCredentialError, _LOCK),
    "APIGW.0302": (DrsPermissionError, _GRANT),
    "APIGW.0303": (DrsCredentialError, CLOCK),
    "APIGW.0305": (DrsCredentialError, _LOCK),
    "APIGW.0306": (DrsPermissionError, _GRANT),
    "APIGW.0307": (DrsCredentialError, f"{_RENEW} A token of another region is refused like this, too."),
    "APIGW.0308": (DrsThrottledError, None),
    "APIGW.0402": (DrsPermissionError, "The address of this machine is not on the service's allow-list."),
}
"""Each code's error class, and a hint for a person or ``None``."""

_STATUSES: dict[int, type[DrsServiceError]] = {
    401: DrsCredentialError,
    403: DrsPermissionError,
    429: DrsThrottledError,
}


_LOGIN_REFUSED = re.compile(
    r"password authentication failed|access denied for user|auth(entication)? ?fail(ed|ure)"
    r"|log(in|on) (failed|denied|incorrect)|not permitted to log ?in|could not find user|exception authenticating"
    r"|(invalid|incorrect|wrong)( database)? (user ?name|user|password|credentials?|account)\b"
    r"|user ?name (or|and|/) password (is |are )?(invalid|incorrect|wrong)"
    r"|password (is |was )?(invalid|incorrect|wrong)|password has (been )?expired|wrongpass|noauth"
    r"|ora-0?(1017|1045|28000|28001)|account (is |has been )?(locked|disabled)|role .{1,100} does not exist"
    r"|密码(错误|不正确|有误|不匹配)|(认证|鉴权|登录|身份验证)失败|(账户|账号|用户)(已被|被|已)锁定",
    re.IGNORECASE,
)
"""Texts in which databases refuse a login. Each further login with the same password may lock the account."""
_NETWORK_FAILED = re.compile(
    r"timed? ?out|connection (was )?reset|certificate|transient network|failed to respond|check (the )?ip|请检查",
    re.IGNORECASE,
)
"""Texts that mention a login beside another cause."""

# Causes of a failed test in the vendor's troubleshooting pages, by words in the text of a database or a system
_CAUSES = (
    (r"pg_hba|not allowed to connect|whitelist|allow-?list", "Let the database admit the address of the DRS instance."),
    (r"\b(ssl|tls)\b|certificate", "Check the TLS settings and the certificate of this endpoint."),
    (
        r"refused|timed? ?out|unreachable|no route|closed",
        "Check address and port, and that firewall and security group admit the address of the DRS instance.",
    ),
)


def hint_for(code: str | None, text: str | None = None) -> str | None:
    """Return a hint for a person, by the code or else by the text; ``None`` if the vendor's documents have no hint.

    :param code: code of an answer or of a result.
    :param text: its text.
    """
    if code and _normalized(code) in CODES:
        hint = CODES[_normalized(code)][1]
        if hint:
            return hint
    if _refuses_login(text or ""):
        return _LOGIN
    return next((hint for words, hint in _CAUSES if re.search(words, text or "", re.IGNORECASE)), None)


def kind_of(code: str | None, http_status: int) -> type[DrsServiceError]:
    """Return the error class of a code or, if the code is not listed, of the HTTP status.

    Five refusals lock a credential, whatever their HTTP status. So a 429 means *throttled* only if its code names no
    error that is not retryable. IAM's code is an HTTP status, too.

    :param code: code of an answer.
    :param http_status: its HTTP status.
    """
    listed = CODES.get(_normalized(code)) if code else None
    status = int(code) if code and http_status == 429 and re.fullmatch(r"4\d\d", code, re.ASCII) else http_status
    by_status = _STATUSES.get(status, DrsUnavailableError if status >= 500 else DrsRequestError)
    kind = listed[0] if listed else by_status
    return DrsThrottledError if http_status == 429 and kind.retryable else kind


def is_retryable(code: str | None, text: str | None = None) -> bool:
    """Return whether the failure may pass without a change. An unlisted code may, but no text that refuses a login.

    :param code: code of a result or an answer.
    :param text: its text.
    """
    if code and _normalized(code) in CODES and not CODES[_normalized(code)][0].retryable:
        return False
    return not _refuses_login(text or "")


def is_not_ready(code: str | None) -> bool:
    """Return whether DRS refuses because of the status of a job, which may change without anybody's help.

    :param code: code of a result or an answer.
    """
    return code is not None and _normalized(code) == "DRS.M00304"


def _refuses_login(text: str) -> bool:
    # a database that repeats the secret has read it, so a text that is left out is about the login
    return LEFT_OUT in text or bool(_LOGIN_REFUSED.search(text) and not _NETWORK_FAILED.search(text))


def _normalized(code: str) -> str:
    return code.replace("APIG.", "APIGW.").replace("DRS-", "DRS.")
