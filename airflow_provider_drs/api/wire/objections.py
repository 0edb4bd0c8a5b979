"""What in a good answer speaks against it: any sign of a failure, in any spelling, at any level."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_BAD_NAME = re.compile(
    r"err|fail|fault|exception|reason|cause|problem|violat|denied|deny|refus|reject|invalid|abnormal|warn|alarm|abort"
    r"|unreach|timeout|unavailable|wrong",
    re.IGNORECASE,
)
_SPEAKING_NAME = re.compile(r"msg|message|detail|descri|explan|remark|hint|text|info", re.IGNORECASE)
_GOOD_NAME = re.compile(
    r"(is_?)?(success(ful)?|succeeded|pass(ed)?|ok|valid|reach(ed|able)|connect(ed|able|ion)|verified|available|alive"
    r"|healthy|authenticated|login|accepted|status|state|result|outcome|verdict)",
    re.IGNORECASE,
)
_CODE_NAME = re.compile(r"code$", re.IGNORECASE)
_NOTHING = frozenset({"", "0", "none", "null"})
_GOOD_WORDS = frozenset({"success", "succeeded", "successful", "true", "ok", "pass", "passed", "200"})
_BAD_WORD = re.compile(
    r"\b(no|not|unable|cannot)\b|fail|error|denied|deny|refus|reject|invalid|abnormal|timed? ?out|unreach|exception",
    re.IGNORECASE,
)


def objection(members: Mapping[str, Any]) -> str | None:
    """Return the name of a member that speaks against the answer, or nothing.

    The service may add members, so an unknown one is no objection by itself. It is one if its name or its value speaks
    of a failure, or if it is a sentence: a good answer has nothing to explain.

    :param members: those whose meaning is not known, by their names.
    """
    for name, value in members.items():
        if isinstance(value, Mapping):
            if _BAD_NAME.search(name) and value:
                return name
            if inner := objection(value):
                return f"{name}.{inner}"
        elif isinstance(value, list):
            if _BAD_NAME.search(name) and value:
                return name
            if inner := objection({f"{position}": item for position, item in enumerate(value)}):
                return f"{name}.{inner}"
        elif _objects(name, value):
            return name
    return None


def _objects(name: str, value: object) -> bool:
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _NOTHING:
            return False
        if _BAD_NAME.search(name):
            return True
        if word in _GOOD_WORDS:
            return False
        if _SPEAKING_NAME.search(name) or _GOOD_NAME.fullmatch(name) or _CODE_NAME.search(name):
            return True
        return len(word.split()) > 1 or bool(_BAD_WORD.search(word))
    if value is None:
        return False
    if _BAD_NAME.search(name):
        return bool(value)
    if _GOOD_NAME.fullmatch(name):
        return value not in (True, 1, 200)
    return bool(_CODE_NAME.search(name)) and value not in (0, 200, False)
