"""The results of a benchmark: tables and checked claims."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.table import Table


@dataclass(frozen=True)
class Claim:
    """A claim, whether it held in this run, and the figures that show it."""

    text: str
    held: bool
    figures: str


@dataclass(frozen=True)
class Measured:
    tables: list[Table]
    claims: list[Claim] = field(default_factory=list)


def table(title: str, caption: str, *headings: str) -> Table:
    """Return an empty table. Its first column has texts, and all others have figures.

    :param title: heading of the table.
    :param caption: text below the table.
    :param headings: headings of the columns.
    """
    empty = Table(title=title, caption=caption, caption_justify="left")
    for position, heading in enumerate(headings):
        empty.add_column(heading, justify="right" if position else "left")
    return empty
