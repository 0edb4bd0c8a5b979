"""What a service says, without the secrets that it was sent, whole or in part, as they are or encoded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import NoReturn

from airflow_provider_drs.api.model.hidden import SHORTEST, HiddenTuple, credentials_in, spellings
from airflow_provider_drs.api.texts import LEFT_OUT, MAX_TEXT, printable
from airflow_provider_drs.api.wire.decoding import LEAST_ENCODED, decoded, readings, undecorated

LONGEST_PART = 8
"""Characters of a secret that are never shown, however long the rest is."""
HIDDEN = "***"

# so that a weak password such as "mysql-password" does not hide why a login failed
_PLAIN_WORDS = re.compile(
    r"(?<![^\W_])(?:access|address|admin|authentication|certificate|closed|connect|connection|database|denied|error|failed"
    r"|gaussdb|host|huawei|identified|instance|invalid|kafka|listener|login|mariadb|mongo|mongodb|mysql|oracle|passwd|passwords?"
    r"|permission|postgres|postgresql|private|public|redis|refused|reset|server|service|source|success|system|target"
    r"|timeout|token|unknown|user|username|using|wrong)(?![^\W_])"
)
_ASSIGNED = re.compile(
    r"((?:passw(?:or)?d|passphrase|pwd)[\"']?\s*[:=]\s*(?!(?:yes|no)\b)|identified\s+by\s+)"
    r"(?:\"[^\"]*\"?|'[^']*'?|[^\s,;&)]+)",
    re.IGNORECASE,
)
"""A password as statements, options and JSON spell it; a database may repeat one that this package never had."""
_BORDER = re.compile(r"[,;:](?=\s)|[(\n]")
_CLAUSES = 5
_SHORT = 64
"""Characters of a text, such as a request id, up to which its parts are sought in the secrets and not the reverse."""
FEW = 20_000
"""Comparisons after which all parts of the secrets are laid out even for short texts, for there are many of them."""
MAX_COMPARISONS = 4_000_000
"""Comparisons of an answer, a second's worth; a real one takes some ten thousand. Then every text is left out."""
MAX_READ = 40_000
"""Characters that a text may have in all its readings together; one that has more is left out."""
DEPTH = 2
"""Encodings within each other that are undone."""
# what a line break, a quote, an escape or another charset may have put into it
_NO_MATTER = re.compile(r"[\s\\'\"\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffd]+")
_CHARSETS = ("utf-8", "utf-16-le", "utf-16-be")
_END = b"\xff"
_ASCII_RUN = re.compile(rf"[\t\n\r -~]{{{SHORTEST},}}")
_READABLE = re.compile(rf"[\t\n\r -~]{{{LEAST_ENCODED},}}")
_BETWEEN = " ~g~ "


class _TooMuchError(Exception):
    """A text takes more work than it may."""


