"""The address of the DRS console, as far as the vendor's pages name it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, unquote_plus

from airflow_provider_drs.api.model.hidden import SHORTEST
from airflow_provider_drs.hooks.connection_fields import read_fields

if TYPE_CHECKING:
    from airflow.sdk import Connection

CONSOLE_URL = r"^https://[A-Za-z0-9.-]+(:[0-9]+)?([/?#]\S*)?$"
"""What the extra ``console_url`` may be: no user, and no scheme that runs a script."""
# a parameter of a query or a fragment, a user before a host, or an encoding that may hold either
_CREDENTIAL = re.compile(
    r"[?&#;/][^=?&#;/]*(?:pass|pwd|token|secret|key|sign|cred|auth|session)[^=?&#;/]*=|[?&#;/](?:ak|sk|code)=|@|%(?!20)",
    re.IGNORECASE,
)

_REGION = re.compile(r"[a-z]{2,10}(-[a-z]{1,20}){1,3}-\d{1,3}")
_HOST = re.compile(r"(?:https://)?drs\.([a-z0-9-]+)\.myhuaweicloud\.com(?::443)?/*", re.IGNORECASE)
# Open Telekom Cloud and Huawei Cloud in Europe have consoles that no page names
_OTHER_CLOUDS = re.compile(r"eu-(de|nl|west-\d+)")


def is_for_everybody(url: str) -> bool:
    """Return whether the address of a console may be shown to all who see a task.

    :param url: what the extra ``console_url`` holds.
    """
    return re.match(CONSOLE_URL, url) is not None and not _CREDENTIAL.search(url)


def console_url(connection: Connection) -> str:
    """Return the address of the DRS console, or an empty text if it is not known.

    The extra ``console_url`` wins. Otherwise the region decides, from the extra or from the endpoint. The language
    ``zh-cn`` leads to the console of the Chinese site, ``en-us`` to that of the international site.

    :param connection: a Connection of type ``drs``.
    """
    fields = read_fields(connection)
    if written := str(fields.extra.get("console_url") or "").strip():
        # to be seen with the task, so not even what the Connection itself hides
        hidden = [fields.password, str(fields.extra.get("security_token") or "")]
        shown = written, unquote(written), unquote_plus(written)
        told = any(len(each) >= SHORTEST and each in text for each in hidden for text in shown)
        return "" if told or not is_for_everybody(written) else written
    host = _HOST.fullmatch(fields.host)
    region = str(fields.extra.get("region") or (host[1] if host else "")).strip().lower()
    # the Connection is not checked yet, and what stands in this place may be a secret
    if not _REGION.fullmatch(region) or _OTHER_CLOUDS.fullmatch(region) or (fields.host and not host):
        return ""
    if fields.extra.get("language") == "zh-cn":
        return f"https://console.huaweicloud.com/drs/?region={quote(region, safe='')}"
    return f"https://console-intl.huaweicloud.com/drs/?region={quote(region, safe='')}&locale=en-us"
