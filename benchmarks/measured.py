"""What a benchmark hands over: tables, and claims that hold or do not."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.table import Table


@dataclass(frozen=True)
class Claim:
    """What is claimed, whether it held in this run, and by what figures."""

    text: str
    held: bool
    figures: str


@dataclass(frozen=True)
class Measured:
    tables: list[Table]
    claims: list[Claim] = field(default_factory=list)


def table(title: str, caption: str, *headings: str) -> Table:
    """Return an empty table whose first column is text and whose others are figures."""
    empty = Table(title=title, caption=caption, caption_justify="left")
    for position, heading in enumerate(headings):
        empty.add_column(heading, justify="right" if position else "left")
    return empty
