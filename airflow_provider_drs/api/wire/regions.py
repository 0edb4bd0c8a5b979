"""Where DRS and IAM answer, region by region: one rule and its exceptions."""

from __future__ import annotations

_DOMAINS = {
    "eu-west-101": "myhuaweicloud.eu",
    # Open Telekom Cloud serves the same API
    "eu-de": "otc.t-systems.com",
    "eu-nl": "otc.t-systems.com",
}
_WITHOUT_OWN_IAM = {
    "af-north-1",
    "ap-southeast-5",
    "cn-north-11",
    "cn-south-4",
    "cn-southwest-3",
    "ru-northwest-2",
}


def drs_endpoint(region: str) -> str:
    """Return the URL of DRS in a region."""
    return f"https://drs.{region}.{_DOMAINS.get(region, 'myhuaweicloud.com')}"


def iam_endpoint(region: str) -> str:
    """Return the URL of the IAM that knows the users of a region."""
    if region in _WITHOUT_OWN_IAM:
        return "https://iam.myhuaweicloud.com"
    return f"https://iam.{region}.{_DOMAINS.get(region, 'myhuaweicloud.com')}"
