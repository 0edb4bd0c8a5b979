"""``showSecurityKey``: a temporary key of the server's agency."""

from __future__ import annotations

from .operation import Answer, Asked, Operation, Service


async def _answer(service: Service, request: Asked) -> Answer:
    key = service.world.identities.server_key(request.headers.get("x-metadata-token"))
    credential = {
        "access": key.access,
        "secret": key.secret,
        "securitytoken": key.security_token,
        "expires_at": key.expires_at,
    }
    return Answer({"credential": credential}, line=f"securitykey: {key.access} ends at {key.expires_at}")


METADATA_KEY = Operation("showSecurityKey", _answer)
