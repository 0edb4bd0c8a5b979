"""As much of an Oracle server as a refused login needs, written after what python-oracledb reads.

There is no login that passes: whoever comes as far as sending a name is told the error that was ordered.
"""

from __future__ import annotations

import struct

from peer import Wire

_ACCEPT, _REFUSE, _DATA = 2, 4, 6
_PROTOCOL, _DATA_TYPES, _ERROR = 1, 2, 4
_VERSION = 319


class OracleServer:
    """Knows one service, ``shop``.

    :param error: number and text of what is said to everyone who would log in.
    """

    def __init__(self, error: tuple[int, str]) -> None:
        self._error = error
        self.failed_logins = 0

    def __call__(self, wire: Wire) -> None:
        asked_for = _read(wire)
        if b"(DESCRIPTION=" not in asked_for:  # too long for the first packet
            asked_for = _read(wire)
        if b"(SERVICE_NAME=shop)" not in asked_for:
            reason = b"(DESCRIPTION=(TMP=)(VSNNUM=0)(ERR=12514)(ERROR_STACK=(ERROR=(CODE=12514)(EMFI=4))))"
            wire.write(_head(_REFUSE, 12 + len(reason)) + struct.pack(">BBH", 1, 0, len(reason)) + reason)
            return
        accepted = struct.pack(">HH10xB9xI5xI", _VERSION, 0, 0, 8192, 0)
        wire.write(_head(_ACCEPT, 8 + len(accepted)) + accepted)
        for answer in (self._protocol(), bytes([_DATA_TYPES, 0, 0]), self._refusal()):
            _read(wire, long=True)
            wire.write(struct.pack(">IBxxxH", 10 + len(answer), _DATA, 0) + answer)

    def _protocol(self) -> bytes:
        character_sets = bytes(9) + struct.pack(">H", 2000)
        head = bytes([_PROTOCOL, 6, 0]) + b"a peer\0" + struct.pack("<HBH", 873, 0, 0)
        return head + struct.pack(">H", len(character_sets)) + character_sets + bytes(2)

    def _refusal(self) -> bytes:
        self.failed_logins += 1
        number, text = self._error
        # Twenty-eight members that are zero, the number, three more, and the text.
        return bytes([_ERROR, *bytes(28), 2]) + struct.pack(">H3xB", number, len(text)) + text.encode()


def _head(kind: int, size: int) -> bytes:
    return struct.pack(">HxxBxxx", size, kind)


def _read(wire: Wire, long: bool = False) -> bytes:
    size: int = wire.unpack(">I4x" if long else ">Hxx4x")[0]
    return wire.read(size - 8)
