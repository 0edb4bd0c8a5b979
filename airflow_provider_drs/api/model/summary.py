"""A report as Markdown, for approvals, notifications and pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

MAX_ROWS = 100
"""Maximum number of rows of a table; the report itself has all entries."""
_SPECIAL = re.compile(r"([\\`*_~|<>\[\]!])")
_LINK = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=\w)(?=@\w)", re.IGNORECASE)
"""Where a URL or a mail address is split, because Markdown makes links of them in plain text, too."""
_ZERO_WIDTH_SPACE = "\u200b"


def table(headline: str, columns: Sequence[str], rows: Sequence[Iterable[str | None]]) -> str:
    """Return a headline and a table in Markdown.

    No text in it is active: a service could send links, images or HTML.

    :param headline: one sentence, plain text.
    :param columns: names of the columns.
    :param rows: texts of the cells; ``None`` is an empty cell.
    """
    lines = [f"**{_escaped(headline)}**", "", _row(columns), "|---" * len(columns) + "|"]
    lines += [_row(map(_escaped, row)) for row in rows[:MAX_ROWS]]
    if len(rows) > MAX_ROWS:
        lines += ["", f"The report has {len(rows) - MAX_ROWS} more."]
    return "\n".join(lines)


def shortened(summary: str, size: int) -> str:
    """Return the first lines of a summary, as many whole ones as fit.

    :param summary: Markdown.
    :param size: characters at most.
    """
    more = "\n\nThe report has more."
    if len(summary) <= size:
        return summary
    return summary[: max(0, summary.rfind("\n", 0, size - len(more) + 1))] + more


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str | None) -> str:
    return _SPECIAL.sub(r"\\\1", _LINK.sub(_ZERO_WIDTH_SPACE, " ".join((text or "").split())))
