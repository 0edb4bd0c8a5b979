"""The signature ``SDK-HMAC-SHA256``, which proves to the API gateway that the caller has an access key.

Follows ``signer/signer.py`` of the vendor's SDK ``huaweicloudsdkcore``.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, unquote, urlsplit

ALGORITHM = "SDK-HMAC-SHA256"
DATE_FORMAT = "%Y%m%dT%H%M%SZ"


def authorization(
    method: str, url: str, headers: Mapping[str, str], body: bytes, *, access_key: str, secret_key: str
) -> str:
    """Return the ``Authorization`` header of a request.

    :param method: the HTTP method.
    :param url: the absolute URL, with the query as it is sent.
    :param headers: the headers to sign; ``Host`` and ``X-Sdk-Date`` are required. Each must arrive unchanged.
    :param body: the bytes that are sent.
    :param access_key: the key's id (AK).
    :param secret_key: the secret key (SK).
    """
    target = urlsplit(url)
    # the gateway expects a signed path that ends with a slash, although the sent path has none
    path = quote(unquote(target.path), safe="/~")
    path += "" if path.endswith("/") else "/"
    query = sorted(parse_qsl(target.query, keep_blank_values=True))
    lines = sorted((name.lower(), value.strip()) for name, value in headers.items())
    signed = ";".join(name for name, _ in lines)
    canonical = [
        method.upper(),
        path,
        "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in query),
        *(f"{name}:{value}" for name, value in lines),
        "",
        signed,
        hashlib.sha256(body).hexdigest(),
    ]
    fingerprint = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
    date = dict(lines)["x-sdk-date"]
    message = f"{ALGORITHM}\n{date}\n{fingerprint}"
    signature = hmac.new(secret_key.encode(), message.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Access={access_key}, SignedHeaders={signed}, Signature={signature}"
