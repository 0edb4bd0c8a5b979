"""Holds a request against ``contract.yaml`` and says every way in which it breaks it, but never what it carried."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from jsonschema import Draft202012Validator
from openapi_core import OpenAPI, V31RequestValidator
from openapi_core.protocols import Request

from .errors import RefusedError

MALFORMED = "DRS.M00202"
DUPLICATES = "DRS.M00301"

MAX_NESTING = 20
"""How deep lists and objects of a body may lie in each other; the contract's own lie six deep."""

# jsonschema's own messages quote the offending value, which may be a password. These quote the schema alone.
_RULES = {
    "const": "must be {}",
    "enum": "must be one of {}",
    "maximum": "must be at most {}",
    "minimum": "must be at least {}",
    "maxItems": "must hold at most {} items",
    "minItems": "must hold at least {} item",
    "minLength": "must have at least {} character",
    "pattern": "must match {}",
    "type": "must be of type {}",
    "uniqueItems": "must not hold the same item twice",
}


@cache
def load() -> OpenAPI:
    """Read the contract, so that it fits any address of the emulator."""
    return OpenAPI.from_dict({**_document(), "servers": [{"url": "/"}]})


class ContractCall(NamedTuple):
    """What the contract says of a call beside the shapes: how it is reached, who may make it, and whose it is."""

    method: str
    path: str
    needs_credential: bool
    of_iam: bool
    of_identity: bool


def calls() -> dict[str, ContractCall]:
    """Return the calls of the contract by their ``operationId``."""
    return {
        item["operationId"]: ContractCall(
            method.upper(), path, item.get("security") != [], "iam" in item["tags"], "identity" in item["tags"]
        )
        for path, items in _document()["paths"].items()
        for method, item in items.items()
        if method != "parameters"
    }


def short_name(path: str) -> str:
    """Return the name by which faults and records know a call: ``batch-status`` of ``/v3/p/jobs/batch-status``."""
    name = path.partition("/jobs/")[2].replace("/", "-") or path.rpartition("/")[2]
    return f"v5-{name}" if path.startswith("/v5/") else name


def read_texts(schema: str, texts: Mapping[str, str]) -> list[Any]:
    """Read texts within a body that each hold JSON of their own.

    :param schema: its name in the contract.
    :param texts: by their JSON paths in the body.
    :raises RefusedError: ``DRS.M00202`` with every breach, by JSON path and rule.
    """
    validator = Draft202012Validator(
        {"$ref": f"#/components/schemas/{schema}", "components": _document()["components"]}
    )
    values: list[Any] = []
    breaches: list[str] = []
    for path, text in texts.items():
        if _nesting(text.encode()) > MAX_NESTING:
            breaches.append(f"{path}: is nested more than {MAX_NESTING} deep")
            continue
        try:
            values.append(json.loads(text))
        except ValueError:
            breaches.append(f"{path}: must be JSON")
        else:
            breaches += [line for error in validator.iter_errors(values[-1]) for line in _lines(error, path)]
    if breaches:
        raise RefusedError(MALFORMED, "; ".join(dict.fromkeys(breaches)))
    return values


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("contract.yaml").read_text(encoding="utf-8"))
    return document


class Contract:
    """The contract of the emulated calls."""

    def __init__(self) -> None:
        self._validator = V31RequestValidator(load().spec)

    def read(self, request: Request, *, ignore_unknown: bool = False) -> Any:
        """Take the body out of a request that keeps the contract.

        :param request: a call of one of the contract's operations, seen through ``openapi-core``.
        :param ignore_unknown: whether a member that the contract does not have is no breach.
        :raises RefusedError: with every breach, by JSON path and rule; ``DRS.M00301`` if all that is wrong is that ids
            are named twice, otherwise ``DRS.M00202``.
        """
        if _nesting(request.body or b"") > MAX_NESTING:
            raise RefusedError(MALFORMED, f"body: is nested more than {MAX_NESTING} deep")
        keywords: set[str] = set()
        breaches: list[str] = []
        for error in self._validator.iter_errors(request):
            violations = list(getattr(error.__cause__, "schema_errors", ()))
            if ignore_unknown and violations and {each.validator for each in violations} == {"additionalProperties"}:
                continue
            keywords.update(violation.validator for violation in violations)
            if name := getattr(error, "name", None):
                rules = [_rule(violation) for violation in violations] or ["is missing, or of the wrong type"]
                breaches += [f"parameter {name}: {rule}" for rule in rules]
            elif violations:
                breaches += [line for violation in violations for line in _lines(violation)]
            else:
                breaches.append("body: must be JSON, with Content-Type application/json")
        if breaches:
            # An absent member is reported once for every absent sibling.
            text = "; ".join(dict.fromkeys(breaches))
            raise RefusedError(DUPLICATES if keywords == {"uniqueItems"} else MALFORMED, text)
        return json.loads(request.body) if request.body else None


def _nesting(body: bytes) -> int:
    brackets = re.findall(rb"[\[{\]}]", re.sub(rb'"(?:[^"\\]|\\.)*"', b"", body))
    return max(itertools.accumulate(1 if bracket in b"[{" else -1 for bracket in brackets), default=0)


def _lines(violation: Any, root: str = "") -> Iterator[str]:
    # A key is no value, but one that is no name at all could be one in the wrong place.
    path = re.sub(r"\['(?:[^'\\]|\\.)*'\]", "[?]", violation.json_path.removeprefix("$"))
    where = (root + path).removeprefix(".")
    prefix = f"{where}." if where else ""
    if violation.validator in {"required", "dependentRequired"}:
        for name in _demanded(violation):
            if name not in violation.instance:
                yield f"{prefix}{name}: is missing"
    elif violation.validator == "additionalProperties":
        for name in violation.instance:
            if name not in violation.schema["properties"]:
                yield f"{prefix}{name if name.isidentifier() else '?'}: is not a member"
    else:
        yield f"{where or 'body'}: {_rule(violation)}"


def _demanded(violation: Any) -> list[str]:
    demanded = violation.validator_value
    if violation.validator == "required":
        return list(demanded)
    return [name for member, names in demanded.items() if member in violation.instance for name in names]


def _rule(violation: Any) -> str:
    value = json.dumps(violation.validator_value)
    return _RULES.get(violation.validator, f"breaks {violation.validator} {{}}").format(value)
