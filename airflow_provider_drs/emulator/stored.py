"""One end of a job as it is stored: all that was sent is kept, and what is secret is never given back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Side = Literal["source", "target"]

SIDES: Mapping[str, Side] = {"so": "source", "ls": "source", "ta": "target"}
"""By ``end_point_type``; ``ls`` is a shard of a source cluster."""

_SECRET = ("password", "store_key", "ssl_cert_key", "ssl_cert_name", "ssl_cert_check_sum")
# what the service knows of a cloud instance and gives back though it was not sent
_OF_AN_INSTANCE = {
    "vpc_id": "00000000-1111-4222-8333-555555555555",
    "subnet_id": "00000000-1111-4222-8333-444444444444",
    "security_group_id": "00000000-1111-4222-8333-666666666666",
}


class StoredEnd(dict[str, Any]):
    """The members of an ``Endpoint``, passwords and certificates among them; shown anywhere, it has none of these."""

    def shown(self) -> dict[str, Any]:
        """Return what batch-detail gives back: no secret, and of a cloud instance what the service fills in."""
        members = _without_secrets(self)
        if "db_port" in members:
            # text is allowed when storing, and comes back as a number
            members["db_port"] = int(members["db_port"])
        if instance := members.get("inst_id"):
            members = {**_OF_AN_INSTANCE, "inst_name": f"instance-{instance[:8]}", **members}
        return members

    def __repr__(self) -> str:
        return repr(self.shown())


def _without_secrets(members: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _without_secrets(value) if isinstance(value, Mapping) else value
        for name, value in members.items()
        if not name.endswith(_SECRET)
    }