class Scrubber:
    """Takes the secrets of a call out of the texts of its answer.

    A secret in a known spelling becomes ``***``. A text that seems to hold a part of one is left out but for
    its first clauses, because nobody can tell what else of it is secret; one that holds an encoding is left out whole.

    :param secrets: those of the request; one of fewer than 5 characters is left alone, as Airflow does.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = HiddenTuple(secret for secret in set(secrets) if len(secret) >= SHORTEST)
        self._known: dict[tuple[str, int], str] = {}
        self.comparisons = 0
        """How many there were, as a measure of the time that they took."""

    def __call__(self, text: str, limit: int = MAX_TEXT) -> str:
        """Return a text without secrets, as one line of printable characters.

        :param limit: characters that are kept at most.
        """
        if len(text) < SHORTEST or not self._secrets:
            return printable(text, limit)
        key = text, limit
        if key not in self._known:
            try:
                self._known[key] = self._scrubbed(text[: 4 * limit], limit)
            except _TooMuchError:
                self._known[key] = LEFT_OUT
        return self._known[key]

    def _scrubbed(self, text: str, limit: int) -> str:
        # first, for a short secret may be a part of the encoding, too
        if self._holds_encoded(text):
            return LEFT_OUT
        # a token is longer than nearly all texts, and its spellings would take as long as the call
        if any(len(secret.strip()) <= len(text) for secret in self._secrets):
            self._count(len(self._spelled))
            for way in self._spelled:
                text = text.replace(way, HIDDEN)
        if not self._holds_part(text):
            return printable(text, limit)
        # services name the reason first, and repeat what they were sent after it
        reason = ""
        for border in islice(_BORDER.finditer(text, 0, limit), _CLAUSES):
            if self._holds_part(text[: border.end()]):
                break
            reason = text[: border.end()]
        return f"{printable(reason, limit - len(LEFT_OUT) - 1)} {LEFT_OUT}".strip()

    def _count(self, work: int) -> None:
        """Count work before it is done.

        :raises _TooMuchError: when it is more than is left. It is not done then, and neither is any later work.
        """
        self.comparisons = min(self.comparisons + work, MAX_COMPARISONS)
        if self.comparisons == MAX_COMPARISONS:
            raise _TooMuchError

    def _readings(self, text: str) -> set[str]:
        ways: set[str] = set()
        left = MAX_READ
        for way in readings(text):
            if way in ways:
                continue
            self._count(len(way))
            left -= len(way)
            if left < 0:
                raise _TooMuchError
            ways.add(way)
        return ways

    def _holds_part(self, text: str) -> bool:
        short = len(text) <= _SHORT
        # many readings differ in nothing but what does not matter
        ways = (_PLAIN_WORDS.sub(lambda word: word[0].upper(), way.casefold()) for way in self._readings(text))
        for marked in self._squeezed(ways):
            for start, end in self._parts_in(marked.lower(), short):
                part = _squeezed(marked[start:end])
                if not (part.isalpha() and part.isupper()):  # more than a plain word
                    return True
        return False

    def _holds_encoded(self, text: str) -> bool:
        short = len(text) <= _SHORT
        ways = self._readings(text)
        for _ in range(DEPTH):
            self._count(sum(map(len, ways)))
            raw = _END.join(piece for way in ways for piece in decoded(way))
            # in any charset in which ASCII is ASCII, or has a NUL beside it
            letters = raw.translate(None, b"\0").decode("latin-1")
            # by chance it would hold no part, be it a plain word
            if any(any(self._parts_in(run, short)) for run in set(self._run.findall(letters.casefold()))):
                return True
            readable = dict.fromkeys(_READABLE.findall(letters))
            if not readable:
                return False
            ways = self._readings(_BETWEEN.join(readable))
            if any(any(self._parts_in(way, short)) for way in self._squeezed(map(str.casefold, ways))):
                return True
        return False

    def _squeezed(self, ways: Iterable[str]) -> set[str]:
        """Return texts without what does not matter, and with it if it is a part of a secret that is short without."""
        if any(map(_NO_MATTER.search, self._secrets)):
            return {one for way in ways for one in (way, _squeezed(way))}
        return set(map(_squeezed, ways))

    def _parts_in(self, plain: str, short: bool) -> Iterator[tuple[int, int]]:
        """Yield where the parts of secrets begin and end that are too long to be shown."""
        haystacks: Mapping[int, str | set[str]] = self._forms if short and self.comparisons < FEW else self._parts
        self._count((len(plain) + 1) * (len(haystacks) + 1))
        for size, haystack in haystacks.items():
            if isinstance(haystack, str) and not _may_hold_part(plain, size, haystack):
                continue
            for start in range(len(plain) - size + 1):
                if plain[start : start + size] in haystack:
                    yield start, start + size

    @cached_property
    def _spelled(self) -> list[str]:
        spelled = {way for secret in self._secrets for way in spellings(secret)}
        # the longest first, for one may be part of another
        return sorted(filter(None, spelled), key=len, reverse=True)

    @cached_property
    def _forms(self) -> dict[int, str]:
        """The secrets in letters of one case, one to a line, by how many characters of them are too many."""
        forms: dict[int, list[str]] = {}
        for secret in self._secrets:
            for size, form in _alike(secret):
                forms.setdefault(size, []).append(form)
        return {size: "\n".join(alike) for size, alike in forms.items()}

    @cached_property
    def _parts(self) -> dict[int, set[str]]:
        """All parts of the secrets that are long enough, by their length."""
        return {
            size: {form[start : start + size] for start in range(len(form) - size + 1)}
            for size, form in self._forms.items()
        }

    @cached_property
    def _run(self) -> re.Pattern[str]:
        """What may be a part, for nearly all that is decoded is noise and is passed over at once."""
        if all(map(str.isascii, self._secrets)):
            return _ASCII_RUN
        letters = "".join(sorted(set().union(*self._forms.values())))
        return re.compile(f"[{re.escape(letters)}]{{{SHORTEST},}}")

    def __reduce__(self) -> NoReturn:
        raise TypeError("it holds secrets, which are not pickled")


def _may_hold_part(text: str, size: int, form: str) -> bool:
    """Return false when no ``size`` characters in a row of a text are in a form.

    A token has thousands of characters, so a few searches for shorter parts come before one for each character.
    """
    # every run of that size holds one of these parts whole
    half = size // 2
    return any(text[start : start + half] in form for start in range(0, len(text) - half + 1, size - half + 1))


def _squeezed(text: str) -> str:
    return _NO_MATTER.sub("", text)


def _alike(secret: str) -> Iterator[tuple[int, str]]:
    """Yield what is read as a secret, in letters of one case, and how many characters of that are too many."""
    ways = [secret]
    if not secret.isascii():
        # as it looks when somebody took its charset for another, and when it was decoded
        mistaken = [secret.encode(charset, "surrogatepass").decode("latin-1") for charset in _CHARSETS]
        ways += [undecorated(secret), re.sub(r"[^\x00-\x7f]", "", secret), *mistaken]
    size = max(SHORTEST, min(LONGEST_PART, len(secret) // 2))
    for way in ways:
        yield size, way.replace("\0", "").casefold()
    if any(map(_NO_MATTER.search, ways)):
        windows = (secret[start : start + size] for start in range(len(secret) - size + 1))
        size = max(SHORTEST, min(len(_squeezed(window)) for window in windows))
        for way in ways:
            yield size, _squeezed(way.casefold())


def without_passwords(text: str) -> str:
    """Return a text without the passwords that it names as such, and those in its URLs; nobody needs to know them.

    :param text: what a database or DRS says.
    """
    text = _ASSIGNED.sub(rf"\1{HIDDEN}", text)
    # the first is the text itself
    return Scrubber(credentials_in(text)[1:])(text)
