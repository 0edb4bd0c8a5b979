"""The file of the answers, which is whole or as it was before, whatever ends a check."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import Any

from airflow_provider_drs.api.errors import DrsInputError


@contextmanager
def draft_of(target: Path) -> Iterator[Path]:
    """Make an empty file beside the one that is asked for, which shows that one can be written there.

    :param target: the file that is asked for.
    :return: the file to write to; it is removed in the end, unless :func:`finish` has put it in its place.
    :raises DrsInputError: when no file can be written there.
    """
    try:
        target = target.resolve()
        if target.exists() and not (target.is_file() and os.access(target, os.W_OK)):
            raise DrsInputError(["--json: what is there is no file, or may not be written to"])
        handle, name = mkstemp(dir=target.parent, prefix=".livecheck-")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", "no file can have this name")
        raise DrsInputError([f"--json: the file cannot be written: {why}"]) from None
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def finish(draft: Path, target: Path, answers: Mapping[str, Any]) -> None:
    """Write the answers, and put them in the place of the file that is asked for.

    :raises OSError: when they cannot be written.
    """
    draft.write_text(json.dumps(answers, indent=2) + "\n", encoding="utf-8")
    os.replace(draft, target.resolve())
