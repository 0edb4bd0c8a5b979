"""What a service says, without the secrets that it was sent, whole or in part, as they are or encoded."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import NoReturn

from airflow_provider_drs.api.model.hidden import SHORTEST, HiddenTuple, spellings
from airflow_provider_drs.api.texts import MAX_TEXT, printable
from airflow_provider_drs.api.wire.decoding import LEAST_ENCODED, decoded, readings, rot13, undecorated

LONGEST_PART = 8
"""Characters of a secret that are never shown, however long the rest is."""
HIDDEN = "***"
LEFT_OUT = "(left out: it may repeat a secret)"

# so that a weak password such as "mysql-password" does not hide why a login failed
_PLAIN_WORDS = re.compile(
    r"(?<![^\W_])(?:access|address|admin|authentication|certificate|closed|connect|connection|database|denied|error|failed"
    r"|gaussdb|host|huawei|identified|instance|invalid|kafka|listener|login|mariadb|mongo|mongodb|mysql|oracle|passwd|password"
    r"|permission|postgres|postgresql|private|public|redis|refused|reset|server|service|source|success|system|target"
    r"|timeout|token|unknown|user|username|using|wrong)(?![^\W_])"
)
_BORDER = re.compile(r"[,;:](?=\s)|[(\n]")
_CLAUSES = 5
_SHORT = 64
"""Characters of a text, such as a request id, up to which its parts are sought in the secrets and not the reverse."""
FEW = 20_000
"""Comparisons after which all parts of the secrets are laid out even for short texts, for there are many of them."""
MAX_COMPARISONS = 4_000_000
"""Comparisons of an answer, a second's worth; a real one takes some ten thousand. Then every text is left out."""
# what a line break, a quote, an escape or another charset may have put into it
_NO_MATTER = re.compile(r"[\s\\'\"\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffd]+")
_URL_SAFE = str.maketrans("-_", "+/")
_URL_SAFE_BYTES = bytes.maketrans(b"-_", b"+/")
_NO_MATTER_BYTES = bytes(range(33)) + b"\\'\"\x7f"

DEPTH = 3
"""Encodings within each other that are undone."""
MAX_DECODED = 20_000
"""Readable characters that decoding a text may yield; one that yields more is left out."""
_DECODED_PER_COMPARISON = 4
"""Bytes that are decoded and looked through in the time of a comparison."""
_READABLE = re.compile(rf"[\t\n\r -~]{{{LEAST_ENCODED},}}")
_BETWEEN = " \u00b7g\u00b7 "


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
            self._known[key] = self._scrubbed(text[: 4 * limit], limit)
        return self._known[key]

    def _scrubbed(self, text: str, limit: int) -> str:
        if self.comparisons > MAX_COMPARISONS:
            return LEFT_OUT
        # first, for a short secret may be a part of the encoding, too
        if self._holds_encoded(text):
            return LEFT_OUT
        # a token is longer than nearly all texts, and its spellings would take as long as the call
        if any(len(secret.strip()) <= len(text) for secret in self._secrets):
            self.comparisons += len(self._spelled)
            for way in self._spelled:
                text = text.replace(way, HIDDEN)
        if not self._holds_part(text):
            return printable(text, limit)
        # services name the reason first, and repeat what they were sent after it
        reason = ""
        for border in islice(_BORDER.finditer(text), _CLAUSES):
            if self._holds_part(text[: border.end()]):
                break
            reason = text[: border.end()]
        return f"{printable(reason, limit - len(LEFT_OUT) - 1)} {LEFT_OUT}".strip()

    def _holds_part(self, text: str) -> bool:
        haystacks = self._forms if len(text) <= _SHORT and self.comparisons < FEW else self._parts
        for reading in readings(text):
            marked = _squeezed(_PLAIN_WORDS.sub(lambda word: word[0].upper(), reading.casefold()))
            plain = marked.lower()
            self.comparisons += (len(reading) + 1) * (len(haystacks) + 1)
            for size, haystack in haystacks:
                if isinstance(haystack, str) and not _may_hold_part(plain, size, haystack):
                    continue
                for start in range(len(plain) - size + 1):
                    if plain[start : start + size] in haystack:
                        part = marked[start : start + size]
                        if not (part.isalpha() and part.isupper()):  # more than a plain word
                            return True
        return False

    def _holds_encoded(self, text: str) -> bool:
        # all at once, for nearly all the time is that of beginning
        text = _BETWEEN.join({way for reading in readings(text) for way in (reading, reading[::-1], rot13(reading))})
        for _ in range(DEPTH):
            raw = b"\0\x80\0".join(decoded(text))
            self.comparisons += len(raw) // _DECODED_PER_COMPARISON
            # in any charset in which ASCII is ASCII, or has a NUL beside it
            if self._repeats(raw.translate(_URL_SAFE_BYTES, _NO_MATTER_BYTES).decode("latin-1")):
                return True
            # more than one are filling
            readable = _READABLE.findall(raw.replace(b"\0\0", b"\x80").translate(None, b"\0").decode("latin-1"))
            for way in () if self._ascii else _charsets(raw):
                if self._repeats(_squeezed(way)):
                    return True
                readable += _READABLE.findall(way)
            if not readable:
                return False
            once = _BETWEEN.join(dict.fromkeys(readable))
            if len(once) > MAX_DECODED:
                return True
            text = _BETWEEN.join(readings(once))
            if self._repeats(_squeezed(text)):
                return True
        return False

    def _repeats(self, squeezed: str) -> bool:
        """Return whether what was decoded holds a part, be it a plain word: by chance it would not."""
        for match in self._letters.finditer(squeezed):
            plain = match[0].casefold()
            self.comparisons += len(plain) * len(self._plain_parts)
            for size, parts in self._plain_parts:
                if any(plain[start : start + size] in parts for start in range(len(plain) - size + 1)):
                    return True
        return False

    @cached_property
    def _spelled(self) -> list[str]:
        spelled = {way for secret in self._secrets for way in spellings(secret)}
        # the longest first, for one may be part of another
        return sorted(filter(None, spelled), key=len, reverse=True)

    @cached_property
    def _forms(self) -> list[tuple[int, str]]:
        """Every secret in every encoding, one to a line, and how many characters of that are too many."""
        return [form for secret in self._secrets for form in _encoded(secret)]

    @cached_property
    def _parts(self) -> list[tuple[int, set[str]]]:
        """All parts of the secrets that are long enough, by their length."""
        return _windows(self._forms)

    @cached_property
    def _plain_parts(self) -> list[tuple[int, set[str]]]:
        return _windows([_plain(secret) for secret in self._secrets])

    @cached_property
    def _letters(self) -> re.Pattern[str]:
        """What may be a part as it is, for nearly all that is decoded is noise and is passed over at once."""
        ways = "".join(_plain(secret)[1] + secret for secret in self._secrets)
        letters = set(_squeezed(ways + ways.upper() + ways.lower() + ways.swapcase()))
        return re.compile(f"[{re.escape(''.join(letters))}]{{{min(size for size, _ in self._plain_parts)},}}")

    @cached_property
    def _ascii(self) -> bool:
        return all(map(str.isascii, self._secrets))

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
    return _NO_MATTER.sub("", text).translate(_URL_SAFE)


