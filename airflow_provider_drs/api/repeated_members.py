"""What a result repeats of its endpoint, held against what was sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from ipaddress import ip_address
from typing import Any

from airflow_provider_drs.api.endpoint import Endpoint
from airflow_provider_drs.api.model.values import UnreadableError, truth
from airflow_provider_drs.api.model.wire_object import WireObject
from airflow_provider_drs.api.texts import LEFT_OUT, bare_name, printable, short

_OTHER_NAMES = {
    "jobid": "id",
    "host": "ip",
    "port": "db_port",
    "username": "db_user",
    "instanceid": "inst_id",
    "endpointrole": "end_point_type",
}
_OTHER_WORDS = {"end_point_type": {"source": "so", "target": "ta"}}
_BETWEEN_HOSTS = re.compile(r"[,;\s]+")


def compare(endpoint: Endpoint, result: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """Return in what a result contradicts its endpoint, or nothing, and the members that repeat none of it.

    A member has the name of one of the request in any spelling. Empty or masked it states nothing, and a member that
    was not sent cannot be contradicted.

    :param result: its members whose meaning is not known.
    """
    differences: list[str] = []
    rest = _rest(endpoint, endpoint.side, result, "", differences)
    return next(iter(differences), None), rest


def _rest(sent: WireObject, side: str, members: Mapping[str, Any], path: str, differences: list[str]) -> dict[str, Any]:
    rest = {}
    for name, value in members.items():
        bare = bare_name(name)
        member = _by_bare_name(type(sent)).get(bare) or _OTHER_NAMES.get(bare, "")
        own = getattr(sent, member, None)
        inner = sent if bare in ("endpoint", f"{side}endpoint") else own
        if isinstance(value, Mapping) and isinstance(inner, WireObject):
            # an endpoint within a result may have an id of its own
            other = {key: item for key, item in value.items() if inner is sent and key == "id"}
            repeated = {key: item for key, item in value.items() if key not in other}
            rest[name] = other | _rest(inner, side, repeated, f"{path}{name}.", differences)
        elif member and _alike("", _plain(value)):
            continue
        elif own is None or isinstance(own, WireObject) or member in sent.secret_members():
            rest[name] = value
        elif not _agrees(sent, member, value):
            differences.append(f"{path}{name} was sent as {short(own)} and came back as {short(value)}")
    return rest


@cache
def _by_bare_name(kind: type[WireObject]) -> dict[str, str]:
    return {bare_name(name): name for name in kind.model_fields if name not in kind.not_on_the_wire}


def _agrees(sent: WireObject, member: str, value: object) -> bool:
    own = getattr(sent, member)
    if value in (own, [], {}):
        return True
    if isinstance(sent, Endpoint) and member == "ip":
        return _same_hosts(sent, value)
    text = _plain(value)
    if member == "db_port" and "0" in (text, _plain(own)):
        # no port, because the ports stand in ip
        return True
    if isinstance(own, bool):
        try:
            return truth(value) is own
        except UnreadableError:
            return False
    text = _OTHER_WORDS.get(member, {}).get(text, text)
    return _alike(_plain(own), text)


def _same_hosts(sent: Endpoint, value: object) -> bool:
    came = list(_hosts(",".join(map(_plain, value)) if isinstance(value, list) else _plain(value), ""))
    own = list(_hosts(_plain(sent.ip), str(sent.db_port or "")))
    same = [(one, other) for one in own for other in came if _same_host(one, other)]
    # one address may be that of any name, but not of all
    return len(own) == len(came) and [set(own), set(came)] == [set(side) for side in zip(*same, strict=True)]


def _hosts(text: str, port: str) -> Iterator[tuple[str, str]]:
    """Yield host and port of each address; ``port`` is that of a host that stands alone."""
    for address in filter(None, _BETWEEN_HOSTS.split(text)):
        host, colon, own_port = address.rpartition(":")
        if not colon or own_port.strip("0123456789*") or (":" in host and not host.startswith("[")):
            host, own_port = address, port
        host = host.strip("[]").removesuffix(".")
        yield str(ip_address(host)) if _is_address(host) else host, own_port


def _same_host(own: tuple[str, str], came: tuple[str, str]) -> bool:
    # the service may have looked up the address of a name
    alike = _alike(own[0], came[0]) or (_is_address(came[0]) and not _is_address(own[0]))
    return alike and (not own[1] or _alike(own[1], came[1]))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _plain(value: object) -> str:
    """Return a value as it is compared: without what its spellings differ in."""
    return printable("" if value is None else str(value)).strip().casefold()


def _alike(own: str, came: str) -> bool:
    """Return whether a text is what was sent, as far as it is not masked."""
    seen = [part.strip() for part in came.replace(LEFT_OUT, "*").split("*")]
    masked = len(seen) > 1 and own.startswith(seen[0]) and own.endswith(seen[-1]) and all(part in own for part in seen)
    return not came or own == came or masked
