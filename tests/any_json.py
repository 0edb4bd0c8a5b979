"""Strategies of unusual JSON, as text, because it may hold things that no Python value represents."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

ODD_TEXTS = (
    "\ud800",
    "\udc00\ud800",
    "\0",
    "a\0b",
    "\x1b[2J\x9b",
    "\r\n2026-01-01 INFO forged",
    "\u202e\u2028\u200b\ufeff",
    "\U0010ffff\ue000\U0001f600",
    "连接失败",
    "{{ x }} %s %(x)s",
    "\\u0000",
    "'); --",
)
TEXTS: st.SearchStrategy[str] = (
    st.sampled_from(ODD_TEXTS)
    | st.text(st.characters(), max_size=20)
    | st.builds(lambda part, times: part * times, st.sampled_from(ODD_TEXTS), st.sampled_from([1_000, 20_000]))
    | st.sampled_from(["x", " "]).map(lambda letter: letter * 1_000_000)
)
NUMBERS = ("1e999", "-1e999", "1e-999", "NaN", "-Infinity", "-0", "1.5", "9" * 5_000, "18446744073709551616", "9" * 20)
NAMES = st.sampled_from([
    *("results", "count", "id", "status", "success", "error", "error_code", "error_msg", "error_message"),
    *("errorCode", "errorMsg", "errCode", "externalMessage", "code", "message", "request_id"),
])  # fmt: skip


def written(text: str, escaped: bool = True) -> str:
    """Return a text as JSON. Half of a surrogate pair is always escaped, because UTF-8 cannot encode it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        escaped = True
    return json.dumps(text, ensure_ascii=escaped)


def an_object(members: list[tuple[str, str]]) -> str:
    """Return an object of names, and of values that are JSON already. Names may repeat."""
    return "{" + ", ".join(f"{written(name)}: {value}" for name, value in members) + "}"


def a_list(items: list[str]) -> str:
    """Return a list of values that are JSON already."""
    return "[" + ", ".join(items) + "]"


def nested(opening: str, closing: str, depth: int, core: str) -> str:
    """Return a value inside ``depth`` nested lists or objects."""
    return opening * depth + core + closing * depth


SCALARS: st.SearchStrategy[str] = (
    st.builds(written, TEXTS, st.booleans())
    | st.sampled_from([*NUMBERS, "null", "true", "false", "0", "1", '""'])
    | st.integers().map(str)
)
VALUES: st.SearchStrategy[str] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(a_list)
        | st.lists(st.tuples(NAMES | st.text(st.characters(), max_size=5), inner), max_size=4).map(an_object)
        | st.builds(nested, st.just("["), st.just("]"), st.sampled_from([1, 18, 19, 20, 10_000]), inner)
        | st.builds(nested, st.just('{"a":'), st.just("}"), st.sampled_from([1, 18, 19, 20, 10_000]), inner)
    ),
    max_leaves=6,
)
"""Any JSON, valid or almost valid."""


def objects(*members: str, others: st.SearchStrategy[Any] = NAMES) -> st.SearchStrategy[str]:
    """Return a strategy of objects with these members in any order, and sometimes further members."""
    pairs = [st.tuples(st.just(name), VALUES) for name in members]
    return st.builds(
        lambda own, more: an_object([*own, *more]),
        st.tuples(*pairs).map(list).flatmap(st.permutations),
        st.lists(st.tuples(others, VALUES), max_size=3),
    )
