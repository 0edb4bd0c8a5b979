"""What in a good answer speaks against it: any sign of a failure, in any spelling, at any level."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_provider_drs.api.codes import ERROR_CODE
from airflow_provider_drs.api.texts import LEFT_OUT, bare_name, printable, short
from airflow_provider_drs.api.wire.json_reading import CUT
from airflow_provider_drs.api.wire.scrubber import HIDDEN

MAX_PATH = 100
"""Characters of the path to a member."""
_STEMS = (
    r"fail(?!over)|(?<!de)fault|(?<![a-z])err|err(?!a[il]|e[drn]|i[dnt](?!fo)|u[nrp]|y)|exception|denied|deny|refus"
    r"|reject|(?-i:(?<!log)(?<!sign)invalid|I[nN][vV][aA][lL][iI][dD])|abnormal|abort|unreach|unavail|unsuccess|unauthori|forbid|wrong|incorrect|illegal|impossible"
    r"|mismatch|missing|expired|crash|broken|fatal"
    r"|time[ds]?[ _-]?out|disconnect|(?<![a-z])(?:bad|blocked|cannot|closed|locked|lost|no|not|stale|unable)(?![a-z])"
    r"|失败|错误|拒绝|异常|超时|无法|不能"
)
_BAD_NAME = re.compile(rf"{_STEMS}|(?<!p)reason|(?<!be)cause|problem|violat|warn|alarm|issue(?!d|r)", re.IGNORECASE)
_BAD_TEXT = re.compile(_STEMS, re.IGNORECASE)
_ERROR_CODE = re.compile(ERROR_CODE, re.IGNORECASE)
_NO_SENTENCE = re.compile(r"https?://\S+|[\d\s:.,TZ+/-]+")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")

# by the last word of a member's name, or what it runs together with others
_VERDICTS = re.compile(
    r"[a-z]*(?:accepted|authenticated|available|connectable|connected|healthy|outcome|passed|reachable|reached|result"
    r"|state|status|succeed|succeeded|success|successful|verdict|verified)|(?:is|was)?(?:alive|ok|okay|pass|valid)"
)
# what may be run together with anything or stand before what it is about, so that only a plain no counts
_SUCCESSES = re.compile(
    r"(?:[a-z]*(?:(?<!o)ok|okay|(?<!keep)alive|(?<!by)(?<!com)(?<!tres)pass|passed|valid|connected|authenticated"
    r"|authorized|authorised|verified|established|healthy|reachable|reached|succeed|succeeded|success|successful"
    r"|successfully)|good|loggedin|loggedon)(?:flag)?"
)
_NO = re.compile(r"0|0\.0|f|false|ko|n|ng|no|nok|off")
_TESTED = re.compile(r"auth|check|connect|connection|login|test|validation")
_COUNTS = re.compile(r"count|num|number|total")
# of a name without what its spellings differ in
_OF_RESULTS = (
    r"(?:all|endpoint|entry|entries|item|job|no|of|ok|pass|passed|record|result|return|returned|succeeded|success"
    r"|successful|task|test|tested|the|total)s?"
)
_COUNT_OF_RESULTS = re.compile(
    rf"(?:{_OF_RESULTS})*(?:count|cnt|total)s?(?:{_OF_RESULTS})*"
    rf"|(?:{_OF_RESULTS})+num(?:ber)?s?|num(?:ber)?s?(?:{_OF_RESULTS})+"
)
_OF_SUCCESSES = re.compile(r"ok|pass|succe")
_MEASURES = re.compile(r"interval|limit|ms|seconds|timeout")
_SPEAKING = re.compile(
    r"[a-z]*(?:advice|comment|description|detail|explanation|message|msg|notice|remark|suggestion)s?"
    r"|desc|hint|info|notes?|text"
)
_DESCRIBING = re.compile(
    r"address|at|az|charset|class|collation|database|date|db|direction|engine|flavor|host|hosts|href|id|ids|ip|ips"
    r"|key|kind|label|link|mode|name|names|owner|port|ports|project|region|schema|size|spec|subnet|tag|tags|time"
    r"|timestamp|timezone|type|until|uri|url|user|uuid|version|vpc|zone|zones"
)
_OF_AN_ANSWER = re.compile(
    r"answer|api|biz|business|exit|http|inner|reply|resp|response|result|ret|return|state|status|sub"
)

_NOTHING = re.compile(r"|0|false|none|null")
_GOOD = re.compile(
    r"1|200|active|available|connected|healthy|normal|ok|okay|pass|passed|reachable|success|succeeded|successful"
    r"|true|valid|y|yes"
)


def objection(members: Mapping[str, Any]) -> str | None:
    """Return the path of a member that speaks against the answer, or nothing.

    The service may add members, so an unknown one is no objection by itself. It is one if its name or its value speaks
    of a failure, or if it is a sentence: a good answer has nothing to explain.

    :param members: those whose meaning is not known, by their names.
    """
    path = _path(members)
    return path and printable(path, MAX_PATH)


def miscount(answer: Mapping[str, Any], asked: int, good: int) -> str | None:
    """Return what is wrong with a count beside the results, such as ``total_count`` or ``successNum``, or nothing.

    :param asked: number of results that were asked for.
    :param good: number of results that state a success.
    """
    results = answer["results"]
    for name, count in answer.items():
        bare = bare_name(name)
        if not _COUNT_OF_RESULTS.fullmatch(bare):
            continue
        # a job left out may be counted or not, no document tells; any other number makes no sense
        numbers = (None, good) if _OF_SUCCESSES.search(bare) else (None, len(results), asked)
        if count not in numbers or isinstance(count, bool):
            return f"the answer holds {len(results)} results and counts {short(count)}"
    return None


def _path(members: Mapping[str, Any]) -> str | None:
    for name, value in members.items():
        # an empty path would look like none
        shown = name or '""'
        if isinstance(value, Mapping | list) and value and _BAD_NAME.search(name):
            return shown
        if isinstance(value, Mapping):
            if inner := _path(value):
                return f"{shown}.{inner}"
        elif isinstance(value, list):
            # an item is what the name says as much as the list is
            if any(_path({name: item}) for item in value):
                return shown
        elif value is not None and _objects(name, value):
            return shown
    return None


def _objects(name: str, value: str | float) -> bool:
    if HIDDEN in name or LEFT_OUT in name or name.endswith(CUT):
        # the whole name is unknown, and no service names a member after a secret
        return True
    words = [word.lower() for word in _WORDS.findall(name)] or [""]
    last = words[-1] if words[-1] != "flag" else words[-2:][0]
    text = str(value).strip()
    good, nothing = _GOOD.fullmatch(text.lower()), _NOTHING.fullmatch(text.lower())
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and _MEASURES.fullmatch(last):
        return False
    if _BAD_NAME.search(name):
        return not nothing
    if number and _COUNTS.fullmatch(last):
        return not value and any(map(_VERDICTS.fullmatch, words))
    if _VERDICTS.fullmatch(last) or (len(words) == 1 and _TESTED.fullmatch(last)):
        return text != "" and not good
    if _NO.fullmatch(text.lower()) and not _DESCRIBING.fullmatch(last) and any(map(_SUCCESSES.fullmatch, words)):
        return True
    if last.endswith("code") and (last != "code" or len(words) == 1 or _OF_AN_ANSWER.fullmatch(words[-2])):
        return text == "1" or not (good or nothing)
    if not isinstance(value, str):
        return number and bool(value) and bool(_SPEAKING.fullmatch(last))
    if good or nothing:
        return False
    describes = bool(_DESCRIBING.fullmatch(last))
    if not describes and any(map(_SPEAKING.fullmatch, words)):
        return True
    return _speaks(text, describes)


def _speaks(text: str, describes: bool) -> bool:
    """Return whether a text reports a failure, or is a sentence in a member that describes nothing."""
    if _NO_SENTENCE.fullmatch(text):
        return False
    sentence = len(text.split()) > 1
    bad = _BAD_TEXT.search(text)
    if describes:
        # a job may be named after what it mends
        return bool(_ERROR_CODE.fullmatch(text) or (bad and (sentence or len(bad[0]) > len(text) - 3)))
    return bool(sentence or bad or text == HIDDEN or text.endswith(CUT) or _ERROR_CODE.search(text))
