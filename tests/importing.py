"""Reads the imports of a file from its text."""

from __future__ import annotations

import ast
from pathlib import Path

import airflow_provider_drs

ROOT = Path(airflow_provider_drs.__file__).parent


def imports_of(file: Path) -> set[str]:
    """Return the modules, and the names in them, that a file imports anywhere. Relative imports are made absolute."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = file.relative_to(ROOT.parent).with_suffix("").parts[: -node.level] if node.level else ()
            origin = ".".join([*above, *([node.module] if node.module else [])])
            imported |= {origin} | {f"{origin}.{alias.name}" for alias in node.names}
    return imported
