"""``createPodCredential``: a temporary key of the agency of the pod's service account."""

from __future__ import annotations

from .operation import Answer, Asked, Operation, Service


async def _answer(service: Service, request: Asked) -> Answer:
    key = service.world.identities.pod_key(request.headers.get("authorization"))
    credentials = {
        "accessKeyId": key.access,
        "secretAccessKey": key.secret,
        "securityToken": key.security_token,
        "expiration": key.expires_at,
    }
    return Answer({"credentials": credentials}, line=f"credentials: {key.access} ends at {key.expires_at}")


POD_IDENTITY = Operation("createPodCredential", _answer)
