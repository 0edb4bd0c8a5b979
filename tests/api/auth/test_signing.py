"""The signature equals the vendor's: test vectors of its SDK, and its SDK's signer behind a socket."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wire import Reply, Service

from airflow_provider_drs.api.auth.credentials import AkSkAuth
from airflow_provider_drs.api.auth.signing import authorization

KEY = "EXAMPLEAK00000000001"
SECRET = "exampleSecretKey0000000000000000000000001"
PROJECT = "054ba152d480d55b2f5dc0069e7ddef0"
DRS = "https://drs.cn-north-4.myhuaweicloud.com"
DATE = {"X-Sdk-Date": "20260102T030405Z"}
AT_DRS = {"Content-Type": "application/json", "Host": DRS.removeprefix("https://"), "X-Project-Id": PROJECT, **DATE}
BODY = (
    b'{"jobs":[{"id":"140b5236-88ad-43c8-811c-1268453jb101","net_type":"eip","db_type":"mysql","ip":"192.168.0.27",'
    b'"db_port":3306,"db_user":"root","db_password":"secret","ssl_link":false,"end_point_type":"so"}]}'
)
TEST = f"{DRS}/v3/{PROJECT}/jobs/batch-connection"


@pytest.mark.parametrize(
    ("method", "url", "headers", "body", "signature"),
    [
        ("POST", TEST, AT_DRS, BODY, "30ebed9cf102e7aab343fae3101172cac94526645068c7d9bf4396873920bb63"),
        (
            "GET",
            "https://iam.cn-north-4.myhuaweicloud.com/v3/projects?name=cn-north-4",
            {"Host": "iam.cn-north-4.myhuaweicloud.com", **DATE},
            b"",
            "07de997f6c869840315247d9d6f7b5c089a83960d1c123722da7fadc470b5399",
        ),
        (
            "POST",
            TEST,
            {**AT_DRS, "X-Security-Token": "exampleSecurityToken"},
            BODY,
            "688c48c1e173075a6e02b61a9473b6e715380f996d4d54a4fc522d93fd0de9fb",
        ),
        (
            "GET",
            f"{DRS}/v5/{PROJECT}/jobs?offset=0&name=a%20b/%C3%A7~&job_type=migration&limit=10",
            AT_DRS,
            b"",
            "4e783a2ed214e75f6a84341494b8e59f074a07658546e2fce570a63620f17be2",
        ),
    ],
    ids="ABCD",
)
def test_the_signature_equals_that_of_each_vector_of_the_vendor(method, url, headers, body, signature):
    signed = authorization(method, url, headers, body, access_key=KEY, secret_key=SECRET)

    names = ";".join(sorted(name.lower() for name in headers))
    assert signed == f"SDK-HMAC-SHA256 Access={KEY}, SignedHeaders={names}, Signature={signature}"


def accepted_by_the_vendor(request):
    """Sign the received request with the vendor's signer, and return whether the signatures are equal."""
    (signed,) = re.findall("SignedHeaders=([^,]+)", request.headers["Authorization"])
    names = signed.split(";")
    target = urlsplit(request.path)
    again = SdkRequest(
        method=request.method,
        schema="http",
        host=request.headers["Host"],
        resource_path=target.path,
        query_params=parse_qsl(target.query, keep_blank_values=True),
        header_params={name: request.headers[name] for name in names},
        body=request.body,
    )
    Signer(BasicCredentials(KEY, SECRET, PROJECT)).sign(again)
    return Reply(again.header_params["Authorization"] == request.headers["Authorization"])


@pytest.fixture(scope="module")
def gateway():
    with Service(accepted_by_the_vendor) as service, requests.Session() as session:
        session.trust_env = False
        yield service, session


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


@settings(max_examples=200)
@given(
    method=st.sampled_from(["GET", "POST"]),
    path=st.lists(words.filter(lambda word: word.strip("./")), max_size=4),
    query=st.lists(st.tuples(words.filter(bool), words), max_size=4, unique_by=lambda pair: pair[0]),
    body=st.binary(max_size=200),
    token=st.none() | st.from_regex(r"[!-~]{1,40}", fullmatch=True),
    moment=st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)),
)
@example(method="GET", path=["0//"], query=[], body=b"", token=None, moment=datetime(2026, 1, 2))
def test_the_vendors_signer_accepts_any_request(gateway, method, path, query, body, token, moment):
    service, session = gateway
    seconds = moment.replace(tzinfo=timezone.utc).timestamp()
    answer = session.request(
        method,
        service.url + "/" + "/".join(quote(part, safe="") for part in path),
        params=query,
        data=body,
        headers={"Content-Type": "application/json", "X-Project-Id": PROJECT, "X-Language": "zh-cn"},
        auth=AkSkAuth(KEY, SECRET, token, clock=lambda: seconds),
        timeout=30,
    )

    assert answer.json() is True


def test_a_request_with_one_changed_byte_is_refused(gateway):
    service, session = gateway
    request = session.prepare_request(requests.Request("POST", service.url, data=b"12", auth=AkSkAuth(KEY, SECRET)))
    request.body = b"13"

    assert session.send(request, timeout=30).json() is False
