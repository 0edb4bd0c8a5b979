"""Digests, by which a later step recognises what was tested, stored or shown."""

from __future__ import annotations

import hashlib
import json


def digest(content: object) -> str:
    """Return ``sha256:`` and the hash of the canonical JSON: members sorted, no blanks, ASCII only.

    :param content: JSON as Python objects, without secrets.
    """
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"
