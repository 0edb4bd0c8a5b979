"""As much of MongoDB as a login needs: hello, SCRAM-SHA-256 and ping, written after the wire protocol's documents."""

from __future__ import annotations

import struct
from typing import Any

import bson
from peer import Wire
from scram import Scram

_OP_REPLY, _OP_QUERY, _OP_MSG = 1, 2004, 2013


class MongoServer:
    """Knows the account ``reader`` with the password ``right``, in one authentication database.

    :param auth_source: that database.
    """

    def __init__(self, auth_source: str = "admin") -> None:
        self._auth_source = auth_source
        self.failed_logins = 0

    def __call__(self, wire: Wire) -> None:
        session: dict[str, Any] = {}
        while True:
            size, request_id, _, opcode = wire.unpack("<iiii")
            content = wire.read(size - 16)
            if opcode == _OP_QUERY:
                command = bson.decode(content[content.index(b"\0", 4) + 9 :])
                head = struct.pack("<iqii", 8, 0, 0, 1)
                opcode = _OP_REPLY
            else:
                command = bson.decode(content[5:])
                head = struct.pack("<iB", 0, 0)
            body = head + bson.encode(self._answer(command, session))
            wire.write(struct.pack("<iiii", 16 + len(body), 0, request_id, opcode) + body)

    def _answer(self, command: dict[str, Any], session: dict[str, Any]) -> dict[str, Any]:
        name = next(iter(command))
        if name in {"hello", "ismaster", "isMaster"}:
            answer = {"isWritablePrimary": True, "ismaster": True, "helloOk": True, "maxWireVersion": 21}
            return {**answer, "minWireVersion": 0, "saslSupportedMechs": ["SCRAM-SHA-256"], "ok": 1}
        if name == "saslStart" and command["$db"] == self._auth_source:
            session["scram"] = Scram("reader", "right")
            return {"conversationId": 1, "done": False, "payload": session["scram"].first(command["payload"]), "ok": 1}
        if name == "saslContinue" and (final := session["scram"].final(command["payload"])):
            session["user"] = "reader"
            return {"conversationId": 1, "done": True, "payload": final, "ok": 1}
        if name.startswith("sasl"):
            self.failed_logins += 1
            return {"ok": 0, "errmsg": "Authentication failed.", "code": 18, "codeName": "AuthenticationFailed"}
        if name != "endSessions" and "user" not in session:
            return {"ok": 0, "errmsg": f"Command {name} requires authentication", "code": 13}
        return {"ok": 1}
