"""What a live check has found, in a form that holds nothing but what may be told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_drs import __version__
from airflow_provider_drs.livecheck.unknowns import UNKNOWNS, By

SCHEMA = 1
"""Version of the members of the answers."""
_NOT_SEEN = {
    By.READS: "no answer showed it",
    By.JOBS: "it takes --job, maybe several, in the right state",
    By.TEST: "it takes --test, maybe with an endpoint that fails or a job in another state",
    By.NOTHING: "no read and no test shows it",
}


@dataclass(frozen=True)
class Check:
    """Something that must be right before anything else can be.

    :param name: what was checked.
    :param passed: whether it is right; ``None`` if that is not known.
    :param told: what was seen, and what to do.
    """

    name: str
    passed: bool | None
    told: str


@dataclass(frozen=True)
class Finding:
    """What was seen of an unknown.

    :param unknown: its id.
    :param seen: facts by their names: shapes, codes, counts, words of the contract.
    """

    unknown: str
    seen: Mapping[str, Any]


@dataclass
class Findings:
    """All that a check has found.

    :param checks: in the order in which they were made.
    :param seen: the facts of each unknown, by its id.
    """

    checks: list[Check] = field(default_factory=list)
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, found: Iterable[Check | Finding]) -> None:
        """Add what a probe has found. The facts of one unknown may come from several probes."""
        for item in found:
            if isinstance(item, Check):
                self.checks.append(item)
            else:
                self.seen.setdefault(item.unknown, {}).update(item.seen)

    @property
    def passed(self) -> bool:
        """Whether no check has failed."""
        return all(check.passed is not False for check in self.checks)

    def to_dict(self, tell: Callable[[Any], Any]) -> dict[str, Any]:
        """Return the answers as JSON, one for each unknown.

        :param tell: returns what may be told of what was seen.
        """
        return {
            "schema": SCHEMA,
            "provider": __version__,
            "passed": self.passed,
            "checks": [{"check": each.name, "passed": each.passed, "told": tell(each.told)} for each in self.checks],
            "unknowns": [
                {
                    "id": unknown.id,
                    "question": unknown.question,
                    "place": unknown.place,
                    "seen": tell(self.seen.get(unknown.id)),
                    "why_not": None if unknown.id in self.seen else _NOT_SEEN[unknown.by],
                }
                for unknown in UNKNOWNS
            ],
        }
