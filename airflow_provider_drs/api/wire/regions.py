"""The endpoints of DRS and IAM in each region: one rule, and its exceptions."""

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
    """Return the URL of DRS in a region.

    :param region: name of the region, such as ``cn-north-4``.
    """
    return f"https://drs.{region}.{_DOMAINS.get(region, 'myhuaweicloud.com')}"


def iam_endpoint(region: str) -> str:
    """Return the URL of the IAM that has the users of a region.

    :param region: name of the region, such as ``cn-north-4``.
    """
    if region in _WITHOUT_OWN_IAM:
        return "https://iam.myhuaweicloud.com"
    return f"https://iam.{region}.{_DOMAINS.get(region, 'myhuaweicloud.com')}"
