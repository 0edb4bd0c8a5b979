"""Rebuilds an answer from what may be told: its members, types, counts and known words, and never a value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from airflow_provider_drs.api.model.hidden import HiddenDict, HiddenTuple, spellings
from airflow_provider_drs.api.model.rules import JOB_ID
from airflow_provider_drs.api.wire.scrubber import HIDDEN
from airflow_provider_drs.livecheck import words

MAX_ITEMS = 100
"""Items of a list that are kept."""
MAX_COUNT = 100_000
_COUNTS = frozenset({"count", "total_record", "total_count", "cur_page", "per_page"})
_STATUSES = frozenset(("code", status) for status in range(400, 600))
"""IAM repeats the HTTP status in the code of an error."""
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?Z?")


class Redactor:
    """Makes what may be told of texts, bodies and headers. One id has one stand-in in all of them.

    :param known: values that must be nowhere in it, whatever else allows them.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = HiddenTuple()
        self._ids = HiddenDict()
        self.hide(known)

    def hide(self, known: Iterable[str]) -> None:
        """Tell these values nowhere, too.

        :param known: the values.
        """
        ways = (way for value in known if len(value) > 3 for way in spellings(value))
        self._known = HiddenTuple((*self._known, *ways))

    def body(self, value: Any, name: str = "") -> Any:
        """Return JSON of the same shape.

        :param value: the JSON.
        :param name: the member that it is the value of.
        """
        if isinstance(value, Mapping):
            return self._object(value)
        if isinstance(value, list):
            return [self.body(item, name) for item in value[:MAX_ITEMS]]
        if isinstance(value, str):
            return self._text(name, value)
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int) and ((name in _COUNTS and 0 <= value <= MAX_COUNT) or (name, value) in _STATUSES):
            return value
        return 1 if isinstance(value, int) else 0.5

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the headers whose names are words of HTTP.

        Only limits, pauses, ages, types and packings have their values, and a hit of a cache is told as one.
        """
        told = {}
        for name, value in headers.items():
            if shown := words.header(name):
                number = (shown == "age" or words.is_rate(shown)) and re.fullmatch(r"\d{1,6}", value.strip(), re.ASCII)
                kind = value.partition(";")[0].strip().lower()
                kind = "hit" if words.is_hit(shown, value) else kind if kind in words.KINDS else "text"
                told[shown] = value.strip() if number else kind
        return told

    def told(self, value: Any) -> Any:
        """Return JSON that may be told without any known value in its texts, as a second wall behind the first."""
        if isinstance(value, Mapping):
            return {name: self.told(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.told(item) for item in value]
        if isinstance(value, str):
            for way in self._known:
                value = value.replace(way, HIDDEN)
        return value

    def _object(self, members: Mapping[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for position, (name, value) in enumerate(members.items()):
            shown = words.member(name)
            told[shown or f"member{position}"] = self.body(value, shown or "")
        return told

    def _text(self, name: str, text: str) -> str:
        if re.fullmatch(JOB_ID, text):
            return str(self._ids.setdefault(text, f"{len(self._ids) + 1:08d}-0000-4000-8000-0000000jb101"))
        if words.is_word(name, text):
            return text
        if (text.isascii() and text.isdecimal()) or _TIME.fullmatch(text):
            return re.sub(r"\d", "0", text)
        # the client takes a sentence for an objection
        return "a text" if len(text.split()) > 1 else "text"