def _charsets(raw: bytes) -> Iterator[str]:
    yield raw.decode("utf-8", "replace")
    for charset in ("utf-16-le", "utf-16-be"):
        yield raw.decode(charset, "replace")
        yield raw[1:].decode(charset, "replace")


def _windows(forms: Iterable[tuple[int, str]]) -> list[tuple[int, set[str]]]:
    windows: dict[int, set[str]] = {}
    for size, form in forms:
        windows.setdefault(size, set()).update(form[start : start + size] for start in range(len(form) - size + 1))
    return list(windows.items())


def _plain(secret: str) -> tuple[int, str]:
    """Return how many characters are too many, and the secret in letters of one case, as it is and turned round."""
    size = max(SHORTEST, min(LONGEST_PART, len(secret) // 2))
    plain = _squeezed(secret.casefold())
    if len(plain) < len(secret):
        windows = (secret[start : start + size] for start in range(len(secret) - size + 1))
        size = max(SHORTEST, min(len(_squeezed(window)) for window in windows))
    forms = [plain, _squeezed(rot13(secret).casefold())]
    if not secret.isascii():
        forms += [
            _squeezed(undecorated(secret).casefold()),
            _squeezed(rot13(undecorated(secret)).casefold()),
            # as it looks when somebody took its charset for another
            re.sub(r"[^\x00-\x7f]", "", plain),
            _squeezed(secret.encode("utf-8", "surrogatepass").decode("latin-1").casefold()),
        ]
    return size, "\n".join(forms + [form[::-1] for form in forms])


def _encoded(secret: str) -> Iterator[tuple[int, str]]:
    size, plain = _plain(secret)
    raw = secret.encode("utf-8", "surrogatepass")
    # in letters of one case nobody can decode it. However many bytes come before the secret; the ends are left off,
    # for they depend on its neighbours
    shifted = (b64encode(b"\0" * shift + raw).decode().rstrip("=")[shift and shift + 1 : -1] for shift in range(3))
    yield size, "\n".join([plain, *(one.casefold() for one in shifted)])
    yield LONGEST_PART, raw.hex()
