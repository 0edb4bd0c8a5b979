"""``createMetadataToken``: the token that version 2 of the metadata service demands."""

from __future__ import annotations

from .operation import Answer, Asked, Operation, Service


async def _answer(service: Service, request: Asked) -> Answer:
    token = service.world.identities.issue_token(int(request.headers["x-metadata-token-ttl-seconds"]))
    return Answer(token, line="token: one of version 2 was issued")


METADATA_TOKEN = Operation("createMetadataToken", _answer)
